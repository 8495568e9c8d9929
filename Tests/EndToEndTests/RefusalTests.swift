import Foundation
import Glibc
import Testing

/// What a command says when it cannot do its work: exit code, code of the error object, and that
/// nothing is created or lost.
struct RefusalTests {
  private func expect(
    _ outcome: Outcome, exit: Int32, code: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(outcome.exit == exit, "\(outcome)", sourceLocation: sourceLocation)
    let shape = Shape.object([
      "error": .object(["code": .text, "message": .text, "hint": .text])
    ])
    let json = try outcome.json
    #expect(shape.misfits(json) == [], sourceLocation: sourceLocation)
    #expect(json["error"]["code"] == .text(code), sourceLocation: sourceLocation)
    #expect(!outcome.errors.isEmpty, sourceLocation: sourceLocation)
  }

  @Test("Without a hub a sync defers; with --offline-ok that is a good end")
  func offline() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      #expect(try county.stopHub()?.exit == 0)
      try expect(site.site("sync"), exit: 6, code: "hub_unreachable")
      let outcome = try site.site("sync", "--offline-ok")
      #expect(outcome.exit == 0)
      let report = try outcome.json
      #expect(report["result"] == "offline")
      #expect(!report.keys.contains("pushed") && !report.keys.contains("error"))
      let status = try site.site("status").json
      #expect(status["state"] == "yellow" && status["pending"] == 4)
      try county.serve()
      let caught = try site.sync()
      #expect(caught["captured"] == 4 && caught["pushed"]["applied"] == 4)
      try Agreement.expect(county, [site])
    }
  }

  @Test("Where no replica stands, none is made")
  func missing() throws {
    try withDirectory { directory in
      let site = TestSite(id: "", directory: directory + "/nothing")
      for command in ["sync", "status", "notices"] {
        try expect(site.site(command), exit: 1, code: "replica_missing")
      }
      #expect(!FileManager.default.fileExists(atPath: site.directory))
    }
  }

  @Test("A replica that was deleted is missing, and is not made anew")
  func deleted() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
      try expect(site.site("sync"), exit: 1, code: "replica_missing")
      #expect(!FileManager.default.fileExists(atPath: site.replica))
    }
  }

  @Test("A file that is no replica is left as it is", arguments: ["database", "text", "nothing"])
  func foreignFile(_ content: String) throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
      let text = content == "text" ? String(repeating: "no database ", count: 400) : ""
      try Data(text.utf8).write(to: URL(fileURLWithPath: site.replica))
      if content == "database" { try site.execute("CREATE TABLE person (id)") }
      let before = FileManager.default.contents(atPath: site.replica)
      try expect(site.site("sync"), exit: 1, code: "not_a_replica")
      try expect(site.site("status"), exit: 1, code: "not_a_replica")
      #expect(FileManager.default.contents(atPath: site.replica) == before)
    }
  }

  @Test("A replica of a newer format is not touched")
  func newerFormat() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let format = Int(try site.value("PRAGMA user_version")!)!
      try site.execute("PRAGMA user_version = \(format + 1)")
      try expect(site.site("sync"), exit: 1, code: "newer_format")
      #expect(try site.value("PRAGMA user_version") == "\(format + 1)")
      try site.execute("PRAGMA user_version = \(format)")
      try site.sync()
    }
  }

  @Test("A replica that another program keeps locked defers the session")
  func locked() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let client = try site.client()
      try client.openCase()
      try client.execute("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
      let sync = try site.startSync()
      try expect(sync.wait(within: 40), exit: 3, code: "replica_locked")
      try client.execute("COMMIT")
      try Agreement.expect(county, [site])
    }
  }

  @Test(
    "A replica that cannot be written says so within five seconds",
    .enabled(
      if: getuid() != 0 || Binary.isThere("/usr/bin/setpriv"),
      "root may write everything, and there is no setpriv to become somebody else"))
  func readOnly() throws {
    let setpriv = "/usr/bin/setpriv"
    try withCounty { county in
      let site = try county.site("Hemmingen")
      // Root may write everything, so the agent runs as somebody else, in a directory of its own.
      let isRoot = getuid() == 0
      let nobody: uid_t = 65_534
      chmod(county.directory, 0o755)
      for name in try FileManager.default.contentsOfDirectory(atPath: site.directory)
      where isRoot && name != "caseload.sqlite" {
        chown("\(site.directory)/\(name)", nobody, nobody)
      }
      if isRoot { chown(site.directory, nobody, nobody) }
      try site.client().openCase()
      chmod(site.replica, 0o444)
      let prefix =
        isRoot
        ? [setpriv, "--reuid", "\(nobody)", "--regid", "\(nobody)", "--clear-groups", "--"] : []
      let outcome = try Child.run(
        prefix + [Binary.path, "site", "sync", "--data", site.directory, "--json"], within: 5)
      try expect(outcome, exit: 1, code: "replica_read_only")
      chmod(site.replica, 0o644)
      chmod(site.directory, 0o555)
      let locked = try Child.run(
        prefix + [Binary.path, "site", "sync", "--data", site.directory, "--json"], within: 5)
      try expect(locked, exit: 1, code: "replica_read_only")
      chmod(site.directory, 0o755)
      #expect(try site.sync()["pushed"]["applied"] == 4)
    }
  }

  @Test("Two agents never work on one directory")
  func busy() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let lock = open(site.directory + "/agent.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      defer { close(lock) }
      #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
      try expect(site.site("sync"), exit: 3, code: "busy")
      #expect(try site.site("status").exit == 0)
      flock(lock, LOCK_UN)
      try site.sync()
    }
  }

  @Test("A table that only the hub writes refuses local writes and says why")
  func hubOnlyTable() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      for sql in [
        "INSERT INTO site (kind, name) VALUES ('carrier', 'AWO')",
        "INSERT OR REPLACE INTO site SELECT * FROM site",
        "UPDATE site SET name = 'Markgröningen'", "DELETE FROM site",
      ] {
        let failure = #expect(throws: SQLClient.Failure.self) { try site.execute(sql) }
        #expect(failure?.message.contains("table site is written by the county hub") == true)
      }
      try Agreement.expect(county, [site])
    }
  }

  @Test("The hub ends on SIGTERM within seconds, with exit code 0, also with sites connected")
  func termination() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let idle = Sockets.make()
      defer { close(idle) }
      #expect(Sockets.connect(idle, port: county.sitePort))
      try site.sync()
      let outcome = try county.stopHub(within: 15)
      #expect(outcome?.exit == 0, "\(String(describing: outcome))")
    }
  }

  @Test("A hub that is missing or has no county does not start")
  func noHub() throws {
    try withDirectory { directory in
      let missing = try Binary.run(
        "hub", "serve", "--data", directory + "/none", "--listen", "127.0.0.1:0",
        "--join-listen", "127.0.0.1:0", "--json")
      try expect(missing, exit: 1, code: "hub_missing")
      let empty = try Binary.run(
        "hub", "serve", "--data", directory, "--listen", "127.0.0.1:0", "--join-listen",
        "127.0.0.1:0", "--json")
      try expect(empty, exit: 1, code: "no_county")
    }
  }

  @Test("A county is made once; its database is never overwritten")
  func secondInit() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      let again = try Binary.run(
        "hub", "init", "--data", county.hubDirectory, "--county", TestCounty.key, "--name", "x",
        "--json")
      #expect(again.exit == 1, "\(again)")
      #expect(try again.json["error"]["code"].text != nil)
      try Agreement.expect(county, [site])
      #expect(try county.hub("status").json["cases"] == 1)
    }
  }

  @Test("What is wrong in site.toml is named with its line and key")
  func configuration() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let path = site.directory + "/site.toml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      for (line, name) in [("hubb = \"x\"", "hubb"), ("hub = 7", "hub"), ("= =", "line")] {
        let kept = name == "hub" ? text.replacing(/hub = .*/, with: "") : text
        try (kept + line + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let outcome = try site.site("sync")
        try expect(outcome, exit: 1, code: "configuration")
        let message = try #require(outcome.json["error"]["message"].text)
        #expect(message.contains(name))
        #expect(message.contains("site.toml: line \(kept.count { $0 == "\n" } + 1): "))
      }
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      try site.sync()
    }
  }
}
