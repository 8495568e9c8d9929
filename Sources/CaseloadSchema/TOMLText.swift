/// What must be true of a text before the parser of TOML may see it.
///
/// toml++, which TOMLKit wraps, ends the process by an assertion where it meets some mistakes: a
/// header that begins with something that begins no key (`[~a]`, `[.a]`, `[ä]`), a time that stops
/// in the middle (`1979-05-27T:`), a list that ends as a table (`a = [}`). A mistyped file must end
/// in a message instead, so those are looked for first. No file of KreisSync has dates and times
/// but between quotes.
package enum TOMLText {
  /// Why the parser may not see a text.
  package struct Flaw: Hashable, Sendable {
    package let line: Int
    package let fact: String
    package let cure: String
  }

  /// The first flaw; nil where the parser gets by without an assertion.
  ///
  /// Headers are looked for at the beginning of every line, also of those inside a list or a text
  /// of several lines: no file of KreisSync has there what a header could not begin with.
  package static func flaw(in text: String) -> Flaw? {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if let index = lines.firstIndex(where: opensNamelessTable) {
      return Flaw(
        line: index + 1, fact: "opens a table without a name",
        cure: "write [tables.NAME], in letters, digits, _ and -")
    }
    var scanner = Scanner(bytes: Array(text.utf8))
    return scanner.flaw()
  }

  private static func opensNamelessTable(_ line: Substring.UTF8View) -> Bool {
    // A byte order mark may stand before the first line.
    var rest = line.drop { isSpace($0) || byteOrderMark.contains($0) }
    guard rest.popFirst() == UInt8(ascii: "[") else { return false }
    rest = rest.drop(while: isSpace)
    if rest.first == UInt8(ascii: "[") { rest = rest.dropFirst().drop(while: isSpace) }
    guard let first = rest.first else { return true }
    // The parser refuses an empty name by itself, and in a list it is no header.
    return !isWord(first) && !Scanner.isQuote(first) && first != UInt8(ascii: "]")
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// Whether a key without quotes may have the byte.
  fileprivate static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default:
      isDigit(byte)
    }
  }

  fileprivate static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

/// Goes through a text and knows quotes, comments, words and brackets, nothing else.
private struct Scanner {
  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  /// The brackets that are open, outermost first.
  private var open: [UInt8] = []

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  static func isQuote(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
  }

  /// The first colon, word that begins as a date, or bracket that closes another, outside quotes
  /// and comments.
  mutating func flaw() -> TOMLText.Flaw? {
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: ":"):
        return timeFlaw
      case UInt8(ascii: "#"):
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        open.append(byte)
        index += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        // In ASCII each closing bracket stands two behind its opening one.
        guard open.popLast() == byte - 2 else { return bracketFlaw }
        index += 1
      case _ where Self.isQuote(byte):
        skipQuoted(byte)
      case _ where TOMLText.isWord(byte):
        if takeWord() { return timeFlaw }
      default:
        advance()
      }
    }
    return nil
  }

  private var timeFlaw: TOMLText.Flaw {
    TOMLText.Flaw(
      line: line, fact: "has a date, a time or a colon outside quotes",
      cure: "put texts and dates between quotes")
  }

  private var bracketFlaw: TOMLText.Flaw {
    TOMLText.Flaw(
      line: line, fact: "has a bracket that closes none of its kind",
      cure: "close each [ by ] and each { by }")
  }

  /// Passes a word and says whether it begins as a date.
  private mutating func takeWord() -> Bool {
    let start = index
    while index < bytes.count, TOMLText.isWord(bytes[index]) { index += 1 }
    let word = bytes[start..<index]
    return word.count > 4 && word.prefix(4).allSatisfy(TOMLText.isDigit)
      && word[start + 4] == UInt8(ascii: "-")
  }

  /// Passes a text: to its quote or the line's end, or to three quotes if it begins with three.
  private mutating func skipQuoted(_ quote: UInt8) {
    let isLong = hasQuotes(3, quote)
    index += isLong ? 3 : 1
    while index < bytes.count {
      if isLong ? hasQuotes(3, quote) : bytes[index] == quote {
        index += isLong ? 3 : 1
        // One or two quotes more belong to the text that they end.
        while isLong, index < bytes.count, bytes[index] == quote { index += 1 }
        return
      }
      if !isLong, bytes[index] == UInt8(ascii: "\n") { return }
      if quote == UInt8(ascii: "\""), bytes[index] == UInt8(ascii: "\\") { advance() }
      advance()
    }
  }

  private func hasQuotes(_ count: Int, _ quote: UInt8) -> Bool {
    bytes[index...].prefix(count).elementsEqual(repeatElement(quote, count: count))
  }

  private mutating func advance() {
    guard index < bytes.count else { return }
    if bytes[index] == UInt8(ascii: "\n") { line += 1 }
    index += 1
  }
}
