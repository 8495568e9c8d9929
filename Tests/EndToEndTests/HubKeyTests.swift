import Foundation
import Testing

/// The hub's own key is replaced, and the hub is ended, while sites go on.
@Suite(.serialized)
struct HubKeyTests {
  private func pinCount(_ site: TestSite) throws -> Int {
    try JSON(parsing: String(contentsOfFile: site.directory + "/pins.json", encoding: .utf8))[
      "pins"
    ].items.count
  }

  @Test("A site that learnt the next key goes on behind the switch; one that missed it joins anew")
  func rotate() throws {
    try withCounty { county in
      let (here, away) = (try county.site("Hemmingen"), try county.site("Asperg"))
      try here.sync()
      try away.sync()
      let made = try county.hub("keys", "rotate").json
      #expect(made["switched"] == false && made["ready"] == 0)
      #expect(made["not_ready"].items.count == 2 && made["pin"] != made["next_pin"])
      // The running hub announces it by itself.
      while try pinCount(here) == 1 { try here.sync() }
      let known = try county.hub("keys", "rotate").json
      #expect(known["next_pin"] == made["next_pin"] && known["ready"] == 1)
      #expect(known["not_ready"][0]["site"].text == away.id)
      #expect(known["switch_at"] == made["switch_at"])
      try away.client().openCase()
      try here.sync()

      #expect(try county.hub("keys", "rotate", "--now").json["switched"] == true)
      // The listeners begin anew; in that moment the hub may be out of reach.
      while try pinCount(here) == 2 {
        #expect([0, 6].contains(try here.site("sync").exit))
      }
      try here.client().openCase()
      try here.sync()
      let missed = try away.site("sync")
      #expect(missed.exit == 6, "\(missed)")
      #expect(try missed.json["error"]["code"] == "hub_identity")
      #expect(missed.errors.contains("hub site rejoin"))
      let join = try county.hub("site", "rejoin", away.id).json["join"].text!
      #expect(try away.site("join", join).exit == 0)
      #expect(try away.sync()["pushed"]["applied"] == 4)
      try Agreement.expect(county, [here, away])

      // And behind a restart the switched key is the only one.
      _ = try county.stopHub()
      try county.serve()
      try here.sync()
    }
  }

  @Test("SIGTERM under load ends the hub in seconds, and nobody loses or doubles anything")
  func termination() throws {
    try withCounty { county in
      let sites = try ["Hemmingen", "Asperg", "Möglingen", "Tamm"].map { try county.site($0) }
      for round in 0..<4 {
        for (number, site) in sites.enumerated() {
          let client = try site.client()
          try client.execute("BEGIN")
          for row in 0..<400 {
            try client.execute(
              "INSERT INTO case_file (id) VALUES ('c-\(round)-\(number)-\(row)')")
          }
          try client.execute("COMMIT")
        }
        let syncs = try sites.map { try $0.startSync() }
        _ = syncs[0].ends(withinMilliseconds: 60 + 80 * round)
        let hub = try county.stopHub(within: 10)
        #expect(hub?.exit == 0, "\(String(describing: hub))")
        for sync in syncs {
          let outcome = try sync.wait()
          #expect([0, 6].contains(outcome.exit), "\(outcome)")
        }
        try county.serve()
      }
      try Agreement.expect(county, sites)
      #expect(try county.hub("status").json["cases"] == 6_400)
    }
  }

  @Test("No log of hub or site has a value, whatever stands in the rows")
  func canaries() throws {
    try withCounty(servesAtOnce: false) { county in
      try county.serve(logLevel: "debug")
      let site = try county.site("Hemmingen")
      let client = try site.client()
      try client.openCase(of: "KANARIE-1")
      let daemon = try Daemon(
        ["site", "run", "--log-level", "debug", "--data", site.directory],
        environment: ["KREISSYNC_SCHEDULE": "every 5s"])
      try daemon.event("session_ended")
      // Also what no column of the kind can hold: it is refused or parked, with words.
      let columns = try client.column(
        """
        SELECT m.name || '.' || p.name FROM sqlite_master m, pragma_table_info(m.name) p
        WHERE m.type = 'table' AND m.name NOT LIKE 'kreissync%'
          AND m.name NOT IN ('site', 'site_area', 'programme_period', 'responsibility')
          AND p.type = 'TEXT' AND p.name NOT IN ('id', 'case_id')
        """)
      #expect(columns.count > 20)
      for (number, column) in columns.enumerated() {
        let parts = column.split(separator: ".")
        try client.execute("UPDATE \(parts[0]) SET \(parts[1]) = 'KANARIE-\(number)'")
      }
      let seen = daemon.log.count
      try daemon.event(
        try site.site("status").json["pending"] == 0 ? "waiting" : "session_ended")
      #expect(daemon.log.count > seen)
      try daemon.stop()
      let hub = try county.stopHub()
      let logs = (hub?.errors ?? "") + daemon.log.map { "\($0)" }.joined()
      #expect(logs.contains("/v1/push") && logs.contains("session_ended"))
      #expect(!logs.contains("KANARIE"))
    }
  }
}
