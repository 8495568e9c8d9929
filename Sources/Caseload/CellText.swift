package import SyncCore

/// A cell as people type it on a command line or keep it in a spreadsheet, read as a column's
/// value.
///
/// An empty text is an empty cell. Dates are `YYYY-MM-DD` or `TT.MM.JJJJ`, truth is 1, 0, ja, nein,
/// true or false, sets are codes with commas between them.
package enum CellText {
  /// Why a text is no value of a column. Never repeats the text: it may be a person's.
  package enum Fault: Error, Hashable, Sendable {
    case empty
    case notWhole
    case notADay
    case notTrueOrFalse
    case unknownCode([String])

    /// What is wrong, to be read behind the column's name.
    package var description: String {
      switch self {
      case .empty: "is required and was left empty"
      case .notWhole: "is no whole number"
      case .notADay: "is no day of the calendar"
      case .notTrueOrFalse: "is neither true nor false"
      case .unknownCode: "has a code that its table does not know"
      }
    }

    /// What to do about it.
    package var cure: String {
      switch self {
      case .empty: "give it a value"
      case .notWhole:
        "give digits only: money is in cents, a share of a post in thousandths, without a comma"
      case .notADay: "write it as 2025-12-31 or 31.12.2025"
      case .notTrueOrFalse: "write 1 or 0"
      case .unknownCode(let codes): "use " + codes.joined(separator: ", ")
      }
    }
  }

  /// The value that a text means in a column.
  package static func value(_ text: String, for column: Column) throws(Fault) -> Value {
    guard !text.isEmpty else {
      if column.isRequired { throw .empty }
      return .null
    }
    switch column.type {
    case .text: return .text(text)
    case .integer:
      guard let number = Int64(text) else { throw .notWhole }
      return .integer(number)
    case .boolean:
      switch text.lowercased() {
      case "1", "ja", "true": return .integer(1)
      case "0", "nein", "false": return .integer(0)
      default: throw .notTrueOrFalse
      }
    case .date:
      guard let day = CalendarDay(parsing: text) else { throw .notADay }
      return .text(day.description)
    case .code:
      guard column.codes.isEmpty || column.codes.contains(text) else {
        throw .unknownCode(column.codes)
      }
      return .text(text)
    case .set:
      let members = Set(text.split(separator: ",").map(String.init)).sorted()
      guard column.codes.isEmpty || members.allSatisfy(column.codes.contains) else {
        throw .unknownCode(column.codes)
      }
      return members.isEmpty ? .null : .text(members.joined(separator: ","))
    }
  }
}
