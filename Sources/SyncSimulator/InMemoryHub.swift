package import HubStorage
package import SyncCore
import Synchronization

/// A second engine behind the hub's port: one county in memory, for the simulator.
///
/// It answers as the SQLite engine does, byte for byte, and keeps no SQL, no files and no encoded
/// versions. "Durable" means that it outlives every handle: a restart of the simulated hub is one
/// more reference to the same object.
///
/// - A write runs alone: it takes the memory out of the lock, changes it in place, notes how to
///   undo each change, and puts it back. A body that throws is undone from the last note to the
///   first; copying the county instead would cost its size at every transaction.
/// - A read has the memory as of its beginning: the containers are shared until a write changes
///   one, which then copies it. So what a reader holds must be gone before the next write begins,
///   or that write pays for a copy of the county; in one thread it always is.
///
/// A write inside a write or a read inside a write is a programmer's error and traps.
package final class InMemoryHub: HubStore, Sendable {
  /// nil while a write has it.
  private let memory: Mutex<HubMemory?>

  /// An empty county.
  ///
  /// - Parameter schema: what `county.schemaText` says.
  package init(county: CountyRecord, schema: Schema) {
    memory = Mutex(HubMemory(county: county, schema: schema))
  }

  /// The county as it was at some moment.
  init(_ memory: HubMemory) {
    self.memory = Mutex(memory)
  }

  package func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try body(InMemoryHubTransaction(snapshot()))
  }

  package func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try memory.withLock { memory throws in
      let transaction = InMemoryHubTransaction(memory.take()!)
      defer { memory = transaction.memory }
      do {
        return try body(transaction)
      } catch {
        transaction.rollBack()
        throw error
      }
    }
  }

  /// The county as it stands now.
  func snapshot() -> HubMemory {
    memory.withLock { $0! }
  }
}

/// All that a county consists of.
struct HubMemory: Sendable {
  var county: CountyRecord
  var schema: Schema
  var log = LogMemory()
  var scope = ScopeMemory()
  var rows = RowMemory()
  var sites = SiteMemory()
  var instructions = InstructionMemory()
  var handovers = HandoverMemory()
  var incarnations: [ReplicaLogID: StoredIncarnation] = [:]
  var histories: [StoredHistory] = []
  var awaiting: [BatchID: AwaitingBatch] = [:]
  var batches = BatchMemory()
  var backups = BackupRecord()
  /// In the order in which they were ordered.
  var erasures: [StoredErasure] = []
  var retentionPause: RetentionPause?
  /// In order of their names.
  var users: [HubUser] = []
  var audit: [StoredAuditEvent] = []

  init(county: CountyRecord, schema: Schema) {
    self.county = county
    self.schema = schema
  }
}

/// One transaction of the engine, or one reader's moment.
///
/// A class because the port's writer changes what it holds without being `mutating`.
final class InMemoryHubTransaction: HubWriter {
  var memory: HubMemory
  private var undoSteps: [UndoStep] = []
  /// Where the log ended when the transaction began.
  private let start: LogMemory.Mark

  /// How one change is taken back.
  private enum UndoStep {
    case row(RowMemory.Change)
    case caseRecord(ScopeMemory.CaseChange)
    case grant(ScopeMemory.GrantChange)
    case site(SiteID, SiteRecord?)
    case instruction(String, StoredInstruction?)
    case incarnation(ReplicaLogID, StoredIncarnation?)
    case history(CountyRecord)
    case awaiting(BatchID, AwaitingBatch?)
    case entries(ReplicaLogID, [EntryID])
    case batch(BatchID)
    case handovers(HandoverMemory)
    case decision(place: Int)
    case backups(BackupRecord)
    case growth(CountyRecord, Schema, RowMemory)
    /// What is done so rarely that the county as it was is noted.
    case everything(HubMemory)
  }

  init(_ memory: HubMemory) {
    self.memory = memory
    start = memory.log.mark
  }

  /// Notes the county as it is, to be taken back to it.
  func noteEverything() { undoSteps.append(.everything(memory)) }

