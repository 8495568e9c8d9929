import HubService
import HubStorage
import SQLiteAccess
import SyncCore
import SyncProtocol
import Synchronization

/// The county's hub in a simulation: the product's service over one of its engines.
final class SimulatedHub {
  let images: CountyImages
  /// Where its file lies, if it runs on SQLite.
  let disk: SimulatedDisk?
  let seams: Seams
  private let surroundings: HubSurroundings
  private let pageByteCount: Int
  /// The engine as it is, for checkers.
  private(set) var engine: any HubStore
  private(set) var service: CountyService
  var isUp = true
  /// The hub's clock minus true time.
  var skew: Milliseconds = 0

  static let path = "/08118.sqlite"
  static let processNumber: Int32 = 1

  /// - Parameter disk: freshly formatted; nil for the engine in memory.
  init(
    images: CountyImages, disk: SimulatedDisk?, seed: UInt64, pageByteCount: Int, seams: Seams
  ) throws {
    self.images = images
    self.disk = disk
    self.seams = seams
    self.pageByteCount = pageByteCount
    surroundings = HubSurroundings(seed: seed)
    if let disk {
      disk.install(images.hub, at: Self.path)
      disk.run(as: Self.processNumber)
      engine = try SQLiteHub.open(at: Self.path, on: FileSystem(registeredAs: disk.name))
    } else {
      engine = InMemoryHub(county: images.county, schema: images.schema)
    }
    service = Self.service(engine, disk, surroundings, pageByteCount, seams)
  }

  private static func service(
    _ engine: any HubStore, _ disk: SimulatedDisk?, _ surroundings: HubSurroundings,
    _ pageByteCount: Int, _ seams: Seams
  ) -> CountyService {
    CountyService(
      store: seams.store(engine, on: disk),
      environment: surroundings.environment(pageByteCount: pageByteCount))
  }

  /// The process is gone; what it had committed is there.
  func crash() {
    isUp = false
    disk?.kill(Self.processNumber)
  }

  /// Opens what the last process left.
  func restart() throws {
    if let disk {
      if disk.isDark { disk.boot() }
      disk.revive(Self.processNumber)
      disk.run(as: Self.processNumber)
      engine = try SQLiteHub.open(at: Self.path, on: FileSystem(registeredAs: disk.name))
    }
    service = Self.service(engine, disk, surroundings, pageByteCount, seams)
    isUp = true
  }

  /// Sets the clocks to true time.
  func advance(to time: Milliseconds) {
    surroundings.clock.store(time + skew, ordering: .relaxed)
    disk?.clock = time + skew
    disk?.run(as: Self.processNumber)
  }

  var now: Milliseconds { surroundings.clock.load(ordering: .relaxed) }

  /// The county's administrators at work, on the engine or on what a run has put around it.
  func administration(of store: any HubStore) -> CountyAdministration {
    CountyAdministration(
      store: store, environment: surroundings.environment(pageByteCount: pageByteCount))
  }

  /// An administrator who fills an empty database from replicas.
  func rebuilding(_ store: any HubStore) -> Rebuilding {
    Rebuilding(
      store: store, environment: surroundings.environment(pageByteCount: pageByteCount))
  }

  /// Begins a new history, as whoever puts a backup in the place of the county's file does.
  func beginHistory() throws {
    _ = try administration(of: seams.store(engine, on: disk)).beginHistory()
  }

  /// An engine in memory takes the present one's place; the service gets it when it restarts.
  func replaceEngine(_ engine: InMemoryHub) { self.engine = engine }

  /// Adds a site that has joined.
  func addSite(name: String, kind: SiteKind, areas: [String]) throws -> SiteRecord {
    let added = try administration(of: engine).add(
      CountyAdministration.NewSite(
        name: name, kind: kind, areas: areas, url: "https://127.0.0.1:1",
        joinURL: "https://127.0.0.1:1"))
    return try service.redeem(
      tokenHash: JoinToken.hash(added.token), keyHash: surroundings.bytes(32),
      certificateExpiresAt: .max)
  }

  /// A site that was held joins once more.
  func rejoin(_ id: SiteID) throws {
    let again = try administration(of: engine).rejoin(id)
    _ = try service.redeem(
      tokenHash: JoinToken.hash(again.token), keyHash: surroundings.bytes(32),
      certificateExpiresAt: .max)
  }

  /// The entries of a replica's log that were answered, folded ones too.
  func answeredEntries(of site: SiteID, incarnation: IncarnationID) throws -> [EntryID] {
    if let engine = engine as? InMemoryHub {
      return engine.answeredEntries(of: site, incarnation: incarnation).map(\.id)
    }
    guard let disk else { preconditionFailure("an engine without a disk is in memory") }
    return try PlainClient(path: disk.uri(Self.path)).rows(
      """
      SELECT n, tag FROM kreissync_entry
      WHERE site = \(Value.text(site.text).sql)
        AND incarnation = \(Value.text(incarnation.text).sql)
      """
    ).map { EntryID(n: $0[0].integer!, tag: $0[1].integer!) }
  }

  /// For checkers: they read a disk that works.
  func onSoundDisk<Result>(_ body: () throws -> Result) rethrows -> Result {
    let faults = disk?.faults
    disk?.faults = SimulatedDisk.Faults()
    defer { if let faults { disk?.faults = faults } }
    return try body()
  }

  /// All living rows of a table: id, case, then the columns that travel; in order of ids.
  func rows(of table: Table) throws -> [[Value]] {
    if let engine = engine as? InMemoryHub { return engine.domainRows(of: table) }
    guard let disk else { preconditionFailure("an engine without a disk is in memory") }
    return try PlainClient(path: disk.uri(Self.path)).rows(PlainComparison.sql(of: table))
  }
}

/// The hub's clock and randomness.
private final class HubSurroundings: Sendable {
  let clock = Atomic<Milliseconds>(0)
  private let random: Mutex<SeededGenerator>

  init(seed: UInt64) {
    random = Mutex(SeededGenerator(seed: seed))
  }

  func bytes(_ count: Int) -> [UInt8] {
    random.withLock { $0.bytes(count) }
  }

  func environment(pageByteCount: Int) -> HubEnvironment {
    HubEnvironment(
      now: { self.clock.load(ordering: .relaxed) }, random: { self.bytes($0) },
      pageByteCount: pageByteCount)
  }
}

extension SeededGenerator {
  /// So many bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &self) }
  }
}
