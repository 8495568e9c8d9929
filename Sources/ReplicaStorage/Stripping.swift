import GRDB
import SQLiteAccess
import SyncCore

/// Takes the values of erased cases out of what the replica keeps of its own past: batches that
/// were answered, the change log's old values, notices. Hashes, ids, tags and verdicts stay, so a
/// restored hub can still be told what was answered. A case that only left the scope keeps them
/// there until they are pruned: a hub that was restored may have nobody else to ask.
///
/// `kreissync_stripping` names the cases, from the transaction that purges them to the one that
/// strips: killed in between, the next session goes on, and no receipt is given before.
struct Stripping {
  /// A stored answer without what it says of the columns of these entries.
  typealias AnswerStripper = ([UInt8], Set<Int64>) throws -> [UInt8]

  /// Answered batches of one transaction: their bytes are in memory at once.
  private static let batchCountMax = 50

  private let database: Database
  private let file: ReplicaFile
  private let strip: AnswerStripper
  private let forgettings: [Forgetting]

  /// - Returns: nil where nothing is to be stripped.
  init?(_ file: ReplicaFile, in database: Database, _ strip: @escaping AnswerStripper) throws {
    self.file = file
    self.database = database
    self.strip = strip
    let named: [(CaseID, TierSet)] = try Query(
      database, "SELECT case_id, tiers FROM kreissync_stripping ORDER BY case_id"
    ).all { ($0.identifier(0), TierSet(rawValue: UInt8(truncatingIfNeeded: $0.integer(1)))) }
    guard !named.isEmpty else { return nil }
    forgettings = named.map { caseID, tiers in
      tiers == .nothing
        ? Forgetting(.wholeCase, of: caseID)
        : Forgetting(allBut: tiers, of: caseID, in: file.schema)
    }
  }

  /// Notes that the values of a case beyond some tiers are to go; all for none of them.
  static func note(_ caseID: CaseID, leaving tiers: TierSet, in database: Database) throws {
    try Query(
      database,
      """
      INSERT INTO kreissync_stripping VALUES (?1, ?2)
      ON CONFLICT (case_id) DO UPDATE SET tiers = tiers & ?2
      """
    ).run(Parameter(caseID), .integer(Int64(tiers.rawValue)))
  }

  /// Strips the next batches behind one.
  ///
  /// - Returns: the last batch that was looked at; nil where none is left.
  func stripBatches(behind number: Int64) throws -> Int64? {
    let batches: [(number: Int64, bytes: [UInt8], answer: [UInt8])] = try Query(
      database,
      """
      SELECT number, bytes, answer FROM kreissync_outbox
      WHERE number > ? AND answer IS NOT NULL ORDER BY number LIMIT ?
      """
    ).all(.integer(number), .integer(Int64(Self.batchCountMax))) {
      ($0.integer(0), $0.blob(1), $0.blob(2))
    }
    let update = try Query(
      database, "UPDATE kreissync_outbox SET bytes = ?, answer = ? WHERE number = ?")
    for (number, bytes, answer) in batches {
      let batch = try Batch(decoding: bytes, changeCountMax: .max)
      let (left, stripped) = remainder(of: batch)
      guard !stripped.isEmpty else { continue }
      try update.run(
        .blob(left.encoded()), .blob(try strip(answer, stripped)), .integer(number))
      try askForRewriting()
    }
    return batches.last?.number
  }

  /// What is left of a batch, and the entries that lost values: one that lost all is told as folded
  /// into others, so that its tag stays known.
  private func remainder(of batch: Batch) -> (left: Batch, stripped: Set<Int64>) {
    var stripped: Set<Int64> = []
    var coalesced = batch.coalesced
    var changes: [Change] = []
    for change in batch.changes {
      var left: Change? = change
      for forgetting in forgettings { left = left.flatMap(forgetting.remainder(of:)) }
      if left != change { stripped.insert(change.id.n) }
      if let left { changes.append(left) } else { coalesced.append(change.id) }
    }
    let left = Batch(
      incarnation: batch.incarnation, number: batch.number, history: batch.history,
      previous: batch.previous, coalesced: coalesced, changes: changes)
    return (left, stripped)
  }

  /// Strips the change log and the notices, and forgets what was to be stripped.
  ///
  /// - Parameter through: entries up to this one are settled: what they say is in a batch.
  func finish(settledThrough through: Int64) throws {
    let log = try Query(
      database, "UPDATE kreissync_log SET v = NULL WHERE c = ? AND v IS NOT NULL AND n <= ?")
    for forgetting in forgettings {
      try log.run(Parameter(forgetting.caseID), .integer(through))
      if database.changesCount > 0 { try askForRewriting() }
      try stripNotices(forgetting)
    }
    try Query(database, "DELETE FROM kreissync_stripping").run()
  }

  /// Values were taken out: the file is to be written anew.
  private func askForRewriting() throws {
    try Query(database, "UPDATE kreissync_replica SET purge_unproved = 2").run()
  }

  private func stripNotices(_ forgetting: Forgetting) throws {
    var found: [Int64] = []
    try Query(
      database,
      """
      SELECT id, table_name, row_id, column_name FROM kreissync_notice_log
      WHERE case_id = ? AND (your_value IS NOT NULL OR kept_value IS NOT NULL)
      """
    ).forEach(Parameter(forgetting.caseID)) { row in
      let table = file.schema.table(named: row.text(1))
      let column = row.optionalText(3).flatMap { table?.column(named: $0)?.number }
      let key = RowKey(table: table?.number ?? 0, id: row.identifier(2))
      guard forgetting.concerns(key, column: column) else { return }
      found.append(row.integer(0))
    }
    let empty = try Query(
      database,
      "UPDATE kreissync_notice_log SET your_value = NULL, kept_value = NULL WHERE id = ?")
    for id in found { try empty.run(.integer(id)) }
    if !found.isEmpty { try askForRewriting() }
  }
}

extension ReplicaFile {
  /// Strips what is named; several transactions, each as short as an apply's. Where something was
  /// taken out the record says from then on that the file is to be written anew.
  func stripPurged(_ strip: @escaping Stripping.AnswerStripper) throws {
    var last: Int64 = 0
    while true {
      let next = try write { database in
        try Stripping(self, in: database, strip)?.stripBatches(behind: last)
      }
      guard let next else { break }
      last = next
    }
    try write { database in
      guard let stripping = try Stripping(self, in: database, strip) else { return }
      try stripping.finish(settledThrough: Self.record(in: database).batchedThrough)
    }
  }
}
