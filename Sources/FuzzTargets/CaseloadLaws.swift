import Caseload

/// Laws of what people type or export from a spreadsheet.
enum CaseloadLaws {
  static func day(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    guard let day = CalendarDay(parsing: String(decoding: bytes, as: UTF8.self)) else {
      return .refused
    }
    try require(CalendarDay(parsing: day.description) == day, "a day that was written is read")
    return .read
  }

  static func table(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let table: DelimitedText
    do {
      table = try DelimitedText(decoding: bytes)
    } catch {
      return .refused
    }
    try require(
      table.rows.allSatisfy { $0.cells.count == table.columns.count },
      "each row has a cell for each column")
    let lines = table.rows.map(\.line)
    try require(zip(lines, lines.dropFirst()).allSatisfy { $0 < $1 }, "lines go down the file")
    try require(table.rows.count <= DelimitedText.rowCountMax, "there are not too many rows")
    return .read
  }
}
