import CaseloadSchema
import GRDB
import SQLiteAccess
import SyncCore

/// Domain tables that are not what they must be: somebody dropped one, or made it anew with fewer
/// columns.
///
/// What is missing is made anew, and its rows come back from the hub: they are put on the refresh
/// list, so that neither a pull nor the scrub takes their absence for a deletion. A table of that
/// name that lacks its key is no table of ours; it is kept beside, under another name.
struct TableRepair {
  let file: ReplicaFile
  let database: Database

  /// What a table lacks.
  struct Finding {
    let table: Table
    /// No such table, or one without its key.
    let isMissing: Bool
    /// The table stands, but is no table of ours.
    let isForeign: Bool
    let columns: [Column]
  }

  func findings() throws -> [Finding] {
    try file.schema.tables.compactMap { table in
      let names = Set(
        try Query(database, "SELECT name FROM pragma_table_info(?)").all(.text(table.name)) {
          $0.text(0).lowercased()
        })
      let keys = ["id"] + (table.scope == .ofCase ? ["case_id"] : [])
      let hasKeys = names.isSuperset(of: keys)
      let columns = table.columns.filter { !names.contains($0.name.lowercased()) }
      guard !hasKeys || !columns.isEmpty else { return nil }
      return Finding(
        table: table, isMissing: !hasKeys, isForeign: !hasKeys && !names.isEmpty,
        columns: columns)
    }
  }

  func mend(_ finding: Finding) throws {
    let table = finding.table
    if finding.isMissing {
      if finding.isForeign { try setAside(table) }
      // Indexes that outlived a renamed table keep its names.
      for name in try indexNames(of: table) {
        try database.execute(sql: "DROP INDEX IF EXISTS \(file.quoted(name))")
      }
      try database.execute(
        sql: ReplicaSQL.table(table, in: file.schema) + ReplicaSQL.indexes(of: table))
    } else {
      for column in finding.columns {
        try database.execute(sql: ReplicaSQL.addition(of: column, to: table))
      }
    }
    try askForRows(of: table)
  }

  /// Every row that the replica is known to have held comes whole with the next pulls, and all
  /// cases are added up anew: a row that nobody knows of here shows as an unequal case.
  private func askForRows(of table: Table) throws {
    try Query(
      database,
      """
      INSERT OR REPLACE INTO kreissync_refresh
      SELECT t, id, case_id FROM kreissync_baseline
      WHERE t = ? AND length(CAST(id AS BLOB)) BETWEEN 1 AND \(RowLimit.identifierByteCountMax)
      """
    ).run(.integer(Int64(table.number)))
    try Query(database, "UPDATE kreissync_case_state SET digest = NULL").run()
  }

  private func setAside(_ table: Table) throws {
    var name = table.name + "_set_aside"
    while try Query(database, "SELECT 1 FROM sqlite_schema WHERE name = ?").first(
      .text(name), body: { _ in true }) != nil
    {
      name += "_"
    }
    // References of other tables go on meaning the name, not the table that had it.
    try database.execute(
      sql: """
        PRAGMA legacy_alter_table = ON;
        ALTER TABLE \(file.quoted(table.name)) RENAME TO \(file.quoted(name));
        PRAGMA legacy_alter_table = OFF;
        """)
  }

  private func indexNames(of table: Table) throws -> [String] {
    try Query(
      database,
      """
      SELECT name FROM sqlite_schema
      WHERE type = 'index' AND (name = ?1 OR name GLOB ?2)
      """
    ).all(
      .text("kreissync_case_\(table.name)"), .text("kreissync_reference_\(table.name)_*")
    ) { $0.text(0) }
  }
}
