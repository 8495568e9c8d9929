import Foundation
import HubService
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// What the hub ships as a first load, and how long it keeps it.
@Suite("Snapshots")
struct SnapshotTests {
  /// What people see, and what the next session goes by; not the names of logs.
  private func contents(_ path: String, _ schema: Schema) throws -> [[Value]] {
    let client = try PlainClient(path: path)
    var queries = schema.tables.map { "SELECT '\($0.name)', * FROM \($0.name) ORDER BY id" }
    queries += [
      "SELECT * FROM kreissync_case_state ORDER BY case_id",
      "SELECT * FROM kreissync_baseline ORDER BY t, id",
      "SELECT seq, tree_size, tree_root, scope_digest, head, history FROM kreissync_replica",
    ]
    return try queries.flatMap { try client.rows($0) }
  }

  @Test(arguments: [SiteKind.county, .municipality])
  func `a replica by snapshot is the replica by pages, cell by cell`(kind: SiteKind) throws {
    let office = try SnapshotOffice(
      newcomer: kind, areas: kind == .county ? [] : ["08118027"])
    try office.newcomer.sync()
    // By pages the replica is made first; its site's row and grants came before the snapshot.
    #expect(try office.load() == .bySnapshot(rowCount: kind == .county ? 242 : 122))
    let schema = try office.county.hub.read { $0.schema }
    #expect(
      try contents(office.replicaPath, schema)
        == contents(office.newcomer.directory + "/caseload.sqlite", schema))
  }

  @Test func `nothing of a case that the site does not hold is in the file, not a byte`() throws {
    let office = try SnapshotOffice(newcomer: .municipality, areas: ["08118027"])
    #expect(try office.shelf.offer(to: office.newcomer.id) != nil)
    let bytes = Data(try office.bytes(of: try #require(try office.kept())))
    for foreign in ["BERTA", "LOCAL-TO"] {
      #expect(bytes.range(of: Data(foreign.utf8)) == nil, "\(foreign)")
    }
    #expect(bytes.range(of: Data("VALUE-OF-ANNA".utf8)) != nil)
  }

  @Test func `files of the shelf are for the hub alone`() throws {
    let office = try SnapshotOffice()
    #expect(try office.shelf.offer(to: office.newcomer.id) != nil)
    let file = try #require(try office.kept())
    let modes = try [file, office.shelfPath].map { path in
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    #expect(modes == [0o600, 0o700])
  }

  @Test func `a small scope gets no snapshot`() throws {
    let office = try SnapshotOffice(rowCountMin: 243)
    #expect(try office.shelf.offer(to: office.newcomer.id) == nil)
    #expect(try office.load() == .byPages(nil))
    #expect(try office.sync().digestEqual)
  }

  @Test func `a snapshot is made once, also when the hub was started anew in between`() throws {
    let office = try SnapshotOffice()
    let first = try office.shelf.offer(to: office.newcomer.id)
    // Another site's batch moves the log on.
    try office.towns[0].client.run("UPDATE sample SET by_max = 99")
    try office.towns[0].sync()
    let again = SnapshotShelf(
      builder: office.county.hub, directory: office.shelfPath,
      environment: HubEnvironment(now: { 1_000_000 }, random: { [UInt8](repeating: 1, count: $0) }),
      rowCountMin: 1)
    try again.tidy()
    #expect(try again.offer(to: office.newcomer.id) == first)
  }

  @Test func `what was never finished is removed when the hub starts`() throws {
    let office = try SnapshotOffice()
    #expect(try office.shelf.offer(to: office.newcomer.id) != nil)
    let file = try #require(try office.kept())
    try FileManager.default.removeItem(atPath: file.replacing(".sqlite", with: ".json"))
    try office.shelf.tidy()
    #expect(try office.kept() == nil)
  }

  @Test func `an old snapshot goes, and its id with it`() throws {
    let office = try SnapshotOffice()
    let offer = try #require(try office.shelf.offer(to: office.newcomer.id))
    office.clock.advance(by: SnapshotShelf.ageMax)
    let answer = office.answer(part(of: offer.id))
    #expect(answer.status == 404 && code(answer) == "snapshot_unknown")
    #expect(try office.kept() == nil)
    #expect(try office.shelf.offer(to: office.newcomer.id)?.id != offer.id)
  }

  @Test func `what was taken from the site since is not sent`() throws {
    let office = try SnapshotOffice()
    let offer = try #require(try office.shelf.offer(to: office.newcomer.id))
    #expect(office.answer(part(of: offer.id)).status == 200)
    try office.towns[0].client.run("UPDATE sample SET by_max = 99 WHERE id = 's-ANNA-0'")
    try office.towns[0].sync()
    try office.county.hubClient().run(
      """
      UPDATE kreissync_grant SET until_seq = (SELECT seq FROM kreissync_counter)
      WHERE site = '\(office.newcomer.id)' AND case_id = 'BERTA-1'
      """)
    #expect(code(office.answer(part(of: offer.id))) == "snapshot_unknown")
    let outcome = try office.load()
    #expect(outcome == .bySnapshot(rowCount: 239))
    let bytes = Data(try office.bytes(of: office.replicaPath))
    #expect(bytes.range(of: Data("s-BERTA-1\0".utf8)) == nil)
  }

  @Test func `a site that says hello has a replica, and its snapshot goes`() throws {
    let office = try SnapshotOffice()
    #expect(try office.load() == .bySnapshot(rowCount: 242))
    #expect(try office.kept() != nil)
    _ = try office.sync()
    #expect(try office.kept() == nil)
  }

  @Test(arguments: ["", "0", "../../08118", String(repeating: "a", count: 32)])
  func `a made up id gets nothing`(id: String) throws {
    let office = try SnapshotOffice()
    #expect(try office.shelf.offer(to: office.newcomer.id) != nil)
    let answer = office.answer(part(of: id))
    #expect(answer.status == 404 && code(answer) == "snapshot_unknown")
  }

  @Test(arguments: [-1, 1 << 40, Int64.max])
  func `an offset outside the file is refused`(offset: Int64) throws {
    let office = try SnapshotOffice()
    let offer = try #require(try office.shelf.offer(to: office.newcomer.id))
    #expect(code(office.answer(part(of: offer.id, from: offset))) == "bad_request")
  }

  private func part(of id: String, from offset: Int64 = 0) -> ProtocolRequest {
    ProtocolRequest(
      path: ProtocolPath.snapshotPart, contentType: .json,
      body: (try? WireJSON.encode(SnapshotPartRequest(id: id, offset: offset))) ?? [])
  }

  private func code(_ response: ProtocolResponse) -> String? {
    (try? WireJSON.decode(response.body, as: ProtocolError.Lenient.self))?.error.code
  }
}
