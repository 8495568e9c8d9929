import Foundation
import Glibc
import Testing

/// Join strings of yesterday, disks that are full, replicas that somebody holds: a clear error, and
/// nothing lost.
@Suite(.serialized)
struct BadInputTests {
  private func expect(
    _ outcome: Outcome, exit: Int32, code: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(outcome.exit == exit, "\(outcome)", sourceLocation: sourceLocation)
    let error = try outcome.json["error"]
    #expect(error["code"] == .text(code), sourceLocation: sourceLocation)
    for part in ["message", "hint"] {
      #expect(error[part].text?.isEmpty == false, sourceLocation: sourceLocation)
    }
  }

  @Test("A join string that was replaced, or whose hour is over, is refused and creates nothing")
  func staleJoinStrings() throws {
    try withCounty { county in
      let added = try county.add("Hemmingen")
      let site = added["site"].text!
      let fresh = try county.hub("site", "rejoin", site).json["join"].text!
      let path = county.directory + "/a"
      try expect(
        Binary.run("site", "join", added["join"].text!, "--data", path, "--json"), exit: 4,
        code: "join_string_unknown")

      let database = try SQLClient("\(county.hubDirectory)/\(TestCounty.key).sqlite")
      try database.execute("UPDATE kreissync_site SET token_expires_at = 1 WHERE id = '\(site)'")
      try expect(
        Binary.run("site", "join", fresh, "--data", path, "--json"), exit: 4,
        code: "join_string_expired")
      #expect(!FileManager.default.fileExists(atPath: path + "/caseload.sqlite"))
      // Another one is all that it takes.
      let third = try county.hub("site", "rejoin", site).json["join"].text!
      #expect(try Binary.run("site", "join", third, "--data", path, "--json").exit == 0)
      try Agreement.expect(county, [TestSite(id: site, directory: path)])
    }
  }

