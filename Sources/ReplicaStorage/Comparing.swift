import GRDB
import SQLiteAccess
package import SyncCore

/// A replica's cases, added up from its rows as they stand now.
package struct CaseSums: Sendable {
  package fileprivate(set) var digests: [CaseID: Digest128] = [:]
  /// Rows that were added up.
  package fileprivate(set) var rowCount = 0

  package init() {}
}

/// The rows of some cases as a comparison sees them.
package struct ComparedRows: Sendable {
  package fileprivate(set) var digests: [CaseID: [RowKey: Digest128]] = [:]
  /// Rows that hold unsent or parked work, or wait to be refreshed: no differences.
  package fileprivate(set) var excused: Set<RowKey> = []
}

extension ReplicaFile {
  /// Adds up every case of the selection anew, whatever is kept of its digest.
  ///
  /// Reads in short transactions, so that a neighbour's checkpoint never waits long. What is
  /// written meanwhile may make a case look unequal; its rows are read in one state, and tell.
  ///
  /// - Parameter progress: called between them with the rows so far.
  package func caseSums(
    _ selection: RowSelection, progress: (Int) -> Void = { _ in }
  ) throws -> CaseSums {
    var sums = CaseSums()
    guard selection.caseID == nil else {
      let caseID = selection.caseID!
      let rows = try comparedRows(of: [caseID]).digests[caseID] ?? [:]
      sums.digests[caseID] = rows.values.reduce(.zero, +)
      sums.rowCount = rows.keys.count { selection.includes($0) }
      return sums
    }
    let narrowed = try narrowedCases()
    for table in schema.tables {
      var last = Int64.min
      while let end = try read({
        try add(table, behind: last, selection, narrowed, to: &sums, in: $0)
      }) {
        last = end
        progress(sums.rowCount)
      }
    }
    try read { try addUnknown(to: &sums, in: $0) }
    return sums
  }

  /// Rows read in one transaction: some ten milliseconds.
  private static let rowsRead: Int64 = 5_000

  /// - Returns: the last rowid read; nil where none is left.
  private func add(
    _ table: Table, behind last: Int64, _ selection: RowSelection, _ narrowed: [CaseID: TierSet],
    to sums: inout CaseSums, in database: Database
  ) throws -> Int64? {
    var digester = RowDigester(key: digestKey)
    var end: Int64?
    let isCounted = selection.table == nil || selection.table == table.number
    let place = table.scope == .ofCase ? "case_id" : "id"
    let columns = table.columns.map { ", " + quoted($0.name) }.joined()
    let sql = """
      SELECT rowid, id, \(place)\(columns) FROM \(quoted(table.name))
      WHERE rowid > ? ORDER BY rowid LIMIT ?
      """
    try Query(database, sql).forEach(.integer(last), .integer(Self.rowsRead)) { row in
      end = row.integer(0)
      let caseID =
        table.scope == .ofCase
        ? row.identifier(2) : table.place(of: row.identifier(1), stored: .none)
      let shown = narrowed[caseID].map { tiers in
        table.columns(visibleTo: GrantTerms(.contributor, tiers))
      }
      if let shown, shown.isEmpty { return }
      sums.digests[caseID, default: .zero] +=
        digester.digest(of: row, id: 1, caseID: caseID, cellsFrom: 3, in: table, showing: shown)
        ?? digester.digest(
          of: RowKey(table: table.number, id: row.identifier(1)), caseID: caseID,
          row: table.columns.indices.map { row.value($0 + 3) ?? .text(row.text($0 + 3)) },
          in: table, showing: shown)
      if isCounted { sums.rowCount += 1 }
    }
    return end
  }

  /// The cases of which the site is not granted all tiers.
  private func narrowedCases() throws -> [CaseID: TierSet] {
    try read { database in
      var narrowed: [CaseID: TierSet] = [:]
      try Query(
        database, "SELECT case_id, tiers FROM kreissync_case_state WHERE tiers NOT IN (0, ?)"
      ).forEach(.integer(Int64(TierSet.all.rawValue))) { row in
        let caseID: CaseID = row.identifier(0)
        guard caseID.isCase else { return }
        narrowed[caseID] = TierSet(rawValue: UInt8(truncatingIfNeeded: row.integer(1)))
      }
      return narrowed
    }
  }

  /// A case with cells that the schema has no place for is added up with them.
  private func addUnknown(to sums: inout CaseSums, in database: Database) throws {
    let cases: [CaseID] = try Query(
      database, "SELECT DISTINCT case_id FROM kreissync_unknown"
    ).all { $0.identifier(0) }
    guard !cases.isEmpty else { return }
    for (caseID, rows) in try comparedRows(of: cases, in: database).digests {
      sums.digests[caseID] = rows.values.reduce(.zero, +)
    }
  }

  /// The digests of all rows of these cases, in one state.
  package func comparedRows(of cases: [CaseID]) throws -> ComparedRows {
    try read { try comparedRows(of: cases, in: $0) }
  }

