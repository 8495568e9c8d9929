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
    let unknown = try UnknownCells(file: file, database: database)
    let tables = try standingTables()
    for (caseID, theirs) in waiting where !dirty.contains(caseID) {
      let rows = try rowDigests(
        of: caseID, in: tables, unknown: unknown.images(of: caseID), digester: &digester)
      let ours = rows.reduce(Digest128.zero) { $1.isShared ? $0 + $1.digest : $0 }
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
    // What has ended and still waits for its purge is in the hub's scope no more.
    try Query(
      database,
      """
      SELECT case_id, digest, hub_digest FROM kreissync_case_state
      WHERE NOT (role = ? AND tiers = ?) ORDER BY case_id
      """
    ).forEach(
      .text(GrantTerms.ended.role.rawValue), .integer(Int64(GrantTerms.ended.tiers.rawValue))
    ) { row in
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

  /// Those with unsent work, those that wait for a row, and those that hold more than they may.
  func dirtyCases() throws -> Set<CaseID> {
    var dirty = unsent.cases
    try Query(database, "SELECT case_id FROM kreissync_case_state WHERE purge <> 0").forEach {
      dirty.insert($0.identifier(0))
    }
    try Query(database, "SELECT DISTINCT case_id FROM kreissync_refresh").forEach {
      dirty.insert($0.identifier(0))
    }
    return dirty
  }

  /// What the scrub compares with: the rows as they were proved equal to the hub's. A night touches
  /// a row or two of a case, so what stands as it stood is not written again.
  private func keepBaseline(_ rows: [RowDigest], of caseID: CaseID) throws {
    var kept: [RowKey: [UInt8]] = [:]
    try Query(database, "SELECT t, id, digest FROM kreissync_baseline WHERE case_id = ?").forEach(
      Parameter(caseID)
    ) { kept[RowKey(table: Int($0.integer(0)), id: $0.identifier(1))] = $0.blob(2) }
    let insert = try Query(
      database, "INSERT OR REPLACE INTO kreissync_baseline VALUES (?, ?, ?, ?)")
    for row in rows {
      guard let known = row.known else { continue }
      guard kept.removeValue(forKey: row.key) != known.bytes else { continue }
      try insert.run(
        .integer(Int64(row.key.table)), Parameter(row.key.id), Parameter(caseID),
        .blob(known.bytes))
    }
    let delete = try Query(database, "DELETE FROM kreissync_baseline WHERE t = ? AND id = ?")
    // In any order: what is left is gone from the case.
    for key in kept.keys { try delete.run(.integer(Int64(key.table)), Parameter(key.id)) }
  }

  /// The tables that hold rows at all: each case is looked for in every one of them, and thousands
  /// of cases are digested at once.
  func standingTables() throws -> [Table] {
    try file.schema.tables.filter { table in
      try Query(database, "SELECT 1 FROM \(file.quoted(table.name)) LIMIT 1").first { _ in true }
        ?? false
    }
  }

  /// - Parameters:
  ///   - tables: those of ``standingTables()``.
  ///   - unknown: what is kept of tables and columns that the schema does not have.
  func rowDigests(
    of caseID: CaseID, in tables: [Table], unknown: [RowKey: RowImage], digester: inout RowDigester
  ) throws -> [RowDigest] {
    var unknown = unknown
    var digests: [RowDigest] = []
    let terms = try terms(of: caseID)
    for table in tables {
      var identifier = caseID.text
      switch table.scope {
      case .caseRoot, .ofCase: guard caseID.isCase else { continue }
      case .global: guard caseID.isNone else { continue }
      case .ofSite:
        guard caseID.isUnit, let row = table.row(ofUnit: caseID) else { continue }
        identifier = row.text
      }
      let shown = terms.map { table.columns(visibleTo: $0) } ?? table.travellingColumns
      try Query(database, file.statements[table.number]!.selectUnit).forEach(
        .text(identifier.string)
      ) { row in
        let key = RowKey(table: table.number, id: row.identifier(0))
        let rest = unknown.isEmpty ? nil : unknown.removeValue(forKey: key)
        let standing = digester.digest(of: row, id: 0, caseID: caseID, cellsFrom: 1, in: table)
        if let standing, rest == nil, shown == table.travellingColumns {
          digests.append(RowDigest(key: key, digest: standing, known: standing))
          return
        }
        // NB: a cell that cannot be sent and that nobody captured counts as the nearest text. The
        // hub holds no such cell, so the case is unequal; it stops no other.
        let values = table.columns.indices.map { row.value($0 + 1) ?? .text(row.text($0 + 1)) }
        let known = digester.digest(of: key, caseID: caseID, row: values, in: table)
        guard let rest else {
          let shared =
            shown == table.travellingColumns
            ? known
            : digester.digest(of: key, caseID: caseID, row: values, in: table, showing: shown)
          digests.append(
            RowDigest(key: key, digest: shared, known: known, isShared: !shown.isEmpty))
          return
        }
        let cells = Cells(travelling: values, in: table, mask: shown)
        let whole = digester.digest(
          of: RowImage(key: key, caseID: caseID, cells: cells.overlaid(by: rest.cells)))
        digests.append(RowDigest(key: key, digest: whole, known: known))
      }
    }
    // What is left of tables that the replica has belongs to rows that were deleted here.
    for (key, image) in unknown where file.schema.table(number: key.table) == nil {
      digests.append(RowDigest(key: key, digest: digester.digest(of: image), known: nil))
    }
    return digests
  }

  /// The terms of a case of which the site is not granted all tiers; what it holds of the others it
  /// holds alone.
  private func terms(of caseID: CaseID) throws -> GrantTerms? {
    guard caseID.isCase else { return nil }
    let tiers = try Query(
      database, "SELECT tiers FROM kreissync_case_state WHERE case_id = ?"
    ).first(Parameter(caseID)) { TierSet(rawValue: UInt8(truncatingIfNeeded: $0.integer(0))) }
    return tiers.flatMap { $0 == .all ? nil : GrantTerms(.contributor, $0) }
  }

  /// A row's digest as the hub has it, and that of the columns that the replica has.
  struct RowDigest {
    let key: RowKey
    let digest: Digest128
    /// What the scrub compares with; nil for a row that no local program can write.
    let known: Digest128?
    /// Whether the hub may hold the row, too.
    var isShared = true
  }
}
