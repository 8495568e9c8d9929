import GRDB
import SQLiteAccess
import SyncCore

/// Rows with columns behind gates that this site wrote, and which of them it withholds: the table
/// `kreissync_gated`.
///
/// | column       | says                                                                       |
/// |--------------|----------------------------------------------------------------------------|
/// | `own`        | 1 for a row that was inserted here: it stays when a gate closes            |
/// | `m`          | the columns whose values stand here and not at the hub                     |
/// | `at`         | when the last of them was written                                          |
/// | `refused_at` | the cursor at which the hub's gate was found closed, to ask once for each; -1 |
struct WithheldCells {
  let file: ReplicaFile
  let database: Database

  struct Entry {
    let key: RowKey
    let caseID: CaseID
    let isOwn: Bool
    let columns: ColumnMask
    let at: Milliseconds
  }

  var isEmpty: Bool {
    get throws {
      try Query(database, "SELECT 1 FROM kreissync_gated LIMIT 1").first { _ in false } ?? true
    }
  }

  /// What is withheld, by row.
  func all() throws -> [RowKey: ColumnMask] {
    var found: [RowKey: ColumnMask] = [:]
    try Query(database, "SELECT t, id, m FROM kreissync_gated WHERE m <> 0").forEach { row in
      found[RowKey(table: Int(row.integer(0)), id: row.identifier(1))] = mask(row, 2)
    }
    return found
  }

  /// The cases of which something is withheld, in ascending order.
  ///
  /// - Parameter cursor: without what the hub refused there.
  func cases(butRefusedAt cursor: Int64) throws -> [CaseID] {
    try Query(
      database,
      "SELECT DISTINCT case_id FROM kreissync_gated WHERE m <> 0 AND refused_at <> ? ORDER BY 1"
    ).all(.integer(cursor)) { $0.identifier(0) }
  }

  /// The rows of a case in order of their keys.
  func entries(of caseID: CaseID) throws -> [Entry] {
    try Query(
      database,
      "SELECT t, id, case_id, own, m, at FROM kreissync_gated WHERE case_id = ? ORDER BY t, id"
    ).all(Parameter(caseID)) { row in
      Entry(
        key: RowKey(table: Int(row.integer(0)), id: row.identifier(1)), caseID: row.identifier(2),
        isOwn: row.integer(3) == 1, columns: mask(row, 4), at: row.integer(5))
    }
  }

  func isOwn(_ key: RowKey) throws -> Bool {
    try Query(database, "SELECT own FROM kreissync_gated WHERE t = ? AND id = ?").first(
      .integer(Int64(key.table)), Parameter(key.id)
    ) { $0.integer(0) == 1 } ?? false
  }

  /// Notes what became of a row's columns: these passed, those are withheld.
  func note(
    _ key: RowKey, in caseID: CaseID, isOwn: Bool, passed: ColumnMask = .empty,
    withheld: ColumnMask, at: Milliseconds, refusedAt: Int64 = -1
  ) throws {
    try Query(
      database,
      """
      INSERT INTO kreissync_gated VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8)
      ON CONFLICT (t, id) DO UPDATE SET case_id = excluded.case_id, own = max(own, excluded.own),
        m = (m & ~?7) | excluded.m, at = max(at, excluded.at), refused_at = excluded.refused_at
      """
    ).run(
      .integer(Int64(key.table)), Parameter(key.id), Parameter(caseID), .integer(isOwn ? 1 : 0),
      bits(withheld), .integer(at), bits(passed), .integer(refusedAt))
  }

  /// Forgets a row: it is gone, or it is nobody's here any more.
  func drop(_ key: RowKey) throws {
    try Query(database, "DELETE FROM kreissync_gated WHERE t = ? AND id = ?").run(
      .integer(Int64(key.table)), Parameter(key.id))
  }

  /// Forgets what was withheld of a row in other columns than these.
  func keep(_ columns: ColumnMask, of key: RowKey) throws {
    try Query(database, "UPDATE kreissync_gated SET m = m & ? WHERE t = ? AND id = ?").run(
      bits(columns), .integer(Int64(key.table)), Parameter(key.id))
  }

  private func bits(_ mask: ColumnMask) -> Parameter {
    .integer(Int64(bitPattern: mask.bits))
  }

  private func mask(_ row: ResultRow, _ column: Int) -> ColumnMask {
    ColumnMask(bits: UInt64(bitPattern: row.integer(column)))
  }
}
