import ReplicaStorage
import SyncCore

/// A site's replica as its session sees it: everything goes through, unless a variant overrides it.
/// What a variant does to the file besides, it does as another program would, by plain SQL.
class ReplicaTap: ReplicaStore {
  private let file: ReplicaFile
  let disk: SimulatedDisk
  /// Outlives the session.
  let notebook: SiteNotebook

  required init(_ file: ReplicaFile, on disk: SimulatedDisk, _ notebook: SiteNotebook) {
    self.file = file
    self.disk = disk
    self.notebook = notebook
  }

  var schema: Schema { file.schema }

  func record() throws -> ReplicaRecord { try file.record() }
  func updateRecord(_ change: (inout ReplicaRecord) -> Void) throws {
    try file.updateRecord(change)
  }
  func installCapture(at now: Milliseconds) throws -> [ReplicaEvent] {
    try file.installCapture(at: now)
  }
  func unanswered() throws -> (entries: [EntryID], lastAnswered: Int64) { try file.unanswered() }
  func begin(
    _ incarnation: IncarnationID, session: Int64, answers: [Int64: Answer], at now: Milliseconds
  ) throws -> Int64 { try file.begin(incarnation, session: session, answers: answers, at: now) }
  func logs() throws -> (incarnations: [IncarnationID], batchStart: Int64) { try file.logs() }
  func adopt(_ history: AdoptedHistory, at now: Milliseconds) throws {
    try file.adopt(history, at: now)
  }
  func nextForgottenBatch() throws -> ForgottenBatch? { try file.nextForgottenBatch() }
  func returned(_ number: Int64) throws { try file.returned(number) }
  func grow(toSchema text: String, at now: Milliseconds) throws -> SchemaProblem? {
    try file.grow(toSchema: text, at: now)
  }
  func buildBatches(_ limit: BatchLimit) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    try file.buildBatches(limit)
  }
  func nextWaitingBatch() throws -> WaitingBatch? { try file.nextWaitingBatch() }
  func record(_ answer: BatchAnswer, at now: Milliseconds) throws -> VerdictTally {
    try file.record(answer, at: now)
  }
  func refreshList(limit: Int) throws -> [RowKey] { try file.refreshList(limit: limit) }
  func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    try file.apply(scope, at: now)
  }
  func scrub(at now: Milliseconds) throws -> Int { try file.scrub(at: now) }
  func mayMend(_ cases: [CaseID]) throws -> Bool { try file.mayMend(cases) }
  func pendingCount() throws -> Int64 { try file.pendingCount() }
  func prune(by word: SecuredWord) throws { try file.prune(by: word) }
  func checkpoint() throws { try file.checkpoint() }
  func purgeReceipt(
    stripping strip: @escaping ([UInt8], Set<Int64>) throws -> [UInt8]
  ) throws -> PurgeReceipt? { try file.purgeReceipt(stripping: strip) }
  func releasePurges() throws { try file.releasePurges() }

  // MARK: Behind the agent's back

  /// A connection of the agent's process.
  func client() throws -> PlainClient {
    try translating { try PlainClient(path: disk.uri(SimulatedSite.path)) }
  }

  /// Runs statements in one transaction that leaves nothing in the change log.
  func quietly(_ statements: [String]) throws {
    guard !statements.isEmpty else { return }
    let client = try client()
    try translating {
      try client.run("BEGIN IMMEDIATE")
      let mark =
        try client.rows("SELECT coalesce(max(n), 0) FROM kreissync_log")[0][0].integer ?? 0
      for statement in statements { try client.run(statement) }
      try client.run("DELETE FROM kreissync_log WHERE n > \(mark); COMMIT")
    }
  }

  func run(_ sql: String) throws {
    let client = try client()
    try translating { try client.run(sql) }
  }

  /// A lock is a lock, also for a wrong part.
  private func translating<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as PlainClientError where error.code == 5 {
      throw ReplicaError.locked
    }
  }
}

/// What a variant remembers of a site from one session to the next.
final class SiteNotebook {
  var count = 0
  var batches: Set<Int64> = []
  var isMarked = false
  var client: PlainClient?
}

/// Builds batches that hold something else than they should, as if the build had made them so.
class MisbuiltBatches: ReplicaTap {
  /// The changes as they are sent.
  ///
  /// - Parameter record: as it is after the build.
  func misbuild(_ changes: [Change], _ record: ReplicaRecord) throws -> [Change] { changes }

  override func buildBatches(
    _ limit: BatchLimit
  ) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    let before = try record()
    let built = try super.buildBatches(limit)
    let after = try record()
    guard after.batchNumber > before.batchNumber else { return built }
    let client = try client()
    var previous = before.batchHash ?? .zero
    var statements: [String] = []
    for number in before.batchNumber + 1...after.batchNumber {
      let bytes = try client.rows(
        "SELECT lower(hex(bytes)) FROM kreissync_outbox WHERE number = \(number)")[0][0].text!
      let batch = try Batch(decoding: Hexadecimal.bytes(bytes)!, changeCountMax: .max)
      let misbuilt = Batch(
        incarnation: batch.incarnation, number: number, history: batch.history, previous: previous,
        coalesced: batch.coalesced, changes: try misbuild(batch.changes, after)
      ).encoded()
      previous = Hash256(sha256Of: misbuilt)
      statements.append(
        """
        UPDATE kreissync_outbox SET bytes = x'\(Hexadecimal.text(misbuilt))',
          hash = x'\(previous.text)' WHERE number = \(number)
        """)
    }
    statements.append("UPDATE kreissync_replica SET batch_hash = x'\(previous.text)'")
    try quietly(statements)
    return built
  }
}

extension Change {
  /// The change with other content; nil for what stays.
  func with(
    cells: Cells? = nil, base: Int64? = nil, columnBases: [ColumnBase]? = nil,
    columnTimes: [ColumnTime]? = nil
  ) -> Change {
    Change(
      id: id, kind: kind, row: row, caseID: caseID, cells: cells ?? self.cells,
      base: base ?? self.base, columnBases: columnBases ?? self.columnBases, editedAt: editedAt,
      columnTimes: columnTimes ?? self.columnTimes)
  }

  /// The change with some of its columns only.
  func restricted(to mask: ColumnMask) -> Change {
    with(
      cells: cells.restricted(to: mask),
      columnBases: columnBases.filter { mask.contains($0.column) },
      columnTimes: columnTimes.filter { mask.contains($0.column) })
  }
}
