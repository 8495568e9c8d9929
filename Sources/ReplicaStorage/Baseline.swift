import GRDB
import SQLiteAccess
import SyncCore

/// Each row's digest as it was last explained: proved equal to the hub's, captured into a batch, or
/// written by a pull. What differs from it without an entry in the change log was written unseen.
///
/// Proof alone would not do: a case with unsent work is not proved for days, while pulls go on in
/// its other rows. The scrub would take what they brought for local writes and send it back, over
/// what others have written since.
final class Baseline {
  private let file: ReplicaFile
  private let database: Database
  private var digester: RowDigester

  init(file: ReplicaFile, database: Database) {
    self.file = file
    self.database = database
    digester = RowDigester(key: file.digestKey)
  }

  /// The row as it stands is explained.
  func keep(_ key: RowKey, _ row: LocalRow) throws {
    guard let table = file.schema.table(number: key.table) else { return }
    let digest = digester.digest(of: key, caseID: row.caseID, row: row.values, in: table)
    try keep(key, Standing(caseID: row.caseID, digest: digest))
  }

  /// As ``keep(_:_:)`` for a row that the agent has just written.
  func keep(_ key: RowKey) throws {
    if case .there(let standing) = try find(key) { try keep(key, standing) }
  }

  private func keep(_ key: RowKey, _ standing: Standing) throws {
    try Query(database, "INSERT OR REPLACE INTO kreissync_baseline VALUES (?, ?, ?, ?)").run(
      .integer(Int64(key.table)), Parameter(key.id), Parameter(standing.caseID),
      .blob(standing.digest.bytes))
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
    switch try find(key) {
    case .gone: return true
    case .unfit: return false
    case .there(let standing):
      return try Query(
        database, "SELECT case_id, digest FROM kreissync_baseline WHERE t = ? AND id = ?"
      ).first(.integer(Int64(key.table)), Parameter(key.id)) { row in
        Digest128(bytes: row.bytes(1)) == standing.digest
          && row.identifier(0, CaseID.self) == standing.caseID
      } ?? false
    }
  }

  /// Whether the row's columns that travel have this digest.
  func stands(_ key: RowKey, as known: [UInt8]) throws -> Bool {
    guard case .there(let standing) = try find(key) else { return false }
    return standing.digest.bytes == known
  }

  // MARK: Rows as they stand

  private struct Standing {
    let caseID: CaseID
    let digest: Digest128
  }

  private enum Found {
    case there(Standing)
    case unfit
    case gone
  }

  private func find(_ key: RowKey) throws -> Found {
    guard let table = file.schema.table(number: key.table) else { return .gone }
    let standing = try Query(database, file.selectRow(of: table)).first(Parameter(key.id)) {
      row -> Standing? in
      let caseID = table.place(of: key.id, stored: row.identifier(0))
      return digester.digest(of: row, id: key.id, caseID: caseID, cellsFrom: 1, in: table).map {
        Standing(caseID: caseID, digest: $0)
      }
    }
    if let standing, let standing { return .there(standing) }
    // What is not there under its id, or has a cell of which no digest can be made as it stands.
    switch try file.lookup(key, in: database) {
    case .gone: return .gone
    case .unfit: return .unfit
    case .there(let row):
      let digest = digester.digest(of: key, caseID: row.caseID, row: row.values, in: table)
      return .there(Standing(caseID: row.caseID, digest: digest))
    }
  }
}
