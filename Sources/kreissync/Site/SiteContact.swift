import Caseload
import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// A site's replica and its line to the hub, for the sessions of one run and what goes with them.
final class SiteContact {
  let directory: SiteDirectory
  let file: ReplicaFile
  private let line: RenewingLink
  private let configuration: SiteConfiguration
  private let isStopping: () -> Bool
  private let wait: ((Int) -> Void)?

  /// Of the last session; 0 before the first was greeted.
  private(set) var sessionNumber: Int64 = 0
  /// What the hub said when it was greeted last.
  private(set) var greeting: HubGreeting?
  private(set) var retryAfterSeconds: Int?
  /// Whether a session that compared all cases found some unequal, and made them equal.
  private(set) var hasRepaired = false

  /// A run's sessions: what a pull asks for at once comes to a million rows.
  private static let sessionCountMax = 1_000

  /// Opens the replica and the line; nothing is sent.
  init(
    _ directory: SiteDirectory, until isStopping: @escaping () -> Bool, wait: ((Int) -> Void)?
  ) throws {
    self.directory = directory
    self.isStopping = isStopping
    self.wait = wait
    file = try ReplicaFile.open(at: directory.replicaPath)
    file.gates = ConsentGates()
    try ReplicaCheckFile(directory: directory.path).checkPages(
      of: file, byteCount: directory.replicaByteCount, at: Surroundings.now())
    configuration = try directory.configuration()
    line = try directory.line(configuration, until: isStopping)
    try directory.refuseForeignReplica(try file.record())
  }

  var byteCountSent: Int { line.byteCountSent }
  var byteCountReceived: Int { line.byteCountReceived }
  /// Whether the certificate had run out, and was renewed on the way.
  var hasRecovered: Bool { line.hasRecovered }
  var isToStop: Bool { isStopping() }

  /// The line, as patient as this run is.
  var link: any HubLink { wait.map { PatientLink(line, wait: $0) } ?? line }

  /// The line without patience, as the renewal of the certificate takes it.
  var plainLink: RenewingLink { line }

  /// Runs a session, and further ones as long as they bring rows that the replica waits for: a
  /// table that was made anew has more of them than one pull may name.
  ///
  /// - Parameter comparesAll: whether the hub's digests of all cases come with it.
  func sync(comparesAll: Bool = false) throws -> SessionReport {
    // Once a day the whole scope is looked at, by the scrub and by all digests.
    let scrubbed = try ReplicaCheckFile(directory: directory.path).scrub(
      file, at: Surroundings.now())
    var report = try session(comparesAll: comparesAll || scrubbed != nil)
    if let scrubbed, scrubbed > 0, !report.events.contains(ReplicaEvent.scrubFound.rawValue) {
      report.events.append(ReplicaEvent.scrubFound.rawValue)
    }
    var waiting = try file.refreshCount()
    for _ in 0..<Self.sessionCountMax where waiting > 0 {
      let next = try session(comparesAll: false)
      report = report.followed(by: next)
      let left = try file.refreshCount()
      guard left < waiting else { break }
      waiting = left
    }
    // A consent came with the pull: what was withheld for want of it need not wait for a night.
    if try file.hasSomethingToOffer() {
      report = report.followed(by: try session(comparesAll: false))
    }
    return report
  }

  /// Tells the hub what became of its instructions, in a further goodbye.
  func report(_ results: [WireInstructionResult]) throws {
    let record = try file.record()
    let goodbye = ByeRequest(
      session: sessionNumber, result: "done", seq: record.position.seq,
      digestEqual: record.digestEqual, parked: try file.parkedCount(),
      pending: try file.pendingCount(), instructions: results)
    try link.report(goodbye)
  }

  private func session(comparesAll: Bool) throws -> SessionReport {
    let pins = HubPinsFile(directory: directory.path)
    var session = try SyncSession(
      file: file, sidecars: SidecarFile(directory: directory.path),
      spool: FilePageSpool(directory: directory.path),
      environment: Surroundings.session(
        in: directory.path, takesSchemas: configuration.takesSchemas,
        keepPins: { [configuration] announced in
          try pins.write(HubPins(configured: configuration.pin, pins: announced))
        }, keepProof: { [path = directory.path] in try $0.write(to: path) }))
    session.asksForAllDigests = comparesAll
    // What the county asks for is carried out behind the session, and reported then.
    session.reportsVerification = false
    defer {
      retryAfterSeconds = session.retryAfterSeconds
      sessionNumber = session.sessionNumber
      greeting = session.greeting ?? greeting
      hasRepaired = hasRepaired || session.verified == .repaired
    }
    do {
      guard let wait else { return try session.run(over: line, until: isStopping) }
      return try session.run(over: PatientLink(line, wait: wait), until: isStopping)
    } catch ReplicaError.corrupt {
      // The next session looks at all pages before it sends anything.
      try ReplicaCheckFile(directory: directory.path).noteDamage(at: Surroundings.now())
      throw ReplicaError.corrupt
    }
  }
}

extension SessionReport {
  /// One report of two sessions that followed each other.
  fileprivate func followed(by next: SessionReport) -> SessionReport {
    var whole = next
    // Parked entries are read by each session, and counted once.
    whole.captured += captured - parked
    whole.coalesced += coalesced
    whole.withheld += withheld
    whole.verdicts.merge(verdicts, uniquingKeysWith: +)
    whole.rowsPulled += rowsPulled
    whole.casesGranted += casesGranted
    whole.casesPurged += casesPurged
    whole.events = events + next.events.filter { !events.contains($0) }
    return whole
  }
}
