package import ReplicaStorage
package import SyncCore
import SyncProtocol

/// What a session needs from outside.
package struct SessionEnvironment {
  package let now: () -> Milliseconds
  package let random: (Int) -> [UInt8]
  /// Name and version of the program, for people.
  package let software: String

  package init(
    software: String, now: @escaping () -> Milliseconds, random: @escaping (Int) -> [UInt8]
  ) {
    self.software = software
    self.now = now
    self.random = random
  }
}

/// Runs one session of a replica with its hub: the shell around ``ReplicaSession``.
///
/// Whatever happens (a crash between any two lines, a lost answer, a cut) the next session goes on
/// where this one stopped: everything that counts is in the replica's file before the next step.
package struct SyncSession<Link: HubLink> {
  private let file: ReplicaFile
  private let directory: String
  private let link: Link
  private let environment: SessionEnvironment

  private var session = ReplicaSession()
  private var record: ReplicaRecord
  private var report: SessionReport
  private var sessionNumber: Int64 = 0
  private var continuation: PullContinuation?
  private var pages: [PullPage] = []
  private var refreshRows: [RowKey] = []
  private var unequalCases: [CaseID] = []
  /// Why the hub cannot take the oldest batch; the session goes on without the upload.
  private var refusedUpload: SessionError?

  /// - Parameter directory: the site's directory, where the sidecar stands.
  /// - Throws: ``SessionError/replicaRestored`` if the file is behind its sidecar.
  package init(
    file: ReplicaFile, directory: String, link: Link, environment: SessionEnvironment
  ) throws {
    self.file = file
    self.directory = directory
    self.link = link
    self.environment = environment
    record = try file.record()
    report = SessionReport(record)
    if let sidecar = try Sidecar.read(in: directory), sidecar.isAhead(of: record) {
      throw SessionError.replicaRestored
    }
  }

  /// Runs the session to its end.
  ///
  /// - Throws: what ended it early; the hub is told if it was reached, and the replica remembers.
  package mutating func run() throws -> SessionReport {
    report.events += try file.installCapture(at: environment.now()).map(\.rawValue)
    var failure: (any Error)?
    var action = session.handle(.begun)
    while action != .finish {
      do {
        action = session.handle(try perform(action, failure: failure))
      } catch {
        if failure == nil { failure = error }
        action = session.handle(.failed)
      }
    }
    if let failure = failure ?? refusedUpload {
      try file.updateRecord { $0.lastError = failure.sessionCode }
      throw failure
    }
    try file.checkpoint()
    precondition(report.sumsAreEqual, "the sums of a session differ")
    return report
  }

  private mutating func perform(_ action: ReplicaSession.Action, failure: (any Error)?) throws
    -> ReplicaSession.Event
  {
    switch action {
    case .sayHello:
      try greet()
      return .greeted
    case .buildBatches:
      return .built(reachesEnd: try build())
    case .sendNextBatch:
      do {
        return try sendNextBatch() ? .answered : .outboxEmpty
      } catch SessionError.refused(let code, let message, let hint)
        where code == ProtocolError.Code.badRequest.rawValue
        || code == ProtocolError.Code.bodyTooLarge.rawValue
      {
        refusedUpload = .uploadRefused(message: message, hint: hint)
        return .uploadRefused
      }
    case .pullNextPage:
      return .pageReceived(isLast: try pull())
    case .pullUnequalCases:
      return .pageReceived(isLast: try pull())
    case .applyPages:
      try apply()
      return .applied(unequalCases: unequalCases.count)
    case .scrub:
      let found = try file.scrub(at: environment.now()) > 0
      if found { report.events.append(ReplicaEvent.scrubFound.rawValue) }
      return .scrubbed(found: found)
    case .sayGoodbye:
      try part(failure ?? refusedUpload)
      return .parted
    case .finish:
      preconditionFailure("nothing is performed behind the end")
    }
  }

  // MARK: Steps

  private mutating func greet() throws {
    let nonce = Hexadecimal.text(environment.random(16))
    let hello = HelloRequest(
      software: environment.software, schemaVersion: file.schema.version, nonce: nonce,
      incarnation: record.incarnation, position: record.position, clock: environment.now(),
      lastBatchNumber: record.batchNumber, lastBatchHash: record.batchHash)
    let answer: HelloResponse = try ask(ProtocolPath.hello, hello)
    guard let head = answer.head.position, answer.session > 0 else {
      throw SessionError.unfitAnswer("hello")
    }
    try verify(head, proof: answer.consistency)
    sessionNumber = answer.session
    try file.updateRecord { $0.head = head.seq }
  }

  private mutating func build() throws -> Bool {
    let built = try file.buildBatches(
      BatchLimit(
        changeCount: ProtocolLimit.batchChangeCountMax,
        byteCount: ProtocolLimit.batchByteCountTarget))
    record = try file.record()
    // The barrier's second half: from here on a restored file shows.
    try Sidecar(record).write(in: directory)
    // Parked entries are read again by each build, and counted once.
    report.captured += built.tally.captured - report.parked
    report.coalesced += built.tally.coalesced
    report.withheld += built.tally.withheld
    report.parked = built.tally.parked
    return built.reachesEnd
  }

  private mutating func sendNextBatch() throws -> Bool {
    guard let batch = try file.nextWaitingBatch() else { return false }
    let response = try exchange(
      ProtocolRequest(
        path: ProtocolPath.push, contentType: .rows,
        body: PushBody.encode(session: sessionNumber, batch: batch.bytes)))
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
    return true
  }

  private mutating func pull() throws -> Bool {
    if pages.isEmpty {
      refreshRows = try file.refreshList(limit: PullRequest.refreshCountMax / 2)
      continuation = nil
    }
    let cases = unequalCases.prefix(PullRequest.refreshCountMax / 2)
    let request = PullRequest(
      session: sessionNumber, since: record.position, continuation: continuation,
      refreshRows: continuation == nil ? refreshRows : [],
      refreshCases: continuation == nil ? Array(cases) : [])
    let response = try exchange(
      ProtocolRequest(
        path: ProtocolPath.pull, contentType: .json, body: try WireJSON.encode(request)))
    guard response.contentType == .rows else { throw SessionError.unfitAnswer("pull") }
    let page = try PullPage(decoding: response.body)
    pages.append(page)
    continuation = page.head.continuation
    return continuation == nil
  }

  private mutating func apply() throws {
    guard let head = pages.last?.head, let checkpoint = head.checkpoint?.position,
      let digest = head.scopeDigest.flatMap({ Digest128(text: $0) })
    else { throw SessionError.unfitAnswer("the last page has no checkpoint") }
    try verify(checkpoint, proof: head.consistency)
    var scope = PulledScope(checkpoint: checkpoint, scopeDigest: digest)
    for page in pages { scope.add(page) }
    pages = []
    let outcome = try file.apply(scope, at: environment.now())
    record = try file.record()
    try Sidecar(record).write(in: directory)
    unequalCases = outcome.unequalCases
    report.position = record.position
    report.rowsPulled += outcome.rowCount
    report.casesGranted += outcome.casesGranted
    report.blocked = outcome.blockedCount
    report.replicaDigest = outcome.replicaDigest
    report.hubDigest = outcome.hubDigest
    report.digestEqual = outcome.isEqual
  }

  private mutating func part(_ failure: (any Error)?) throws {
    let pending = try file.pendingCount()
    let goodbye = ByeRequest(
      session: sessionNumber, result: failure?.sessionCode ?? "done",
      seq: record.position.seq, digestEqual: failure == nil ? report.digestEqual : nil,
      parked: report.parked, pending: pending)
    let _: ByeResponse = try ask(ProtocolPath.bye, goodbye)
    if failure == nil {
      let now = environment.now()
      try file.updateRecord {
        $0.lastSuccess = now
        $0.lastError = nil
      }
    }
  }

  // MARK: Talking

  private func verify(_ head: Position, proof: [String]) throws {
    let hashes = proof.compactMap { Hash256(text: $0) }
    guard hashes.count == proof.count, head.history == record.position.history,
      head.seq >= record.position.seq,
      MerkleTree.verifyConsistency(
        from: record.position.treeHead, to: head.treeHead, proof: hashes)
    else { throw SessionError.historyRewritten }
  }

  private func ask<Answer: Decodable>(_ path: String, _ message: some Encodable) throws -> Answer {
    let response = try exchange(
      ProtocolRequest(path: path, contentType: .json, body: try WireJSON.encode(message)))
    return try WireJSON.decode(response.body)
  }

  private func exchange(_ request: ProtocolRequest) throws -> ProtocolResponse {
    let response: ProtocolResponse
    do {
      response = try link.exchange(request)
    } catch {
      let failure = error
      switch failure.cause {
      case .unreachable: throw SessionError.unreachable(failure.detail)
      case .wrongIdentity: throw SessionError.wrongIdentity(failure.detail)
      case .certificateRefused: throw SessionError.certificateRefused(failure.detail)
      }
    }
    guard response.status == 200 else {
      let refusal: ProtocolError.Lenient = try WireJSON.decode(response.body)
      throw SessionError.refused(
        code: refusal.error.code, message: refusal.error.message, hint: refusal.error.hint)
    }
    return response
  }
}

