import Foundation
package import HubService
package import HubStorage
package import ReplicaAgent
package import ReplicaStorage
package import SyncCore
package import SyncProtocol
import Synchronization

/// A county in one process: a real hub and real replicas in files of their own, without HTTP.
///
/// Everything but the line and the shells is the product's: protocol bytes, decisions, SQL,
/// triggers, apply. Removes its directory when it goes.
package final class LocalCounty {
  package let directory: String
  package private(set) var hub: SQLiteHub
  package private(set) var sites: [LocalSite] = []
  package var administration: CountyAdministration {
    CountyAdministration(store: hub, environment: environment, rules: rules)
  }
  private var service: CountyService
  private let environment: HubEnvironment
  private let clock = CountyClock()
  private var schemaText: String
  private let county: CountyRecord
  private let random: SharedRandom
  private let rules: (any DomainRules)?

  /// - Parameters:
  ///   - seed: everything random in this county follows from it.
  ///   - rules: those of the domain, with its gates; none in most laws.
  package init(
    seed: UInt64, schemaText: String = LawSchema.text, rules: (any DomainRules)? = nil
  ) throws {
    self.rules = rules
    // Memory-backed where the system has it: a county of the laws lives for milliseconds.
    let root =
      FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    directory = "\(root)/kreissync-county-\(ProcessInfo.processInfo.processIdentifier)-\(UUID())"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    let random = SharedRandom(seed: seed)
    self.random = random
    self.schemaText = schemaText
    county = CountyRecord(
      key: CountyKey("08118"), name: "Landkreis der Proben", history: HistoryID("history-\(seed)"),
      digestKey: random.bytes(16), schemaText: schemaText)
    hub = try SQLiteHub.create(at: "\(directory)/08118.sqlite", county: county, now: clock.now)
    environment = HubEnvironment(now: { [clock] in clock.now }, random: { random.bytes($0) })
    service = CountyService(store: hub, environment: environment, rules: rules)
  }

  deinit {
    // Files of a dead process under the temporary root are harmless; nothing depends on this.
    do { try FileManager.default.removeItem(atPath: directory) } catch { return }
  }

  /// How far the hub's clock, and that of all sessions, is ahead of the machine's, in milliseconds.
  /// What replicas capture is stamped by the machine's.
  package var clockOffset: Milliseconds {
    get { clock.offset }
    set { clock.offset = newValue }
  }

  /// Stops the hub's clock, and that of all sessions, at a moment: two counties of one seed then
  /// choose the same ids.
  package func stopClock(at moment: Milliseconds) { clock.stop(at: moment) }

  package var hubPath: String { "\(directory)/08118.sqlite" }

  /// Adds a site that has joined, with an empty replica.
  @discardableResult
  package func addSite(_ name: String, kind: SiteKind, areas: [String] = ["08118027"]) throws
    -> LocalSite
  {
    let added = try administration.add(
      CountyAdministration.NewSite(
        name: name, kind: kind, areas: areas, url: "https://127.0.0.1:1",
        joinURL: "https://127.0.0.1:1"))
    _ = try service.redeem(
      tokenHash: JoinToken.hash(added.token), keyHash: random.bytes(32),
      certificateExpiresAt: .max)
    let path = "\(directory)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try ReplicaFile.create(
      at: path + "/caseload.sqlite",
      origin: ReplicaOrigin(
        county: county.key, countyName: county.name, site: added.site.id, siteName: name,
        schemaText: schemaText, digestKey: county.digestKey, history: county.history,
        incarnation: IncarnationID("incarnation-\(name)")))
    let link = FaultyLink(
      seed: UInt64(sites.count) &+ random.next(), faultPercent: 0
    ) { [unowned self] in service.answer($0, from: added.site.id) }
    let site = try LocalSite(
      name: name, id: added.site.id, kind: kind, directory: path, link: link,
      now: { [clock] in clock.now }, random: { [random] in random.bytes($0) })
    site.file.gates = rules
    sites.append(site)
    return site
  }

  /// Lets a site join once more, with whatever replica calls next.
  package func rejoin(_ site: LocalSite) throws {
    let again = try administration.rejoin(site.id)
    _ = try service.redeem(
      tokenHash: JoinToken.hash(again.token), keyHash: random.bytes(32),
      certificateExpiresAt: .max)
  }

  /// Keeps a copy of the hub's file.
  package func backUp() throws {
    try hubClient().run("VACUUM INTO '\(directory)/backup.sqlite'")
  }

  /// Puts the copy in the place of the hub's file, and begins a new history.
  package func restore() throws {
    try hub.close()
    for suffix in ["", "-wal", "-shm"]
    where FileManager.default.fileExists(atPath: hubPath + suffix) {
      try FileManager.default.removeItem(atPath: hubPath + suffix)
    }
    try FileManager.default.copyItem(atPath: "\(directory)/backup.sqlite", toPath: hubPath)
    hub = try SQLiteHub.open(at: hubPath)
    service = CountyService(store: hub, environment: environment, rules: rules)
    _ = try administration.beginHistory()
  }

  /// Lets the county's schema grow, as an administrator does.
  package func grow(to text: String) throws {
    _ = try SchemaUpdate.run(on: hub, to: text, file: "the newer schema", isDryRun: false)
    schemaText = text
  }

  /// The hub's answer to a request of this site, over no line at all.
  package func answer(_ request: ProtocolRequest, from site: SiteID) -> ProtocolResponse {
    service.answer(request, from: site)
  }

  /// The county's schema as it is now.
  package var schema: Schema {
    get throws { try hub.read { $0.schema } }
  }

  /// Everything the hub has, by plain SQL.
  package func hubClient() throws -> PlainClient { try PlainClient(path: hubPath) }
}

