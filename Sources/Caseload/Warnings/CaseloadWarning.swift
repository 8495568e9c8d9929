package import SyncCore

/// Something in a caseload that a person should look at. It blocks nothing and holds no value.
package struct CaseloadWarning: Sendable, Equatable {
  /// Stable.
  package let code: String
  /// German, for reports and the console.
  package let label: String
  /// The table of `rows`.
  package let table: String
  /// How many rows it concerns.
  package let count: Int
  /// The first of them, by id: at most ``rowCountMax``.
  package let rows: [Row]

  /// One concerned row, with its case where it belongs to one.
  package struct Row: Sendable, Equatable {
    package let id: RowID
    package let caseID: CaseID?

    package init(id: RowID, caseID: CaseID?) {
      self.id = id
      self.caseID = caseID
    }
  }

  /// As many as a person looks through in one go; the count tells the rest.
  package static let rowCountMax = 100

  init(_ definition: WarningDefinition, rows: [Row]) {
    code = definition.code
    label = definition.label
    table = definition.table
    count = rows.count
    self.rows = Array(rows.sorted { $0.id < $1.id }.prefix(Self.rowCountMax))
  }
}

/// When a warning is due, as a query over the domain tables, which bear the same names in a replica
/// and at the hub.
struct WarningDefinition: Sendable {
  let code: String
  let label: String
  /// The table whose rows it lists.
  let table: String
  /// What the query reads, as `table.column`; a county whose schema lacks some of it is not warned.
  let reads: [String]
  /// Yields id and case id of each concerned row. Parameter 1 is the day that counts as today.
  let sql: String
}

/// Conditions that several definitions share.
enum WarningSQL {
  /// A case that somebody is responsible for now.
  static let isOpen = "c.phase IN ('waiting', 'open', 'paused')"
  /// A case that is, or was, being worked on and is not over: it no longer waits.
  static let isWorkedOn = "c.phase IN ('open', 'paused')"

  /// Whether a row with `valid_from` and `valid_to` holds on a day; an empty end is open.
  static func holds(_ row: String, on day: String) -> String {
    """
    (\(row).valid_from IS NULL OR \(row).valid_from <= \(day))
      AND (\(row).valid_to IS NULL OR \(row).valid_to >= \(day))
    """
  }
}
