import GRDB
import SQLiteAccess
package import SyncCore

/// What a session heard of how safe the hub's log is, and when, by the hub's clock alone: a site's
/// own clock may be ten years ahead.
package struct SecuredWord: Sendable, Equatable {
  /// How far the hub's log stands in a verified backup.
  package struct Secured: Sendable, Equatable {
    package let seq: Int64
    /// The hub's clock before that backup was begun.
    package let begunAt: Milliseconds

    package init(seq: Int64, begunAt: Milliseconds) {
      self.seq = seq
      self.begunAt = begunAt
    }
  }

  /// Nil where the hub has no backup.
  package let secured: Secured?
  /// The hub's clock when the session began: it is at least so late.
  package let clock: Milliseconds
  /// The hub's clock at the session's end, or later: all that it answered was answered by then.
  package let clockAtEnd: Milliseconds

  package init(secured: Secured?, clock: Milliseconds, clockAtEnd: Milliseconds) {
    self.secured = secured
    self.clock = clock
    self.clockAtEnd = clockAtEnd
  }
}

/// What a replica keeps of its own past, and for how long.
///
/// A hub that was restored from a backup has forgotten what came after it, and asks for the batches
/// again, byte for byte. So a batch stays until a verified backup of the hub holds its answer, and
/// 35 days at the least. Nothing says of a log entry when it was answered; instead each session
/// that leaves nothing waiting sets a **watermark**: so far log and outbox are settled, at this
/// number of the hub's log, at this time of the hub's clock. One a day is kept. What lies below a
/// watermark that is old and secured goes.
///
/// Invariants:
/// - the newest entry stays, for SQLite numbers the next one from it (``ReplicaSQL/changeLog``);
/// - the last batch stays, for the next one names its hash;
/// - parked entries stay, and what stands behind the first of them;
/// - an answer that moved nothing has the same number as the backup before it: so the watermark
///   must also be older than the backup's beginning.
extension ReplicaFile {
  /// A holiday and a fortnight in which nobody noticed, and then the restored hub asks.
  package static let retentionMin = 35 * BerlinTime.day

  /// Entries and bytes of one transaction. 1 MiB that is overwritten and synced takes some 50 ms on
  /// an old disk: no program waits for longer than a fifth of a second.
  private static let stepCountMax = 500
  private static let stepByteCountMax: Int64 = 1 << 20
  /// Of one session. A year's work goes in some nights; no session is held up.
  private static let stepsMax = 100

  package func prune(by word: SecuredWord) throws {
    let isNews = try read { try Watermark.differs(from: word, file: self, in: $0) }
    if isNews { try write { try Watermark.keep(word, file: self, in: $0) } }
    guard let secured = word.secured else { return }
    let mark = try read { database in
      try Watermark.newest(
        notAfter: word.clock - Self.retentionMin, securedBy: secured,
        of: Self.record(in: database), in: database)
    }
    guard let mark else { return }
    for _ in 0..<Self.stepsMax {
      guard let step = try read({ try nextStep(below: mark, in: $0) }) else { break }
      try write { try remove(step, in: $0) }
    }
  }

  /// How far the hub's log stands in a verified backup, as the hub said last; nil before it did.
  package func secured() throws -> Int64? {
    try read { database in
      try Query(
        database,
        """
        SELECT s.seq FROM kreissync_secured AS s JOIN kreissync_replica AS r USING (history)
        """
      ).first { $0.integer(0) }
    }
  }

  /// The stretch of outbox or log that goes in one transaction.
  private enum Step {
    case batches(through: Int64)
    case entries(through: Int64)
  }

  private func nextStep(below mark: Watermark, in database: Database) throws -> Step? {
    let last = try Self.record(in: database).batchNumber
    let batches = try Query(
      database,
      """
      SELECT number, length(bytes) + length(answer) FROM kreissync_outbox
      WHERE number <= ? AND number < ? ORDER BY number LIMIT ?
      """
    )
    if let through = try Self.stretch(
      of: batches, .integer(mark.batchNumber), .integer(last), .integer(Int64(Self.stepCountMax)))
    {
      return .batches(through: through)
    }
    let entries = try Query(
      database,
      """
      SELECT n, coalesce(length(v), 0) FROM kreissync_log
      WHERE n <= ? AND n < (SELECT max(n) FROM kreissync_log) ORDER BY n LIMIT ?
      """)
    return try Self.stretch(
      of: entries, .integer(mark.through), .integer(Int64(Self.stepCountMax))
    ).map(Step.entries)
  }

  /// The last number of the rows that one transaction may remove: one at the least.
  private static func stretch(of query: Query, _ parameters: Parameter...) throws -> Int64? {
    var through: Int64?
    var byteCount: Int64 = 0
    for row in try query.all(parameters, body: { ($0.integer(0), $0.integer(1)) }) {
      byteCount += row.1
      if through != nil && byteCount > stepByteCountMax { break }
      through = row.0
    }
    return through
  }