  @Test("While another program holds the write lock a session defers and the status says so")
  func heldWriteLock() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      let client = try site.client()
      try client.execute("BEGIN IMMEDIATE")
      try expect(site.startSync().wait(within: 40), exit: 3, code: "replica_locked")
      let status = try site.site("status").json
      #expect(status["state"] == "yellow")
      #expect(status["reasons"].items.contains("replica_locked"))
      try client.execute("COMMIT")
      #expect(try site.site("status").json["reasons"].items.contains("replica_locked") == false)
      try Agreement.expect(county, [site])
    }
  }

  @Test("Values that mean nothing in their column park their case, and flow when they are mended")
  func meaninglessValues() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      let bad = try site.client().openCase(of: "Schlecht")
      let good = try site.client().openCase(of: "Gut")
      for statement in [
        "UPDATE person SET birth_date = 'gestern' WHERE case_id = '\(bad)'",
        "UPDATE consent SET on_date = '2025-13-01' WHERE case_id = '\(bad)'",
      ] {
        try site.execute(statement)
      }
      let outcome = try site.site("sync")
      #expect(outcome.exit == 7, "\(outcome)")
      try field.sync()
      #expect(try field.client().column("SELECT id FROM case_file") == [good])
      for statement in [
        "UPDATE person SET birth_date = '1990-02-03' WHERE case_id = '\(bad)'",
        "UPDATE consent SET on_date = '2025-12-01' WHERE case_id = '\(bad)'",
      ] {
        try site.execute(statement)
      }
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM case_file") == "2")
    }
  }

  @Test("A key, a certificate or a sidecar that is gone or damaged is named, with its cure")
  func damagedFiles() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      for (name, code) in [
        ("site.key", "certificate_unusable"), ("site.crt", "certificate_unusable"),
        ("identity.json", "file_damaged"), ("pins.json", "file_damaged"),
      ] {
        let path = "\(site.directory)/\(name)"
        let kept = try #require(FileManager.default.contents(atPath: path), "\(name)")
        try Data("{".utf8).write(to: URL(filePath: path))
        try expect(site.site("sync", "--offline-ok"), exit: 1, code: code)
        try kept.write(to: URL(filePath: path))
      }
      try site.sync()
      // Without its sidecar a replica is known by the hub.
      unlink(site.directory + "/identity.json")
      try Agreement.expect(county, [site])
    }
  }

  @Test("What only the site had comes back to its author with the row that goes")
  func localValues() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.execute(
        """
        INSERT INTO case_file (id, opened_on, programme_id) VALUES ('bad', '2026-11-01', 'nope');
        INSERT INTO consent (id, case_id, purpose, event, on_date, document_ref)
          VALUES ('e', 'bad', 'casework', 'given', '2026-11-01', 'Ordner 7');
        """)
      try site.sync()
      #expect(try site.value("SELECT count(*) FROM consent") == "0")
      let notices = try site.notices()
      #expect(notices.contains { $0["your_value"] == "Ordner 7" }, "\(notices)")
      // The rows of a case that a rule kept out are told the rule.
      #expect(
        notices.filter { $0["table"] == "consent" && $0["column"] == "event" }
          .map { $0["reason"] } == ["unknown_programme"])
      try Agreement.expect(county, [site])
    }
  }

  @Test(
    "A hub whose disk is full takes nothing, is read from, and goes on when there is room",
    .enabled(if: SmallDisk.isPossible, "no file system can be mounted here"))
  func fullHub() throws {
    try withDirectory { directory in
      let disk = try SmallDisk(at: directory + "/hub", mebibytes: 24)
      defer { disk.unmount() }
      let county = try TestCounty(directory: directory)
      defer { county.killHub() }
      try county.serve()
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      try site.client().openCase()
      for each in [site, field] { try each.sync() }
      try site.client().openCase(of: "last")
      try site.sync()

      try disk.fill()
      let copy = directory + "/copy"
      try field.execute("VACUUM INTO '\(copy)'")
      let read = try field.sync()
      #expect(read["pulled"]["cases_granted"] == 1 && read["digest"]["equal"] == true)
      #expect(try field.sync()["result"] == "done")
      let client = try site.client()
      for number in 0..<40 {
        let id = try client.openCase(of: "n\(number)")
        try client.rows(
          "UPDATE consultation SET note = ? WHERE case_id = ?",
          [String(repeating: "v", count: 200_000), id])
      }
      for each in [site, field, site] {
        let outcome = try each.site("sync")
        guard each.directory == site.directory else {
          #expect(outcome.exit == 0)
          continue
        }
        try expect(outcome, exit: 3, code: "hub_storage_full")
      }
      // Whoever only looks is answered, and no part of a batch stands.
      #expect(try county.hub("status").exit == 0)
      try Agreement.expectSoundLog(county)

      try disk.empty()
      // What the hub remembered of sessions while it could not write does not outlive what it
      // writes.
      for suffix in ["", "-wal", "-shm"] { unlink(field.replica + suffix) }
      try FileManager.default.copyItem(atPath: copy, toPath: field.replica)
      #expect(try field.sync()["events"] == ["restored"])
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM case_file") == "42")
    }
  }

  @Test(
    "A site whose disk is full sends nothing half, loses nothing and goes on when there is room",
    .enabled(if: SmallDisk.isPossible, "no file system can be mounted here"))
  func fullSite() throws {
    try withDirectory { directory in
      let disk = try SmallDisk(at: directory + "/site1", mebibytes: 48)
      defer { disk.unmount() }
      let county = try TestCounty(directory: directory)
      defer { county.killHub() }
      try county.serve()
      let site = try county.site("Hemmingen")
      #expect(site.directory == directory + "/site1")
      let field = try county.fieldService()
      for each in [site, field] { try each.sync() }
      let client = try site.client()
      for number in 0..<20 {
        let id = try client.openCase(of: "n\(number)")
        try client.rows(
          "UPDATE consultation SET note = ? WHERE case_id = ?",
          [String(repeating: "v", count: 200_000), id])
      }
      try disk.fill()
      try expect(site.site("sync"), exit: 3, code: "replica_storage_full")
      #expect(try county.hub("status").json["cases"] == 0)
      #expect(try site.site("status").json["pending"] != 0)

      try disk.empty()
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM case_file") == "20")
    }
  }

  @Test("Rows that a program's own index keeps out hold their cases only, however many they are")
  func severalBlockedCases() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      try field.sync()
      try field.execute(
        """
        CREATE UNIQUE INDEX own_name ON person (family_name);
        CREATE TRIGGER own_rule BEFORE INSERT ON consultation BEGIN
          SELECT RAISE(ABORT, 'not here');
        END;
        """)
      for name in ["Eins", "Eins", "Zwei", "Eins", "Zwei", "Drei"] {
        try site.client().openCase(of: name)
      }
      try site.sync()
      try field.sync(exit: 7)
      // A foreign trigger cannot keep anything out: the agent's writes fire none.
      #expect(try field.value("SELECT count(*) FROM consultation") == "6")
      #expect(try field.value("SELECT count(*) FROM case_file") == "6")
      #expect(
        try field.client().column("SELECT family_name FROM person ORDER BY 1")
          == ["Drei", "Eins", "Zwei"])
      // What comes later flows beside them, both ways.
      try field.execute("UPDATE person SET phone = '1' WHERE family_name = 'Drei'")
      try site.client().openCase(of: "Vier")
      try site.sync()
      try field.sync(exit: 7)
      try site.sync()
      #expect(try field.value("SELECT count(*) FROM person") == "4")
      #expect(try site.value("SELECT phone FROM person WHERE family_name = 'Drei'") == "1")

      try field.execute("DROP INDEX own_name; DROP TRIGGER own_rule")
      try Agreement.expect(county, [site, field])
    }
  }
}
