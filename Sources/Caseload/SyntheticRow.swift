package import SyncCore

/// One row to be written, free of SQL.
package struct SyntheticRow: Sendable, Equatable {
  /// A value under its column's name.
  package struct Cell: Sendable, Equatable {
    package let column: String
    package let value: Value
  }

  /// The table's name in `caseload.toml`.
  package let table: String
  /// A UUIDv7 of the day that the row is about.
  package let id: String
  /// Everything but the id, `case_id` included, without empty cells.
  package let cells: [Cell]

  /// The cell's value; empty if the row does not name it.
  package subscript(column: String) -> Value {
    cells.first { $0.column == column }?.value ?? .null
  }

  init(_ table: String, id: String, _ cells: [(column: String, value: Value)]) {
    self.table = table
    self.id = id
    self.cells = cells.filter { !$0.value.isNull }.map { Cell(column: $0.column, value: $0.value) }
  }
}

extension Value {
  static func date(_ day: CalendarDay) -> Value { .text(day.description) }

  static func flag(_ isTrue: Bool) -> Value { .integer(isTrue ? 1 : 0) }

  static func count(_ number: Int) -> Value { .integer(Int64(number)) }

  /// Empty where there is nothing.
  static func optional(_ text: String?) -> Value { text.map { .text($0) } ?? .null }

  /// A set in the order that set columns demand: ascending by bytes, each once.
  static func set(_ codes: [String]) -> Value {
    .text(Set(codes.map(ByteText.init)).sorted().map(\.string).joined(separator: ","))
  }
}

/// A row's id as of a day.
func syntheticID(on day: CalendarDay, using generator: inout some RandomNumberGenerator) -> String {
  let random = (0..<UUIDv7.randomByteCount).map { _ in
    UInt8.random(in: .min ... .max, using: &generator)
  }
  let time = Int64(day.daysSince1970) * 86_400_000 + Int64(generator.number(0...86_399_999))
  return UUIDv7.text(milliseconds: time, random: random)
}
