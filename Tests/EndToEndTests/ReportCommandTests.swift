import Foundation
import Testing

/// Reports of a county: counted at the sites, summed at the hub.
struct ReportCommandTests {
  private static let openCases = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
    INSERT INTO case_file (id, opened_on) SELECT 'SITE' || i, '2025-01-15' FROM n;
    INSERT INTO person (id, case_id, family_name, sex, nationality)
    SELECT 'p-' || c.id, c.id, 'KANARIENVOGEL', iif(c.id LIKE '%1', 'diverse', 'female'), '475'
    FROM case_file AS c WHERE c.id LIKE 'SITE%';
    """

  private func counts(_ json: JSON, _ section: String) -> [String: JSON] {
    let lines = json["sections"].items.first { $0["section"] == JSON.text(section) }?["lines"]
    return Dictionary(
      uniqueKeysWithValues: (lines?.items ?? []).map { ($0["key"].text ?? "", $0["count"]) })
  }

  @Test("Sites count at their next contact, the county sums, small figures and names stay away")
  func county() throws {
    try withCounty { county in
      let sites = [try county.site("Hemmingen"), try county.site("Ditzingen", areas: ["08118011"])]
      for (index, site) in sites.enumerated() {
        try site.execute(
          Self.openCases.replacingOccurrences(of: "SITE", with: ["h", "d"][index]))
        try site.sync()
      }
      let period = ["--from", "2025-01-01", "--to", "2025-12-31"]
      let asked = try county.report(period)
      #expect(asked["missing"].items.count == 2)

      try sites[0].sync()
      let half = try county.report(period)
      #expect(half["missing"].items == ["Ditzingen"])
      #expect(counts(half, "clients")["clients"] == 6)

      try sites[1].sync()
      let json = try county.report(period)
      #expect(json["missing"].items.isEmpty && json["counted_by"].items.count == 2)
      #expect(counts(json, "clients")["clients"] == 12)
      #expect(counts(json, "nationality")["475"] == 12)
      // Two are divers: neither that nor what it follows from is printed.
      #expect(counts(json, "sex")["diverse"] == .null && counts(json, "sex")["female"] == .null)
      let text = try Child.run(
        [Binary.path, "report", "council", "--data", county.hubDirectory] + period)
      #expect(text.output.contains("Klient:innen") && text.output.contains("Gezählt von"))
      #expect(!text.output.contains("KANARIENVOGEL"))

      // Counted again only where that is asked for.
      try sites[0].execute("UPDATE person SET sex = 'diverse' WHERE case_id IN ('h2', 'h3')")
      try sites[0].sync()
      func again(_ option: String...) throws -> JSON? {
        try counts(county.report(period + option), "sex")["diverse"]
      }
      #expect(try again() == .null)
      #expect(try again("--again") == .null)
      try sites[0].sync()
      #expect(try again() == 4)
    }
  }

  @Test("A site prints its own figures, and wrong words are told with their cure")
  func site() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.execute(Self.openCases.replacingOccurrences(of: "SITE", with: "h"))
      try site.sync()
      let own = try Child.run(
        [
          Binary.path, "report", "headcount", "--to", "2025-12-31", "--format", "csv", "--data",
          site.directory,
        ])
      #expect(own.output.contains(";unbekannt;6;2025-01-01;2025-12-31"), "\(own)")
      for wrong in [
        ["mood"], ["council", "--to", "2025-02-30"],
        ["council", "--from", "2026-01-01", "--to", "2025-01-01"],
      ] {
        let outcome = try Child.run(
          [Binary.path, "report"] + wrong + ["--data", site.directory, "--json"])
        #expect(outcome.exit == 2)
        #expect(try outcome.json["error"]["hint"] != .null)
      }
    }
  }
}

extension TestCounty {
  fileprivate func report(_ arguments: [String]) throws -> JSON {
    let outcome = try Child.run(
      [Binary.path, "report", "council", "--data", hubDirectory, "--json"] + arguments)
    try #require(outcome.exit == 0, "\(outcome)")
    return try outcome.json
  }
}
