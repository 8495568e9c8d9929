import HubService
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// The agents at work, one step at a time.
extension SimulatedCounty {
  /// Patience of an agent with one request.
  static let patience: Milliseconds = 60_000

  func beginSession(at site: SimulatedSite) throws {
    guard site.stopped == nil, site.machineIsUp, !site.isAway, site.session == nil else { return }
    site.advance(to: clock)
    tally.sessions += 1
    if held[site.index] != nil { tally.met(9, at: .readLog) }
    do {
      try site.begin(observer: self)
      note(site.name, "begins a session")
      planStep(of: site)
    } catch {
      try sessionFailed(site, error)
    }
  }

  private func planStep(of site: SimulatedSite) {
    agenda.plan(.step(site: site.index, run: site.run), at: clock + delay(swarm.stepTime))
  }

  func step(_ site: SimulatedSite, _ run: Int) throws {
    guard site.run == run, let session = site.session, site.awaitedTicket == nil else { return }
    site.advance(to: clock)
    let step = session.upcoming
    let point = Self.point(of: step)
    if point == .apply && draw(swarm.heldTransactions) { try holdNow(at: site) }
    // A disk that was bad before ends the session at its hello.
    if point == .apply || tier == .storage && point == .readLog {
      if draw(swarm.fullDisks) { disturb(site.disk, .full, site.index + 1, site.name) }
      if draw(swarm.readOnlyDisks) { disturb(site.disk, .readOnly, site.index + 1, site.name) }
    }
    countStepFaults(step, at: site)
    if draw(swarm.agentCrashes) { return killAgent(at: site, before: step) }
    arm(site.disk, SimulatedSite.agentNumber)
    let need = counting(site.disk, at: Self.point(of: step), full: 6) { site.advance() }
    if recover(site) { return }
    switch need {
    case .nothing:
      planStep(of: site)
    case .answer(let request):
      if request.path == ProtocolPath.incarnation && noticeRestore(of: site) { return }
      try send(request, from: site)
    case .end:
      try end(site)
    }
  }

  private func countStepFaults(_ step: ReplicaSession.Action, at site: SimulatedSite) {
    guard let point = Self.point(of: step) else { return }
    if site.isSuspect && [.readLog, .apply].contains(point) { tally.met(11, at: point) }
    if site.isOlder && point == .apply { tally.met(19, at: .apply) }
    if site.skew != 0 && [.readLog, .send, .apply].contains(point) { tally.met(17, at: point) }
    if held[site.index]?.effects.isEmpty == false && point == .apply { tally.met(9, at: .apply) }
    if held[site.index]?.effects.isEmpty == true && point == .maintain {
      tally.met(10, at: .maintain)
    }
  }

  static func point(of step: ReplicaSession.Action) -> PipelinePoint? {
    switch step {
    case .sayHello, .askForHistory, .returnNextBatch, .fetchSchema, .sendNextBatch: .send
    case .beginIncarnation, .buildBatches: .readLog
    case .pullNextPage, .pullUnequalCases: .pull
    case .applyPages, .scrub: .apply
    case .sayGoodbye: nil
    case .finish: .maintain
    }
  }

  private func killAgent(at site: SimulatedSite, before step: ReplicaSession.Action) {
    note(site.name, "agent is killed", "before \(step)")
    if let point = Self.point(of: step) { tally.met(1, at: point) }
    site.killAgent()
  }

  private func end(_ site: SimulatedSite) throws {
    do {
      let report = try site.finish()
      site.sessionsEnded += 1
      if site.isOlder { tally.met(40, at: .operate) }
      tally.checked(.accounts)
      if !report.sumsAreEqual {
        fail(
          Violation(
            breaking: .accounts, "\(site.name): captured \(report.captured), \(report.verdicts)"))
      }
      note(
        site.name, "ends its session",
        "seq \(report.position.seq), captured \(report.captured), pulled \(report.rowsPulled)")
      // Whom a dead hub's file names cannot be asked now.
      guard hub.isUp else { return }
      witness.finished(site.index, report, in: try hub.engine.read { try $0.county.history })
    } catch {
      try sessionFailed(site, error)
    }
  }

