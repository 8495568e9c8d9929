import Caseload
import SyncCore
import Testing

@Suite("Cells and tables as people type them")
struct TypedTextTests {
  private func column(
    _ type: ColumnType, codes: [String] = [], isRequired: Bool = false
  ) -> Column {
    Column(
      number: 1, name: "c", label: "c", type: type, tier: .header, policy: .county, codes: codes,
      isRequired: isRequired)
  }

  @Test("a cell is read as its column's type says")
  func cells() throws {
    let cells: [(String, ColumnType, Value)] = [
      ("", .integer, .null), ("", .text, .null), ("a b", .text, "a b"), ("-5", .integer, -5),
      ("4799510", .integer, 4_799_510), ("ja", .boolean, 1), ("False", .boolean, 0),
      ("2025-12-31", .date, "2025-12-31"), ("31.12.2025", .date, "2025-12-31"),
      ("b", .code, "b"), ("b,a,b", .set, "a,b"), (",", .set, .null),
    ]
    for (text, type, value) in cells {
      let codes = type == .code || type == .set ? ["a", "b"] : []
      #expect(try CellText.value(text, for: column(type, codes: codes)) == value, "\(text)")
    }
  }

  @Test("what is no value of its column has a fault that does not repeat it")
  func faults() {
    let faults: [(String, ColumnType, CellText.Fault)] = [
      ("47995,10", .integer, .notWhole), ("47995.10", .integer, .notWhole),
      ("9223372036854775808", .integer, .notWhole), (" 5", .integer, .notWhole),
      ("vielleicht", .boolean, .notTrueOrFalse), ("2025-02-29", .date, .notADay),
      ("2025-13-01", .date, .notADay), ("1.1.2025", .date, .notADay),
      ("01.01.25", .date, .notADay), ("0000-01-01", .date, .notADay),
      ("Muster", .code, .unknownCode(["a", "b"])),
      ("a,Muster", .set, .unknownCode(["a", "b"])),
    ]
    for (text, type, fault) in faults {
      let codes = type == .code || type == .set ? ["a", "b"] : []
      #expect(throws: fault, "\(text)") {
        try CellText.value(text, for: column(type, codes: codes))
      }
      #expect(!(fault.description + fault.cure).contains(text), "\(text)")
    }
    #expect(throws: CellText.Fault.empty) {
      try CellText.value("", for: column(.text, isRequired: true))
    }
  }

  @Test("a day is read as it is written, for every day of four hundred years")
  func days() {
    for number in stride(from: -100_000, through: 50_000, by: 1) {
      let day = CalendarDay(daysSince1970: number)
      #expect(CalendarDay(parsing: day.description) == day)
    }
  }

  private func table(_ text: String) throws(DelimitedText.Fault) -> DelimitedText {
    try DelimitedText(decoding: Array(text.utf8))
  }

  @Test("separators, quotes, line ends and empty lines are taken as spreadsheets write them")
  func tables() throws {
    for separator in [";", ",", "\t"] {
      for lineEnd in ["\n", "\r\n", "\r"] {
        let text = [
          "id\(separator)name", "", "1\(separator)\"a\(separator) \"\"b\"\"\nc\"",
          "2\(separator)",
        ].joined(separator: lineEnd)
        let read = try table(text + lineEnd)
        #expect(read.columns == ["id", "name"])
        #expect(read.rows.map(\.cells) == [["1", "a\(separator) \"b\"\nc"], ["2", ""]])
        #expect(read.rows.map(\.line) == [3, 5])
      }
    }
    #expect(try table("only").rows.isEmpty)
  }

  @Test("UTF-8 with its mark and Windows-1252 are the same text")
  func encodings() throws {
    let name = "Müller – 5 €"
    let old: [UInt8] =
      Array("n\nM".utf8) + [0xFC] + Array("ller ".utf8) + [0x96] + Array(" 5 ".utf8) + [0x80]
    let new = [0xEF, 0xBB, 0xBF] + Array("n\n\(name)".utf8)
    for bytes in [old, new] {
      let read = try DelimitedText(decoding: bytes)
      #expect(read.columns == ["n"] && read.rows.map(\.cells) == [[name]])
    }
  }

  @Test("what is no table is refused with the line")
  func tableFaults() {
    let faults: [(String, DelimitedText.Fault)] = [
      ("", .empty), ("\n\n", .empty), ("a;b\n1;2\n3", .cellCount(line: 3)),
      ("a\n\"1\n2", .openQuote(line: 2)), ("a\n\"1\"2", .textBehindQuote(line: 2)),
      ("a\n" + String(repeating: "1\n", count: DelimitedText.rowCountMax + 1), .tooManyRows),
    ]
    for (text, fault) in faults {
      #expect(throws: fault) { try table(text) }
    }
    #expect(throws: DelimitedText.Fault.undefinedByte) {
      try DelimitedText(decoding: [0x61, 0x0A, 0x81])
    }
  }
}
