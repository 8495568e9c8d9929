import SyncCore
import SyncProtocol
import Testing

@Suite("Join strings")
struct JoinStringTests {
  private static func sample(hub: String = "https://hub.example:8443") throws -> JoinString {
    JoinString(
      county: CountyKey("08118"), hubURL: try HubURL(parsing: hub),
      joinURL: try HubURL(parsing: "https://[2001:db8::1]:8444"),
      pin: (0..<32).map { UInt8($0) &* 7 }, token: (0..<16).map { UInt8($0) &* 11 })
  }

  @Test("A join string reads back as it was written, also with white space around it")
  func roundTrip() throws {
    let joinString = try Self.sample()
    #expect(try JoinString(parsing: joinString.text) == joinString)
    #expect(try JoinString(parsing: "  \(joinString.text)\r\n") == joinString)
  }

  @Test("The longest addresses still fit the limit")
  func longest() throws {
    let hub = "https://" + String(repeating: "a", count: HubURL.byteCountMax - 13) + ":8443"
    let joinString = JoinString(
      county: CountyKey("08118"), hubURL: try HubURL(parsing: hub),
      joinURL: try HubURL(parsing: hub), pin: [UInt8](repeating: 1, count: 32),
      token: [UInt8](repeating: 2, count: 16))
    #expect(try JoinString(parsing: joinString.text) == joinString)
  }

  @Test("No proper beginning of a join string is taken for a whole one")
  func truncated() throws {
    let text = try Self.sample().text
    for length in 0..<text.count {
      #expect(throws: JoinStringError.self) { try JoinString(parsing: String(text.prefix(length))) }
    }
    #expect(throws: JoinStringError.truncated) {
      try JoinString(parsing: String(text.prefix(50)))
    }
  }

  @Test("A slip in any one character is noticed")
  func slip() throws {
    let characters = Array(try Self.sample().text)
    for index in characters.indices {
      var slipped = characters
      slipped[index] = slipped[index] == "A" ? "B" : "A"
      #expect(throws: JoinStringError.self) { try JoinString(parsing: String(slipped)) }
    }
  }

  @Test("What is not a join string says why")
  func refusals() throws {
    let text = try Self.sample().text
    #expect(throws: JoinStringError.wrongPrefix) { try JoinString(parsing: "https://hub:1") }
    #expect(throws: JoinStringError.tooLong) {
      try JoinString(parsing: text + String(repeating: "A", count: 1_024))
    }
    #expect(throws: JoinStringError.wrongLength) { try JoinString(parsing: text + "AAAA") }
    #expect(throws: JoinStringError.damaged) { try JoinString(parsing: text + "=") }
  }

  @Test(
    "An address that is not https://HOST:PORT is refused",
    arguments: [
      "http://hub:1", "hub:8443", "https://", "https://hub:0", "https://hub:65536", "https://hub:",
      "https://user@hub", "https://hub/path", "https://hub?x", "https://hü", "https://[::1",
      "https:// hub",
    ])
  func addresses(text: String) {
    #expect(throws: HubURLError.self) { try HubURL(parsing: text) }
  }

  @Test("An address loses its last slash, and loopback is recognised")
  func addressForms() throws {
    #expect(try HubURL(parsing: "https://hub.example/").text == "https://hub.example")
    #expect(try HubURL(parsing: "https://[::1]:8443").isLoopback)
    #expect(try HubURL(parsing: "https://127.0.0.1:8443").isLoopback)
    #expect(try !HubURL(parsing: "https://hub.example").isLoopback)
  }

  @Test("The join exchange is snake_case JSON and reads back")
  func wire() throws {
    let answer = JoinResponse(
      site: "s", county: "08118", countyName: "c", name: "n", kind: "k", certificate: "p",
      authority: "a", hubURL: "https://hub", schema: "t", digestKey: "d", history: "h")
    let bytes = try WireJSON.encode(answer)
    let text = String(decoding: bytes, as: UTF8.self)
    for key in ["county_name", "hub_url", "digest_key"] { #expect(text.contains("\"\(key)\"")) }
    #expect(try WireJSON.decode(bytes) == answer)

    let request = JoinRequest(token: [UInt8](repeating: 0xFF, count: 16), csr: "csr")
    let read: JoinRequest = try WireJSON.decode(try WireJSON.encode(request))
    #expect(read.tokenBytes == [UInt8](repeating: 0xFF, count: 16))
  }
}
