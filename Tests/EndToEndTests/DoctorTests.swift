import Foundation
import Glibc
import Testing

/// `site doctor`: each thing that an office could have wrong is broken once; its check finds it.
@Suite(.serialized)
struct DoctorTests {
  /// What the doctor says of one site, by the names of its checks.
  private struct Report {
    let outcome: Outcome
    let ok: Bool
    let checks: [String: JSON]

    init(_ outcome: Outcome) throws {
      self.outcome = outcome
      let document = try outcome.json
      ok = document["ok"] == true
      var checks: [String: JSON] = [:]
      for check in document["checks"].items { checks[check["name"].text ?? "?"] = check }
      self.checks = checks
    }

    func state(_ name: String) -> String? { checks[name]?["state"].text }
    func found(_ name: String) -> String { checks[name]?["found"].text ?? "" }

    var errors: Set<String> { Set(checks.filter { $0.value["state"] == "error" }.keys) }
    var warnings: Set<String> { Set(checks.filter { $0.value["state"] == "warning" }.keys) }
  }

  private func examine(_ site: TestSite, environment: [String: String] = [:]) throws -> Report {
    let report = try Report(site.site("doctor", environment: environment))
    #expect(report.outcome.exit == (report.errors.isEmpty ? 0 : 1), "\(report.outcome)")
    #expect(report.ok == report.errors.isEmpty)
    for (name, check) in report.checks {
      let hasCure = check["cure"].text?.isEmpty == false
      #expect(
        hasCure == (check["state"] != "ok"), "\(name): a cure where there is something to cure")
    }
    return report
  }

  /// Where a joined and synced site can only have the library's age against it.
  private func withHealthySite(_ body: (TestCounty, TestSite) throws -> Void) throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      try body(county, site)
    }
  }

  private static let mayBeOld: Set = ["sqlite", "disk_space"]

  /// Bytes and times of everything in a directory that is not a lock.
  private func marks(of directory: String) throws -> [String: String] {
    var marks: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
      let path = "\(directory)/\(name)"
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      marks[name] =
        "\(bytes.hashValue) \(attributes[.modificationDate]!) \(attributes[.posixPermissions]!)"
    }
    return marks
  }

  @Test("A site that is well has no error, and looking changes nothing, with and without a WAL")
  func healthy() throws {
    try withHealthySite { _, site in
      let before = try marks(of: site.directory)
      let report = try examine(site)
      #expect(report.errors.isEmpty && report.warnings.isSubset(of: Self.mayBeOld))
      #expect(try marks(of: site.directory) == before)
      let names: Set = [
        "directory", "key_files", "small_files", "agents", "site_toml", "hub_name", "hub_proxy",
        "hub_reach", "hub_pin", "hub_admission", "hub_clock", "certificate", "disk_space",
        "file_system", "replica", "pages", "triggers", "foreign_triggers", "foreign_indexes",
        "journal", "sidecar", "sqlite", "programs",
      ]
      #expect(Set(report.checks.keys) == names)

      let client = try site.client()
      try client.openCase(of: "in the WAL")
      let open = try marks(of: site.directory).filter { $0.key != "caseload.sqlite-shm" }
      let beside = try examine(site)
      #expect(beside.errors.isEmpty)
      #expect(
        try marks(of: site.directory).filter { $0.key != "caseload.sqlite-shm" } == open)
      #expect(
        try client.value("SELECT count(*) FROM person WHERE family_name = 'in the WAL'") == "1")
      // As text it is a table, and tells the same.
      let text = try Binary.run("site", "doctor", "--data", site.directory)
      #expect(text.exit == 0 && text.output.contains("hub_admission"))
    }
  }

  @Test("Without a hub it says so, and looks at everything else all the same")
  func withoutHub() throws {
    try withHealthySite { county, site in
      county.killHub()
      let report = try examine(site)
      #expect(report.errors == ["hub_reach"])
      #expect(report.warnings.isSuperset(of: ["hub_pin", "hub_admission", "hub_clock"]))
      #expect(report.state("replica") == "ok" && report.state("certificate") == "ok")
    }
  }

  @Test("A directory that is empty, missing or a file: errors, and nothing is made")
  func nothing() throws {
    try withDirectory { directory in
      let empty = directory + "/empty"
      try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
      chmod(empty, 0o700)
      try Data().write(to: URL(fileURLWithPath: directory + "/file"))
      for name in ["empty", "missing", "file"] {
        let outcome = try Binary.run("site", "doctor", "--data", "\(directory)/\(name)", "--json")
        let report = try Report(outcome)
        #expect(outcome.exit == 1)
        #expect(report.errors.isSuperset(of: ["site_toml", "key_files", "certificate", "replica"]))
        #expect(report.state("directory") == (name == "empty" ? "ok" : "error"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: empty) == [])
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
    }
  }

  @Test(
    "A small file that is damaged is found, and its cure helps", arguments: ["pins", "check"])
  func smallFile(name: String) throws {
    try withHealthySite { _, site in
      let path = "\(site.directory)/\(name).json"
      #expect(truncate(path, 20) == 0)
      #expect(try site.site("sync").json["error"]["code"] == "file_damaged")
      let report = try examine(site)
      #expect(report.errors == ["small_files"])
      #expect(report.found("small_files").contains("\(name).json"))
      #expect(report.checks["small_files"]?["cure"].text?.hasPrefix("remove it") == true)
      unlink(path)
      try site.sync()
    }
  }

  @Test("Permissions that let others in, and files of two sites that were mixed, are found")
  func identityFiles() throws {
    try withHealthySite { county, site in
      chmod(site.directory, 0o755)
      chmod(site.directory + "/site.key", 0o644)
      var report = try examine(site)
      #expect(report.state("directory") == "warning" && report.state("key_files") == "warning")
      chmod(site.directory, 0o700)
      chmod(site.directory + "/site.key", 0o600)

      let other = try county.site("Asperg")
      let files = FileManager.default
      try files.removeItem(atPath: site.directory + "/site.crt")
      report = try examine(site)
      #expect(report.errors.isSuperset(of: ["key_files", "certificate"]))
      try files.copyItem(
        atPath: other.directory + "/site.crt", toPath: site.directory + "/site.crt")
      report = try examine(site)
      #expect(report.state("certificate") == "error")
      #expect(report.found("certificate").contains("not for the key"))
      try files.removeItem(atPath: site.directory + "/site.key")
      try files.copyItem(
        atPath: other.directory + "/site.key", toPath: site.directory + "/site.key")
      report = try examine(site)
      #expect(report.found("certificate").contains("the replica is \(site.id)'s"))
    }
  }

  @Test("Settings, a name that nobody knows, and another machine in the hub's place are found")
  func configuration() throws {
    try withHealthySite { county, site in
      var report = try examine(site, environment: ["KREISSYNC_SCHEDULE": "weekly"])
      #expect(report.errors == ["site_toml"])
      #expect(report.state("hub_reach") == "warning")
      report = try examine(site, environment: ["KREISSYNC_HUB": "https://no-such-host.invalid:1"])
      #expect(report.errors.isSuperset(of: ["hub_name", "hub_reach"]))

      // Another hub stands where the county's stood: its key is another one.
      county.killHub()
      let foreign = county.directory + "/foreign"
      _ = try Binary.run("hub", "init", "--data", foreign, "--county", "08119", "--name", "Other")
      let hub = try Child(
        [
          Binary.path, "hub", "serve", "--data", foreign, "--listen",
          "127.0.0.1:\(county.sitePort)", "--join-listen", "127.0.0.1:\(county.joinPort)",
        ], streamsOutput: true)
      _ = try hub.line()
      report = try examine(site)
      #expect(report.errors == ["hub_pin"])
      #expect(report.state("hub_reach") == "ok")
    }
  }

  @Test("A proxy that does not let the hub's name pass is found, and what would help")
  func proxy() throws {
    try withHealthySite { _, site in
      // Nothing listens there.
      let dead = "http://user:secret@127.0.0.1:\(Ports.next())"
      var report = try examine(
        site, environment: ["https_proxy": dead, "no_proxy": "", "NO_PROXY": ""])
      #expect(report.errors == ["hub_proxy"])
      #expect(report.found("hub_proxy").contains("without it"))
      #expect(!report.outcome.output.contains("secret"))
      #expect(report.state("hub_admission") == "ok")
      report = try examine(
        site, environment: ["https_proxy": dead, "no_proxy": "localhost,127.0.0.1"])
      #expect(report.errors.isEmpty)
    }
  }

  @Test("A site that was revoked, and a certificate that is over, are found")
  func admission() throws {
    try withHealthySite { county, site in
      try county.hub("site", "revoke", site.id)
      let report = try examine(site)
      #expect(report.errors == ["hub_admission"])
    }
  }

  @Test("A replica that is damaged, foreign, locked or rebuilt is found by the check for it")
  func replica() throws {
    try withHealthySite { county, site in
      let client = try site.client()
      try client.execute(
        """
        DROP TRIGGER kreissync_capture_update_person;
        CREATE TRIGGER own_rule AFTER INSERT ON person BEGIN SELECT 1; END;
        CREATE UNIQUE INDEX own_name ON person (family_name, given_names);
        """)
      var report = try examine(site)
      #expect(report.errors.isEmpty)
      #expect(report.found("triggers").contains("person"))
      #expect(report.found("foreign_triggers") == "person.own_rule")
      #expect(report.found("foreign_indexes") == "person.own_name")
      #expect(report.warnings.isSuperset(of: ["triggers", "foreign_triggers", "foreign_indexes"]))
      #expect(report.found("programs").contains("process \(getpid())"))

      try client.execute("DROP TABLE referral")
      report = try examine(site)
      #expect(report.errors == ["triggers"] && report.found("triggers").contains("referral"))

      // Without a WAL an exclusive lock keeps readers out, too.
      try client.execute("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
      report = try examine(site)
      #expect(report.errors == ["replica"] && report.found("replica").contains("replica_locked"))
      try client.execute("COMMIT")
    }
    try withHealthySite { _, site in
      try site.client().execute("PRAGMA journal_mode = DELETE")
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: site.replica))
      let length = try handle.seekToEnd()
      try handle.seek(toOffset: length / 4_096 / 2 * 4_096)
      try handle.write(contentsOf: Data(repeating: 0xA5, count: 8 * 4_096))
      try handle.close()
      var report = try examine(site)
      #expect(!report.errors.isDisjoint(with: ["pages", "replica"]))
      try Data("no database".utf8).write(to: URL(fileURLWithPath: site.replica))
      report = try examine(site)
      #expect(report.errors == ["replica"] && report.found("replica").contains("not_a_replica"))
    }
  }

  @Test("An older replica beside a newer sidecar, and a daemon at work, are seen")
  func sidecarAndAgents() throws {
    try withHealthySite { county, site in
      let backup = county.directory + "/old.sqlite"
      #expect(try site.site("backup", backup).exit == 0)
      try site.client().openCase()
      try site.sync()
      let daemon = try Daemon.run(site.directory)
      try daemon.event("waiting")
      #expect(try examine(site).found("agents").hasPrefix("a daemon runs"))
      try daemon.stop()
      for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
      try FileManager.default.copyItem(atPath: backup, toPath: site.replica)
      #expect(try examine(site).errors == ["sidecar"])
    }
  }

  @Test(
    "A disk with next to no room is found",
    .enabled(if: SmallDisk.isPossible, "no file system can be mounted here"))
  func disk() throws {
    try withDirectory { directory in
      let disk = try SmallDisk(at: directory + "/site1", mebibytes: 48)
      defer { disk.unmount() }
      let county = try TestCounty(directory: directory)
      defer { county.killHub() }
      try county.serve()
      let site = try county.site("Hemmingen")
      try site.sync()
      try disk.fill()
      #expect(try examine(site).errors.contains("disk_space"))
    }
  }
}
