import HubStorage
import SyncCore
import SyncProtocol
import Synchronization

// The hub decides rightly and keeps something else.

/// The answer leaves before the commit, and one commit in seven fails.
final class AcknowledgeBeforeCommit: Seams {
  override func store(_ engine: any HubStore, on disk: SimulatedDisk?) -> any HubStore {
    ForgetfulStore(engine: engine)
  }
}

private struct ForgetfulStore: HubStore {
  let engine: any HubStore

  /// Undoes a transaction whose result was told already.
  private struct CommitFails: Error {}

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try engine.read(body)
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    var told: Result?
    do {
      return try engine.write { writer in
        let tap = BatchListener(writer, writer: writer)
        let result = try body(tap)
        guard tap.batchNumber % 7 == 0 else { return result }
        told = result
        throw CommitFails()
      }
    } catch is CommitFails {
      return told!
    }
  }
}

private final class BatchListener: HubTap {
  /// The batch that was decided; 1 in other transactions.
  private(set) var batchNumber: Int64 = 1

  override func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) throws {
    batchNumber = batch.id.number
    try super.store(batch, verdicts: verdicts)
  }
}

/// Effects are kept, verdicts are not.
final class VerdictsNotStored: HubTap {
  override func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) {}
}

/// A batch that comes twice is decided twice.
final class RepeatDecidedAgain: HubTap {
  private var repeated: BatchID?

  override func answeredBatch(_ id: BatchID) throws -> AnsweredBatch? {
    if try super.answeredBatch(id) != nil { repeated = id }
    return nil
  }

  override func lastBatch(of site: SiteID, incarnation: IncarnationID) throws -> AnsweredBatch? {
    guard let repeated else { return try super.lastBatch(of: site, incarnation: incarnation) }
    return try super.answeredBatch(
      BatchID(site: site, incarnation: incarnation, number: repeated.number - 1))
  }

  override func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) throws {
    if repeated == nil { try super.store(batch, verdicts: verdicts) }
  }
}

/// A repeat gets the old verdicts in a new answer.
final class RepeatAnsweredAnew: HubTap {
  override func answeredBatch(_ id: BatchID) throws -> AnsweredBatch? {
    guard let stored = try super.answeredBatch(id) else { return nil }
    var answer: PushResponse = try WireJSON.decode(stored.answer)
    answer.seq = try counter.seq
    return AnsweredBatch(
      id: id, hash: stored.hash, answer: try WireJSON.encode(answer),
      receivedAt: stored.receivedAt)
  }
}

/// Entries that were folded into others are not answered.
final class FoldedEntriesForgotten: HubTap {
  private var answered: Set<EntryID> = []

  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    answered = Set(plan.answers.map(\.id))
    try super.write(plan, at: now, random: random)
  }

  override func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) throws {
    try super.store(batch, verdicts: verdicts.filter { answered.contains($0.0) })
  }
}

/// A session that a newer one has fenced off goes on.
final class FenceIgnored: HubTap {
  override func site(_ id: SiteID) throws -> SiteRecord? {
    var site = try super.site(id)
    if isWriting { site?.contact.sessionUsed = 0 }
    return site
  }
}

/// Writes another plan than was decided.
class MiswrittenPlan: HubTap {
  func miswrite(_ plan: inout Plan) throws {}

  override final func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    try miswrite(&plan)
    try super.write(plan, at: now, random: random)
  }
}

/// What lost is forgotten.
final class LedgerDropped: MiswrittenPlan {
  override func miswrite(_ plan: inout Plan) { plan.ledger = [] }
}

/// What waits for a person is forgotten.
final class ProposalsDropped: MiswrittenPlan {
  override func miswrite(_ plan: inout Plan) { plan.proposals = [] }
}

/// The log says that a row changed, and not to what.
final class LogWithoutValues: MiswrittenPlan {
  override func miswrite(_ plan: inout Plan) {
    plan.log = plan.log.map { entry in
      guard case .row(let kind, let image) = entry.content else { return entry }
      let empty = RowImage(key: image.key, caseID: image.caseID, cells: .empty)
      return LogEntry(
        seq: entry.seq, content: .row(kind, empty), site: entry.site,
        incarnation: entry.incarnation, origin: entry.origin, base: entry.base,
        editedAt: entry.editedAt, recordedAt: entry.recordedAt)
    }
  }
}

/// A case's digest stays as it was when its rows change.
final class DigestNotUpdated: MiswrittenPlan {
  override func miswrite(_ plan: inout Plan) throws {
    let known = try cases(plan.cases.map(\.id))
    for place in plan.cases.indices {
      if let old = known[plan.cases[place].id] { plan.cases[place].digests = old.digests }
    }
  }
}

/// A new case belongs to its author alone.
final class ViewersNotGranted: MiswrittenPlan {
  override func miswrite(_ plan: inout Plan) { plan.grants.removeAll { $0.role == .contributor } }
}

/// Nobody is responsible for a new case.
final class CaseWithoutLead: MiswrittenPlan {
  override func miswrite(_ plan: inout Plan) {
    for place in plan.cases.indices { plan.cases[place].lead = .hub }
  }
}

/// A row that goes to another case leaves nothing behind in the one it left.
final class MoveLeavesNoTrace: MiswrittenPlan {
  override func miswrite(_ plan: inout Plan) {
    let alive = Set(plan.rows.filter(\.isAlive).map(\.key))
    plan.rows.removeAll { !$0.isAlive && alive.contains($0.key) }
  }
}

/// Every commitment has the same salt.
final class SaltReused: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    try super.write(plan, at: now) { count in
      count == LogCommitment.saltByteCount ? Array(repeating: 7, count: count) : random(count)
    }
  }
}
