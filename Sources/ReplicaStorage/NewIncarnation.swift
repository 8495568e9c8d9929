import GRDB
import SQLiteAccess
package import SyncCore

extension ReplicaFile {
  package func unanswered() throws -> (entries: [EntryID], lastAnswered: Int64) {
    try read { database in
      let record = try Self.record(in: database)
      let behind: [EntryID] = try Query(
        database,
        """
        SELECT n, tag FROM kreissync_log
        WHERE t <> 0 AND n NOT IN (SELECT n FROM kreissync_ahead)
          AND (n > ? OR n IN (SELECT n FROM kreissync_parked))
        """
      ).all(.integer(record.batchedThrough)) { EntryID(n: $0.integer(0), tag: $0.integer(1)) }
      let waiting = try waitingBatches(in: database).flatMap { $0.changes.map(\.id) + $0.coalesced }
      return (waiting + behind, try lastAnswered(in: database))
    }
  }

  private func waitingBatches(in database: Database) throws -> [Batch] {
    try Query(
      database, "SELECT bytes FROM kreissync_outbox WHERE answer IS NULL ORDER BY number"
    ).all { $0.blob(0) }.map { try Batch(decoding: $0, changeCountMax: .max) }
  }

  private func lastAnswered(in database: Database) throws -> Int64 {
    try Query(
      database, "SELECT coalesce(max(number), 0) FROM kreissync_outbox WHERE answer IS NOT NULL"
    ).first { $0.integer(0) } ?? 0
  }

  package func begin(
    _ incarnation: IncarnationID, session: Int64, answers: [Int64: Answer], at now: Milliseconds
  ) throws -> Int64 {
    try write { database in
      var record = try Self.record(in: database)
      guard record.incarnation != incarnation else { return 0 }
      let waiting = try waitingBatches(in: database)
      var entries = waiting.flatMap { $0.changes.map(\.id) + $0.coalesced }
      try Query(database, "DELETE FROM kreissync_outbox WHERE answer IS NULL").run()
      for entry in entries where answers[entry.n] == nil {
        try readAgain(entry, in: database)
      }
      entries += try Query(
        database,
        """
        SELECT n, tag FROM kreissync_log
        WHERE t <> 0 AND n > ? AND n NOT IN (SELECT n FROM kreissync_ahead)
        """
      ).all(.integer(record.batchedThrough)) { EntryID(n: $0.integer(0), tag: $0.integer(1)) }
      entries += try Query(
        database, "SELECT n, tag FROM kreissync_parked JOIN kreissync_log USING (n)"
      ).all { EntryID(n: $0.integer(0), tag: $0.integer(1)) }
      var settled: Set<Int64> = []
      for entry in entries {
        guard let answer = answers[entry.n], settled.insert(entry.n).inserted else { continue }
        try settle(entry, answer, at: now, in: database)
      }
      record.batchNumber = try lastAnswered(in: database)
      record.batchHash = nil
      record.session = max(record.session, session)
      record.restoredAt = now
      try Self.store(record, in: database)
      try Query(database, "UPDATE kreissync_replica SET incarnation = ?").run(
        Parameter(incarnation))
      return Int64(settled.count)
    }
  }

  /// An entry whose batch is withdrawn is read with the next stretch of the log.
  func readAgain(_ entry: EntryID, in database: Database) throws {
    if try Query(database, "DELETE FROM kreissync_ahead WHERE n = ? RETURNING 1").first(
      .integer(entry.n), body: { _ in true }) == true
    {
      return
    }
    let marker = try Query(
      database,
      """
      SELECT m FROM kreissync_log WHERE t = 0 AND k = ? AND n < ? ORDER BY n DESC LIMIT 1
      """
    ).first(.integer(Int64(CaptureKind.marker.rawValue)), .integer(entry.n)) { $0.integer(0) }
    try Query(database, "INSERT OR REPLACE INTO kreissync_parked VALUES (?, ?, '', 'restored')")
      .run(.integer(entry.n), .integer(max(0, marker ?? 0)))
  }

  /// The hub has answered the entry before: the row comes as the hub has it.
  private func settle(
    _ entry: EntryID, _ answer: Answer, at now: Milliseconds, in database: Database
  ) throws {
    let key = try Query(database, "SELECT t, id FROM kreissync_log WHERE n = ?").first(
      .integer(entry.n)
    ) { RowKey(table: Int($0.integer(0)), id: $0.identifier(1)) }
    try Query(database, "DELETE FROM kreissync_parked WHERE n = ?").run(.integer(entry.n))
    // Not removed: the newest entry keeps the numbers growing.
    try Query(
      database, "UPDATE kreissync_log SET t = 0, m = 0, c = NULL, v = NULL, k = ? WHERE n = ?"
    ).run(.integer(Int64(CaptureKind.note.rawValue)), .integer(entry.n))
    guard let key, let table = schema.table(number: key.table) else { return }
    var standing: LocalRow?
    if case .there(let row) = try lookup(key, in: database) { standing = row }
    try putOnRefreshList(key, caseID: standing?.caseID ?? .none, in: database)
    guard answer.verdict != .applied else { return }
    for outcome in answer.columns {
      let position = table.position(ofColumn: outcome.column)
      try notice(
        table.name, key, column: table.column(number: outcome.column)?.name, outcome.verdict,
        outcome.rule.rawValue, yours: position.flatMap { standing?.values[$0] } ?? .null,
        kept: outcome.kept, at: now, in: database)
    }
    if answer.columns.isEmpty {
      try notice(
        table.name, key, column: nil, answer.verdict,
        answer.rule?.rawValue ?? answer.verdict.rawValue, yours: .null, kept: .null, at: now,
        in: database)
    }
  }
}
