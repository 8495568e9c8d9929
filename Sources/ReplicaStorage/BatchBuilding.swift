import GRDB
import SQLiteAccess
import SyncCore

/// How many entries met which fate before any was sent.
package struct CaptureTally: Sendable, Equatable {
  /// Entries that were changes: what no earlier session settled.
  package var captured: Int64 = 0
  package var coalesced: Int64 = 0
  package var withheld: Int64 = 0
  package var parked: Int64 = 0

  package init() {}
}

/// Limits of one batch.
package struct BatchLimit: Sendable {
  package let changeCount: Int
  package let byteCount: Int

  package init(changeCount: Int, byteCount: Int) {
    self.changeCount = changeCount
    self.byteCount = byteCount
  }
}

/// A batch that waits for its answer.
package struct WaitingBatch: Sendable, Equatable {
  package let number: Int64
  package let bytes: [UInt8]

  package init(number: Int64, bytes: [UInt8]) {
    self.number = number
    self.bytes = bytes
  }
}

extension ReplicaFile {
  package func buildBatches(
    _ limit: BatchLimit
  ) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    try buildBatches(limit, entryCountMax: Self.windowEntryCountMax)
  }

  /// Turns the next stretch of the change log into batches in the outbox, in one durable commit.
  ///
  /// This is the barrier: only what stands in the outbox is ever sent, and what stands there has
  /// survived a power cut. The caller writes the sidecar before it sends.
  ///
  /// - Parameter entryCountMax: how long a stretch is, but for what is tied to it (``LogTies``).
  /// - Returns: what became of the stretch's entries; `captured` and `coalesced` leave out those
  ///   that went into batches, which are counted when their batch is answered.
  package func buildBatches(
    _ limit: BatchLimit, entryCountMax: Int
  ) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    if try read(hasNothingToBuild) { return (CaptureTally(), true) }
    return try write { database in
      var record = try Self.record(in: database)
      var outflow = Outflow(self, database)
      try outflow.offer(at: record.position.seq)
      let (window, coalescing, rows) = try stretch(of: record, entryCountMax, in: database)
      try park(coalescing.parked, of: window, in: database)
      try askAgain(for: coalescing.missing, in: database)
      let passed = try outflow.pass(coalescing.changes)
      let changes = try UnknownCells(file: self, database: database).carried(along: passed.sent)
      try fillOutbox(
        BatchSlice.slices(of: changes, with: coalescing, limit: limit), record: &record,
        in: database)
      let baseline = Baseline(file: self, database: database)
      for key in coalescing.changes.map(\.row) {
        if let row = rows[key] { try baseline.keep(key, row) } else { try baseline.drop(key) }
      }
      try note(ahead: window, in: database)
      record.batchedThrough = window.through
      record.batchedBase = window.base
      try Self.store(record, in: database)

      var tally = CaptureTally()
      tally.withheld = Int64(coalescing.withheld.count + passed.withheld.count)
      tally.parked = Int64(coalescing.parked.count)
      if changes.isEmpty { tally.coalesced = Int64(coalescing.coalesced.count) }
      tally.captured = tally.withheld + tally.parked + tally.coalesced
      return (tally, window.reachesEnd)
    }
  }

  /// Entries that went before their turn are left out when it comes.
  private func note(ahead window: LogWindow, in database: Database) throws {
    try Query(database, "DELETE FROM kreissync_ahead WHERE n <= ?").run(.integer(window.through))
    let insert = try Query(database, "INSERT OR IGNORE INTO kreissync_ahead VALUES (?)")
    for entry in window.entries where entry.id.n > window.through {
      try insert.run(.integer(entry.id.n))
    }
  }

  /// A stretch of the log with what is tied to it, folded, and its rows as they stand.
  private func stretch(of record: ReplicaRecord, _ entryCountMax: Int, in database: Database) throws
    -> (window: LogWindow, coalescing: Coalescing, rows: [RowKey: LocalRow])
  {
    let pins = try pins(in: database)
    var window = try window(of: record, limit: entryCountMax, in: database)
    let read = window.entries
    var ties = LogTies(file: self, in: database)
    var taken = 0
    while true {
      var rows: [RowKey: LocalRow] = [:]
      var gone: [RowKey] = []
      let coalescing = try Coalescing(
        window.entries, schema: schema, reachesEnd: window.reachesEnd, pins: pins
      ) { key in
        let found = try lookup(key, in: database)
        switch found {
        case .there(let row): rows[key] = row
        case .gone: gone.append(key)
        case .unfit: break
        }
        return found
      }
      guard !window.reachesEnd else { return (window, coalescing, rows) }
      try ties.add(window, rows: rows, gone: gone)
      let tied = try ties.entries(behind: window)
      guard tied.count > taken else { return (window, coalescing, rows) }
      taken = tied.count
      window.entries = read + tied
    }
  }

  private func fillOutbox(
    _ slices: [BatchSlice], record: inout ReplicaRecord, in database: Database
  ) throws {
    let insert = try Query(database, "INSERT INTO kreissync_outbox VALUES (?, ?, ?, NULL)")
    for slice in slices {
      record.batchNumber += 1
      let batch = Batch(
        incarnation: record.incarnation, number: record.batchNumber,
        history: record.position.history, previous: record.batchHash ?? .zero,
        coalesced: slice.coalesced, changes: slice.changes)
      let bytes = batch.encoded()
      let hash = Hash256(sha256Of: bytes)
      try insert.run(.integer(batch.number), .blob(hash.bytes), .blob(bytes))
      record.batchHash = hash
    }
  }

  private func park(
    _ parked: [(id: EntryID, caseID: CaseID, reason: ParkReason)], of window: LogWindow,
    in database: Database
  ) throws {
    try Query(database, "DELETE FROM kreissync_parked").run()
    guard !parked.isEmpty else { return }
    var bases: [Int64: Int64] = [:]
    for entry in window.entries { bases[entry.id.n] = entry.base }
    let insert = try Query(database, "INSERT INTO kreissync_parked VALUES (?, ?, ?, ?)")
    for entry in parked {
      try insert.run(
        .integer(entry.id.n), .integer(bases[entry.id.n] ?? window.base),
        Parameter(entry.caseID), .text(entry.reason.rawValue))
    }
  }

  private func askAgain(for rows: [RowKey], in database: Database) throws {
    for key in rows { try putOnRefreshList(key, caseID: .none, in: database) }
  }

  /// The row comes whole with the next pull, whatever the cursor.
  func putOnRefreshList(_ key: RowKey, caseID: CaseID, in database: Database) throws {
    // It would stop every pull, and there is nothing to ask for.
    guard Self.isSendable(key.id) else { return }
    try Query(database, "INSERT OR REPLACE INTO kreissync_refresh VALUES (?, ?, ?)").run(
      .integer(Int64(key.table)), Parameter(key.id), Parameter(caseID))
  }

  // MARK: Sending

  /// The oldest batch without an answer.
  package func nextWaitingBatch() throws -> WaitingBatch? {
    try read { database in
      try Query(
        database,
        "SELECT number, bytes FROM kreissync_outbox WHERE answer IS NULL ORDER BY number LIMIT 1"
      ).first { WaitingBatch(number: $0.integer(0), bytes: $0.blob(1)) }
    }
  }

  /// The changes of all batches without an answer.
  func waitingChanges(in database: Database) throws -> [Change] {
    let sql = "SELECT bytes FROM kreissync_outbox WHERE answer IS NULL ORDER BY number"
    return try Query(database, sql).all { $0.blob(0) }.flatMap {
      try Batch(decoding: $0, changeCountMax: .max).changes
    }
  }

  /// How much waits to be sent or answered, for the status: entries behind the batched ones, parked
  /// ones, and changes in batches without an answer.
  package func pendingCount() throws -> Int64 {
    try read { database in
      let record = try Self.record(in: database)
      let behind = try Query(
        database,
        """
        SELECT count(*) FROM kreissync_log
        WHERE n > ? AND t <> 0 AND k <> ? AND n NOT IN (SELECT n FROM kreissync_ahead)
        """
      ).first(
        .integer(record.batchedThrough), .integer(Int64(CaptureKind.note.rawValue))
      ) { $0.integer(0) }
      return try (behind ?? 0) + Int64(waitingChanges(in: database).count)
        + parkedCount(in: database)
    }
  }

  package func parkedCount() throws -> Int64 {
    try read { try parkedCount(in: $0) }
  }

  func parkedCount(in database: Database) throws -> Int64 {
    try Query(database, "SELECT count(*) FROM kreissync_parked").first { $0.integer(0) } ?? 0
  }
}
