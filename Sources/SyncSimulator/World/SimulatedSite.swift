import HubStorage
import ReplicaAgent
import ReplicaStorage
import SQLiteAccess
import SyncCore
import SyncProtocol

/// A site in a simulation: a machine with its disk and clock, a local program, and the product's
/// agent.
final class SimulatedSite {
  let index: Int
  let name: String
  let id: SiteID
  let kind: SiteKind
  let areas: [String]
  let disk: SimulatedDisk
  /// As its replica has it.
  private(set) var schema: Schema
  /// Whether its replica is one version behind, and stays so.
  private(set) var isOlder: Bool
  private let seams: Seams
  private let batchLimit: BatchLimit
  private let random: AgentRandom

  /// The local program's connection; nil while it does not run.
  var program: PlainClient?
  /// How the program likes its connection.
  let pragmas: [String]
  private(set) var file: ReplicaFile?
  private(set) var session: SyncSession<ObservedReplica, ObservedSidecars>?
  /// Numbers the sessions: a step that was planned for an earlier one is void.
  private(set) var run = 0
  /// The request that waits for its answer.
  var awaitedTicket: Int?
  /// The site's clock minus true time.
  var skew: Milliseconds = 0
  var lineIsDead = false
  var isAway = false
  var machineIsUp = true
  /// Why this site takes no further part, in words; its replica is not compared any more.
  var stopped: String?
  /// Its file is older than what its agent knows.
  var isRestored = false
  /// Its directory went back as a whole to before its log was replaced: no hub can tell it from a
  /// copy, and a person has to look.
  var showsEndedLog = false
  /// The other of two machines with one directory, until the county has chosen.
  private(set) unowned var twin: SimulatedSite?
  /// Whether there ever was one.
  private(set) var wasCopied = false
  /// Its key is not the site's any more.
  var isShutOut = false
  /// Something happened to its file that no agent can always see: it is not compared any more.
  var isSuspect = false
  /// Its program writes at OFF, and a power cut took some of its pages.
  var mayBeMixed = false
  /// Whether its program lets the operating system decide what becomes durable.
  var gambles: Bool { pragmas.contains("synchronous = OFF") }
  /// Sessions that went to their end.
  var sessionsEnded = 0
  /// Changes that can never be sent.
  var parkedCount: Int64 = 0

  static let path = "/caseload.sqlite"
  static let sidecarPath = "/identity.json"
  static let agentNumber: Int32 = 1
  static let programNumber: Int32 = 2

  init(
    index: Int, record: SiteRecord, disk: SimulatedDisk, images: CountyImages, seed: UInt64,
    batchChangeCount: Int, pragmas: [String], seams: Seams, isOlder: Bool
  ) throws {
    self.index = index
    self.isOlder = isOlder
    schema = isOlder ? images.older?.schema ?? images.schema : images.schema
    name = record.name
    id = record.id
    kind = record.kind
    areas = record.areas
    self.disk = disk
    self.seams = seams
    self.pragmas = pragmas
    random = AgentRandom(seed: seed)
    batchLimit = BatchLimit(
      changeCount: batchChangeCount, byteCount: ProtocolLimit.batchByteCountTarget)
    try installReplica(images)
  }

  /// A second machine with what lies on the first one's disk.
  init(copyOf first: SimulatedSite, index: Int, disk: SimulatedDisk, seed: UInt64) {
    self.index = index
    schema = first.schema
    isOlder = first.isOlder
    name = "\(first.name)-copy"
    id = first.id
    kind = first.kind
    areas = first.areas
    self.disk = disk
    seams = first.seams
    pragmas = first.pragmas
    random = AgentRandom(seed: seed)
    batchLimit = first.batchLimit
    skew = first.skew
    parkedCount = first.parkedCount
    for path in [Self.path, Self.path + "-wal", Self.sidecarPath] {
      if let bytes = first.disk.read(path) { disk.install(bytes, at: path) }
    }
  }

  /// From now on either of the two may be told that its file is not the one that called last.
  func becomeTwin(of other: SimulatedSite) {
    twin = other
    wasCopied = true
    isRestored = true
  }

  func forgetTwin() { twin = nil }

  var hasTwin: Bool { twin != nil }

  /// Its administrator lets it take the county's schema over, with its next session.
  func grow(to newer: Schema) {
    isOlder = false
    schema = newer
  }

  /// The image with this site's name in it, as durable as `site join` leaves a replica.
  private func installReplica(_ images: CountyImages) throws {
    let older = isOlder ? images.older?.replica : nil
    disk.install(older ?? images.replica, at: Self.path)
    disk.run(as: Self.programNumber)
    let program = try PlainClient(path: disk.uri(Self.path))
    try program.run(
      """
      UPDATE kreissync_replica SET site = '\(id)', site_name = '\(name)',
        incarnation = 'incarnation-\(name)';
      PRAGMA wal_checkpoint(TRUNCATE)
      """)
    for pragma in pragmas { try program.run("PRAGMA \(pragma)") }
    self.program = program
  }

