/// A table as spreadsheets export it: a line of column names, then a line for each row.
///
/// Cells are separated by `;`, `,` or a tab, whichever the first line has most of; a cell between
/// double quotes may hold separators, line breaks and doubled quotes. The text is UTF-8, with a
/// mark at its beginning or without, or else Windows-1252. Empty lines are left out.
package struct DelimitedText: Sendable {
  /// One line of the table.
  package struct Row: Sendable, Equatable {
    /// The line in the file on which it begins, from 1.
    package let line: Int
    /// One for each column.
    package let cells: [String]
  }

  /// Why a text is no table, and the line. Never repeats the text.
  package enum Fault: Error, Hashable, Sendable {
    case empty
    case openQuote(line: Int)
    case textBehindQuote(line: Int)
    case cellCount(line: Int)
    case tooManyRows
    case undefinedByte

    /// What is wrong and where.
    package var description: String {
      switch self {
      case .empty: "there is no line of column names"
      case .openQuote(let line): "line \(line): a double quote is not closed"
      case .textBehindQuote(let line): "line \(line): text follows a closing double quote"
      case .cellCount(let line): "line \(line) has another number of cells than the first"
      case .tooManyRows: "there are more than \(DelimitedText.rowCountMax) rows"
      case .undefinedByte: "it is neither UTF-8 nor Windows-1252"
      }
    }
  }

  /// More than any table of one county that people keep by hand.
  package static let rowCountMax = 10_000
  /// Eight hundred bytes a row.
  package static let byteCountMax = 8 << 20

  package let columns: [String]
  package let rows: [Row]

  package init(decoding bytes: [UInt8]) throws(Fault) {
    let text = try Self.text(bytes)
    var lines = try Self.lines(of: text)
    guard !lines.isEmpty else { throw .empty }
    let header = lines.removeFirst()
    guard lines.count <= Self.rowCountMax else { throw .tooManyRows }
    for line in lines where line.cells.count != header.cells.count {
      throw .cellCount(line: line.line)
    }
    columns = header.cells
    rows = lines
  }

  private static func text(_ bytes: [UInt8]) throws(Fault) -> String.UnicodeScalarView {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let rest = bytes.starts(with: mark) ? bytes.dropFirst(mark.count) : bytes[...]
    if let text = String(validating: rest, as: UTF8.self) { return text.unicodeScalars }
    var scalars = String.UnicodeScalarView()
    for byte in rest {
      guard let scalar = windows1252(byte) else { throw .undefinedByte }
      scalars.append(scalar)
    }
    return scalars
  }

  /// What Windows-1252 has where Latin-1 has control characters; 0 where it has nothing.
  private static let upper: [UInt16] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122,
    0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
  ]

  private static func windows1252(_ byte: UInt8) -> Unicode.Scalar? {
    guard (0x80...0x9F).contains(byte) else { return Unicode.Scalar(byte) }
    let code = upper[Int(byte) - 0x80]
    return code == 0 ? nil : Unicode.Scalar(code)
  }

  private static func separator(in text: String.UnicodeScalarView) -> Unicode.Scalar {
    let first = text.prefix { $0 != "\n" && $0 != "\r" }
    let counts = ([";", ",", "\t"] as [Unicode.Scalar]).map { mark in
      (mark: mark, count: first.count { $0 == mark })
    }
    return counts.reduce(counts[0]) { $1.count > $0.count ? $1 : $0 }.mark
  }

  private static func lines(of text: String.UnicodeScalarView) throws(Fault) -> [Row] {
    var reader = LineReader(text, separator: separator(in: text))
    var lines: [Row] = []
    while let row = try reader.next() {
      if row.cells == [""] { continue }
      lines.append(row)
    }
    return lines
  }
}

/// Takes a text apart, line by line.
private struct LineReader {
  private let text: String.UnicodeScalarView
  private let separator: Unicode.Scalar
  private var place: String.UnicodeScalarView.Index
  private var line = 1

  init(_ text: String.UnicodeScalarView, separator: Unicode.Scalar) {
    self.text = text
    self.separator = separator
    place = text.startIndex
  }

  private var current: Unicode.Scalar? { place < text.endIndex ? text[place] : nil }

  /// A carriage return alone ends a line, too: some spreadsheets still write them so.
  private mutating func advance() {
    let scalar = text[place]
    place = text.index(after: place)
    if scalar == "\n" || (scalar == "\r" && current != "\n") { line += 1 }
  }

  /// nil behind the last line.
  mutating func next() throws(DelimitedText.Fault) -> DelimitedText.Row? {
    guard current != nil else { return nil }
    let start = line
    var cells: [String] = []
    while true {
      cells.append(try current == "\"" ? quotedCell() : plainCell())
      guard current == separator else { break }
      advance()
    }
    if current == "\r" { advance() }
    if current == "\n" { advance() }
    return DelimitedText.Row(line: start, cells: cells)
  }

  private func isEnd(_ scalar: Unicode.Scalar?) -> Bool {
    scalar == nil || scalar == separator || scalar == "\n" || scalar == "\r"
  }

  private mutating func plainCell() -> String {
    var cell = String.UnicodeScalarView()
    while let scalar = current, !isEnd(scalar) {
      cell.append(scalar)
      advance()
    }
    return String(cell)
  }

  private mutating func quotedCell() throws(DelimitedText.Fault) -> String {
    let start = line
    var cell = String.UnicodeScalarView()
    advance()
    while let scalar = current {
      advance()
      if scalar == "\"" {
        guard current == "\"" else {
          guard isEnd(current) else { throw .textBehindQuote(line: line) }
          return String(cell)
        }
        advance()
      }
      cell.append(scalar)
    }
    throw .openQuote(line: start)
  }
}
