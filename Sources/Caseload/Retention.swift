package import SyncCore

/// When rows of a closed case are due to be erased: so many months after its closing as their table
/// says.
package struct Retention: Sendable {
  private let schema: Schema

  package init(_ schema: Schema) {
    self.schema = schema
  }

  /// What of a case is due.
  package enum Due: Sendable, Equatable {
    /// The case itself, so all of it.
    case wholeCase
    /// Rows of these tables, ascending.
    case tables([Int])
  }

  /// The day from which a table's rows are due; nil where they never are.
  package func dueDay(of table: Table, closedOn day: CalendarDay) -> CalendarDay? {
    table.retentionMonths.map { day.adding(months: $0) }
  }

  /// - Parameters:
  ///   - tables: those of which the case has rows.
  /// - Returns: nil where nothing is due on `today`.
  package func due(closedOn day: CalendarDay, tables: Set<Int>, today: CalendarDay) -> Due? {
    let due = schema.tables.filter { table in
      guard tables.contains(table.number), let last = dueDay(of: table, closedOn: day) else {
        return false
      }
      return last <= today
    }
    if due.contains(where: { $0.scope == .caseRoot }) { return .wholeCase }
    return due.isEmpty ? nil : .tables(due.map(\.number))
  }
}