  /// What may end a session, and what must not.
  private func sessionFailed(_ site: SimulatedSite, _ error: any Error) throws {
    note(site.name, "session fails", error.sessionCode)
    site.forgetSession()
    if recover(site) { return }
    if tier == .storage { site.closeAgent() }
    switch error {
    case ReplicaError.locked:
      guard holdsLocks || tier == .storage else {
        return fail(
          Violation(breaking: .harmlessness, "\(site.name): locked, and nobody holds the lock"))
      }
    case SessionError.unreachable:
      return
    case SessionError.refused(ProtocolError.Code.cloned.rawValue, _, _):
      try lookAt(site, heldFor: .cloned)
    case SessionError.refused(ProtocolError.Code.fork.rawValue, _, _)
    where try (tier == .model || site.hasTwin) && isHeld(site, for: .fork):
      try lookAt(site, heldFor: .fork)
    case SessionError.refused(let code, _, _):
      refused(site, code)
    case SessionError.uploadRefused, SessionError.unfitAnswer:
      guard cutsMessages else {
        return fail(Violation(.crash, "\(site.name): \(error) over a line that cuts nothing"))
      }
    default:
      guard tier == .storage else {
        return fail(Violation(.crash, "\(site.name): \(error)"))
      }
      if error as? ReplicaError == .corrupt { damaged(site, error) }
    }
  }

  private func refused(_ site: SimulatedSite, _ code: String) {
    var expected: Set<String> = ["fenced", "busy", "bad_request", "hub_storage_full"]
    // What was on its way when the hub went back.
    if witness.former != nil { expected.formUnion(["fork", "history_changed"]) }
    // A copy has begun a log in the middle of the session.
    if site.wasCopied { expected.insert("fork") }
    if expected.contains(code) || tier == .storage { return }
    fail(Violation(.crash, "\(site.name): the hub refused with \(code)"))
  }

  // MARK: The line

  /// What a request is for, in a story.
  private static func words(for request: ProtocolRequest) -> String {
    switch request.path {
    case ProtocolPath.history: "asks for its place in the new history"
    case ProtocolPath.returned: "returns a batch"
    case ProtocolPath.incarnation: "asks for a new incarnation"
    case ProtocolPath.hello: "says hello"
    case ProtocolPath.push: "sends a batch"
    case ProtocolPath.pull: "pulls"
    case ProtocolPath.schema: "asks for the schema"
    case ProtocolPath.bye: "says goodbye"
    default: "asks for \(request.path)"
    }
  }

  private func send(_ request: ProtocolRequest, from site: SimulatedSite) throws {
    ticketCount += 1
    site.awaitedTicket = ticketCount
    let message = Message(site: site.index, ticket: ticketCount, request: request)
    agenda.plan(.timeout(site: site.index, ticket: ticketCount), at: clock + Self.patience)
    try witness.sent(request, from: site.index)
    note(site.name, Self.words(for: request), "\(request.body.count) bytes")
    tally.deliveries += 1
    // A line dies in the middle of things, too.
    if draw(swarm.partitions / 5) { loseLine(of: site) }
    if tier == .storage && draw(swarm.powerCuts) {
      // The request is on its way, and nobody will be there to hear the answer.
      tally.met(2, at: .send)
      site.disk.cut()
      _ = recover(site)
    }
    if site.lineIsDead {
      tally.met(31, at: request.path == ProtocolPath.pull ? .pull : .send)
      return note(site.name, "finds no line")
    }
    guard !draw(swarm.lostRequests) else {
      return note("line", "loses the request of \(site.name)")
    }
    agenda.plan(.request(cut(message)), at: clock + delay(swarm.delay))
    if draw(swarm.repeats) {
      tally.met(4, at: .send)
      tally.met(4, at: .receive)
      note("line", "carries it twice")
      agenda.plan(.request(message), at: clock + delay(swarm.delay))
    }
    if draw(swarm.replays) {
      tally.met(4, at: .receive)
      note("line", "keeps a copy for later")
      agenda.plan(
        .request(message), at: clock + Milliseconds(random.number(1...72)) * Self.hour)
    }
  }

