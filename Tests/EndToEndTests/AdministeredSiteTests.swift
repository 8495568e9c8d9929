import Foundation
import Testing

/// What the county does with a site from afar: pause, resume, instructions, renewal of keys.
@Suite(.serialized)
struct AdministeredSiteTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  @Test("A paused site waits with its work, says so, and goes on when it is resumed")
  func pause() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      #expect(try county.hub("site", "pause", site.id).json["state"] == "paused")
      try site.client().openCase()
      let outcome = try site.site("sync")
      #expect(outcome.exit == 3, "\(outcome)")
      #expect(try outcome.json["error"]["code"] == "site_paused")
      let daemon = try Daemon.run(site.directory, environment: ["KREISSYNC_SCHEDULE": "every 5s"])
      let failure = try daemon.event("session_failed")
      #expect(failure["code"] == "site_paused")
      // The hub's Retry-After is a quarter of an hour.
      let wait = try Date(#require(failure["next_run"].text), strategy: .iso8601)
        .timeIntervalSince(Date(#require(failure["time"].text), strategy: .iso8601))
      #expect((899...1_013).contains(wait))
      try daemon.stop()
      #expect(try county.hub("site", "resume", site.id).json["state"] == "joined")
      #expect(try site.sync()["pushed"]["applied"] == 4)
      try Agreement.expect(county, [site])
    }
  }

  @Test("A site that waits to join, or is revoked, cannot be paused, and the cure is said")
  func notPossible() throws {
    try withCounty { county in
      let waiting = try county.add("Hemmingen")["site"].text!
      let outcome = try county.hub("site", "pause", waiting)
      #expect(outcome.exit == 1)
      #expect(try outcome.json["error"]["code"] == "site_waiting")
      try county.hub("site", "revoke", waiting)
      #expect(try county.hub("site", "resume", waiting).json["error"]["code"] == "site_revoked")
      #expect(try county.hub("resync", waiting, "--mode", "verify").exit == 1)
      for mode in ["compare", ""] {
        let refused = try county.hub("resync", waiting, "--mode", mode)
        #expect(refused.exit == 2 && refused.errors.contains("verify"))
      }
    }
  }

  @Test("A site renews its key and certificate when it is asked to, and goes on with them")
  func renewal() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let key = try text(site.directory + "/site.key")
      try county.hub("site", "renew", site.id)
      #expect(try site.sync()["events"] == ["certificate_renewed"])
      #expect(try text(site.directory + "/site.key") != key)
      var asked = try county.hub("site", "show", site.id).json["instructions"][0]
      #expect(asked["kind"] == "renew_certificate" && asked["done_at"] == .null)
      try site.client().openCase()
      #expect(try site.sync()["events"] == [])
      asked = try county.hub("site", "show", site.id).json["instructions"][0]
      #expect(asked["result"] == "renewed")
      // Paused, it could not be greeted; asked again, it renews again.
      try county.hub("site", "renew", site.id)
      #expect(try site.sync()["events"] == ["certificate_renewed"])
      try site.sync()
      try Agreement.expect(county, [site])
    }
  }

  @Test("kill -9 at any moment of a renewal leaves a site that goes on")
  func killedRenewal() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      var renewalCount = 0
      for round in 0..<24 {
        let key = try text(site.directory + "/site.key")
        try county.hub("site", "renew", site.id)
        let sync = try site.startSync()
        // Sooner and later: within its start, its session, its renewal and behind its end.
        _ = sync.ends(withinMilliseconds: 20 + 9 * round)
        sync.send(SIGKILL)
        _ = try sync.wait()
        try site.sync()
        try site.sync()
        if try text(site.directory + "/site.key") != key { renewalCount += 1 }
      }
      #expect(renewalCount == 24)
      try Agreement.expect(county, [site])
    }
  }

  @Test("A verify from afar finds what no trigger saw, and says so")
  func verify() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      try county.hub("resync", site.id, "--mode", "verify")
      try site.sync()
      #expect(
        try county.hub("site", "show", site.id).json["instructions"][0]["result"] == "equal")

      let client = try site.client()
      let triggers = try client.column(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'person'")
      for name in try client.column(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'person'")
      {
        try client.execute("DROP TRIGGER \"\(name)\"")
      }
      try client.execute("UPDATE person SET phone = '0711 1'")
      for trigger in triggers { try client.execute(trigger) }
      #expect(try site.sync()["captured"] == 0)
      try county.hub("resync", site.id, "--mode", "verify")
      let report = try site.sync()
      #expect(report["captured"] == 1 && report["events"] == ["scrub_found"])
      #expect(
        try county.hub("site", "show", site.id).json["instructions"][1]["result"] == "repaired")
      #expect(try county.database().value("SELECT phone FROM person") == "0711 1")
      try Agreement.expect(county, [site])
    }
  }

  @Test("A certificate that should have been renewed shows at the hub")
  func expiry() throws {
    try withCounty(servesAtOnce: false) { county in
      let settings = county.hubDirectory + "/hub.toml"
      func set(_ line: String) throws {
        try (line + "\n").write(toFile: settings, atomically: true, encoding: .utf8)
      }
      func reasons() throws -> [JSON] {
        let listed = try county.hub("site", "list").json[0]["reasons"]
        #expect(try county.hub("status").json["sites"][0]["reasons"] == listed)
        return listed.items
      }
      // A day's certificate has a sixth of a day to be worth a word.
      try set("certificate_days = 1")
      try county.serve()
      let site = try county.site("Hemmingen")
      try site.sync()
      #expect(try reasons() == [])
      // For one of a year, its last fourteen days are.
      try set("certificate_days = 366")
      #expect(try reasons() == ["certificate_expires_soon"])
      for flawed in ["certificate_days = 0", "certificate_days = \"30\"", "days = 3", "a = [}"] {
        try set(flawed)
        let outcome = try county.hub("status")
        #expect(outcome.exit == 1, "\(flawed)")
        #expect(try outcome.json["error"]["code"] == "configuration")
        #expect(outcome.errors.contains("hub.toml: line 1: "))
      }
    }
  }
}
