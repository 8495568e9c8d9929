import GRDB
import SQLiteAccess
package import SyncCore

extension ReplicaFile {
  /// Scrubs all tables; see ``Scrub``.
  ///
  /// - Returns: how many writes were found and captured.
  package func scrub(at now: Milliseconds) throws -> Int {
    // Nothing to write is the rule: looking first spares the neighbour a write lock.
    let isNeeded = try read { database in
      try Scrub(file: self, database: database, now: now).run(
        over: schema.tables, captures: false) > 0
    }
    guard isNeeded else { return 0 }
    return try write { database in
      try Scrub(file: self, database: database, now: now).run(over: schema.tables)
    }
  }
}

/// Finds writes that no trigger saw: rows that differ from their baseline without an entry in the
/// change log become captured changes.
///
/// By ``Baseline``, a row that differs was changed here, a row without one was written here, and a
/// baseline without its row was deleted here. Rows that hold unsent work or wait for the hub are
/// left alone: they are scrubbed when they are clean again.
struct Scrub {
  let file: ReplicaFile
  let database: Database
  let now: Milliseconds

  /// - Parameter captures: off for a look that writes nothing.
  /// - Returns: how many writes were found.
  func run(over tables: [Table], captures: Bool = true) throws -> Int {
    let record = try ReplicaFile.record(in: database)
    let unsent = try UnsentWork(file: file, record: record, in: database)
    var awaited: Set<RowKey> = []
    try Query(database, "SELECT t, id FROM kreissync_refresh").forEach {
      awaited.insert(RowKey(table: Int($0.integer(0)), id: $0.identifier(1)))
    }
    var found = 0
    for table in tables where !table.isHubOnly {
      found += try scan(table, captures: captures) {
        unsent.isUnsent($0) || awaited.contains($0)
      }
    }
    return found
  }

  private func scan(
    _ table: Table, captures: Bool, isExcused: (RowKey) -> Bool
  ) throws -> Int {
    var digester = RowDigester(key: file.digestKey)
    var findings: [(key: RowKey, kind: CaptureKind, caseID: CaseID?)] = []
    let name = file.quoted(table.name)
    let place = table.scope == .ofCase ? "case_id" : "id"
    let columns = table.columns.map { ", x." + file.quoted($0.name) }.joined()
    // Joined row by row: a county's baseline need not be in memory.
    let sql = """
      SELECT b.case_id, b.digest, x.id, x.\(place)\(columns)
      FROM \(name) AS x LEFT JOIN kreissync_baseline AS b ON b.t = ? AND b.id = x.id ORDER BY x.id
      """
    try Query(database, sql).forEach(.integer(Int64(table.number))) { row in
      let key = RowKey(table: table.number, id: row.identifier(2))
      guard !isExcused(key) else { return }
      guard !row.isNull(1) else {
        findings.append((key, .insert, nil))
        return
      }
      let known = (caseID: row.identifier(0, CaseID.self), digest: row.blob(1))
      let caseID = table.place(of: key.id, stored: row.identifier(3))
      // A row with a cell that cannot be sent is never what was explained, though it stay here.
      let isWhole = table.columns.indices.allSatisfy {
        table.columns[$0].tier != .local || row.value($0 + 4) != nil
      }
      let digest =
        isWhole
        ? digester.digest(of: row, id: 2, caseID: caseID, cellsFrom: 4, in: table)?.bytes ?? [] : []
      guard digest != known.digest else { return }
      if caseID != known.caseID {
        findings.append((key, .delete, known.caseID))
        findings.append((key, .insert, nil))
      } else {
        findings.append((key, .update, nil))
      }
    }
    let missing = """
      SELECT id, case_id FROM kreissync_baseline AS b
      WHERE t = ? AND NOT EXISTS (SELECT 1 FROM \(name) AS x WHERE b.id = x.id) ORDER BY id
      """
    try Query(database, missing).forEach(.integer(Int64(table.number))) { row in
      let key = RowKey(table: table.number, id: row.identifier(0))
      if !isExcused(key) { findings.append((key, .delete, row.identifier(1))) }
    }
    for finding in findings where captures {
      try capture(finding.key, finding.kind, finding.caseID, in: table)
    }
    return findings.count
  }

  /// Nobody knows which columns changed, so an update names all; the hub applies those that differ.
  private func capture(_ key: RowKey, _ kind: CaptureKind, _ caseID: CaseID?, in table: Table)
    throws
  {
    let mask = kind == .update ? Int64(bitPattern: table.allColumns.bits) : 0
    try Query(
      database,
      "INSERT INTO kreissync_log (t, k, m, id, c, at, tag) VALUES (?, ?, ?, ?, ?, ?, random())"
    ).run(
      .integer(Int64(key.table)), .integer(Int64(kind.rawValue)), .integer(mask),
      Parameter(key.id), Parameter(caseID?.string), .integer(now))
  }
}