  /// Sometimes only the first bytes of a request arrive, and look like all of it.
  private func cut(_ message: Message) -> Message {
    guard draw(swarm.cutRequests), !message.request.body.isEmpty else { return message }
    tally.met(5, at: .send)
    let body = message.request.body
    let length = random.number(0...body.count - 1)
    note("line", "cuts the request", "to \(length) bytes")
    return Message(
      site: message.site, ticket: message.ticket,
      request: ProtocolRequest(
        path: message.request.path, contentType: message.request.contentType,
        body: Array(body.prefix(length))))
  }

  /// A request reaches the hub.
  func arrive(_ message: Message) throws {
    let site = sites[message.site]
    guard !site.isShutOut else { return note("hub", "does not know the key of \(site.name)") }
    guard hub.isUp else {
      tally.met(30, at: .send)
      return agenda.plan(.answer(message, .refusedConnection), at: clock + delay(swarm.delay))
    }
    if draw(swarm.hubCrashesBefore) {
      tally.met(1, at: .receive)
      return crashHub()
    }
    if let disk = hub.disk, tier == .storage, draw(swarm.powerCuts) {
      tally.met(2, at: .receive)
      disk.cut()
      return crashHub()
    }
    hub.advance(to: clock)
    let response: ProtocolResponse
    if draw(swarm.hubBusy) {
      tally.met(30, at: .send)
      response = CountyServiceRefusal.busy
    } else {
      guard let answered = answer(message.request, from: site) else { return crashHub() }
      response = seams.answered(answered, to: message.request, from: site.id)
      if site.isOlder && message.request.path == ProtocolPath.push { tally.met(19, at: .validate) }
      try judge(message, response)
    }
    let detail =
      response.status == 200
      ? try words(for: message.request, answered: response) : "with \(response.status)"
    note("hub", "answers: \(site.name) \(Self.words(for: message.request))", detail)
    if draw(swarm.hubCrashesAfter) {
      tally.met(1, at: .acknowledge)
      if message.request.path == ProtocolPath.push { tally.met(3, at: .acknowledge) }
      return crashHub()
    }
    guard !site.lineIsDead, !draw(swarm.lostAnswers) else {
      if message.request.path == ProtocolPath.push { tally.met(3, at: .acknowledge) }
      if site.lineIsDead { tally.met(31, at: .pull) }
      return note("line", "loses the answer to \(site.name)")
    }
    agenda.plan(.answer(message, .response(response)), at: clock + delay(swarm.delay))
  }

  /// The hub's answer; nil if it died over it.
  private func answer(_ request: ProtocolRequest, from site: SimulatedSite) -> ProtocolResponse? {
    guard let disk = hub.disk else { return hub.service.answer(request, from: site.id) }
    arm(disk, SimulatedHub.processNumber)
    let before = disk.counts
    let answered = counting(disk, at: .commit, full: 7) {
      hub.service.answer(request, from: site.id)
    }
    let isReading = disk.counts.writes == before.writes
    if isReading && disk.counts.cuts > before.cuts { tally.met(2, at: .validate) }
    if isReading && disk.counts.kills > before.kills { tally.met(1, at: .validate) }
    let isDead = disk.isDark || disk.isKilled(SimulatedHub.processNumber)
    disarm(disk, SimulatedHub.processNumber)
    return isDead ? nil : answered
  }

  private func judge(_ message: Message, _ response: ProtocolResponse) throws {
    if let found = try witness.judge(
      message.request, from: message.site, response, hub: hub, tally: &tally)
    {
      fail(found)
    }
  }

