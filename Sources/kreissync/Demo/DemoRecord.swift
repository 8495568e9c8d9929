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
  /// Rows that programs wrote, less those that they deleted, by table.
  private(set) var rowCounts: [String: Int] = [:]
  var endings: [Ending] = []
  var losses: [Contender] = []
  var proposals: [Contender] = []

  mutating func opened(_ caseID: String, at site: DemoSite) {
    cases[site.id, default: []].insert(.text(caseID))
  }

  mutating func wrote(_ count: Int, to table: String) {
    rowCounts[table, default: 0] += count
  }

  mutating func wrote(_ caseload: SyntheticCaseload, at site: DemoSite) {
    for one in caseload.cases {
      opened(one.id, at: site)
      for row in one.rows { wrote(1, to: row.table) }
    }
  }

  /// The cases that a site may hold: the county's field service those of all, other sites those
  /// of the sites that serve the same municipality.
  func cases(heldBy site: DemoSite) -> Set<PlainCell> {
    cases.filter { site.isCounty || $0.key == site.id || site.neighbours.contains($0.key) }
      .values.reduce(into: []) { $0.formUnion($1) }
  }

  var allCases: Set<PlainCell> {
    cases.values.reduce(into: []) { $0.formUnion($1) }
  }
}
