import CaseloadSchema
import HubService
import HubStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Synchronization
import Testing

/// The hub measures a site's clock at the hello; what the site says of it is not trusted.
@Suite("A site's clock")
struct SkewTests {
  private let hub: InMemoryHub
  private let service: CountyService
  private let site: SiteID
  private let clock = Clock()

  private final class Clock: Sendable {
    private let milliseconds = Mutex<Milliseconds>(1_800_000_000_000)

    var now: Milliseconds { milliseconds.withLock { $0 } }

    func pass(_ time: Milliseconds) { milliseconds.withLock { $0 += time } }
  }

  init() throws {
    let schema = try CaseloadSchema.read(toml: LawSchema.text, file: "schema of the laws")
    hub = InMemoryHub(
      county: CountyRecord(
        key: CountyKey("08118"), name: "Landkreis der Proben", history: HistoryID("h"),
        digestKey: Array(0..<16), schemaText: LawSchema.text), schema: schema)
    let environment = HubEnvironment(
      now: { [clock] in clock.now }, random: { Array(repeating: 7, count: $0) })
    service = CountyService(store: hub, environment: environment)
    let added = try CountyAdministration(
      store: hub, environment: environment
    ).add(
      CountyAdministration.NewSite(
        name: "association", kind: .association, areas: ["08118027"], url: "https://127.0.0.1:1",
        joinURL: "https://127.0.0.1:1"))
    _ = try service.redeem(
      tokenHash: JoinToken.hash(added.token), keyHash: Array(repeating: 1, count: 32),
      certificateExpiresAt: .max)
    site = added.site.id
  }

  private func hello(_ nonce: String, clock: Milliseconds) throws -> Int64 {
    let request = HelloRequest(
      software: "laws", schemaVersion: 1, nonce: nonce, incarnation: IncarnationID("i"),
      position: Position(history: HistoryID("h"), seq: 0, treeHead: .empty), clock: clock,
      lastBatchNumber: 0, lastBatchHash: nil)
    let response = service.answer(
      ProtocolRequest(
        path: ProtocolPath.hello, contentType: .json, body: try WireJSON.encode(request)),
      from: site)
    #expect(response.status == 200)
    let decoded: HelloResponse = try WireJSON.decode(response.body)
    return decoded.session
  }

  private func skew() throws -> Milliseconds? {
    try hub.read { [site] in try $0.site(site)?.contact.clockSkew }
  }

  @Test(
    arguments: [.min, .min + 2_000_000_000_000, -1, 0, .max - 1, .max] as [Milliseconds])
  func `no clock that a site tells can stop the hub`(told: Milliseconds) throws {
    let session = try hello("n", clock: told)
    #expect(abs(try #require(try skew())) <= 100 * 366 * 86_400_000)
    let batch = Batch(
      incarnation: IncarnationID("i"), number: 1, history: HistoryID("h"), previous: .zero,
      coalesced: [], changes: [])
    let response = service.answer(
      ProtocolRequest(
        path: ProtocolPath.push, contentType: .rows,
        body: PushBody.encode(session: session, batch: batch.encoded())), from: site)
    #expect(response.status == 200)
  }

  @Test func `a repeat of a hello does not make the site's clock look slow`() throws {
    let told = clock.now + 5_000
    let session = try hello("n", clock: told)
    #expect(try skew() == 5_000)
    clock.pass(7_200_000)
    #expect(try hello("n", clock: told) == session)
    #expect(try skew() == 5_000)
    _ = try hello("m", clock: clock.now - 60_000)
    #expect(try skew() == -60_000)
  }
}
