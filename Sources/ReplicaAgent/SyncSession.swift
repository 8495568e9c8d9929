package import ReplicaStorage
package import SyncCore
package import SyncProtocol

/// One session of a replica with its hub: the shell around ``ReplicaSession``, without a network.
///
/// Whoever drives it calls ``advance()`` until it ends and brings the answers to the requests that
/// it returns; ``run(over:)`` does that over a link. Between two calls nothing is open and nothing
/// is locked. Whatever happens there (a crash, a lost answer, a cut) the next session goes on where
/// this one stopped: everything that counts is in the replica's file before the next step.
package struct SyncSession<Store: ReplicaStore, Sidecars: SidecarStore> {
  let file: Store
  let sidecars: Sidecars
  private let spool: any PageSpool
  let environment: SessionEnvironment

  private var session = ReplicaSession()
  var record: ReplicaRecord
  var report: SessionReport
  /// How a new incarnation comes about; nil while the replica is the one that the hub knows.
  var succession: Succession?
  /// The number that the hello answered; 0 before.
  package internal(set) var sessionNumber: Int64 = 0
  /// Whether the pull brings the hub's digests of all cases, because this replica's rows were
  /// rewritten.
  package var asksForAllDigests = false
  /// Whether the bye says what became of a `verify`; off for a driver that compares rows itself
  /// and reports what it found.
  package var reportsVerification = true
  /// Whether the hub's new history was taken over in this session.
  private(set) var hasAdoptedHistory = false
  private var continuation: PullContinuation?
  /// The head of the page that came last.
  private var pageHead: PullPage.Head?
  private var refreshRows: [RowKey] = []
  private var unequalCases: [CaseID] = []
  /// Why the hub cannot take the oldest batch; the session goes on without the upload.
  private var refusedUpload: SessionError?

  private var next: ReplicaSession.Action
  /// What a request that is on its way was for.
  private var awaited: ReplicaSession.Action?
  private var sentBatch: WaitingBatch?
  private var failure: (any Error)?
  /// What the hub said when it was greeted; nil before.
  package private(set) var greeting: HubGreeting?
  /// The site's own clock at that time, to tell how long the session took.
  private var greetedAt: Milliseconds = 0
  /// Whether a restored hub was given back what it forgot.
  private var hasReturned = false
  /// How the comparison of the whole scope goes, if it was asked for.
  package private(set) var verified: VerifyResult?
  /// What the hub's last answer said of when to ask again.
  package private(set) var retryAfterSeconds: Int?

  /// Repairs the replica's triggers; a file that is behind its sidecar was restored.
  ///
  /// - Parameter spool: where pages wait; the session has it alone.
  package init(
    file: Store, sidecars: Sidecars, spool: any PageSpool, environment: SessionEnvironment
  ) throws {
    self.file = file
    self.sidecars = sidecars
    self.spool = spool
    self.environment = environment
    record = try file.record()
    report = SessionReport(record)
    let isRestored = try sidecars.read()?.isAhead(of: record) ?? false
    report.events += try file.installCapture(at: environment.now()).map(\.rawValue)
    next = session.handle(isRestored ? .begunRestored : .begun)
  }

  /// What the session needs to go on.
  package enum Need: Sendable, Equatable {
    /// Nothing: a step of the site's own is done, and the next may begin.
    case nothing
    /// The hub's answer to this request, or the failure to get one: ``receive(_:)``.
    case answer(to: ProtocolRequest)
    /// It is over: ``finish()`` says how it went.
    case end
  }

  /// Does the next step of the site's own, up to the next request. What fails ends the session in
  /// order: the hub is told if it was reached.
  ///
  /// - Precondition: no request waits for its answer.
  package mutating func advance() -> Need {
    precondition(awaited == nil, "a request waits for its answer")
    guard next != .finish else { return .end }
    let action = next
    do {
      if let request = try request(for: action) {
        awaited = action
        return .answer(to: request)
      }
      next = session.handle(try perform(action))
    } catch {
      fail(error)
    }
    return .nothing
  }

  /// Takes the answer to the request that ``advance()`` returned.
  ///
  /// - Precondition: a request waits for its answer.
  package mutating func receive(_ outcome: Result<ProtocolResponse, LinkFailure>) {
    guard let action = awaited else { preconditionFailure("no request waits for an answer") }
    awaited = nil
    if case .success(let response) = outcome { retryAfterSeconds = response.retryAfterSeconds }
    do {
      next = session.handle(try digest(outcome.accepted(), of: action))
    } catch let error as SessionError
      where action == .sayHello && succession?.number != Succession.countMax
      && error.asksForIncarnation
    {
      succession = Succession(isRestore: error.isRestore, after: succession)
      next = session.handle(.restoreSeen)
    } catch let error as SessionError
      where action == .sayHello && !hasAdoptedHistory
      && error.saysHistoryChanged(knowsFormer: !record.formerPlaces.isEmpty)
    {
      hasAdoptedHistory = true
      next = session.handle(.historyChanged)
    } catch let error as SessionError
      where [.sendNextBatch, .returnNextBatch].contains(action) && error.refusalOfBatch != nil
    {
      refusedUpload = error.refusalOfBatch
      next = session.handle(.uploadRefused)
    } catch let error as SessionError
      where action == .beginIncarnation && error.saysIncarnationEnded
    {
      forgetSuccessor(because: error)
    } catch SessionError.refused where action == .fetchSchema {
      // The rest needs no newer schema; a refusal that means the whole session comes again.
      report.events.append(SchemaProblem.notOffered.rawValue)
      next = session.handle(.schemaSettled)
    } catch is DecodeError, is ProtocolError {
      // Cut, or made by something that is no hub: the site cannot have made this mistake.
      fail(SessionError.unfitAnswer("\(action)"))
    } catch {
      fail(error)
    }
  }

  /// How the session went.
  ///
  /// - Throws: what ended it early; the replica remembers.
  /// - Precondition: ``advance()`` returned ``Need/end``.
  package func finish() throws -> SessionReport {
    precondition(next == .finish, "the session has not ended")
    if let failure = failure ?? refusedUpload {
      try file.updateRecord { $0.lastError = failure.sessionCode }
      throw failure
    }
    try prune()
    try file.checkpoint()
    precondition(report.sumsAreEqual, "the sums of a session differ")
    return report
  }

  /// Nothing of the session depends on it: what finds the replica locked or its disk full is the
  /// next session's.
  private func prune() throws {
    guard let greeting else { return }
    do {
      try file.prune(by: greeting.word(after: environment.now() - greetedAt))
    } catch ReplicaError.locked, ReplicaError.storageFull {
      return
    }
  }

  mutating func fail(_ error: any Error) {
    if failure == nil {
      // A sidecar or a spool that has no room is the replica's disk without room.
      let isFull = (error as? FileFailure)?.isStorageFull == true
      failure = isFull ? ReplicaError.storageFull : error
    }
    next = session.handle(.failed)
  }

  /// The request that an action consists of; nil for the site's own steps.
  private mutating func request(for action: ReplicaSession.Action) throws -> ProtocolRequest? {
    switch action {
    case .beginIncarnation: try incarnationRequest()
    case .sayHello: try helloRequest()
    case .askForHistory: try historyRequest()
    case .returnNextBatch: try returnRequest()
    case .fetchSchema:
      try Self.json(ProtocolPath.schema, SchemaRequest(session: sessionNumber))
    case .sendNextBatch: try pushRequest()
    case .pullNextPage, .pullUnequalCases: try pullRequest()
    case .sayGoodbye: try byeRequest()
    case .buildBatches, .applyPages, .scrub, .finish: nil
    }
  }

  private mutating func perform(_ action: ReplicaSession.Action) throws -> ReplicaSession.Event {
    switch action {
    case .buildBatches:
      return .built(reachesEnd: try build())
    case .sendNextBatch:
      return .outboxEmpty
    case .returnNextBatch:
      return .nothingToReturn
    case .applyPages:
      try apply()
      // What others have still to return is no difference that this hub could mend; and what this
      // session has returned may wait for it, which the hub says to the next hello.
      let isRecovering = hasReturned || greeting?.isRecovering == true
      return .applied(unequalCases: isRecovering ? 0 : unequalCases.count)
    case .scrub:
      let found = try file.scrub(at: environment.now()) > 0
      if found {
        report.events.append(ReplicaEvent.scrubFound.rawValue)
        return .scrubbed(.found)
      }
      return .scrubbed(try file.mayMend(unequalCases) ? .nothing : .nothingAndTooMuchToMend)
    case .beginIncarnation, .sayHello, .askForHistory, .fetchSchema, .pullNextPage,
      .pullUnequalCases, .sayGoodbye, .finish:
      preconditionFailure("\(action) is no step of the site's own")
    }
  }

  private mutating func digest(
    _ response: ProtocolResponse, of action: ReplicaSession.Action
  ) throws -> ReplicaSession.Event {
    switch action {
    case .beginIncarnation:
      return .incarnationAnswered(isLast: try takeIncarnation(response))
    case .sayHello:
      let isOffered = try takeHello(response)
      // The newer schema waits for the next session.
      if record.returnAfter != nil { return .returnDue }
      return isOffered ? .schemaOffered : .greeted
    case .askForHistory:
      try takeHistory(response)
      return .historyAdopted
    case .returnNextBatch:
      try takeReturned(response)
      hasReturned = true
      return .batchReturned
    case .fetchSchema:
      try takeSchema(response)
      return .schemaSettled
    case .sendNextBatch:
      try takeVerdicts(response)
      return .answered
    case .pullNextPage, .pullUnequalCases:
      return .pageReceived(isLast: try takePage(response))
    case .sayGoodbye:
      try takeGoodbye(response)
      return .parted
    case .buildBatches, .applyPages, .scrub, .finish:
      preconditionFailure("\(action) has no answer")
    }
  }

  /// What the next ``advance()`` is about.
  package var upcoming: ReplicaSession.Action { next }

  // MARK: Steps

  private func helloRequest() throws -> ProtocolRequest {
    let nonce = Hexadecimal.text(environment.random(16))
    return try Self.json(
      ProtocolPath.hello,
      HelloRequest(
        software: environment.software, schemaVersion: file.schema.version, nonce: nonce,
        incarnation: record.incarnation, position: record.position, clock: environment.now(),
        lastBatchNumber: record.batchNumber, lastBatchHash: record.batchHash,
        lastSession: record.session, machine: environment.machine))
  }

  /// - Returns: whether the site is to take over a newer schema.
  private mutating func takeHello(_ response: ProtocolResponse) throws -> Bool {
    let answer: HelloResponse = try WireJSON.decode(response.body)
    guard let head = answer.head.position, answer.session > 0 else {
      throw SessionError.unfitAnswer("hello")
    }
    try verify(head, proof: answer.consistency)
    sessionNumber = answer.session
    greeting = HubGreeting(answer)
    greetedAt = environment.now()
    if let pins = greeting?.pins, !pins.isEmpty { try environment.keepPins(pins) }
    let isBehind = answer.schemaVersion > file.schema.version
    try file.updateRecord {
      $0.head = head.seq
      $0.session = answer.session
      $0.hubSchemaVersion = answer.schemaVersion
      if !isBehind || !environment.takesSchemas { $0.schemaProblem = nil }
    }
    record = try file.record()
    if greeting?.asks(for: .release) == true { try file.releasePurges() }
    // Before the number is used: from then on an older copy of file and sidecar shows at the hub.
    try sidecars.write(Sidecar(record))
    return isBehind && environment.takesSchemas
  }

  private mutating func build() throws -> Bool {
    let built = try file.buildBatches(environment.batchLimit)
    record = try file.record()
    // The barrier's second half: from here on a restored file shows.
    try sidecars.write(Sidecar(record))
    // Parked entries are read again by each build, and counted once.
    report.captured += built.tally.captured - report.parked
    report.coalesced += built.tally.coalesced
    report.withheld += built.tally.withheld
    report.parked = built.tally.parked
    return built.reachesEnd
  }

  private mutating func pushRequest() throws -> ProtocolRequest? {
    sentBatch = try file.nextWaitingBatch()
    return sentBatch.map {
      ProtocolRequest(
        path: ProtocolPath.push, contentType: .rows,
        body: PushBody.encode(session: sessionNumber, batch: $0.bytes))
    }
  }

  private mutating func takeVerdicts(_ response: ProtocolResponse) throws {
    guard let batch = sentBatch else { preconditionFailure("no batch was sent") }
    let answer: PushResponse = try WireJSON.decode(response.body)
    guard answer.batchNumber == batch.number,
      answer.batchHash == Hash256(sha256Of: batch.bytes).text
    else { throw SessionError.unfitAnswer("push") }
    var exceptions: [Int64: Answer] = [:]
    for verdict in answer.verdicts { exceptions[verdict.n] = verdict.answer }
    let tally = try file.record(
      BatchAnswer(number: batch.number, bytes: response.body, exceptions: exceptions),
      at: environment.now())
    report.coalesced += tally.coalesced
    report.captured += tally.total
    report.verdicts.merge(tally.counts, uniquingKeysWith: +)
  }

  private mutating func pullRequest() throws -> ProtocolRequest {
    if continuation == nil {
      refreshRows = try file.refreshList(limit: PullRequest.refreshCountMax / 2)
      spool.removeAll()
    }
    let cases = unequalCases.prefix(PullRequest.refreshCountMax / 2)
    let request = PullRequest(
      session: sessionNumber, since: record.position, continuation: continuation,
      refreshRows: continuation == nil ? refreshRows : [],
      refreshCases: continuation == nil ? Array(cases) : [],
      comparesAll: comparesAll ? true : nil)
    return try Self.json(ProtocolPath.pull, request)
  }

  private mutating func takePage(_ response: ProtocolResponse) throws -> Bool {
    guard response.contentType == .rows else { throw SessionError.unfitAnswer("pull") }
    // Decoded once more when it is applied: what waits is bytes, and what was let in can be read.
    let head = try PullPage(decoding: response.body).head
    try spool.append(response.body)
    (pageHead, continuation) = (head, head.continuation)
    return continuation == nil
  }

  private mutating func apply() throws {
    guard let head = pageHead,
      let scope = head.scope(of: SpooledPages(spool: spool), tellsAll: learnsAll)
    else {
      throw SessionError.unfitAnswer("the last page has no checkpoint")
    }
    try verify(scope.checkpoint, proof: head.consistency)
    let outcome = try file.apply(scope, at: environment.now())
    spool.removeAll()
    record = try file.record()
    try sidecars.write(Sidecar(record))
    unequalCases = outcome.unequalCases
    verified = VerifyResult(
      isEqual: outcome.isEqual, wasUnequal: verified.map { $0 != .equal } ?? false)
    report.take(outcome)
    report.position = record.position
  }

  private func byeRequest() throws -> ProtocolRequest {
    let failure = failure ?? refusedUpload
    var bye = ByeRequest(
      session: sessionNumber, result: failure?.sessionCode ?? "done", seq: record.position.seq,
      digestEqual: failure == nil ? report.digestEqual : nil, parked: report.parked,
      pending: try file.pendingCount(), pins: greeting?.wirePins,
      instructions: failure == nil
        ? greeting?.results(verified: reportsVerification ? verified : nil) : nil)
    try bye.putReceipt(of: file, at: record.position.seq)
    return try Self.json(ProtocolPath.bye, bye)
  }

  private func takeGoodbye(_ response: ProtocolResponse) throws {
    let _: ByeResponse = try WireJSON.decode(response.body)
    guard failure == nil && refusedUpload == nil else { return }
    let now = environment.now()
    try file.updateRecord { ($0.lastSuccess, $0.lastError) = (now, nil) }
  }
}