/// A site of a ``LocalCounty``.
package final class LocalSite {
  package let name: String
  package let id: SiteID
  package let kind: SiteKind
  package let file: ReplicaFile
  /// The local program.
  package let client: PlainClient
  package let directory: String
  /// Whether its sessions take newer schemas over.
  package var takesSchemas = true
  private let link: FaultyLink
  private let now: () -> Milliseconds
  private let random: (Int) -> [UInt8]

  init(
    name: String, id: SiteID, kind: SiteKind, directory: String, link: FaultyLink,
    now: @escaping () -> Milliseconds, random: @escaping (Int) -> [UInt8]
  ) throws {
    self.name = name
    self.id = id
    self.kind = kind
    self.directory = directory
    self.link = link
    self.now = now
    self.random = random
    file = try ReplicaFile.open(at: directory + "/caseload.sqlite")
    client = try PlainClient(path: directory + "/caseload.sqlite")
  }

  /// Of a hundred exchanges so many meet a fault from now on.
  package var faultPercent: Int {
    get { link.faultPercent }
    set { link.faultPercent = newValue }
  }

  package var faultCount: Int { link.faultCount }

  /// The path of the requests whose answers are lost from now on; nil for none.
  package var deafTo: String? {
    get { link.deafTo }
    set { link.deafTo = newValue }
  }

  /// Calls `observer` with each request at the moment in which it leaves the site.
  package func observe(_ observer: @escaping (ProtocolRequest) -> Void) {
    link.observer = observer
  }

  /// Calls `observer` with each request and the answer that leaves the hub.
  package func observeAnswers(
    _ observer: @escaping (ProtocolRequest, ProtocolResponse) -> Void
  ) {
    link.answerObserver = observer
  }

  /// One session; nil where the line failed.
  package func trySync() throws -> SessionReport? {
    do {
      return try sync()
    } catch SessionError.unreachable {
      return nil
    }
  }

  /// One session over whatever line there is.
  @discardableResult
  package func sync() throws -> SessionReport {
    var session = try SyncSession(
      file: file, sidecars: SidecarFile(directory: directory),
      spool: FilePageSpool(directory: directory),
      environment: SessionEnvironment(
        software: "laws", now: now, random: random, takesSchemas: takesSchemas))
    return try session.run(over: link)
  }
}

/// The machine's clock, which replicas' triggers read through SQLite, and a distance from it.
private final class CountyClock: Sendable {
  private let distance = Mutex<Milliseconds>(0)

  var offset: Milliseconds {
    get { distance.withLock { $0 } }
    set { distance.withLock { $0 = newValue } }
  }

  private let stopped = Mutex<Milliseconds?>(nil)

  func stop(at moment: Milliseconds) { stopped.withLock { $0 = moment } }

  var now: Milliseconds {
    (stopped.withLock { $0 } ?? Milliseconds(Date().timeIntervalSince1970 * 1_000)) + offset
  }
}

/// Random bytes from one seed for hub and sites, which may ask from several threads.
private final class SharedRandom: Sendable {
  private let generator: Mutex<SeededGenerator>

  init(seed: UInt64) {
    generator = Mutex(SeededGenerator(seed: seed))
  }

  func next() -> UInt64 { generator.withLock { $0.next() } }

  func bytes(_ count: Int) -> [UInt8] {
    generator.withLock { generator in
      (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
  }
}
