import SyncSimulator
import Testing

/// The reference model says of hand-overs what the design says: a town leads a case and hands it to
/// a carrier on the first day of a year; the county contributes.
@Suite("The naive county and hand-overs")
struct NaiveHandoverTests {
  private static let root = NaiveRow(table: "case_file", id: "c")
  private static let sample = NaiveRow(table: "sample", id: "r")
  private static let date: Int64 = 10_000
  private static let before = date - 1
  private static let after = date + 1

  private var county: NaiveCounty
  private let now: Int64 = 100_000

  init() {
    county = NaiveCounty(tables: [
      NaiveTable(
        name: "case_file", isCaseRoot: true,
        columns: [NaiveColumn(name: "opened", policy: "min", isHeader: true)]),
      NaiveTable(
        name: "sample",
        columns: ["lead", "manual", "other"].map {
          NaiveColumn(name: $0, policy: $0 == "lead" ? "lead" : "manual")
        }),
    ])
    county.join(site: "town", kind: "municipality", areas: ["1"])
    county.join(site: "county", kind: "county", areas: [])
    county.join(site: "carrier", kind: "carrier", areas: [])
    county.inserted("town", Self.root, caseID: "c", values: [:], at: 0)
    county.inserted("town", Self.sample, caseID: "c", values: [:], at: 0)
    for site in ["town", "county"] { sync(site) }
  }

  @discardableResult
  private mutating func push(_ site: String, skew: Int64 = 0) -> [NaiveVerdict] {
    county.greeted(site, skew: skew)
    county.built(site)
    let batch = county.waiting(site)
    let verdicts = county.decided(site, batch, hubTime: now)
    county.answered(site, batch, at: now)
    return verdicts
  }

  @discardableResult
  private mutating func sync(_ site: String, skew: Int64 = 0) -> [NaiveVerdict] {
    let verdicts = push(site, skew: skew)
    county.served(site)
    county.applied(site)
    return verdicts
  }

  private mutating func write(
    _ site: String, _ column: String = "manual", _ value: String = "v", at time: Int64
  ) {
    county.updated(site, Self.sample, values: [column: .text(value)], at: time)
  }

  private mutating func handOver(to site: String = "carrier") {
    county.handedOver("c", to: site, effectiveAt: Self.date)
  }

  private func cell(_ column: String, at site: String? = nil) -> NaiveValue? {
    (site.map(county.replica) ?? county.hubRows())[Self.sample]?.values[column]
  }

  // MARK: (a) to (d)

  @Test mutating func `a: who did not know and wrote before counts as lead then`() {
    write("town", at: Self.before)
    handOver()
    #expect(sync("town").map(\.verdict) == ["applied"])
    #expect(cell("manual") == .text("v"))
  }

  @Test mutating func `b: who did not know and wrote after proposes, and moves nothing`() {
    write("town", at: Self.after)
    handOver()
    let verdict = sync("town").first
    #expect(verdict?.verdict == "proposal" && verdict?.rule == "handed_over")
    #expect(county.proposals.map(\.proposed) == [.text("v")])
    #expect(cell("manual") == .null && cell("manual", at: "town") == .null)
  }

  @Test mutating func `c: who knew and wrote after is refused`() {
    handOver()
    sync("town")
    write("town", at: Self.after)
    #expect(sync("town").map(\.rule) == ["handed_over"])
    #expect(county.proposals.isEmpty && cell("manual") == .null)
  }

  @Test mutating func `d: who knew and wrote before is still lead`() {
    handOver()
    sync("town")
    write("town", at: Self.before)
    #expect(sync("town").map(\.verdict) == ["applied"])
  }

  @Test(arguments: [(300_000, "applied"), (300_001, "proposal"), (-300_001, "proposal")])
  mutating func `a clock that was set is no witness`(change: Int64, verdict: String) {
    write("town", at: Self.before + change)
    handOver()
    #expect(sync("town", skew: change).map(\.verdict) == [verdict])
  }

  @Test mutating func `each column is judged by its own time, and what counts comes first`() {
    write("town", "manual", "early", at: Self.before)
    write("town", "other", "late", at: Self.after)
    handOver()
    let verdict = sync("town").first
    #expect(verdict?.verdict == "proposal")
    #expect(verdict?.columns.map(\.name) == ["other"])
    #expect(cell("manual") == .text("early") && cell("other") == .null)
    #expect(county.proposals.map(\.column) == ["other"])
  }

  // MARK: The new lead

  @Test mutating func `the new lead wins, the old one's edit of before does not`() {
    write("town", "lead", "old", at: Self.before)
    handOver()
    sync("carrier")
    write("carrier", "lead", "new", at: Self.after)
    sync("carrier")
    #expect(sync("town").map(\.rule) == ["lead_decides"])
    #expect(cell("lead") == .text("new"))
  }

  @Test mutating func `a case that comes back has a new lead who has to know it`() {
    write("town", "lead", "unaware", at: Self.before)
    handOver()
    handOver(to: "town")
    write("county", "lead", "other", at: Self.before)
    sync("county")
    #expect(sync("town").map(\.rule) == ["lead_decides"])
    write("town", "lead", "aware", at: Self.after)
    #expect(sync("town").map(\.verdict) == ["applied"])
  }

  @Test mutating func `an old lead keeps all until the closing, and then the header`() {
    handOver()
    sync("town")
    #expect(county.replica("town").keys.sorted() == [Self.root, Self.sample])
    county.narrowed("c", at: "town")
    write("town", at: Self.before)
    push("town")
    county.served("town")
    county.applied("town")
    #expect(county.replica("town").keys.sorted() == [Self.root])
    #expect(county.scope("town") == ["c"])
  }

  @Test mutating func `what nobody has answered stays until it is`() {
    handOver()
    sync("town")
    county.narrowed("c", at: "town")
    write("town", at: Self.before)
    county.served("town")
    county.applied("town")
    #expect(cell("manual", at: "town") == .text("v"))
    sync("town")
    #expect(county.replica("town")[Self.sample] == nil)
    #expect(cell("manual") == .text("v"))
  }
}
