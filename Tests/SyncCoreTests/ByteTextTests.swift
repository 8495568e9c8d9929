import SyncCore
import Testing

@Suite("Text is compared by its bytes")
struct ByteTextTests {
  @Test(
    "what looks the same is not the same text",
    arguments: [
      ("\u{E9}", "e\u{301}"), ("\u{212B}", "\u{C5}"),
      ("a\u{328}\u{301}", "a\u{301}\u{328}"), ("\u{AC00}", "\u{1100}\u{1161}"),
    ])
  func otherBytes(first: String, second: String) {
    #expect(ByteText(first) != ByteText(second))
    #expect(Set([ByteText(first), ByteText(second)]).count == 2)
    #expect(RowID(first) != RowID(second))
    #expect(Value.text(first) != Value.text(second))
    #expect((ByteText(first) < ByteText(second)) != (ByteText(second) < ByteText(first)))
  }

  @Test("equal bytes are equal texts, however the string came about")
  func equalBytes() {
    let joined = ["M", "ü", "l", "l", "e", "r"].joined()
    #expect(ByteText(joined) == ByteText("Müller"))
    #expect(Set([ByteText(joined), ByteText("Müller")]).count == 1)
  }

  @Test("the order is that of the bytes, as SQLite's BINARY collation has it")
  func order() {
    let ascending = ["", "\u{0}", "A", "B", "Z", "a", "ab", "b", "e\u{301}", "\u{E9}", "\u{20AC}"]
      .map { ByteText($0) }
    for (index, text) in ascending.enumerated() {
      #expect(!(text < text))
      for later in ascending[(index + 1)...] { #expect(text < later && !(later < text)) }
    }
  }

  @Test("a county's key is five digits, and no other digits than ASCII's")
  func countyKey() {
    #expect(CountyKey("08118").isWellFormed)
    for key in ["", "8118", "081180", "0811a", "０８１１８", "08118 "] {
      #expect(!CountyKey(key).isWellFormed)
    }
  }
}
