import SyncCore
import SyncProtocol
import Testing

@Suite("JSON of the protocol")
struct WireJSONTests {
  @Test("a key that the reader does not know changes nothing: later versions may add some")
  func unknownKeys() throws {
    let text = #"{"later":{"a":[1]},"recorded":true}"#
    #expect(
      try WireJSON.decode(Array(text.utf8), as: ByeResponse.self) == ByeResponse(recorded: true))
  }

  @Test("what is absent is not written")
  func absence() throws {
    let page = try WireJSON.encode(PullPage.Head())
    #expect(String(decoding: page, as: UTF8.self) == #"{"consistency":[]}"#)
  }

  @Test(
    "a cell is null, a whole number or a string, each for itself",
    arguments: [
      (Value.null, "null"), (.integer(0), "0"), (.integer(.max), "9223372036854775807"),
      (.integer(.min), "-9223372036854775808"), (.text(""), #""""#), (.text("0"), #""0""#),
      (.text("null"), #""null""#), (.text("a/\"\\\n"), #""a/\"\\\n""#), (.text("é"), #""é""#),
    ])
  func cells(value: Value, text: String) throws {
    #expect(String(decoding: try WireJSON.encode(WireValue(value)), as: UTF8.self) == text)
    #expect(try WireJSON.decode(Array(text.utf8), as: WireValue.self).value == value)
  }

  @Test("nothing else is a cell", arguments: ["1.5", "true", "[]", "{}", "9223372036854775808"])
  func notCells(text: String) {
    #expect(throws: ProtocolError.self) {
      try WireJSON.decode(Array(text.utf8), as: WireValue.self)
    }
  }

  @Test("composed and decomposed letters stay what they are")
  func normalization() throws {
    for string in ["\u{E9}", "e\u{301}"] {
      let bytes = try WireJSON.encode(WireValue(.text(string)))
      let read = try WireJSON.decode(bytes, as: WireValue.self)
      #expect(read.value == .text(string))
    }
    #expect(WireValue(.text("\u{E9}")) != WireValue(.text("e\u{301}")))
  }

  @Test("a token is sixteen bytes in base64url", arguments: [0, 15, 17])
  func token(byteCount: Int) {
    let request = JoinRequest(token: [UInt8](repeating: 1, count: byteCount), csr: "")
    #expect(request.tokenBytes == nil)
  }

  @Test("an unknown code is not an error of this protocol")
  func unknownCode() {
    let text = #"{"error":{"code":"later","hint":"","message":""}}"#
    #expect(throws: ProtocolError.self) {
      try WireJSON.decode(Array(text.utf8), as: ProtocolError.self)
    }
  }
}
