/// What one cell holds: exactly what SQLite's STRICT tables of TEXT and INTEGER columns hold.
package enum Value: Hashable, Sendable {
  case null
  case integer(Int64)
  case text(ByteText)

  package static func text(_ string: String) -> Value { .text(ByteText(string)) }

  package var isNull: Bool { self == .null }

  /// The text, or nothing when the cell is empty or a number.
  package var text: String? {
    if case .text(let text) = self { text.string } else { nil }
  }

  package var integer: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }
}

/// The storage type of a column. Dates are ISO `YYYY-MM-DD` text, sets are comma-separated codes in
/// ascending order, money is integer cents.
package enum ColumnType: String, Sendable, CaseIterable {
  case text
  case integer
  case boolean
  case date
  case code
  case set

  /// The type in generated SQL.
  package var sqlType: String {
    switch self {
    case .text, .date, .code, .set: "TEXT"
    case .integer, .boolean: "INTEGER"
    }
  }

  /// Whether a column of this type can hold the value. Emptiness is judged elsewhere.
  package func admits(_ value: Value) -> Bool {
    switch value {
    case .null: true
    case .integer: self == .integer || self == .boolean
    case .text: self != .integer && self != .boolean
    }
  }
}
