import GRDB
import SQLiteAccess
import SyncCore

/// Digests of cases at the end of an apply: computed for what something happened to, compared for
/// the whole scope.
///
/// Of a touched case all rows are read. Where so many were touched that this would be most of a
/// session's work, a case that was proved before is the sum of its rows' baseline, which the apply
/// has kept row by row with what it read and wrote; its rows are read where that is not what the
/// hub says. What somebody has written unseen into another row of it is the daily scrub's to find.
///
/// A case with unsent edits, or with a row on the refresh list, is not what the hub has yet; it is
/// left out on both sides and compared when it is clean again.
struct CaseDigests {
  let file: ReplicaFile
  let database: Database
  let unsent: UnsentWork

  /// Takes the hub's digests of the cases in which something happened, and computes this replica's
  /// for those and for all that were not clean before.
  ///
  /// - Parameter readsAll: for a comparison of the whole scope: no sum stands for rows.
  func update(
    _ pulled: [(caseID: CaseID, digest: Digest128)], readsAll: Bool = false
  ) throws {
    let isProved = try Query(
      database, "SELECT digest IS NOT NULL FROM kreissync_case_state WHERE case_id = ?")
    let update = try Query(
      database, "UPDATE kreissync_case_state SET hub_digest = ?, digest = NULL WHERE case_id = ?")
    var proved: Set<CaseID> = []
    for entry in pulled {
      if try isProved.first(Parameter(entry.caseID), body: { $0.integer(0) == 1 }) == true {
        proved.insert(entry.caseID)
      }
      try update.run(.blob(entry.digest.bytes), Parameter(entry.caseID))
    }
    let dirty = try dirtyCases()
    let waiting = try waitingCases().filter { !dirty.contains($0.caseID) }
    var digester = RowDigester(key: file.digestKey)
    if try !waiting.isEmpty && FirstDigests.areDue(in: database) {
      var first = FirstDigests(self)
      try first.run(over: waiting, digester: &digester)
    } else {
      let isRead = readsAll || waiting.count <= file.readCaseCountMax
      try addUp(waiting, bySum: isRead ? [] : proved, &digester)
    }
    for caseID in dirty.sorted() {
      try Query(database, "UPDATE kreissync_case_state SET digest = NULL WHERE case_id = ?").run(
        Parameter(caseID))
    }
  }

  /// A case without a digest.
  struct Waiting {
    let caseID: CaseID
    /// Nil where the site sees everything of the case.
    let terms: GrantTerms?
    let theirs: [UInt8]
  }

  private func waitingCases() throws -> [Waiting] {
    try Query(
      database,
      """
      SELECT case_id, tiers, hub_digest FROM kreissync_case_state
      WHERE digest IS NULL ORDER BY case_id
      """
    ).all { row in
      let caseID: CaseID = row.identifier(0)
      return Waiting(
        caseID: caseID,
        terms: Self.terms(of: caseID, TierSet(rawValue: UInt8(truncatingIfNeeded: row.integer(1)))),
        theirs: row.blob(2))
    }
  }

  private func addUp(
    _ waiting: [Waiting], bySum summed: Set<CaseID>, _ digester: inout RowDigester
  ) throws {
    let unknown = try UnknownCells(file: file, database: database)
    let tables = try standingTables()
    let note = try Query(
      database, "UPDATE kreissync_case_state SET digest = ? WHERE case_id = ?")
    for entry in waiting {
      let unknownImages = try unknown.images(of: entry.caseID)
      // Of a narrowed case, too: what the site does not see is empty here, and counts as nothing.
      if unknownImages.isEmpty, summed.contains(entry.caseID),
        try baselineSum(of: entry.caseID).bytes == entry.theirs
      {
        try note.run(.blob(entry.theirs), Parameter(entry.caseID))
        continue
      }
      let rows = try rowDigests(
        of: entry.caseID, in: tables, unknown: unknownImages, digester: &digester)
      let ours = rows.reduce(Digest128.zero) { $1.isShared ? $0 + $1.digest : $0 }
      try note.run(.blob(ours.bytes), Parameter(entry.caseID))
      if ours.bytes == entry.theirs { try keepBaseline(rows, of: entry.caseID) }
    }
  }

