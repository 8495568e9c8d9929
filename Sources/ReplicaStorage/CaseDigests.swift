import GRDB
import SQLiteAccess
import SyncCore

/// Digests of cases at the end of an apply: computed for what something happened to, compared for
/// the whole scope.
///
/// A case with unsent edits, or with a row on the refresh list, is not what the hub has yet; it is
/// left out on both sides and compared when it is clean again.
struct CaseDigests {
  let file: ReplicaFile
  let database: Database
  let unsent: UnsentWork

  /// Takes the hub's digests of the cases in which something happened, and computes this replica's
  /// for those and for all that were not clean before.
  func update(_ pulled: [(caseID: CaseID, digest: Digest128)]) throws {
    let update = try Query(
      database, "UPDATE kreissync_case_state SET hub_digest = ?, digest = NULL WHERE case_id = ?")
    for entry in pulled { try update.run(.blob(entry.digest.bytes), Parameter(entry.caseID)) }
    let waiting: [(CaseID, [UInt8])] = try Query(
      database,
      """
      SELECT case_id, hub_digest FROM kreissync_case_state WHERE digest IS NULL ORDER BY case_id
      """
    ).all { ($0.identifier(0), $0.blob(1)) }
    let dirty = try dirtyCases()
    var digester = RowDigester(key: file.digestKey)
    for (caseID, theirs) in waiting where !dirty.contains(caseID) {
      let rows = try rowDigests(of: caseID, digester: &digester)
      let ours = rows.reduce(Digest128.zero) { $0 + $1.digest }
      try Query(database, "UPDATE kreissync_case_state SET digest = ? WHERE case_id = ?").run(
        .blob(ours.bytes), Parameter(caseID))
      if ours.bytes == theirs { try keepBaseline(rows, of: caseID) }
    }
    for caseID in dirty.sorted() {
      try Query(database, "UPDATE kreissync_case_state SET digest = NULL WHERE case_id = ?").run(
        Parameter(caseID))
    }
  }

  func compare(_ hub: Digest128, into outcome: inout ApplyOutcome) throws {
    var replica = Digest128.zero
    var unequal: [CaseID] = []
    try Query(
      database, "SELECT case_id, digest, hub_digest FROM kreissync_case_state ORDER BY case_id"
    ).forEach { row in
      guard let theirs = Digest128(bytes: row.blob(2)) else { throw ReplicaError.corrupt }
      guard !row.isNull(1) else {
        replica += theirs
        return
      }
      guard let ours = Digest128(bytes: row.blob(1)) else { throw ReplicaError.corrupt }
      replica += ours
      if ours != theirs { unequal.append(row.identifier(0)) }
    }
    outcome.replicaDigest = replica
    outcome.hubDigest = hub
    outcome.unequalCases = unequal
  }

  /// Those with unsent work, and those that wait for a row.
  func dirtyCases() throws -> Set<CaseID> {
    var dirty = unsent.cases
    try Query(database, "SELECT DISTINCT case_id FROM kreissync_refresh").forEach {
      dirty.insert($0.identifier(0))
    }
    return dirty
  }

  /// What the scrub compares with: the rows as they were proved equal to the hub's.
  private func keepBaseline(_ rows: [(key: RowKey, digest: Digest128)], of caseID: CaseID) throws {
    try Query(database, "DELETE FROM kreissync_baseline WHERE case_id = ?").run(Parameter(caseID))
    let insert = try Query(
      database, "INSERT OR REPLACE INTO kreissync_baseline VALUES (?, ?, ?, ?)")
    for row in rows {
      try insert.run(
        .integer(Int64(row.key.table)), Parameter(row.key.id), Parameter(caseID),
        .blob(row.digest.bytes))
    }
  }

  private func rowDigests(of caseID: CaseID, digester: inout RowDigester) throws
    -> [(key: RowKey, digest: Digest128)]
  {
    var digests: [(key: RowKey, digest: Digest128)] = []
    for table in file.schema.tables {
      var identifier = caseID.text
      let place: String
      switch table.scope {
      case .caseRoot where caseID.isCase: place = "WHERE id = ?"
      case .ofCase where caseID.isCase: place = "WHERE case_id = ?"
      case .global where caseID.isNone: place = "WHERE ? = ''"
      case .ofSite:
        guard let row = table.row(ofUnit: caseID) else { continue }
        place = "WHERE id = ?"
        identifier = row.text
      default: continue
      }
      let columns = table.columns.map { ", " + file.quoted($0.name) }.joined()
      try Query(database, "SELECT id\(columns) FROM \(file.quoted(table.name)) \(place)").forEach(
        .text(identifier.string)
      ) { row in
        let key = RowKey(table: table.number, id: row.identifier(0))
        // NB: a cell that cannot be sent and that nobody captured counts as the nearest text. The
        // hub holds no such cell, so the case is unequal; it stops no other.
        let values = table.columns.indices.map { row.value($0 + 1) ?? .text(row.text($0 + 1)) }
        digests.append(
          (key, digester.digest(of: key, caseID: caseID, row: values, in: table)))
      }
    }
    return digests
  }
}
