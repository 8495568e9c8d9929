import CaseloadSchema
import HubService
import HubStorage
import SyncCore
import SyncSimulator
import Synchronization
import Testing

/// The hand-over of a whole county at once.
@Suite("Hand-over in bulk")
struct BulkHandoverTests {
  private static let siteCount = 39
  private static let caseCount = 5_000
  /// 2025-01-01, 00:00 in Europe/Berlin.
  private static let newYear: Milliseconds = 1_735_686_000_000

  /// A clock that the test sets.
  private final class Clock: Sendable {
    private let time = Mutex<Milliseconds>(newYear - 12 * 86_400_000)

    var now: Milliseconds {
      get { time.withLock { $0 } }
      set { time.withLock { $0 = newValue } }
    }
  }

  private static let record = CountyRecord(
    key: CountyKey("08118"), name: "Landkreis Müster", history: HistoryID("h1"),
    digestKey: Array(0..<16), schemaText: CaseloadSchema.shipped)

  /// The engines, each with the shipped schema: it has the table `responsibility`.
  private static let engines = [
    HubEngine(name: "SQLite") {
      let directory = try TemporaryFolder()
      let path = directory.path(of: "county.sqlite")
      let store = try SQLiteHub.create(at: path, county: record, now: 1_000)
      return TestCounty(store: store, residence: directory) { try SQLiteHub.open(at: path) }
    },
    HubEngine(name: "in memory") {
      let schema = try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "shipped")
      let store = InMemoryHub(county: record, schema: schema)
      return TestCounty(store: store, residence: store) { store }
    },
  ]

  private static func fill(
    _ store: TestCounty, leads: [SiteID], count: Int = caseCount
  ) throws {
    try store.write { writer throws in
      let schema = writer.schema
      let root = schema.caseRoot!
      var builder = PlanBuilder(after: try writer.counter.seq, schema: schema)
      for number in 0..<count {
        let id = "case-\(number)"
        let lead = leads[number % leads.count]
        builder.row(root.number, id, in: CaseID(id), root.columns.map(\.defaultValue), by: lead)
        builder.putCase(CaseID(id), lead: lead, digest: 0)
        builder.grant(CaseID(id), to: lead, as: .lead, isHeldAlready: true)
      }
      try writer.write(builder.plan, at: 1, random: randomBytes)
    }
  }

  @Test(
    "H3: 39 sites hand 5,000 cases to the county on 2025-01-01, in one batch, at midnight",
    arguments: engines)
  func newYear(_ engine: HubEngine) throws {
    let store = try engine.make()
    let clock = Clock()
    let administration = CountyAdministration(
      store: store, environment: HubEnvironment(now: { clock.now }, random: randomBytes))
    func add(_ name: String, _ kind: SiteKind) throws -> SiteID {
      try administration.add(
        CountyAdministration.NewSite(
          name: name, kind: kind, areas: [], url: "https://127.0.0.1:1",
          joinURL: "https://127.0.0.1:1")
      ).site.id
    }
    let county = try add("Kreis", .county)
    let leads = try (0..<Self.siteCount).map { try add("Gemeinde \($0)", .municipality) }
    try Self.fill(store, leads: leads)

    let terms = Handover.Terms(
      to: county, kind: .handover, effectiveOn: "2025-01-01", effectiveAt: Self.newYear,
      decision: "KT 12/2024")
    let head = try store.read { try $0.counter }
    let dry = try administration.propose(terms, .all(of: leads), isDryRun: true)
    #expect(dry.handover.caseCount == Self.caseCount && dry.handover.givers.count == Self.siteCount)
    #expect(try administration.handovers().isEmpty)
    #expect(try store.read { try $0.counter } == head)

    let id = try administration.propose(terms, .all(of: leads)).handover.id
    #expect(try administration.accept(id, by: county).state == .accepted)
    clock.now = Self.newYear - 1
    #expect(try administration.takeDueEffects().effective.isEmpty)
    func leadNow() throws -> Set<SiteID> {
      Set(try store.read { try $0.cases(try $0.caseIDs(ledBy: nil)) }.values.map(\.lead))
    }
    #expect(try leadNow() == Set(leads))
    clock.now = Self.newYear
    let outcome = try administration.takeDueEffects()
    #expect(outcome.failed.isEmpty && outcome.effective.map(\.id) == [id])
    #expect(try administration.takeDueEffects().effective.isEmpty, "once is all")

    try store.read { reader throws in
      let ids = try reader.caseIDs(ledBy: nil)
      let cases = try reader.cases(ids)
      #expect(cases.count == Self.caseCount)
      #expect(cases.values.allSatisfy { $0.lead == county && $0.epoch == 2 })
      let since = Set(cases.values.map(\.epochSince))
      #expect(since.count == Self.caseCount && since.min()! > head.seq, "each has its own entry")
      let holders = try reader.holders(of: ids)
      let isHandedOver = ids.allSatisfy { id in
        holders[id]?[county] == .lead && holders[id]?.values.count { $0 == .lead } == 1
          && holders[id]?.values.count { $0 == .formerLead } == 1
      }
      #expect(isHandedOver)
      #expect(try reader.cases(of: id).allSatisfy { $0.fate == .moved(isPseudonymous: false) })
    }
    let table = try #require(try store.read { $0.schema }.table(named: "responsibility"))
    let state = table.columns.firstIndex { $0.name == "state" }!
    let rows = try store.read {
      try $0.rows(
        ofTableBehind: RowKey(table: table.number, id: RowID("")), limit: Self.caseCount + 1)
    }
    #expect(rows.count == Self.caseCount)
    #expect(rows.allSatisfy { $0.values[state] == .text("effective") })
  }

  @Test(
    "An effect that fails in the middle leaves every case with its old lead",
    arguments: engines)
  func failing(_ engine: HubEngine) throws {
    let store = try engine.make()
    let clock = Clock()
    let administration = CountyAdministration(
      store: store, environment: HubEnvironment(now: { clock.now }, random: randomBytes))
    let sites = try ["Alt", "Neu"].map {
      try administration.add(
        CountyAdministration.NewSite(
          name: $0, kind: .municipality, areas: [], url: "https://127.0.0.1:1",
          joinURL: "https://127.0.0.1:1")
      ).site.id
    }
    try Self.fill(store, leads: [sites[0]], count: 200)
    let terms = Handover.Terms(
      to: sites[1], kind: .handover, effectiveOn: "2025-01-01", effectiveAt: Self.newYear)
    let id = try administration.propose(terms, .all(of: [sites[0]])).handover.id
    _ = try administration.accept(id)
    clock.now = Self.newYear
    let failing = CountyAdministration(
      store: FailingStore(store: store),
      environment: HubEnvironment(
        now: { clock.now }, random: randomBytes))
    #expect(try failing.takeDueEffects().failed.map(\.handover) == [id])
    #expect(try store.read { try $0.caseIDs(ledBy: [sites[0]]) }.count == 200)
    #expect(try store.read { try $0.handover(id)?.state } == .accepted)
    #expect(try administration.takeDueEffects().effective.map(\.id) == [id])
    #expect(try store.read { try $0.caseIDs(ledBy: [sites[1]]) }.count == 200)
  }
}

/// A store whose transactions do all their work and then fail, as at a full disk.
private struct FailingStore: HubStore {
  struct Failure: Error {}
  let store: TestCounty

  func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try store.read(body)
  }

  func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try store.write { writer throws in
      _ = try body(writer)
      throw Failure()
    }
  }
}
