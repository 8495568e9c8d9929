import Foundation
import Testing

/// Sites that come late, or again, to a county that is full.
@Suite(.serialized)
struct FirstLoadTests {
  /// A town with more rows than pages are meant for, and so long that the file has several parts.
  private func fill(_ town: TestSite) throws {
    let client = try town.client()
    try client.execute("BEGIN")
    for number in 0..<600 {
      let id = try client.openCase(of: "n\(number)")
      try client.rows(
        "UPDATE consultation SET note = ? WHERE case_id = ?",
        [String(repeating: "Vermerk \(number) ", count: 500), id])
      try client.rows(
        """
        INSERT INTO consent (case_id, purpose, event, on_date)
        VALUES (?, 'notes_release', 'given', '2025-01-15')
        """, [id])
    }
    try client.execute("COMMIT")
    try town.sync()
  }

  @Test("A late site gets a ready file over a line that cuts, and its edits count at once")
  func cutLine() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      try fill(town)
      let added = try county.add("Kreis", kind: "county", areas: [])
      let field = TestSite(
        id: try #require(added["site"].text), directory: county.directory + "/late")
      let join = try #require(added["join"].text)
      let proxy = try CuttingProxy(to: county)
      try proxy.run {
        var cutCount = 0
        // The first part passes and the second does not, time after time.
        var weather = CuttingProxy.Weather.fair
        weather.toSiteMax = 1_500_000
        proxy.set(weather)
        var outcome = try Binary.run(
          "site", "join", join, "--data", field.directory, "--json",
          environment: proxy.environment)
        while outcome.exit == 6 {
          #expect(try outcome.json["error"]["code"] == "hub_unreachable")
          #expect(!FileManager.default.fileExists(atPath: field.replica))
          cutCount += 1
          try #require(cutCount < 40)
          proxy.set(weather)
          outcome = try field.site("sync", environment: proxy.environment)
        }
        #expect(outcome.exit == 0, "\(outcome)")
        #expect(cutCount >= 3, "the file has fewer parts than this test needs")
        let report = try outcome.json
        #expect(report["digest"]["equal"] == true)
        #expect(report["pulled"]["rows"] == 0 && report["pulled"]["cases_granted"] == 0)
      }
      #expect(try files(of: field).isSuperset(of: ["caseload.sqlite", "identity.json"]))
      #expect(try files(of: field).isDisjoint(with: ["snapshot.part", "first-load.json"]))
      try field.execute("UPDATE person SET phone = 'late' WHERE family_name = 'n7'")
      #expect(try field.sync()["pushed"]["applied"] == 1)
      try Agreement.expect(county, [town, field])
    }
  }

  @Test("A site whose disk is lost joins again and gets everything, what it had sent included")
  func lostDisk() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      try fill(town)
      let again = try county.hub("site", "rejoin", town.id)
      let fresh = TestSite(id: town.id, directory: county.directory + "/again")
      let joined = try Binary.run(
        "site", "join", try #require(try again.json["join"].text), "--data", fresh.directory,
        "--json")
      #expect(joined.exit == 0, "\(joined)")
      #expect(try joined.json["rows"] == 3_002, "with its own rows of site and site_area")
      #expect(try fresh.value("SELECT count(*) FROM consultation") == "600")
      try fresh.execute("UPDATE person SET phone = 'again' WHERE family_name = 'n9'")
      #expect(try fresh.sync()["pushed"]["applied"] == 1)
      try Agreement.expect(county, [fresh])
      // The hub keeps nothing of it.
      let kept = "\(county.hubDirectory)/snapshots/\(TestCounty.key)"
      #expect(try FileManager.default.contentsOfDirectory(atPath: kept) == [])
    }
  }

  private func files(of site: TestSite) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: site.directory))
  }
}