  private func remove(_ step: Step, in database: Database) throws {
    switch step {
    case .batches(let through):
      try Query(
        database, "DELETE FROM kreissync_outbox WHERE number <= ? AND answer IS NOT NULL"
      ).run(.integer(through))
    case .entries(let through):
      try Query(database, "DELETE FROM kreissync_log WHERE n <= ?").run(.integer(through))
    }
  }
}

/// How far log and outbox were settled at one time of the hub's clock.
private struct Watermark: Equatable {
  /// Every entry up to here was answered, folded, withheld or void.
  let through: Int64
  /// Every batch up to here was answered.
  let batchNumber: Int64

  /// Where the replica is settled now; nil while a batch waits for its answer, or to be returned to
  /// a hub that has forgotten it.
  private static func present(_ record: ReplicaRecord, in database: Database) throws -> Watermark? {
    let isWaiting =
      try Query(database, "SELECT 1 FROM kreissync_outbox WHERE answer IS NULL LIMIT 1")
      .first { _ in true } ?? false
    guard !isWaiting, record.returnAfter == nil else { return nil }
    let parked = try Query(database, "SELECT min(n) FROM kreissync_parked").first {
      $0.optionalInteger(0)
    }
    return Watermark(
      through: min(record.batchedThrough, (parked ?? nil).map { $0 - 1 } ?? .max),
      batchNumber: record.batchNumber)
  }

  private static func latest(_ record: ReplicaRecord, in database: Database) throws -> Watermark? {
    try Query(
      database,
      """
      SELECT through, batch_number FROM kreissync_watermark
      WHERE history = ? AND incarnation = ? ORDER BY hub_time DESC LIMIT 1
      """
    ).first(Parameter(record.position.history), Parameter(record.incarnation)) {
      Watermark(through: $0.integer(0), batchNumber: $0.integer(1))
    }
  }

  /// Whether there is anything to write down.
  static func differs(
    from word: SecuredWord, file: ReplicaFile, in database: Database
  ) throws -> Bool {
    let record = try ReplicaFile.record(in: database)
    if let secured = word.secured {
      let isKnown =
        try Query(
          database, "SELECT 1 FROM kreissync_secured WHERE history = ? AND seq = ? AND at = ?"
        ).first(
          Parameter(record.position.history), .integer(secured.seq), .integer(secured.begunAt)
        ) { _ in true } ?? false
      if !isKnown { return true }
    }
    guard let present = try present(record, in: database) else { return false }
    return try latest(record, in: database) != present
  }

  /// Writes down what the hub said, and today's watermark. What was noted of another history or
  /// incarnation says nothing of this one.
  static func keep(_ word: SecuredWord, file: ReplicaFile, in database: Database) throws {
    let record = try ReplicaFile.record(in: database)
    let (history, incarnation) = (record.position.history, record.incarnation)
    if let secured = word.secured {
      try Query(database, "INSERT OR REPLACE INTO kreissync_secured VALUES (1, ?, ?, ?)").run(
        Parameter(history), .integer(secured.seq), .integer(secured.begunAt))
    }
    try Query(
      database, "DELETE FROM kreissync_watermark WHERE history <> ? OR incarnation <> ?"
    ).run(Parameter(history), Parameter(incarnation))
    guard let present = try present(record, in: database),
      try latest(record, in: database) != present
    else { return }
    try Query(
      database, "INSERT OR REPLACE INTO kreissync_watermark VALUES (?, ?, ?, ?, ?, ?, ?)"
    ).run(
      .integer(word.clockAtEnd / BerlinTime.day), .integer(word.clockAtEnd),
      .integer(present.through), .integer(present.batchNumber), .integer(record.position.seq),
      Parameter(history), Parameter(incarnation))
    // Of those that are old enough only the newest is of use; some may wait for a backup.
    try Query(
      database,
      """
      DELETE FROM kreissync_watermark WHERE hub_time < (
        SELECT max(hub_time) FROM kreissync_watermark WHERE hub_time <= ?1 AND seq <= ?2
          AND hub_time < ?3)
      """
    ).run(
      .integer(word.clock - ReplicaFile.retentionMin), .integer(word.secured?.seq ?? -1),
      .integer(word.secured?.begunAt ?? .min))
  }

  /// The newest watermark that is old enough and stands in a backup.
  static func newest(
    notAfter limit: Milliseconds, securedBy secured: SecuredWord.Secured, of record: ReplicaRecord,
    in database: Database
  ) throws -> Watermark? {
    try Query(
      database,
      """
      SELECT through, batch_number FROM kreissync_watermark
      WHERE history = ? AND incarnation = ? AND hub_time <= ? AND seq <= ? AND hub_time < ?
      ORDER BY hub_time DESC LIMIT 1
      """
    ).first(
      Parameter(record.position.history), Parameter(record.incarnation), .integer(limit),
      .integer(secured.seq), .integer(secured.begunAt)
    ) { Watermark(through: $0.integer(0), batchNumber: $0.integer(1)) }
  }
}
