import Foundation
import Testing

/// Who may talk to the hub, and whom a site believes.
struct IdentityTests {
  private func error(_ outcome: Outcome) throws -> String? {
    try outcome.json["error"]["code"].text
  }

  @Test("A join string joins one site, once")
  func singleUse() throws {
    try withCounty { county in
      let join = try county.add("Hemmingen")["join"].text!
      #expect(try Binary.run("site", "join", join, "--data", county.directory + "/a").exit == 0)
      let again = try Binary.run("site", "join", join, "--data", county.directory + "/b", "--json")
      #expect(again.exit == 4)
      #expect(try error(again) == "join_string_used")
      #expect(!FileManager.default.fileExists(atPath: county.directory + "/b/caseload.sqlite"))
    }
  }

  @Test("The same directory may repeat its join: its answer was lost")
  func repeatedJoin() throws {
    try withCounty { county in
      let added = try county.add("Hemmingen")
      let join = added["join"].text!
      let path = county.directory + "/a"
      for _ in 0..<2 {
        #expect(try Binary.run("site", "join", join, "--data", path, "--json").exit == 0)
      }
      try Agreement.expect(county, [TestSite(id: added["site"].text!, directory: path)])
    }
  }

  @Test("A join string that was cut, damaged or made up is a usage error and creates nothing")
  func malformed() throws {
    try withCounty { county in
      let join = try county.add("Hemmingen")["join"].text!
      let damaged = join.dropLast(9) + "x" + join.suffix(8)
      for text in [String(join.dropLast(7)), String(damaged), "hello", "kreissync1."] {
        let path = county.directory + "/x"
        let outcome = try Binary.run("site", "join", text, "--data", path, "--json")
        #expect(outcome.exit == 2, "\(outcome)")
        #expect(!FileManager.default.fileExists(atPath: path))
      }
      #expect(
        try Binary.run("site", "join", " \(join)\n", "--data", county.directory + "/a").exit == 0)
    }
  }

  @Test("Where another hub answers, a joining site tells nothing and creates no replica")
  func foreignHub() throws {
    try withCounty(servesAtOnce: false) { ours in
      try withCounty { theirs in
        let outcome = try Child.run([
          Binary.path, "hub", "site", "add", "--data", ours.hubDirectory, "--name", "Hemmingen",
          "--kind", "municipality", "--url", theirs.url, "--join-url",
          "https://127.0.0.1:\(theirs.joinPort)", "--json",
        ])
        let join = try outcome.json["join"].text!
        let path = ours.directory + "/a"
        let refused = try Binary.run("site", "join", join, "--data", path, "--json")
        #expect(refused.exit == 6)
        #expect(try error(refused) == "hub_identity")
        #expect(!FileManager.default.fileExists(atPath: path + "/caseload.sqlite"))
      }
    }
  }

  @Test("A site that finds another key at its hub's address sends nothing and keeps its work")
  func wrongHub() throws {
    try withCounty { ours in
      let site = try ours.site("Hemmingen")
      try site.client().openCase()
      try withCounty { theirs in
        let outcome = try site.site("sync", environment: ["KREISSYNC_HUB": theirs.url])
        #expect(outcome.exit == 6)
        #expect(try error(outcome) == "hub_identity")
        // Nor does --offline-ok take a stranger for silence.
        let offline = try site.site(
          "sync", "--offline-ok", environment: ["KREISSYNC_HUB": theirs.url])
        #expect(offline.exit == 6)
      }
      #expect(try site.sync()["pushed"]["applied"] == 4)
    }
  }

  @Test("A certificate of another county's hub is refused")
  func foreignCertificate() throws {
    try withCounty { ours in
      let site = try ours.site("Hemmingen")
      try withCounty { theirs in
        let neighbour = try theirs.site("Hemmingen")
        let configuration = try String(
          contentsOfFile: neighbour.directory + "/site.toml", encoding: .utf8)
        let pin = configuration.firstMatch(of: /pin = "([^"]+)"/)?.1
        let outcome = try site.site(
          "sync", environment: ["KREISSYNC_HUB": theirs.url, "KREISSYNC_PIN": String(pin!)])
        #expect(outcome.exit == 4, "\(outcome)")
        #expect(try theirs.hub("status").json["cases"] == 0)
      }
    }
  }

  @Test(
    "A request without a client certificate gets no HTTP answer",
    .enabled(if: Binary.isThere("/usr/bin/curl"), "there is no curl program"))
  func withoutCertificate() throws {
    let curl = "/usr/bin/curl"
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for path in ["/", "/v1/hello", "/metrics"] {
        let outcome = try Child.run([
          curl, "--silent", "--insecure", "--max-time", "20", "--write-out", "%{http_code}",
          county.url + path,
        ])
        #expect(outcome.exit != 0)
        #expect(outcome.output == "000")
      }
      let known = try Child.run([
        curl, "--silent", "--insecure", "--max-time", "20", "--output", "/dev/null",
        "--write-out", "%{http_code}", "--cert", site.directory + "/site.crt", "--key",
        site.directory + "/site.key", county.url + "/",
      ])
      #expect(known.exit == 0 && known.output != "000")
    }
  }

  @Test("A revoked site is refused on its next sync and keeps what it wrote")
  func revoked() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      try county.hub("site", "revoke", site.id)
      try site.client().openCase(of: "Beispiel")
      let outcome = try site.site("sync")
      #expect(outcome.exit == 4, "\(outcome)")
      #expect(outcome.errors.contains("kreissync:"))
      #expect(try site.value("SELECT count(*) FROM case_file") == "2")
      #expect(try site.site("status").json["pending"] == 4)
      #expect(try county.hub("status").json["cases"] == 1)
    }
  }

  @Test("A directory that holds another site's replica is no place to join")
  func anothersDirectory() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      let join = try #require(try county.add("Kreis", kind: "county", areas: [])["join"].text)
      let outcome = try site.site("join", join)
      #expect(try outcome.exit == 4 && outcome.json["error"]["code"] == "bad_certificate_request")
      #expect(try site.sync()["pushed"]["applied"] == 4)
      // The join string is not used up.
      #expect(
        try Binary.run("site", "join", join, "--data", county.directory + "/own").exit == 0)
    }
  }

  @Test("A site that rejoins goes on where it stopped")
  func rejoin() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      let again = try county.hub("site", "rejoin", site.id).json
      #expect(again["site"] == .text(site.id) && again["join"].text != nil)
      #expect(try site.site("sync").exit == 4)
      try site.client().openCase(of: "Beispiel")
      let joined = try site.site("join", again["join"].text!)
      #expect(joined.exit == 0, "\(joined)")
      try Agreement.expect(county, [site])
      #expect(try county.hub("status").json["cases"] == 2)
    }
  }

  @Test("Two counties in one hub do not see each other")
  func twoCounties() throws {
    try withCounty(servesAtOnce: false) { county in
      let second = "08226"
      let made = try Binary.run(
        "hub", "init", "--data", county.hubDirectory, "--county", second, "--name",
        "Rhein-Neckar-Kreis", "--json")
      #expect(made.exit == 0)
      try county.serve()
      #expect(try county.hub("status").exit == 2)
      let hemmingen = try county.site("Hemmingen")
      let sinsheim = try county.site("Sinsheim", areas: ["08226085"], county: second)
      let field = try county.site("Kreis", kind: "county", areas: [], county: second)
      let ours = try hemmingen.client().openCase(of: "Hemmingen")
      let theirs = try sinsheim.client().openCase(of: "Sinsheim")
      // The same id in both counties is two cases.
      for site in [hemmingen, sinsheim] {
        try site.execute("INSERT INTO case_file (id, worker_id) VALUES ('same', '\(site.id)')")
      }
      for site in [hemmingen, sinsheim, field] { try site.sync() }
      try Agreement.expect(county, [hemmingen])
      try Agreement.expect(county, [sinsheim, field], key: second)
      #expect(
        try field.client().column("SELECT id FROM case_file ORDER BY id") == [theirs, "same"])
      #expect(
        try county.database().column("SELECT id FROM case_file ORDER BY id") == [ours, "same"])
      #expect(try hemmingen.client().column("SELECT name FROM site") == ["Hemmingen"])
      // A county's administrators cannot name the other's sites.
      #expect(try county.hub("site", "revoke", hemmingen.id, county: second).exit == 1)
      try hemmingen.sync()
    }
  }
}
