import Foundation
import Glibc
import Testing

/// Backups of hub and site with the real binary, beside everything else that goes on.
@Suite(.serialized)
struct BackupTests {
  /// The files of a directory that are neither backups nor what serves.
  private func files(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test("A backup beside a serving hub under writes is one sound file with its position inside")
  func beneathWrites() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let client = try site.client()
      for number in 0..<40 { try client.openCase(of: "n\(number)") }
      try site.sync()
      var last = 0
      for number in 0..<4 {
        for _ in 0..<20 { try client.openCase() }
        let sync = try site.startSync()
        let file = "\(county.directory)/backup\(number).sqlite"
        let outcome = try county.hub("backup", file)
        #expect(try sync.wait(within: 60).exit == 0)
        let backup = try outcome.json
        #expect(outcome.exit == 0 && backup["county"].text == TestCounty.key, "\(outcome)")
        let seq = try #require(backup["seq"].integer)
        #expect(seq >= last)
        last = seq

        let copy = try SQLClient(file, isReadOnly: true)
        #expect(try copy.value("SELECT seq FROM kreissync_counter") == "\(seq)")
        #expect(
          try copy.value("SELECT lower(hex(tree_root)) FROM kreissync_counter")
            == backup["tree_head"].text)
        #expect(
          try copy.value("SELECT history FROM kreissync_county") == backup["history"].text)
        #expect(try copy.value("SELECT max(seq) FROM kreissync_log") == "\(seq)")
        #expect(try copy.value("PRAGMA integrity_check") == "ok")
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        #expect(size == backup["bytes"].integer)
      }
      // Put in a directory of its own the file is the county: its log verifies.
      let place = county.directory + "/elsewhere"
      try FileManager.default.createDirectory(
        atPath: place, withIntermediateDirectories: false)
      try FileManager.default.copyItem(
        atPath: county.directory + "/backup3.sqlite", toPath: "\(place)/\(TestCounty.key).sqlite")
      let verified = try Binary.run("hub", "log", "verify", "--data", place, "--json")
      #expect(try verified.exit == 0 && verified.json["entries"].integer == last)
      // What is secured is told, and the site hears of it.
      let status = try county.hub("status").json
      #expect(status["secured"].integer == last && status["reasons"] == [])
      #expect(status["last_backup"].text != nil)
      try site.sync()
      #expect(try site.site("status").json["secured"].integer == last)
      try Agreement.expect(county, [site])
    }
  }

  @Test(
    "A full disk, a taken name and a missing directory are said, and leave nothing behind",
    .enabled(if: SmallDisk.isPossible, "no file system can be mounted here"))
  func targets() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      let disk = try SmallDisk(at: county.directory + "/small", mebibytes: 2)
      defer { disk.unmount() }
      try disk.fill()
      let small = county.directory + "/small/backup.sqlite"
      for full in [try county.hub("backup", small), try site.site("backup", small)] {
        #expect(full.exit == 3, "\(full)")
        #expect(try full.json["error"]["message"].text?.contains("No space left") == true)
        #expect(try files(in: county.directory + "/small") == ["ballast"])
      }
      let taken = county.directory + "/taken"
      try Data("mine".utf8).write(to: URL(fileURLWithPath: taken))
      let missing = county.directory + "/missing/backup.sqlite"
      for (path, fact) in [(taken, "nothing is overwritten"), (missing, "No such file")] {
        for outcome in [try county.hub("backup", path), try site.site("backup", path)] {
          #expect(outcome.exit == 1)
          #expect(try outcome.json["error"]["message"].text?.contains(fact) == true, "\(outcome)")
        }
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: taken)) == Data("mine".utf8))
      #expect(!(try files(in: county.directory)).contains { $0.contains(".new") })
      #expect(try county.hub("status").json["secured"] == .null)
      #expect(try county.hub("status").json["reasons"] == ["never_backed_up"])
    }
  }

  @Test("A damaged county is not backed up, and the hub says so while it serves")
  func damagedCounty() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      let database = try SQLClient("\(county.hubDirectory)/\(TestCounty.key).sqlite")
      try database.execute("UPDATE kreissync_log SET payload = x'00' WHERE seq = 3")
      let file = county.directory + "/backup.sqlite"
      let outcome = try county.hub("backup", file)
      #expect(outcome.exit == 1)
      let error = try outcome.json["error"]
      #expect(error["code"] == "backup_unsound")
      #expect(error["message"].text?.contains("at entry 3") == true)
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }

  @Test("The hub makes backups by itself, keeps as many as it was told, and one missed is made up")
  func nightly() throws {
    try withCounty(servesAtOnce: false) { county in
      let folder = county.hubDirectory + "/backups"
      var hub = try county.daemon(environment: [
        "KREISSYNC_BACKUP_TIME": "every 5s", "KREISSYNC_BACKUPS_KEPT": "2",
      ])
      try hub.event("started")
      let site = try county.site("Hemmingen")
      try site.sync()
      for count in 1...4 {
        let made = try hub.event("backup_made")
        #expect(made["county"].text == TestCounty.key && made["removed"] == (count > 2 ? 1 : 0))
        #expect(FileManager.default.fileExists(atPath: made["file"].text ?? ""))
      }
      try hub.stop()
      let kept = try files(in: folder)
      #expect(kept.count == 2, "\(kept)")
      #expect(kept.allSatisfy { $0.hasPrefix("08118-20") && $0.hasSuffix("Z.sqlite") })
      #expect(try county.hub("status").json["reasons"] == [])

      // Two days without a hub: it is made up at the start, whatever the hour.
      let database = try SQLClient("\(county.hubDirectory)/\(TestCounty.key).sqlite")
      try database.execute("UPDATE kreissync_backup SET secured_at = secured_at - 172800000")
      #expect(try county.hub("status").json["reasons"] == ["backup_overdue"])
      hub = try county.daemon()
      try hub.event("backup_made")
      try hub.stop()
      #expect(try files(in: folder).count == 3)
      // Made this very day: nothing is owed, and off is off.
      hub = try county.daemon(environment: ["KREISSYNC_BACKUP_TIME": "off"])
      try hub.event("backups_off")
      try site.sync()
      try hub.stop()
      #expect(!hub.log.contains { $0["event"] == "backup_made" })
    }
  }

  @Test("A backup that cannot be made is logged, shown, and stops nothing; the next one heals it")
  func failing() throws {
    try withCounty(servesAtOnce: false) { county in
      let folder = county.hubDirectory + "/backups"
      try Data("in the way".utf8).write(to: URL(fileURLWithPath: folder))
      let environment = ["KREISSYNC_BACKUP_TIME": "every 5s"]
      let hub = try county.daemon(environment: environment)
      try hub.event("started")
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      let failure = try hub.event("backup_failed")
      #expect(failure["level"] == "error" && failure["code"] == "file")
      #expect(try county.hub("status").json["reasons"] == ["never_backed_up", "backup_failed"])
      try site.sync()

      #expect(unlink(folder) == 0)
      // What a hub that was killed had left is removed on the way.
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      let left = folder + "/08118-20260101T000000Z.sqlite.new"
      try Data("half".utf8).write(to: URL(fileURLWithPath: left))
      try hub.event("backup_made")
      #expect(!FileManager.default.fileExists(atPath: left))
      #expect(try county.hub("status").json["reasons"] == [])
      try hub.stop()
    }
  }

  @Test(
    "Settings of backups that make no sense are named with their cure",
    arguments: [
      ("KREISSYNC_BACKUP_TIME", "25:00"), ("KREISSYNC_BACKUP_TIME", "every 1s"),
      ("KREISSYNC_BACKUPS_KEPT", "0"), ("KREISSYNC_BACKUPS_KEPT", "many"),
    ])
  func settings(variable: String, value: String) throws {
    try withCounty(servesAtOnce: false) { county in
      let outcome = try Binary.run(
        "hub", "status", "--data", county.hubDirectory, "--json", environment: [variable: value])
      #expect(outcome.exit == 1)
      #expect(try outcome.json["error"]["code"] == "configuration")
      #expect(outcome.errors.contains(variable))
    }
  }

  @Test("A site prunes what it sent when it is secured and old by the hub's clock, not before")
  func pruning() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let client = try site.client()
      for _ in 0..<4 {
        try client.openCase()
        try site.sync()
      }
      func kept() throws -> [String?] {
        try client.rows(
          "SELECT (SELECT count(*) FROM kreissync_outbox), (SELECT count(*) FROM kreissync_log)")[0]
      }
      let before = try kept()
      #expect(before[0] == "4")
      // Forty days pass at the hub, and nothing is secured.
      try client.execute(
        "UPDATE kreissync_watermark SET day = day - 40, hub_time = hub_time - 3456000000")
      try site.sync()
      #expect(try kept() == before)
      #expect(try county.hub("backup", county.directory + "/backup.sqlite").exit == 0)
      try site.sync()
      #expect(try kept()[0] == "1")
      #expect(try client.value("SELECT count(*) FROM kreissync_log") == "1")
      // What comes now stays: secured it may be, old it is not. The one before is the last no more.
      try client.openCase()
      try site.sync()
      #expect(try county.hub("backup", county.directory + "/second.sqlite").exit == 0)
      try site.sync()
      #expect(try client.column("SELECT number FROM kreissync_outbox") == ["5"])
      try Agreement.expect(county, [site])
    }
  }

  @Test("A replica's backup holds also what the hub does not, while a program writes")
  func siteBackup() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let client = try site.client()
      try client.execute("CREATE TABLE own_note (text)")
      try client.execute("INSERT INTO own_note (rowid, text) VALUES (4711, 'mine')")
      let id = try client.openCase()
      try site.sync()
      try client.rows("UPDATE consent SET document_ref = 'Ordner 7' WHERE case_id = ?", [id])
      try client.openCase(of: "unsent")
      try client.execute("BEGIN IMMEDIATE; UPDATE person SET phone = '1'")
      let file = county.directory + "/replica.sqlite"
      let outcome = try site.site("backup", file)
      try client.execute("ROLLBACK")
      let backup = try outcome.json
      #expect(outcome.exit == 0 && backup["site"].text == site.id, "\(outcome)")
      #expect(
        try files(in: county.directory).filter { $0.hasPrefix("replica") } == ["replica.sqlite"])

      let copy = try SQLClient(file)
      #expect(try copy.value("PRAGMA integrity_check") == "ok")
      #expect(try copy.value("SELECT rowid FROM own_note") == "4711")
      #expect(
        try copy.value("SELECT document_ref FROM consent WHERE case_id = ?", [id]) == "Ordner 7")
      #expect(try copy.value("SELECT count(*) FROM person WHERE phone = '1'") == "0")
      #expect(try copy.value("SELECT count(*) FROM person") == "2")
      #expect(
        try copy.value("SELECT incarnation FROM kreissync_replica") == backup["incarnation"].text)
      // A damaged replica has no backup.
      try site.sync()
      let damaged = county.directory + "/damaged"
      try FileManager.default.copyItem(atPath: site.directory, toPath: damaged)
      try SQLClient(damaged + "/caseload.sqlite").execute("PRAGMA journal_mode = DELETE")
      let bytes = try FileHandle(forUpdating: URL(fileURLWithPath: damaged + "/caseload.sqlite"))
      try bytes.seek(toOffset: 6 * 4_096)
      try bytes.write(contentsOf: Data(repeating: 0xA5, count: 20 * 4_096))
      try bytes.close()
      let refused = try Binary.run(
        "site", "backup", file + "2", "--data", damaged, "--json")
      #expect(
        refused.exit == 1 && !FileManager.default.fileExists(atPath: file + "2"), "\(refused)")
    }
  }
}