  /// Sets the machine's clock to true time, as wrong as it is.
  func advance(to time: Milliseconds) {
    disk.clock = time + skew
  }

  /// What is done next is done by the local program.
  func asProgram() { disk.run(as: Self.programNumber) }

  /// The program's connection, opened if need be.
  func openProgram() throws -> PlainClient {
    asProgram()
    if let program { return program }
    let opened = try PlainClient(path: disk.uri(Self.path), pragmas: pragmas)
    program = opened
    return opened
  }

  func killProgram() {
    disk.kill(Self.programNumber)
    program = nil
    disk.revive(Self.programNumber)
  }

  // MARK: The agent

  /// Begins a session.
  func begin(observer: any SiteObserver) throws {
    disk.run(as: Self.agentNumber)
    let file = try openFile()
    session = try SyncSession(
      file: ObservedReplica(seams.replica(file, on: disk), site: index, observer: observer),
      sidecars: ObservedSidecars(seams.sidecars(DiskSidecars(disk: disk))),
      spool: MemorySpool(),
      environment: SessionEnvironment(
        software: "simulated", now: { [disk] in disk.clock },
        random: { [random] in random.bytes($0) },
        batchLimit: batchLimit, takesSchemas: !isOlder))
    run += 1
    awaitedTicket = nil
  }

  private func openFile() throws -> ReplicaFile {
    if let file { return file }
    let opened = try ReplicaFile.open(
      at: Self.path, on: FileSystem(registeredAs: disk.name))
    // Simulated cases are few: every other site adds them up as if they were thousands.
    if index.isMultiple(of: 2) { opened.readCaseCountMax = 0 }
    file = opened
    return opened
  }

  /// The next step; a request as it leaves the site.
  func advance() -> SyncSession<ObservedReplica, ObservedSidecars>.Need {
    disk.run(as: Self.agentNumber)
    switch session!.advance() {
    case .answer(let request): return .answer(to: seams.sent(request, from: id))
    case let need: return need
    }
  }

  func receive(_ outcome: Result<ProtocolResponse, LinkFailure>) {
    disk.run(as: Self.agentNumber)
    awaitedTicket = nil
    session!.receive(outcome)
  }

  /// Ends the session in order.
  func finish() throws -> SessionReport {
    disk.run(as: Self.agentNumber)
    defer { forgetSession() }
    return try session!.finish()
  }

  func forgetSession() {
    session = nil
    awaitedTicket = nil
    run += 1
  }

  /// The agent's process is gone.
  func killAgent() {
    disk.kill(Self.agentNumber)
    forgetSession()
    file = nil
    disk.revive(Self.agentNumber)
  }

  /// The agent's process ends by itself, as after a failed session.
  func closeAgent() {
    forgetSession()
    file = nil
  }

  /// The program closes its connection.
  func closeProgram() {
    asProgram()
    program = nil
  }

  /// The machine loses its power, and gets it back with what its disk kept.
  func reboot() {
    if !disk.isDark { disk.cut() }
    forgetSession()
    file = nil
    program = nil
    disk.boot()
    disk.revive(Self.agentNumber)
    disk.revive(Self.programNumber)
  }

  /// Everything in the replica that travels, in order of ids, as the local program sees it.
  func rows(of table: Table) throws -> [[Value]] {
    try openProgram().rows(PlainComparison.sql(of: table))
  }

  /// Whether the agent's next session will see that the file lacks something.
  func sidecarIsAhead(of record: ReplicaRecord) throws -> Bool {
    try DiskSidecars(disk: disk).read()?.isAhead(of: record) ?? false
  }

  /// For checkers: the agent's file, opened if need be.
  func opened() throws -> ReplicaFile {
    disk.run(as: Self.agentNumber)
    return try openFile()
  }
}

/// The agent's randomness: nonces.
private final class AgentRandom {
  private var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  func bytes(_ count: Int) -> [UInt8] { generator.bytes(count) }
}

/// Pages in memory: they go with their process, as the agent's do.
private final class MemorySpool: PageSpool {
  private var pages: [[UInt8]] = []

  func append(_ page: [UInt8]) { pages.append(page) }
  func forEach(_ body: ([UInt8]) throws -> Void) throws { try pages.forEach(body) }
  func removeAll() { pages = [] }
}

/// A sidecar on a simulated disk.
private struct DiskSidecars: SidecarStore {
  let disk: SimulatedDisk

  func read() throws -> Sidecar? {
    guard let bytes = disk.read(SimulatedSite.sidecarPath) else { return nil }
    return try WireJSON.decode(bytes)
  }

  func write(_ sidecar: Sidecar) throws {
    try disk.replace(SimulatedSite.sidecarPath, with: try WireJSON.encode(sidecar))
  }
}
