import Caseload
import Foundation
import SyncCore

/// What pays for the work: rows that the county itself writes, from its spreadsheets.
struct DemoFunding {
  /// By county.
  private(set) var programmes: [String: SyntheticRow] = [:]
  /// By the id of the site that does the work.
  private(set) var grants: [String: SyntheticRow] = [:]

  /// The state's grant for one full post in 2023, in thousandths of a cent: Hemmingen's 47,995.10 €
  /// are for 0.8 of one.
  private static let milliCentsPerPost = 5_999_387_500
  /// Hemmingen's cut-off date, 2022-12-31.
  static let cutoff = CalendarDay(daysSince1970: 19_357)

  /// The county's own tables, in the order in which rows refer to each other.
  static let tables = ["programme_period", "grant_allocation"]

  /// Draws the rows of a county.
  mutating func rows(
    of county: CountyPlan, _ sites: [DemoSite], asOf today: CalendarDay,
    using generator: inout some RandomNumberGenerator
  ) -> [SyntheticRow] {
    let programme = SyntheticFunding.row(county.programme, using: &generator)
    programmes[county.key] = programme
    var rows = [programme]
    for site in sites where !site.plan.areas.isEmpty && site.plan.isFunded {
      let payee = site.plan.isAssigned ? sites.first(where: \.isCounty) ?? site : site
      let posts = site.plan.posts.reduce(0, +)
      var grant = SyntheticFunding.Grant(
        programme: programme.id, area: site.plan.areas[0], recipient: SiteID(payee.id),
        executing: SiteID(site.id), posts: posts,
        amountCents: county.programme.rateCents.map { $0 * posts / 1_000 }
          ?? Self.milliCentsPerPost * posts / 1_000_000)
      if site.plan.isAssigned {
        grant.mode = site.kind == "carrier" ? "forwarded" : "assigned"
      }
      if site.plan.folder == "hemmingen" {
        grant.headcount = (Self.cutoff, site.plan.persons)
      }
      let row = SyntheticFunding.row(grant, asOf: today, using: &generator)
      grants[site.id] = row
      rows.append(row)
    }
    return rows
  }

  /// Rows of one table as a spreadsheet exports them.
  static func export(_ rows: [SyntheticRow]) -> String {
    let columns = Set(rows.flatMap { $0.cells.map(\.column) }).sorted()
    let lines = rows.map { row in
      ([row.id] + columns.map { row[$0].text ?? row[$0].integer.map(String.init) ?? "" })
        .joined(separator: ";")
    }
    return ([(["id"] + columns).joined(separator: ";")] + lines).joined(separator: "\r\n") + "\r\n"
  }
}

extension DemoStory {
  /// - Returns: what pays for whom.
  mutating func enterFunding(_ cast: Cast) throws -> DemoFunding {
    var funding = DemoFunding()
    var generator = SeededGenerator(seed: ~seed)
    for county in CountyPlan.all {
      let rows = funding.rows(of: county, cast.sites(of: county), asOf: today, using: &generator)
      for table in DemoFunding.tables {
        let part = rows.filter { $0.table == table }
        let path = "\(hub.directory)/\(county.key)-\(table).csv"
        try DemoFunding.export(part).write(toFile: path, atomically: false, encoding: .utf8)
        try hub.importRows(table, county: county.key, file: path)
        record.wrote(part.count, to: table, in: county.key)
      }
    }
    guard let hemmingen = funding.grants[cast.hemmingen.site.id],
      let cents = hemmingen["amount_cents"].integer
    else { throw demoDiffers("Hemmingen has no grant") }
    try narrator.paragraph(
      """
      Each county enters its programme and grants (Zuwendungen) from a spreadsheet: \
      \(funding.grants.count) grants. Hemmingen's,
      assigned to the Kreis: \(grouped(Int(cents / 100))).\(cents % 100) € for 82 persons and 0.8 \
      of a post.
      """)
    return funding
  }
}