extension Error {
  /// The stable code under which a session's failure is told to the hub and kept in the replica.
  package var sessionCode: String {
    switch self as any Error {
    case let error as ReplicaError: error.code
    case SessionError.unreachable: "hub_unreachable"
    case SessionError.wrongIdentity: "hub_identity"
    case SessionError.certificateRefused: "certificate_refused"
    case SessionError.refused(let code, _, _): code
    case SessionError.uploadRefused: "upload_refused"
    case SessionError.historyRewritten: "history_rewritten"
    case SessionError.replicaRestored: "replica_restored"
    case SessionError.unfitAnswer: "unfit_answer"
    default: "failed"
    }
  }
}

extension WireAnswer {
  fileprivate var answer: Answer {
    Answer(
      id: EntryID(n: n, tag: 0), verdict: verdict, rule: rule,
      columns: columns.map {
        ColumnOutcome(column: $0.column, verdict: $0.verdict, rule: $0.rule, kept: $0.kept.value)
      })
  }
}

extension PulledScope {
  fileprivate mutating func add(_ page: PullPage) {
    cases += page.cases.map {
      CaseState(
        caseID: $0.caseID, lead: $0.lead, role: $0.role, epoch: $0.epoch,
        isDeliveredWhole: $0.isDeliveredWhole)
    }
    items += page.rows.map { item in
      switch item {
      case .whole(let image): .whole(image)
      case .part(let image): .part(image)
      case .gone(let row): .gone(row.key, row.caseID)
      }
    }
    digests += page.digests
  }
}
