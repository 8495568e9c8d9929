import Caseload
import SyncCore

/// What the demo knows by itself, because it did it: the yardstick for everything that the product
/// says. Nothing here is read from a hub or a replica.
struct DemoRecord {
  /// How one cell that several sites changed has to end.
  struct Ending {
    let row: SyntheticRow
    let column: String
    let value: String
    /// Why, in words.
    let reason: String
  }

  /// A value that has to stand in the ledger or wait as a proposal.
  struct Contender: Hashable, Comparable {
    let column: String
    let site: String

    static func < (left: Contender, right: Contender) -> Bool {
      (left.column, left.site) < (right.column, right.site)
    }
  }

  /// The cases that each site opened.
  private(set) var cases: [String: Set<PlainCell>] = [:]
  /// Rows without a case that name no site, by the site that wrote them.
  private(set) var unnamed: [String: Set<PlainCell>] = [:]
  /// Rows that programs wrote, less those that they deleted, by county and table.
  private(set) var rowCounts: [String: [String: Int]] = [:]
  var endings: [Ending] = []
  var losses: [Contender] = []
  var proposals: [Contender] = []

  mutating func opened(_ caseID: String, at site: DemoSite) {
    cases[site.id, default: []].insert(.text(caseID))
  }

  mutating func wrote(_ count: Int, to table: String, in county: String) {
    rowCounts[county, default: [:]][table, default: 0] += count
  }

  mutating func wrote(_ count: Int, to table: String, at site: DemoSite) {
    wrote(count, to: table, in: site.county)
  }

  mutating func wrote(
    _ staff: [SyntheticRow], _ caseload: SyntheticCaseload, at site: DemoSite
  ) {
    for one in caseload.cases { opened(one.id, at: site) }
    for row in staff + caseload.rows { wrote(1, to: row.table, at: site) }
    if site.plan.leavesSiteOpen { unnamed[site.id] = Set(staff.map { .text($0.id) }) }
  }

  /// The cases that a site may hold.
  func cases(heldBy site: DemoSite, among sites: [DemoSite]) -> Set<PlainCell> {
    sites.filter { site.sees(casesOf: $0) }
      .reduce(into: []) { $0.formUnion(cases[$1.id] ?? []) }
  }

  /// All cases that sites opened.
  func cases(openedBy sites: [DemoSite]) -> Set<PlainCell> {
    sites.reduce(into: []) { $0.formUnion(cases[$1.id] ?? []) }
  }
}
