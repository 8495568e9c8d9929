import HubService
import HubStorage
import ReplicaStorage
import SyncCore

/// Healing, and the proof that the county comes to rest.
extension SimulatedCounty {
  /// Sessions that a site may need after the last fault: one to push, one to pull what the others
  /// pushed, one because a verdict or a repair may need another pull.
  static let sessionsUntilRest = 3

  func comeToRest() throws {
    note("county", "heals")
    isCalm = true
    swarm.heal()
    swarm.partitions = 0
    swarm.fullDisks = 0
    swarm.readOnlyDisks = 0
    for site in sites {
      site.lineIsDead = false
      site.isAway = false
      site.machineIsUp = true
      try release(at: site)
      healDisk(of: site.index + 1)
      let isBelieved = !site.isSuspect && !site.mayBeMixed
      if !isBelieved && site.stopped == nil { stop(site, "its file is not to be believed") }
      // What runs now goes on; a session that waits for a lost answer ends by itself.
    }
    healDisk(of: 0)
    hub.skew = 0
    try drain()
    if !hub.isUp { try restartHub() }
    try giveUpWaiting()
    // Which of two copies goes on shows when both have called, and it has to join first.
    var rounds = Self.sessionsUntilRest * (sites.contains(where: \.wasCopied) ? 2 : 1)
    if !witness.handed.isEmpty {
      // The new lead's proof orders the purge, and the former lead's receipt ends the hand-over.
      rounds += Self.sessionsUntilRest
      clock = max(clock, witness.lastHandover + Self.minute)
    }
    for round in 1...rounds {
      let ended = sites.map(\.sessionsEnded)
      for site in sites where site.stopped == nil {
        agenda.plan(.session(site: site.index), at: clock + delay(Int(Self.minute)))
      }
      try drain()
      // In the first round a session that began in the storm may still fail of it.
      if round > 1 { try checkFairness(since: ended) }
      if round > 1, try backlog().isEmpty { break }
    }
    try tickHub()
    let left = try backlog()
    tally.checked(.liveness, sites.count)
    guard left.isEmpty else { throw Violation(breaking: .liveness, left.joined(separator: "; ")) }
    try checkAtRest()
    try growAtRest()
  }

  /// `hub serve` looks at the clock by itself: what is due happens also where nobody calls.
  private func tickHub() throws {
    hub.advance(to: clock)
    let due = try hub.administration(of: seams.store(hub.engine, on: hub.disk)).takeDueEffects()
    if let (handover, error) = due.failed.first {
      throw Violation(.crash, "the hand-over \(handover) could not take effect: \(error)")
    }
    for handover in due.effective {
      note("hub", "lets a hand-over take effect", "to \(handover.to)")
    }
    try witness.noteHandovers(at: hub)
  }

  /// The sites that were one version behind take the newer schema over, and hold all of it.
  private func growAtRest() throws {
    let older = sites.filter { $0.stopped == nil && $0.isOlder }
    guard !older.isEmpty else { return }
    for site in older {
      site.grow(to: witness.schema)
      note(site.name, "takes the newer schema over")
      agenda.plan(.session(site: site.index), at: clock + delay(Int(Self.minute)))
    }
    try drain()
    let left = try backlog()
    guard left.isEmpty else {
      throw Violation(breaking: .versionIndependence, left.joined(separator: "; "))
    }
    let rows = try witness.schema.tables.map { try hub.rows(of: $0) }
    for site in older {
      tally.checked(.versionIndependence)
      if let found = try witness.atRest(site, hub, rows: rows, tally: &tally) { throw found }
    }
  }

  /// Nobody's session waits for another's: in a round without faults every site has its turn.
  private func checkFairness(since ended: [Int]) throws {
    for site in sites where site.stopped == nil && !site.wasCopied {
      tally.checked(.fairness)
      guard site.sessionsEnded == ended[site.index] else { continue }
      throw Violation(breaking: .fairness, "\(site.name) had no session, and nothing was wrong")
    }
  }

  /// Everything that is on its way arrives, every session ends.
  private func drain() throws {
    var count = 0
    while let (time, happening) = agenda.next() {
      count += 1
      guard count < 100_000 else {
        throw Violation(breaking: .liveness, "the county never comes to rest")
      }
      try happen(happening, at: time)
    }
  }

  /// What is not done yet, site by site.
  private func backlog() throws -> [String] {
    var left: [String] = []
    let head = try hub.engine.read { try $0.counter.seq }
    for site in sites where site.stopped == nil {
      let file = try site.opened()
      let pending = try file.pendingCount()
      let refresh = try file.refreshList(limit: 5)
      let record = try file.record()
      // What a program at NORMAL wrote last a power cut may take back.
      let isParked = tier == .model ? pending == site.parkedCount : pending <= site.parkedCount
      if !isParked { left.append("\(site.name) has \(pending) unsent") }
      if !refresh.isEmpty { left.append("\(site.name) waits for \(refresh.map(\.description))") }
      if record.position.seq != head {
        left.append("\(site.name) stands at \(record.position.seq) of \(head)")
      }
      if record.digestEqual != true { left.append("\(site.name) has no equal digests") }
      if let error = record.lastError { left.append("\(site.name) failed last with \(error)") }
    }
    let awaiting = try hub.engine.read { try $0.awaiting }
    if !awaiting.isEmpty { left.append("the hub waits with \(awaiting.count) returned batches") }
    return try left + openHandovers()
  }

  /// A restored hub waits for all that have joined; the county lets it wait no longer for those
  /// that will never call again.
  private func giveUpWaiting() throws {
    guard witness.former != nil else { return }
    for site in sites where site.stopped != nil {
      _ = try hub.administration(of: hub.engine).revoke(site.id)
      note("county", "revokes", site.name)
    }
  }

  private func checkAtRest() throws {
    let rows = try witness.schema.tables.map { try hub.rows(of: $0) }
    for site in sites where site.stopped == nil {
      site.advance(to: clock)
      if let found = try witness.atRest(site, hub, rows: rows, tally: &tally) { throw found }
    }
    if let found = try witness.atRest(hub, sites: sites, tally: &tally) { throw found }
    for site in sites where site.stopped == nil { note(site.name, "rests", try restDigest(site)) }
    note("hub", "rests", try hub.engine.read { try $0.counter.tree.root.text })
  }

  private func restDigest(_ site: SimulatedSite) throws -> String {
    try site.opened().record().scopeDigest.text
  }
}

extension RowKey: CustomStringConvertible {
  package var description: String { "\(table)/\(id)" }
}
