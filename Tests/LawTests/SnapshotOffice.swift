import Foundation
import HubService
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Synchronization

/// A county with cases of two towns, and a site that has joined and has no replica yet.
final class SnapshotOffice {
  let county: LocalCounty
  let towns: [LocalSite]
  /// Who loads for the first time.
  let newcomer: LocalSite
  /// Where its replica is to be: another place than the empty one that it was made with.
  let directory: String
  let shelf: SnapshotShelf
  let clock = SettableClock()
  private let service: CountyService

  var replicaPath: String { directory + "/caseload.sqlite" }
  var shelfPath: String { county.directory + "/snapshots" }

  init(newcomer kind: SiteKind = .county, areas: [String] = [], rowCountMin: Int = 1) throws {
    county = try LocalCounty(seed: 11)
    towns = [
      try county.addSite("Hemmingen", kind: .municipality, areas: ["08118027"]),
      try county.addSite("Tamm", kind: .municipality, areas: ["08118070"]),
    ]
    for (town, name) in zip(towns, ["ANNA", "BERTA"]) {
      for number in 0..<40 {
        let id = "\(name)-\(number)"
        try town.client.run(
          """
          INSERT INTO case_file (id, opened_on) VALUES ('\(id)', '2025-01-01');
          INSERT INTO sample (id, case_id, by_lead, by_max, kept_here)
            VALUES ('s-\(id)', '\(id)', 'VALUE-OF-\(name)', \(number), 'LOCAL-TO-\(name)');
          INSERT INTO entry (id, case_id, text) VALUES ('e-\(id)', '\(id)', 'ä €');
          """)
      }
      try town.sync()
    }
    try towns[0].client.run("DELETE FROM entry WHERE id = 'e-ANNA-3'")
    try towns[0].sync()
    newcomer = try county.addSite("field", kind: kind, areas: areas)
    directory = county.directory + "/newcomer"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false)
    let environment = HubEnvironment(
      now: { [clock] in clock.now }, random: Self.random)
    shelf = SnapshotShelf(
      builder: county.hub, directory: county.directory + "/snapshots", environment: environment,
      rowCountMin: rowCountMin)
    service = CountyService(
      store: county.hub, environment: environment, snapshots: shelf)
  }

  func answer(_ request: ProtocolRequest) -> ProtocolResponse {
    service.answer(request, from: newcomer.id)
  }

  func record() throws -> FirstLoadRecord {
    if let known = try FirstLoadRecord.read(from: directory) { return known }
    let county = try county.hub.read { try $0.county }
    return FirstLoadRecord(
      ReplicaOrigin(
        county: county.key, countyName: county.name, site: newcomer.id, siteName: "field",
        schemaText: county.schemaText, digestKey: county.digestKey, history: county.history,
        incarnation: IncarnationID("incarnation-new")))
  }

  /// One run of the first load over a line.
  func load(_ exchange: @escaping (ProtocolRequest) throws(LinkFailure) -> ProtocolResponse) throws
    -> FirstLoad.Outcome
  {
    try FirstLoad(
      directory: directory, replicaPath: replicaPath, link: Line(carry: exchange),
      environment: environment
    ).run(record())
  }

  func load() throws -> FirstLoad.Outcome { try load { self.answer($0) } }

  /// A session of the newcomer with its replica.
  @discardableResult
  func sync(comparesAll: Bool = false) throws -> SessionReport {
    let file = try ReplicaFile.open(at: replicaPath)
    var session = try SyncSession(
      file: file, sidecars: SidecarFile(directory: directory),
      spool: FilePageSpool(directory: directory), environment: environment)
    session.asksForAllDigests = comparesAll
    defer { sessionNumber = session.sessionNumber }
    return try session.run(over: Line { self.answer($0) })
  }

  /// A session whose hello a hub has answered that lies.
  func sync(
    keepProof: @escaping (HistoryProof) throws -> String?,
    lying: @escaping (ProtocolResponse) throws -> ProtocolResponse
  ) throws {
    let environment = SessionEnvironment(
      software: "laws", now: { 1_000_000 }, random: Self.random, keepProof: keepProof)
    var session = try SyncSession(
      file: try ReplicaFile.open(at: replicaPath), sidecars: SidecarFile(directory: directory),
      spool: FilePageSpool(directory: directory), environment: environment)
    _ = try session.run(
      over: Line { request throws(LinkFailure) in
        let answer = self.answer(request)
        do {
          return request.path == ProtocolPath.hello ? try lying(answer) : answer
        } catch {
          throw LinkFailure(cause: .unreachable, detail: "\(error)")
        }
      })
  }

  /// Of the newcomer's last session.
  private(set) var sessionNumber: Int64 = 0

  var link: any HubLink { Line { self.answer($0) } }

  /// A comparison behind the newcomer's last session.
  func compare(
    _ selection: RowSelection = .everything, over link: (any HubLink)? = nil
  ) throws -> VerificationReport {
    try ScopeVerification(
      file: try ReplicaFile.open(at: replicaPath), link: link ?? self.link, session: sessionNumber
    ).run(selection)
  }

  /// Writes as a program whose triggers do not fire.
  func writeUnseen(_ sql: String) throws {
    let client = try PlainClient(path: replicaPath)
    let log = "SELECT coalesce(max(n), 0) FROM kreissync_log"
    let mark = try client.rows(log)[0][0].integer ?? 0
    try client.run(sql)
    try client.run("DELETE FROM kreissync_log WHERE n > \(mark)")
  }

  func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  func bytes(of path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path)))
  }

  /// The file that the hub keeps for the newcomer.
  func kept() throws -> String? {
    let folder = "\(shelfPath)/\(newcomer.id)"
    guard FileManager.default.fileExists(atPath: folder) else { return nil }
    return try FileManager.default.contentsOfDirectory(atPath: folder)
      .first { $0.hasSuffix(".sqlite") }.map { "\(folder)/\($0)" }
  }

  private var environment: SessionEnvironment {
    SessionEnvironment(software: "laws", now: { 1_000_000 }, random: Self.random)
  }

  private static let random: @Sendable (Int) -> [UInt8] = { count in
    (0..<count).map { _ in UInt8.random(in: .min ... .max) }
  }
}

private struct Line: HubLink {
  let carry: (ProtocolRequest) throws(LinkFailure) -> ProtocolResponse

  func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
    try carry(request)
  }
}

/// The hub's clock, which goes on when a test says so.
final class SettableClock: Sendable {
  private let time = Mutex<Milliseconds>(1_000_000)

  var now: Milliseconds { time.withLock { $0 } }
  func advance(by duration: Milliseconds) { time.withLock { $0 += duration } }
}
