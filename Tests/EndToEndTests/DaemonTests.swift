import Foundation
import Glibc
import Testing

/// `site run`: what it does alone, and how it ends.
@Suite(.serialized)
struct DaemonTests {
  private static let often = ["KREISSYNC_SCHEDULE": "every 5s"]

  private func milliseconds(_ text: String?) throws -> Int64 {
    let date = try Date(try #require(text), strategy: .iso8601)
    return Int64(date.timeIntervalSince1970 * 1_000)
  }

  @Test("A site that never had a session has one at once; then the daemon waits for the night")
  func firstNight() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      #expect(try site.site("status").json["next_run"] == .null)
      let daemon = try Daemon.run(site.directory)
      let end = try daemon.event("session_ended")
      #expect(end["captured"] == 4 && end["applied"] == 4 && end["digest_equal"] == true)
      #expect(end["site"].text == site.id && end["bytes_sent"].integer ?? 0 > 0)

      let status = try site.site("status").json
      #expect(status["state"] == "green" && status["next_run"] == end["next_run"])
      let ahead = try milliseconds(end["next_run"].text) - milliseconds(end["time"].text)
      #expect((1...25 * 3_600_000).contains(ahead))
      try daemon.stop()
      #expect(try site.site("status").json["next_run"] == .null)
      try Agreement.expect(county, [site])
    }
  }

  @Test("With an interval, edits arrive by themselves, and a sync by hand works beside the daemon")
  func interval() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let daemon = try Daemon.run(site.directory, environment: Self.often)
      try daemon.event("session_ended")
      try site.client().openCase()
      while try daemon.event("session_ended")["applied"] != 4 {}
      for _ in 0..<3 {
        try site.client().openCase()
        let outcome = try site.site("sync")
        // Busy if the daemon is at it in this very moment.
        #expect([0, 3].contains(outcome.exit), "\(outcome)")
      }
      try daemon.event("session_ended")
      try daemon.stop()
      try Agreement.expect(county, [site])
      #expect(try county.hub("status").json["cases"] == 4)
    }
  }

  @Test("A replica that is missing or locked holds no other, and is synced when it can be")
  func apart() throws {
    try withCounty { county in
      let (good, locked) = (try county.site("Hemmingen"), try county.site("Asperg"))
      let missing = county.directory + "/missing"
      let client = try locked.client()
      try client.openCase()
      try client.execute("BEGIN EXCLUSIVE")
      let daemon = try Daemon.run(
        good.directory, locked.directory, missing, environment: Self.often)
      for _ in 0..<2 { try daemon.event("session_ended", of: good.directory) }
      #expect(
        try daemon.event("session_failed", of: locked.directory)["code"] == "replica_locked")
      try client.execute("COMMIT")
      #expect(try locked.site("sync").exit == 0)
      #expect(daemon.log.contains { $0["level"] == "error" && $0["event"] == "directory_unusable" })
      try daemon.stop()
      try Agreement.expect(county, [good, locked])
    }
  }

  @Test("Without a hub it tries again, more and more slowly, and a restart goes on where it was")
  func retries() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      county.killHub()
      var daemon = try Daemon.run(site.directory)
      let failure = try daemon.event("session_failed")
      #expect(failure["code"] == "hub_unreachable" && failure["failures"] == 1)
      let pause = try milliseconds(failure["next_run"].text) - milliseconds(failure["time"].text)
      #expect((29_000...91_000).contains(pause))
      #expect(try site.site("status").json["next_run"] == failure["next_run"])
      try daemon.stop()

      daemon = try Daemon.run(site.directory)
      #expect(try daemon.event("waiting")["next_run"] == failure["next_run"])
      try daemon.stop()
      // A session by hand settles what was owed.
      try county.serve()
      try site.sync()
      daemon = try Daemon.run(site.directory)
      let waiting = try daemon.event("waiting")
      let wait = try milliseconds(waiting["next_run"].text) - milliseconds(waiting["time"].text)
      #expect(wait > 0 && waiting["next_run"] != failure["next_run"])
      try daemon.stop()
      #expect(!daemon.log.contains { $0["event"] == "session_started" })
    }
  }

  @Test("SIGTERM ends it within seconds while the hub hangs, while it waits, and while it is idle")
  func sigterm() throws {
    try withCounty(servesAtOnce: false) { county in
      try county.serve()
      let site = try county.site("Hemmingen")
      county.killHub()
      // It takes the connection and never says a word.
      let silent = Sockets.make()
      defer { close(silent) }
      #expect(Sockets.bind(silent, port: county.sitePort) && listen(silent, 8) == 0)
      let daemon = try Daemon.run(site.directory)
      try daemon.event("session_started")
      let connection = accept(silent, nil, nil)
      defer { close(connection) }
      #expect(connection >= 0)
      try daemon.stop()
      #expect(try site.site("status").json["pending"] == 0)
    }
  }

  @Test("A configuration that is wrong is named with file, key and cure")
  func configuration() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for schedule in ["", "every", "every 4s", "every 25h", "every 15 m", "weekly"] {
        let outcome = try site.site("sync", environment: ["KREISSYNC_SCHEDULE": schedule])
        #expect(outcome.exit == 1, "\(schedule): \(outcome)")
        #expect(try outcome.json["error"]["code"] == "configuration")
        #expect(outcome.errors.contains("KREISSYNC_SCHEDULE"))
      }
      let path = site.directory + "/site.toml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.contains("schedule = \"nightly\""))
      try text.replacing("\"nightly\"", with: "15").write(
        toFile: path, atomically: true, encoding: .utf8)
      let outcome = try site.site("sync")
      #expect(outcome.exit == 1 && outcome.errors.contains(": key schedule: is not text"))
    }
  }

  @Test("A second daemon on the same directory waits, and two of one directory are refused")
  func twoDaemons() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let first = try Daemon.run(site.directory)
      try first.event("session_ended")
      let second = try Daemon.run(site.directory)
      try second.event("another_daemon_runs")
      try second.stop()
      try first.stop()
      let twice = try Binary.run(
        "site", "run", "--data", site.directory, "--data", site.directory + "/", "--json")
      #expect(twice.exit == 2)
    }
  }
}