  private func baselineSum(of caseID: CaseID) throws -> Digest128 {
    var sum = Digest128.zero
    try Query(database, "SELECT digest FROM kreissync_baseline WHERE case_id = ?").forEach(
      Parameter(caseID)
    ) { row in
      // Whatever cannot be read is no row of the hub's.
      if let digest = Digest128(bytes: row.bytes(0)) { sum += digest }
    }
    return sum
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
      guard let theirs = Digest128(bytes: row.bytes(2)) else { throw ReplicaError.corrupt }
      guard !row.isNull(1) else {
        replica += theirs
        return
      }
      guard let ours = Digest128(bytes: row.bytes(1)) else { throw ReplicaError.corrupt }
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
      try Query(database, file.statements[table.number]!.selectUnit).forEach(
        .text(identifier.string)
      ) { row in
        let key = RowKey(table: table.number, id: row.identifier(0))
        digests.append(
          Self.digest(
            of: row, key: key, caseID: caseID, cellsFrom: 1, in: table, seenBy: terms,
            with: unknown.isEmpty ? nil : unknown.removeValue(forKey: key), &digester))
      }
    }
    // What is left of tables that the replica has belongs to rows that were deleted here.
    for (key, image) in unknown where file.schema.table(number: key.table) == nil {
      digests.append(RowDigest(key: key, digest: digester.digest(of: image), known: nil))
    }
    return digests
  }

  /// The digest of the row that a query stands on.
  ///
  /// - Parameters:
  ///   - row: begins with the row's id.
  ///   - first: the result's column with the table's first one; the others follow in order.
  ///   - terms: nil where the site sees everything of the case.
  ///   - rest: what is kept of the row's columns that the schema does not have.
  static func digest(
    of row: ResultRow, key: RowKey, caseID: CaseID, cellsFrom first: Int, in table: Table,
    seenBy terms: GrantTerms?, with rest: RowImage? = nil, _ digester: inout RowDigester
  ) -> RowDigest {
    let shown = terms.map { table.columns(visibleTo: $0) } ?? table.travellingColumns
    let standing = digester.digest(of: row, id: 0, caseID: caseID, cellsFrom: first, in: table)
    if let standing, rest == nil {
      let shared =
        shown == table.travellingColumns
        ? standing
        : digester.digest(
          of: row, id: 0, caseID: caseID, cellsFrom: first, in: table, showing: shown)
      if let shared {
        return RowDigest(key: key, digest: shared, known: standing, isShared: !shown.isEmpty)
      }
    }
    // NB: a cell that cannot be sent and that nobody captured counts as the nearest text. The
    // hub holds no such cell, so the case is unequal; it stops no other.
    let values = table.columns.indices.map { row.value($0 + first) ?? .text(row.text($0 + first)) }
    let known = digester.digest(of: key, caseID: caseID, row: values, in: table)
    guard let rest else {
      let shared =
        shown == table.travellingColumns
        ? known
        : digester.digest(of: key, caseID: caseID, row: values, in: table, showing: shown)
      return RowDigest(key: key, digest: shared, known: known, isShared: !shown.isEmpty)
    }
    let cells = Cells(travelling: values, in: table, mask: shown)
    let whole = digester.digest(
      of: RowImage(key: key, caseID: caseID, cells: cells.overlaid(by: rest.cells)))
    return RowDigest(key: key, digest: whole, known: known)
  }

  /// The terms of a case of which the site is not granted all tiers; what it holds of the others it
  /// holds alone.
  private func terms(of caseID: CaseID) throws -> GrantTerms? {
    try Query(database, "SELECT tiers FROM kreissync_case_state WHERE case_id = ?").first(
      Parameter(caseID)
    ) { Self.terms(of: caseID, TierSet(rawValue: UInt8(truncatingIfNeeded: $0.integer(0)))) } ?? nil
  }

  private static func terms(of caseID: CaseID, _ tiers: TierSet) -> GrantTerms? {
    caseID.isCase && tiers != .all ? GrantTerms(.contributor, tiers) : nil
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