  /// Leaves the memory as the transaction found it.
  fileprivate func rollBack() {
    while let step = undoSteps.popLast() {
      switch step {
      case .row(let change): memory.rows.undo(change)
      case .caseRecord(let change): memory.scope.undo(change)
      case .grant(let change): memory.scope.undo(change)
      case .site(let id, let record): memory.sites.set(id, to: record)
      case .instruction(let id, let before): _ = memory.instructions.set(id, to: before)
      case .incarnation(let id, let before): memory.incarnations[id] = before
      case .history(let county):
        memory.county = county
        memory.histories.removeLast()
      case .awaiting(let id, let before): memory.awaiting[id] = before
      case .entries(let log, let added): memory.batches.remove(added, of: log)
      case .batch(let id): memory.batches.remove(id)
      case .handovers(let before): memory.handovers = before
      case .decision(let place): memory.log.takeBackDecision(at: place)
      case .backups(let record): memory.backups = record
      case .growth(let county, let schema, let rows):
        memory.county = county
        memory.schema = schema
        memory.rows = rows
      case .everything(let before): memory = before
      }
    }
    memory.log.truncate(to: start)
  }

  // MARK: Writing

  func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    for row in plan.rows {
      precondition(
        memory.schema.table(number: row.key.table) != nil,
        "a plan names a table that its schema does not have")
      let number = memory.scope.number(of: row.caseID)
      undoSteps.append(.row(memory.rows.put(row, inCase: number)))
    }
    let head = plan.log.last?.seq ?? memory.log.counter.seq
    for stored in plan.cases {
      undoSteps.append(.caseRecord(memory.scope.put(stored, at: head)))
    }
    for grant in plan.grants { undoSteps.append(.grant(memory.scope.add(grant))) }
    for end in plan.ends { undoSteps.append(.grant(memory.scope.end(end))) }
    for entry in plan.ledger {
      memory.log.append(
        entry, replacedSeq: plan.replacement(of: entry), at: now, random: random)
    }
    for proposal in plan.proposals { memory.log.append(proposal, at: now, random: random) }
    for decided in plan.decidedProposals {
      if let place = memory.log.decide(decided) { undoSteps.append(.decision(place: place)) }
    }
    memory.log.append(plan.log, random: random)
  }

  func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) throws {
    let log = ReplicaLogID(of: batch.id)
    let count = memory.batches.add(verdicts, of: batch.id)
    undoSteps.append(.entries(log, verdicts.prefix(count).map(\.0)))
    guard count == verdicts.count else { throw HubStoreError.entryKnown(verdicts[count].0) }
    memory.batches.add(batch)
    undoSteps.append(.batch(batch.id))
  }

  func grow(to newer: Schema, text: String) throws {
    let older = memory.schema
    precondition(newer.version > older.version)
    undoSteps.append(.growth(memory.county, older, memory.rows))
    memory.county = memory.county.with(schemaText: text)
    memory.schema = newer
    memory.rows.grow(to: newer)
  }

  func recordReceipt(
    of site: SiteID, through seq: Int64, except pending: [CaseID], at now: Milliseconds
  ) {
    undoSteps += memory.scope.recordReceipt(
      of: site, through: seq, except: Set(pending), at: now
    ).map(UndoStep.grant)
  }

  func put(_ site: SiteRecord) throws {
    guard memory.sites.mayPut(site) else {
      throw HubStoreError.unusable("another site has the key or the join token of \(site.id)")
    }
    undoSteps.append(.site(site.id, memory.sites.set(site.id, to: site)))
  }

  func begin(_ history: HistoryID, at now: Milliseconds) {
    let head = counter
    undoSteps.append(.history(memory.county))
    memory.histories.append(
      StoredHistory(
        last: Position(history: memory.county.history, seq: head.seq, treeHead: head.tree),
        endedAt: now))
    memory.county = memory.county.with(history: history)
  }

  func put(_ awaiting: AwaitingBatch) {
    undoSteps.append(.awaiting(awaiting.id, memory.awaiting[awaiting.id]))
    memory.awaiting[awaiting.id] = awaiting
  }

  func removeAwaiting(_ id: BatchID) {
    undoSteps.append(.awaiting(id, memory.awaiting[id]))
    memory.awaiting[id] = nil
  }

  func put(_ incarnation: StoredIncarnation) {
    let id = ReplicaLogID(site: incarnation.site, incarnation: incarnation.id)
    undoSteps.append(.incarnation(id, memory.incarnations[id]))
    memory.incarnations[id] = incarnation
  }

  func put(_ instruction: StoredInstruction) {
    let before = memory.instructions.set(instruction.id, to: instruction)
    undoSteps.append(.instruction(instruction.id, before))
  }

  func put(_ handover: Handover) {
    undoSteps.append(.handovers(memory.handovers))
    memory.handovers.put(handover)
  }

  func put(_ cases: [HandoverCase], of handover: HandoverID) {
    undoSteps.append(.handovers(memory.handovers))
    memory.handovers.put(cases, of: handover)
  }

  func put(_ backups: BackupRecord) {
    undoSteps.append(.backups(memory.backups))
    memory.backups = backups
  }
}
