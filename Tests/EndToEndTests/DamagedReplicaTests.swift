import Foundation
import Testing

/// A replica whose pages are damaged: found, never spread, and built anew with what can be saved.
@Suite(.serialized)
struct DamagedReplicaTests {
  /// Overwrites the pages of a table that lie in the file, as a failing disk does.
  private func damage(_ site: TestSite, table: String) throws {
    let client = try site.client()
    try client.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    let size = try #require(try client.value("PRAGMA page_size").flatMap { Int($0) })
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = '\(table)'"
    let root = try #require(try client.value(sql).flatMap { Int($0) })
    try overwrite(site, at: (root - 1) * size, count: size)
  }

  private func overwrite(_ site: TestSite, at offset: Int, count: Int) throws {
    let file = try FileHandle(forWritingTo: URL(filePath: site.replica))
    try file.seek(toOffset: UInt64(offset))
    try file.write(contentsOf: Data(repeating: 0xA5, count: count))
    try file.close()
  }

  private func loaded(_ county: TestCounty) throws -> TestSite {
    let site = try county.site("Hemmingen")
    for _ in 0..<3 { try site.client().openCase() }
    try site.execute("UPDATE consent SET document_ref = 'Ordner 7'")
    try site.sync()
    return site
  }

  @Test("Damage is found before anything is sent, and a reload saves what was not sent")
  func saved() throws {
    try withCounty { county in
      let site = try loaded(county)
      let caseID = try #require(try site.value("SELECT id FROM case_file ORDER BY id LIMIT 1"))
      try site.execute(
        """
        UPDATE person SET phone = '0711' WHERE case_id = '\(caseID)';
        DELETE FROM consultation WHERE case_id = '\(caseID)';
        INSERT INTO case_file (id, opened_on) VALUES ('own', '2025-02-01');
        INSERT INTO consent (case_id, purpose, event, on_date)
          VALUES ('own', 'casework', 'given', '2025-02-01')
        """)
      try damage(site, table: "residence")
      for _ in 0..<2 {
        let refused = try site.site("sync")
        #expect(refused.exit == 1, "\(refused)")
        let report = try refused.json
        #expect(report["error"]["code"] == "replica_corrupt" && report["events"] == ["corrupt"])
        #expect(report["error"]["hint"].text?.contains("site reload") == true)
      }
      #expect(try site.site("verify", "--deep").exit == 1)
      let status = try site.site("status").json
      #expect(status["state"] == "red")
      #expect(status["reasons"].items.contains("replica_corrupt"))
      #expect(
        try county.database().value("SELECT count(*) FROM person WHERE phone = '0711'") == "0")

      let outcome = try site.site("reload")
      #expect(outcome.exit == 0, "\(outcome)")
      let report = try outcome.json
      #expect(report["events"].items.prefix(2) == ["corrupt", "reloaded"])
      #expect(report["lost"] == [] && report["equal"] == true)
      let damaged = try #require(report["damaged_file"].text)
      #expect(damaged.contains("caseload.sqlite.damaged-"))
      #expect(FileManager.default.fileExists(atPath: damaged))
      let hub = try county.database()
      #expect(try hub.value("SELECT phone FROM person WHERE case_id = '\(caseID)'") == "0711")
      #expect(
        try hub.value("SELECT count(*) FROM consultation WHERE case_id = '\(caseID)'") == "0")
      #expect(try hub.value("SELECT count(*) FROM consent WHERE case_id = 'own'") == "1")
      let references = "SELECT count(*) FROM consent WHERE document_ref = 'Ordner 7'"
      #expect(try site.value(references) == "3")
      #expect(try site.site("status").json["state"] == "green")
      // It goes on with the same log.
      try site.execute("UPDATE person SET phone = '0712' WHERE case_id = '\(caseID)'")
      #expect(try site.sync()["pushed"]["applied"] == 1)
      try Agreement.expect(county, [site])
    }
  }

  @Test("What stood on the damaged page itself is told, and all the rest is saved")
  func lost() throws {
    try withCounty { county in
      let site = try loaded(county)
      try site.execute(
        "UPDATE person SET phone = '0711'; UPDATE consultation SET minutes = 45")
      try damage(site, table: "person")
      #expect(try site.site("sync").exit == 1)
      let outcome = try site.site("reload")
      #expect(outcome.exit == 0, "\(outcome)")
      #expect(try outcome.json["lost"] == ["unsent_changes"])
      #expect(
        try county.database().value("SELECT count(*) FROM consultation WHERE minutes = 45") == "3")
      try Agreement.expect(county, [site])
    }
  }

  @Test("A file whose beginning is destroyed is built anew from the hub alone")
  func header() throws {
    try withCounty { county in
      let site = try loaded(county)
      try site.execute("PRAGMA wal_checkpoint(TRUNCATE)")
      try overwrite(site, at: 0, count: 100)
      let refused = try site.site("sync")
      #expect(refused.exit == 1, "\(refused)")
      let outcome = try site.site("reload")
      #expect(outcome.exit == 0, "\(outcome)")
      #expect(try outcome.json["lost"].items.contains("identity"))
      try site.client().openCase()
      try Agreement.expect(county, [site])
    }
  }

  @Test("A file that was put back in its sound state is served at once")
  func putBack() throws {
    try withCounty { county in
      let site = try loaded(county)
      try site.execute("PRAGMA wal_checkpoint(TRUNCATE)")
      let sound = try Data(contentsOf: URL(filePath: site.replica))
      try damage(site, table: "residence")
      #expect(try site.site("sync").exit == 1)
      for suffix in ["-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: site.replica + suffix)
      }
      try sound.write(to: URL(filePath: site.replica))
      try site.sync()
      try Agreement.expect(county, [site])
    }
  }

  @Test("A foreign file where no replica stood is none, and is left alone")
  func foreign() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for suffix in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: site.replica + suffix)
      }
      try "no database".write(toFile: site.replica, atomically: true, encoding: .utf8)
      let outcome = try site.site("reload")
      #expect(outcome.exit == 1)
      #expect(try outcome.json["error"]["code"] == "not_a_replica")
      #expect(try String(contentsOfFile: site.replica, encoding: .utf8) == "no database")
    }
  }
}
