import ReplicaAgent
import ReplicaStorage
import SyncCore

/// Who is told what a site's agent has done to its replica, after it was done.
protocol SiteObserver: AnyObject {
  func built(at site: Int)
  /// The site stands in the new history of a hub that was restored.
  func adoptedHistory(at site: Int)
  func answered(_ batch: Int64, at site: Int)
  func applied(_ scope: PulledScope, _ outcome: ApplyOutcome, at site: Int)
  /// An apply failed: it left nothing behind.
  func notApplied(at site: Int)
  func scrubbed(_ found: Int, at site: Int)
  func mended(_ events: [ReplicaEvent], at site: Int)
}

/// A replica whose steps are told to an observer.
struct ObservedReplica: ReplicaStore {
  private let store: any ReplicaStore
  private let site: Int
  private unowned let observer: any SiteObserver

  init(_ store: any ReplicaStore, site: Int, observer: any SiteObserver) {
    self.store = store
    self.site = site
    self.observer = observer
  }

  var schema: Schema { store.schema }

  func record() throws -> ReplicaRecord { try store.record() }

  func updateRecord(_ change: (inout ReplicaRecord) -> Void) throws {
    try store.updateRecord(change)
  }

  func installCapture(at now: Milliseconds) throws -> [ReplicaEvent] {
    let events = try store.installCapture(at: now)
    if !events.isEmpty { observer.mended(events, at: site) }
    return events
  }

  func unanswered() throws -> (entries: [EntryID], lastAnswered: Int64) {
    try store.unanswered()
  }

  func begin(
    _ incarnation: IncarnationID, session: Int64, answers: [Int64: Answer], at now: Milliseconds
  ) throws -> Int64 {
    try store.begin(incarnation, session: session, answers: answers, at: now)
  }

  func logs() throws -> (incarnations: [IncarnationID], batchStart: Int64) { try store.logs() }
  func adopt(_ history: AdoptedHistory, at now: Milliseconds) throws {
    try store.adopt(history, at: now)
    observer.adoptedHistory(at: site)
  }
  func nextForgottenBatch() throws -> ForgottenBatch? { try store.nextForgottenBatch() }
  func returned(_ number: Int64) throws { try store.returned(number) }

  func grow(toSchema text: String, at now: Milliseconds) throws -> SchemaProblem? {
    try store.grow(toSchema: text, at: now)
  }

  func buildBatches(_ limit: BatchLimit) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    let built = try store.buildBatches(limit)
    observer.built(at: site)
    return built
  }

  func nextWaitingBatch() throws -> WaitingBatch? { try store.nextWaitingBatch() }

  func record(_ answer: BatchAnswer, at now: Milliseconds) throws -> VerdictTally {
    let tally = try store.record(answer, at: now)
    observer.answered(answer.number, at: site)
    return tally
  }

  func refreshList(limit: Int) throws -> [RowKey] { try store.refreshList(limit: limit) }

  func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    let outcome: ApplyOutcome
    do {
      outcome = try store.apply(scope, at: now)
    } catch {
      observer.notApplied(at: site)
      throw error
    }
    observer.applied(scope, outcome, at: site)
    return outcome
  }

  func mayMend(_ cases: [CaseID]) throws -> Bool { try store.mayMend(cases) }
  func scrub(at now: Milliseconds) throws -> Int {
    let found = try store.scrub(at: now)
    observer.scrubbed(found, at: site)
    return found
  }

  func pendingCount() throws -> Int64 { try store.pendingCount() }

  func prune(by word: SecuredWord) throws { try store.prune(by: word) }

  func checkpoint() throws { try store.checkpoint() }

  func purgeReceipt(
    stripping strip: @escaping ([UInt8], Set<Int64>) throws -> [UInt8]
  ) throws -> PurgeReceipt? { try store.purgeReceipt(stripping: strip) }

  func releasePurges() throws { try store.releasePurges() }
}

/// A sidecar store of any kind.
struct ObservedSidecars: SidecarStore {
  private let store: any SidecarStore

  init(_ store: any SidecarStore) {
    self.store = store
  }

  func read() throws -> Sidecar? { try store.read() }

  func write(_ sidecar: Sidecar) throws { try store.write(sidecar) }
}

extension SimulatedCounty {
  func adoptedHistory(at index: Int) {
    tally.met(15, at: .pull)
    note(sites[index].name, "stands in the hub's new history")
  }

  func notApplied(at index: Int) {
    let site = sites[index]
    // Who holds a transaction open sees what nobody else does.
    guard tier == .model, witness.isModelled, held[index] == nil else { return }
    do {
      if let found = try witness.compare(site, tally: &tally) { fail(found) }
    } catch {
      fail(Violation(.crash, "\(site.name): \(error) while its rows were compared"))
    }
  }
}
