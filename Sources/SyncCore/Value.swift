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

  /// Whether the value means something in a column of this type: a date is a day of the calendar's
  /// form, yes and no are 1 and 0. Emptiness is judged elsewhere. Codes are not looked at: which
  /// there are is the schema's, and a newer one has more.
  package func accepts(_ value: Value) -> Bool {
    guard admits(value) else { return false }
    switch (self, value) {
    case (.date, .text(let text)): return Self.isDay(text.string.utf8)
    case (.boolean, .integer(let number)): return number == 0 || number == 1
    default: return true
    }
  }

  /// `YYYY-MM-DD` with a month of the year and a day of a month.
  private static func isDay(_ text: String.UTF8View) -> Bool {
    guard text.count == 10 else { return false }
    var number = 0
    var month = 0
    for (position, byte) in text.enumerated() {
      if position == 4 || position == 7 {
        guard byte == 0x2D else { return false }
        if position == 7 { month = number }
        number = 0
        continue
      }
      guard (0x30...0x39).contains(byte) else { return false }
      number = number * 10 + Int(byte - 0x30)
    }
    return (1...12).contains(month) && (1...31).contains(number)
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