  private func comparedRows(of cases: [CaseID], in database: Database) throws -> ComparedRows {
    let unsent = try UnsentWork(file: self, record: try Self.record(in: database), in: database)
    let digests = CaseDigests(file: self, database: database, unsent: unsent)
    let unknown = try UnknownCells(file: self, database: database)
    var digester = RowDigester(key: digestKey)
    var compared = ComparedRows()
    let tables = try digests.standingTables()
    for caseID in cases {
      let rows = try digests.rowDigests(
        of: caseID, in: tables, unknown: unknown.images(of: caseID), digester: &digester)
      compared.digests[caseID] = Dictionary(
        rows.filter(\.isShared).map { ($0.key, $0.digest) }
      ) { $1 }
    }
    compared.excused.formUnion(unsent.rows)
    try Query(
      database,
      """
      SELECT t, id FROM kreissync_refresh
      UNION SELECT l.t, l.id FROM kreissync_parked AS p JOIN kreissync_log AS l USING (n)
      """
    ).forEach { row in
      compared.excused.insert(RowKey(table: Int(row.integer(0)), id: row.identifier(1)))
    }
    return compared
  }

  /// The cases that the replica knows, in ascending order.
  package func knownCases() throws -> [CaseID] {
    try read { database in
      try Query(database, "SELECT case_id FROM kreissync_case_state ORDER BY case_id").all {
        $0.identifier(0)
      }
    }
  }
}

/// What stood in rows before they were mended.
package struct RowsBefore: Sendable {
  fileprivate var values: [RowKey: [Value]] = [:]
}

extension ReplicaFile {
  /// Has the rows mended by the next session: what is the hub's is asked for, whole or gone; what
  /// only this replica has is offered. In one transaction.
  ///
  /// - Returns: the rows as they stand, for ``tellMended(_:at:)``.
  package func mend(_ differences: [RowDifference], at now: Milliseconds) throws -> RowsBefore {
    try write { database in
      var before = RowsBefore()
      for difference in differences {
        switch difference.cure {
        case .offers:
          try offerWhole(difference.key, at: now, in: database)
        case .takesHubs:
          try putOnRefreshList(difference.key, caseID: difference.caseID, in: database)
          guard schema.table(number: difference.key.table) != nil,
            case .there(let row) = try lookup(difference.key, in: database)
          else { continue }
          before.values[difference.key] = row.values
        }
      }
      return before
    }
  }

  /// Says in the notices which values of this replica gave way to the hub's: nobody had captured
  /// them, and this is the only place where they still stand.
  package func tellMended(_ before: RowsBefore, at now: Milliseconds) throws {
    try write { database in
      for (key, old) in before.values.sorted(by: { $0.key < $1.key }) {
        guard let table = schema.table(number: key.table) else { continue }
        var new = [Value](repeating: .null, count: table.columns.count)
        if case .there(let row) = try lookup(key, in: database) { new = row.values }
        for (position, column) in table.columns.enumerated()
        where column.tier != .local && position < old.count && old[position] != new[position] {
          try notice(
            table.name, key, column: column.name, .overridden, "repaired", yours: old[position],
            kept: new[position], at: now, in: database)
        }
      }
    }
  }

  /// Rows that wait to come whole with the next pull.
  package func refreshCount() throws -> Int {
    try read { database in
      try Query(database, "SELECT count(*) FROM kreissync_refresh").first {
        Int($0.integer(0))
      } ?? 0
    }
  }

  /// The rows that stand in these cases.
  func rowCount(of cases: [CaseID], in database: Database) throws -> Int {
    var count = 0
    for table in schema.tables {
      for caseID in cases {
        let (place, identifier): (String, String)
        switch table.scope {
        case .caseRoot where caseID.isCase: (place, identifier) = ("id = ?", caseID.string)
        case .ofCase where caseID.isCase: (place, identifier) = ("case_id = ?", caseID.string)
        case .global where caseID.isNone: (place, identifier) = ("? = ''", "")
        case .ofSite:
          guard let row = table.row(ofUnit: caseID) else { continue }
          (place, identifier) = ("id = ?", row.string)
        default: continue
        }
        count +=
          try Query(
            database, "SELECT count(*) FROM \(quoted(table.name)) WHERE \(place)"
          ).first(.text(identifier)) { Int($0.integer(0)) } ?? 0
      }
    }
    return count
  }

  /// Whether so many cases may be pulled whole by a session itself: one always, more as long as
  /// their rows keep within ``RepairLimit``.
  package func mayMend(_ cases: [CaseID]) throws -> Bool {
    guard cases.count > 1 else { return true }
    let all = try rowCount()
    return try read { database in
      RepairLimit.allows(differing: try rowCount(of: cases, in: database), ofRows: all)
    }
  }

  /// All rows of all tables.
  package func rowCount() throws -> Int {
    try read { database in
      try schema.tables.reduce(0) { sum, table in
        let count = try Query(database, "SELECT count(*) FROM \(quoted(table.name))").first {
          Int($0.integer(0))
        }
        return sum + (count ?? 0)
      }
    }
  }

  /// Reads the structure of every page.
  ///
  /// - Throws: ``ReplicaError/corrupt`` where SQLite finds damage.
  package func quickCheck() throws {
    let findings = try Self.translatingErrors {
      try queue.inDatabase {
        try String.fetchAll($0, sql: "PRAGMA quick_check(\(Self.findingCountMax))")
      }
    }
    // A value that breaks a constraint was written by a program, not by a disk.
    let isSound = findings.allSatisfy {
      $0 == "ok" || $0.contains(" value in ") || $0.hasPrefix("CHECK constraint failed in ")
    }
    guard isSound else { throw ReplicaError.corrupt }
  }

  /// Findings that are looked at.
  private static let findingCountMax = 1_000
}
