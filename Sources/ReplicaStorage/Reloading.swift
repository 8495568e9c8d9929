import GRDB
import SQLiteAccess
package import SyncCore

/// What a reload wrote.
package struct ReloadTally: Sendable, Equatable {
  /// Rows that were other than the hub's, or not there.
  package var rowsWritten = 0
  /// Rows that the hub does not have.
  package var rowsRemoved = 0

  package init() {}
}

extension ReplicaFile {
  /// Writes a snapshot of the hub's into this replica, in one transaction: whoever reads meanwhile
  /// sees the old state or the new one, and the file stays the file that other programs have open.
  ///
  /// Columns that do not travel stay; unsent work stays on top, and its rows stay; nothing is
  /// captured. The cursor stays, too, for only a proof of the hub's log may move it: the next
  /// session pulls from there, and compares all cases.
  ///
  /// - Parameters:
  ///   - path: the snapshot, closed; nobody else has it. Taken at this replica's position or later,
  ///     or its own newest changes would be missing in it for ever.
  ///   - selection: which of its rows are written; the others stay as they are.
  /// - Throws: ``ReplicaError/unfitSnapshot(_:)`` where it is not what it should be, and nothing is
  ///   changed.
  package func reload(from path: String, _ selection: RowSelection, at now: Milliseconds) throws
    -> ReloadTally
  {
    let record = try record()
    let snapshot = try Self.openSnapshot(path)
    try snapshot.requireOwnStatements()
    try snapshot.prove(
      SnapshotClaim(
        county: record.county, site: record.site, history: record.position.history,
        digestKey: digestKey, incarnation: record.incarnation))
    guard try snapshot.record().position.seq >= record.position.seq else {
      throw ReplicaError.unfitSnapshot("it is older than this replica")
    }
    let tally = try write { database in
      var rewriting = Rewriting(
        application: try Application(file: self, database: database, now: now), file: self,
        snapshot: snapshot, selection: selection)
      return try rewriting.run()
    }
    try snapshot.close()
    return tally
  }
}

/// One reload, in its transaction.
private struct Rewriting {
  var application: Application
  let file: ReplicaFile
  let snapshot: ReplicaFile
  let selection: RowSelection
  var tally = ReloadTally()

  private var database: Database { application.database }

  mutating func run() throws -> ReloadTally {
    if selection.table == nil { try putCases() }
    for table in snapshot.schema.tables where selection.table ?? table.number == table.number {
      try write(table)
    }
    for table in file.schema.tables where selection.table ?? table.number == table.number {
      try removeForeignRows(of: table)
    }
    // Its rows were written anew: what was computed from the old ones says nothing of them.
    try Query(
      database,
      "UPDATE kreissync_case_state SET digest = NULL WHERE ?1 IS NULL OR case_id = ?1"
    ).run(Parameter(selection.caseID?.string))
    return tally
  }

  // MARK: Cases

  private mutating func putCases() throws {
    let put = try Query(
      database,
      """
      INSERT INTO kreissync_case_state VALUES (?, ?, ?, ?, ?, NULL, ?, 0)
      ON CONFLICT (case_id) DO UPDATE SET lead = excluded.lead, role = excluded.role,
        tiers = excluded.tiers, epoch = excluded.epoch, purge = 0
      """)
    var standing: Set<CaseID> = []
    try snapshot.read { source in
      try Query(
        source, "SELECT case_id, lead, role, tiers, epoch, hub_digest FROM kreissync_case_state"
      ).forEach { row in
        let caseID: CaseID = row.identifier(0)
        guard selection.includes(caseID) else { return }
        standing.insert(caseID)
        try put.run(
          Parameter(caseID), .text(row.text(1)), .text(row.text(2)), .integer(row.integer(3)),
          .integer(row.integer(4)), .blob(row.blob(5)))
        try application.unknown.dropAll(of: caseID)
      }
    }
    let known: [CaseID] = try Query(database, "SELECT case_id FROM kreissync_case_state").all {
      $0.identifier(0)
    }
    for caseID in known where selection.includes(caseID) && !standing.contains(caseID) {
      guard !application.unsent.cases.contains(caseID) else { continue }
      try Query(database, "DELETE FROM kreissync_case_state WHERE case_id = ?").run(
        Parameter(caseID))
    }
  }

  // MARK: Rows

  private mutating func write(_ table: Table) throws {
    let place = table.scope == .ofCase ? "case_id" : "id"
    let columns = table.columns.map { ", x." + file.quoted($0.name) }.joined()
    // The proof has left the digest of each row in the snapshot's own baseline.
    let sql = """
      SELECT x.id, x.\(place), b.digest\(columns) FROM \(file.quoted(table.name)) AS x
      LEFT JOIN kreissync_baseline AS b ON b.t = ? AND b.id = x.id
      """
    try snapshot.read { source in
      try Query(source, sql).forEach(.integer(Int64(table.number))) { row in
        let key = RowKey(table: table.number, id: row.identifier(0))
        let caseID = table.place(of: key.id, stored: row.identifier(1))
        guard selection.includes(caseID) else { return }
        let values = table.columns.indices.map { row.value($0 + 3) ?? .null }
        try write(
          RowImage(
            key: key, caseID: caseID,
            cells: Cells(travelling: values, in: table, mask: table.travellingColumns)),
          digest: row.blob(2))
      }
    }
  }

  private mutating func write(_ image: RowImage, digest: [UInt8]) throws {
    let isUnsent = application.unsent.isUnsent(image.key)
    if !isUnsent, file.schema.table(number: image.key.table) != nil,
      try application.baseline.stands(image.key, as: digest)
    {
      return try application.baseline.keep(image.key)
    }
    try application.write(image, isWhole: true)
    tally.rowsWritten += 1
    // From here on the scrub compares with this; what is unsent explains itself.
    if !isUnsent, file.schema.table(number: image.key.table) != nil {
      try application.baseline.keep(image.key)
    }
  }

  private mutating func removeForeignRows(of table: Table) throws {
    let place = table.scope == .ofCase ? "case_id" : "id"
    var foreign: [RowKey] = []
    try snapshot.read { source in
      let isKnown = snapshot.schema.table(number: table.number) != nil
      let find =
        try isKnown
        ? Query(source, "SELECT 1 FROM \(file.quoted(table.name)) WHERE id = ?") : nil
      try Query(database, "SELECT id, \(place) FROM \(file.quoted(table.name))").forEach { row in
        let key = RowKey(table: table.number, id: row.identifier(0))
        guard selection.includes(table.place(of: key.id, stored: row.identifier(1))),
          !application.unsent.touches(key),
          try find?.first(Parameter(key.id), body: { _ in true }) == nil
        else { return }
        foreign.append(key)
      }
    }
    for key in foreign { try application.remove(key, caseID: nil) }
    tally.rowsRemoved += foreign.count
  }
}