  func deliver(_ delivery: Delivery, to message: Message) throws {
    let site = sites[message.site]
    guard site.awaitedTicket == message.ticket, site.session != nil else { return }
    site.advance(to: clock)
    tally.deliveries += 1
    arm(site.disk, SimulatedSite.agentNumber)
    let point: PipelinePoint = message.request.path == ProtocolPath.push ? .acknowledge : .pull
    counting(site.disk, at: point, full: 6) {
      switch delivery {
      case .refusedConnection:
        site.receive(.failure(LinkFailure(cause: .unreachable, detail: "nobody listens")))
      case .response(let response):
        site.receive(.success(cut(response)))
      }
    }
    if recover(site) { return }
    planStep(of: site)
  }

  private func cut(_ response: ProtocolResponse) -> ProtocolResponse {
    guard draw(swarm.cutAnswers), !response.body.isEmpty else { return response }
    tally.met(5, at: .pull)
    let length = random.number(0...response.body.count - 1)
    note("line", "cuts the answer", "to \(length) bytes")
    return ProtocolResponse(
      status: response.status, contentType: response.contentType,
      body: Array(response.body.prefix(length)),
      retryAfterSeconds: response.retryAfterSeconds)
  }

  func giveUp(_ site: SimulatedSite, _ ticket: Int) throws {
    guard site.awaitedTicket == ticket, site.session != nil else { return }
    site.advance(to: clock)
    note(site.name, "gives up waiting")
    site.receive(.failure(LinkFailure(cause: .unreachable, detail: "no answer in time")))
    planStep(of: site)
  }

  // MARK: The hub's machine

  func crashHub() {
    guard hub.isUp else { return }
    note("hub", hub.disk?.isDark == true ? "loses its power" : "is killed")
    hub.crash()
    agenda.plan(.hubRestarts, at: clock + delay(20 * Int(Self.minute)))
  }

  func restartHub() throws {
    guard !hub.isUp else { return }
    hub.advance(to: clock)
    do {
      try hub.restart()
    } catch {
      guard tier == .storage, !isCalm else { throw error }
      return agenda.plan(.hubRestarts, at: clock + Self.hour)
    }
    note("hub", "is back")
    let faults = hub.disk?.faults
    hub.disk?.faults = SimulatedDisk.Faults()
    if let found = try witness.hubIsBack(hub, tally: &tally) { fail(found) }
    if let faults { hub.disk?.faults = faults }
  }
}

/// What a hub under load answers before it looks at a request.
private enum CountyServiceRefusal {
  static let busy = ProtocolResponse(
    status: 503, contentType: .json,
    body: WireJSON.encode(
      refusal: ProtocolError(.busy, "the hub is busy", hint: "try again")),
    retryAfterSeconds: 5)
}

extension SimulatedCounty: SiteObserver {
  func built(at site: Int) {
    witness.built(site)
    note(sites[site].name, "has built its batches")
  }

  func answered(_ batch: Int64, at site: Int) {
    witness.learnt(batch, at: site, time: sites[site].disk.clock)
    note(sites[site].name, "keeps the verdicts", "of batch \(batch)")
  }

  func applied(_ scope: PulledScope, _ outcome: ApplyOutcome, at site: Int) {
    note(
      sites[site].name, "applies",
      "seq \(scope.checkpoint.seq), \(outcome.rowCount) rows, "
        + "digest \(outcome.replicaDigest.text.prefix(8))")
    do {
      if let found = try witness.applied(
        scope, outcome, at: sites[site], isBehind: held[site] != nil, tally: &tally)
      {
        fail(found)
      }
    } catch {
      fail(Violation(.crash, "\(sites[site].name): \(error) while its rows were compared"))
    }
  }

  func scrubbed(_ found: Int, at site: Int) {
    note(sites[site].name, "scrubs", "\(found) found")
    guard witness.isModelled, found > 0 else { return }
    fail(Violation(breaking: .convergence, "\(sites[site].name): the scrub found \(found) writes"))
  }

  func mended(_ events: [ReplicaEvent], at site: Int) {
    note(sites[site].name, "mends its triggers", events.map(\.rawValue).joined(separator: " "))
    if tier == .model { tally.met(20, at: .capture) }
  }
}
