import Foundation
import Testing

/// Carriers work for the same county, and are rivals.
@Suite("Walls between carriers")
struct WallTests {
  private static let cases = ["AWO": "fall-a", "DRK": "fall-d"]

  private func fill(_ site: TestSite, _ name: String) throws {
    let id = try #require(Self.cases[name])
    try site.execute(
      """
      INSERT INTO worker (id, display_name) VALUES ('w-\(name)', 'kanarie-\(name)-worker');
      INSERT INTO grant_allocation (id, amount_cents, decision_ref)
        VALUES ('g-\(name)', 4799510, 'kanarie-\(name)-money');
      INSERT INTO position (id, worker_id, grant_id, fte_thousandths)
        VALUES ('s-\(name)', 'w-\(name)', 'g-\(name)', 800);
      INSERT INTO case_file (id, opened_on, worker_id) VALUES ('\(id)', '2025-01-15', 'w-\(name)');
      INSERT INTO consent (case_id, purpose, event, on_date)
        VALUES ('\(id)', 'casework', 'given', '2025-01-15');
      INSERT INTO person (case_id, family_name) VALUES ('\(id)', 'kanarie-\(name)-person');
      """)
  }

  @Test("Two carriers of one town never see each other's cases, workers or money")
  func carriers() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let carriers = try ["AWO", "DRK"].map { try ($0, county.site($0, kind: "carrier")) }
      for (name, site) in carriers { try fill(site, name) }
      for _ in 0..<2 {
        for site in carriers.map(\.1) + [town] { try site.sync() }
      }
      for (name, site) in carriers {
        let (other, _) = carriers.first { $0.0 != name }!
        #expect(try !Canaries.files(below: site.directory, holding: "kanarie-\(name)").isEmpty)
        #expect(try Canaries.files(below: site.directory, holding: "kanarie-\(other)").isEmpty)
        #expect(try site.value("SELECT count(*) FROM kreissync_case") == "1")
        for table in ["case_file", "worker", "grant_allocation", "position"] {
          #expect(try site.value("SELECT count(*) FROM \(table)") == "1", "\(table)")
        }
      }
      // The town sees that there are cases and who works on them, and nobody's person or money.
      #expect(try town.value("SELECT count(*) FROM case_file") == "2")
      for word in ["person", "money"] {
        for name in Self.cases.keys.sorted() {
          #expect(
            try Canaries.files(below: town.directory, holding: "kanarie-\(name)-\(word)").isEmpty)
        }
      }
      try Agreement.expect(county, [town] + carriers.map(\.1))
    }
  }
}
