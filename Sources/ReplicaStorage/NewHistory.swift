import GRDB
import SQLiteAccess
package import SyncCore

/// Where a replica stands after its hub was restored.
package struct AdoptedHistory: Sendable {
  /// The last place that both know, in the new history.
  package let place: Position
  /// The last entry that both histories have: bases above it say nothing in the new one.
  package let sharedSeq: Int64
  /// The last batch that the hub knows of each incarnation.
  package let known: [IncarnationID: Int64]

  package init(place: Position, sharedSeq: Int64, known: [IncarnationID: Int64]) {
    self.place = place
    self.sharedSeq = sharedSeq
    self.known = known
  }

  fileprivate func hasForgotten(_ number: Int64, of log: IncarnationID) -> Bool {
    number > known[log] ?? 0
  }
}

/// An answered batch that a restored hub does not know any more.
package struct ForgottenBatch: Sendable, Equatable {
  package let number: Int64
  /// Of the bytes that were sent; values of a purged case may be gone from `bytes`.
  package let hash: Hash256
  package let bytes: [UInt8]
  package let answer: [UInt8]
}

extension ReplicaFile {
  package func logs() throws -> (incarnations: [IncarnationID], batchStart: Int64) {
    try read { database in
      let record = try Self.record(in: database)
      var logs: Set<IncarnationID> = [record.incarnation]
      var start = record.batchNumber
      try forEachBatch(in: database) { number, batch, _ in
        logs.insert(batch.incarnation)
        if batch.incarnation == record.incarnation { start = min(start, number - 1) }
      }
      return (logs.sorted { $0.text < $1.text }, start)
    }
  }

  package func adopt(_ history: AdoptedHistory, at now: Milliseconds) throws {
    try write { database in
      var record = try Self.record(in: database)
      guard record.position.history != history.place.history else { return }
      var withdrawn: [(number: Int64, batch: Batch)] = []
      var firstForgotten: Int64?
      var last: (number: Int64, log: IncarnationID)?
      try forEachBatch(in: database) { number, batch, isAnswered in
        let isForgotten = history.hasForgotten(number, of: batch.incarnation)
        if isForgotten && !isAnswered {
          withdrawn.append((number, batch))
          return
        }
        if isForgotten && firstForgotten == nil { firstForgotten = number }
        last = (number, batch.incarnation)
      }
      try withdraw(withdrawn, in: database)
      try lower(basesTo: history.sharedSeq, in: database)
      record.batchedBase = min(record.batchedBase, history.sharedSeq)
      record.batchNumber = last?.number ?? record.batchNumber - Int64(withdrawn.count)
      record.batchHash =
        last?.log == record.incarnation ? try hash(ofBatch: record.batchNumber, in: database) : nil
      record.returnAfter = firstForgotten.map { $0 - 1 }
      record.formerPlaces.append(
        Position(
          history: record.position.history, seq: history.place.seq,
          treeHead: history.place.treeHead))
      record.position = history.place
      record.head = history.place.seq
      try Query(database, "INSERT INTO kreissync_log (t, k, m, at) VALUES (0, ?, ?, ?)").run(
        .integer(Int64(CaptureKind.marker.rawValue)), .integer(history.place.seq), .integer(now))
      try Self.store(record, in: database)
    }
  }

  /// What waits for an answer that this hub never gave is built anew, with bases that it knows.
  private func withdraw(
    _ batches: [(number: Int64, batch: Batch)], in database: Database
  ) throws {
    let entries = batches.flatMap { $0.batch.changes.map(\.id) + $0.batch.coalesced }
    for entry in entries { try readAgain(entry, in: database) }
    for batch in batches {
      try Query(database, "DELETE FROM kreissync_outbox WHERE number = ?").run(
        .integer(batch.number))
    }
  }

  private func lower(basesTo seq: Int64, in database: Database) throws {
    try Query(database, "UPDATE kreissync_log SET m = ?1 WHERE t = 0 AND k = ?2 AND m > ?1").run(
      .integer(seq), .integer(Int64(CaptureKind.marker.rawValue)))
    for table in ["kreissync_pin", "kreissync_parked"] {
      try Query(database, "UPDATE \(table) SET base = ?1 WHERE base > ?1").run(.integer(seq))
    }
  }

  private func hash(ofBatch number: Int64, in database: Database) throws -> Hash256? {
    try Query(database, "SELECT hash FROM kreissync_outbox WHERE number = ?").first(
      .integer(number)
    ) { Hash256(bytes: $0.blob(0)) } ?? nil
  }

  private func forEachBatch(
    in database: Database, _ body: (Int64, Batch, Bool) throws -> Void
  ) throws {
    let sql = "SELECT number, bytes, answer IS NOT NULL FROM kreissync_outbox ORDER BY number"
    try Query(database, sql).forEach { row in
      let batch = try Batch(decoding: row.blob(1), changeCountMax: .max)
      try body(row.integer(0), batch, row.integer(2) == 1)
    }
  }

  package func nextForgottenBatch() throws -> ForgottenBatch? {
    try read { database in
      guard let after = try Self.record(in: database).returnAfter else { return nil }
      return try Query(
        database,
        """
        SELECT number, hash, bytes, answer FROM kreissync_outbox
        WHERE number > ? AND answer IS NOT NULL ORDER BY number LIMIT 1
        """
      ).first(.integer(after)) { row in
        guard let hash = Hash256(bytes: row.blob(1)) else { throw ReplicaError.corrupt }
        return ForgottenBatch(
          number: row.integer(0), hash: hash, bytes: row.blob(2), answer: row.blob(3))
      }
    }
  }

  package func returned(_ number: Int64) throws {
    try write { database in
      var record = try Self.record(in: database)
      let more = try Query(
        database,
        "SELECT 1 FROM kreissync_outbox WHERE number > ? AND answer IS NOT NULL LIMIT 1"
      ).first(.integer(number)) { _ in true }
      record.returnAfter = more == nil ? nil : number
      try Self.store(record, in: database)
    }
  }
}
