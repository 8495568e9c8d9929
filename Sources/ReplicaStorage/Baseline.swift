import GRDB
import SQLiteAccess
import SyncCore

/// Each row's digest as it was last explained: proved equal to the hub's, captured into a batch, or
/// written by a pull. What differs from it without an entry in the change log was written unseen.
///
/// Proof alone would not do: a case with unsent work is not proved for days, while pulls go on in
/// its other rows. The scrub would take what they brought for local writes and send it back, over
/// what others have written since.
struct Baseline {
  let file: ReplicaFile
  let database: Database

  /// The row as it stands is explained.
  func keep(_ key: RowKey, _ row: LocalRow) throws {
    guard let digest = digest(of: key, row) else { return }
    try Query(database, "INSERT OR REPLACE INTO kreissync_baseline VALUES (?, ?, ?, ?)").run(
      .integer(Int64(key.table)), Parameter(key.id), Parameter(row.caseID), .blob(digest))
  }

  /// As ``keep(_:_:)`` for a row that the agent has just written.
  func keep(_ key: RowKey) throws {
    if case .there(let row) = try file.lookup(key, in: database) { try keep(key, row) }
  }

  /// The row's absence is explained; with a case, its absence from that case only.
  func drop(_ key: RowKey, from caseID: CaseID? = nil) throws {
    try Query(
      database,
      "DELETE FROM kreissync_baseline WHERE t = ?1 AND id = ?2 AND (?3 IS NULL OR case_id = ?3)"
    ).run(.integer(Int64(key.table)), Parameter(key.id), Parameter(caseID?.string))
  }

  /// Whether the row was ever explained, and still stands as far as the agent knows.
  func knows(_ key: RowKey) throws -> Bool {
    try Query(database, "SELECT 1 FROM kreissync_baseline WHERE t = ? AND id = ?").first(
      .integer(Int64(key.table)), Parameter(key.id)
    ) { _ in true } ?? false
  }

  /// Whether nobody wrote the row unseen. A row that is not there was at most deleted, and a pull
  /// that brings it explains it anew.
  func explains(_ key: RowKey) throws -> Bool {
    switch try file.lookup(key, in: database) {
    case .gone: return true
    case .unfit: return false
    case .there(let row):
      let known = try Query(
        database, "SELECT case_id, digest FROM kreissync_baseline WHERE t = ? AND id = ?"
      ).first(.integer(Int64(key.table)), Parameter(key.id)) { row in
        (row.identifier(0, CaseID.self), row.blob(1))
      }
      guard let known else { return false }
      return known.0 == row.caseID && known.1 == digest(of: key, row)
    }
  }

  /// Whether the row's columns that travel have this digest.
  func stands(_ key: RowKey, as known: [UInt8]) throws -> Bool {
    guard case .there(let row) = try file.lookup(key, in: database) else { return false }
    return digest(of: key, row) == known
  }

  private func digest(of key: RowKey, _ row: LocalRow) -> [UInt8]? {
    guard let table = file.schema.table(number: key.table) else { return nil }
    var digester = RowDigester(key: file.digestKey)
    return digester.digest(of: key, caseID: row.caseID, row: row.values, in: table).bytes
  }
}
