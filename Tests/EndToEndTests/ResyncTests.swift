import Foundation
import Testing

/// Verify, repair and reload, at the site and from the hub.
@Suite(.serialized)
struct ResyncTests {
  /// Writes as a program whose triggers do not fire.
  private func writeUnseen(_ site: TestSite, _ sql: String) throws {
    let client = try site.client()
    try client.execute(
      """
      BEGIN IMMEDIATE;
      CREATE TEMP TABLE mark AS SELECT coalesce(max(n), 0) AS n FROM kreissync_log;
      \(sql);
      DELETE FROM kreissync_log WHERE n > (SELECT n FROM mark);
      DROP TABLE mark;
      COMMIT
      """)
  }

  private func differences(_ report: JSON) -> [String] {
    report["differences"].items.map {
      "\($0["table"].text ?? "") \($0["side"].text ?? "")"
    }.sorted()
  }

  @Test("verify lists what differs, repair mends it, and both end as the contract says")
  func verifyAndRepair() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for _ in 0..<4 { try site.client().openCase() }
      try site.sync()
      let equal = try site.site("verify")
      #expect(equal.exit == 0, "\(equal)")
      #expect(try equal.json["equal"] == true)
      let rows = try equal.json["rows_compared"].integer ?? 0
      #expect(rows >= 16)

      let client = try site.client()
      let ids = try client.column("SELECT id FROM person ORDER BY id")
      try writeUnseen(
        site,
        """
        UPDATE person SET family_name = 'Unseen' WHERE id = '\(ids[0])';
        DELETE FROM consultation WHERE case_id =
          (SELECT case_id FROM person WHERE id = '\(ids[1])');
        INSERT INTO plan (id, case_id)
          SELECT 'own-plan', case_id FROM person WHERE id = '\(ids[2])'
        """)
      // Work that waits to be sent is no difference, and a usual session sends it first.
      try client.execute("UPDATE person SET phone = '0711' WHERE id = '\(ids[3])'")
      let verified = try site.site("verify")
      #expect(verified.exit == 5, "\(verified)")
      #expect(
        try differences(verified.json) == ["consultation hub", "person both", "plan replica"])
      #expect(try verified.json["equal"] == false && verified.json["repaired"] == 0)
      #expect(
        try county.database().value("SELECT phone FROM person WHERE id = '\(ids[3])'") == "0711")
      #expect(try differences(site.site("verify", "--table", "plan").json) == ["plan replica"])
      let caseID = try #require(
        try client.value("SELECT case_id FROM person WHERE id = '\(ids[1])'"))
      #expect(
        try differences(site.site("verify", "--case", caseID).json) == ["consultation hub"])

      let dry = try site.site("repair", "--dry-run")
      #expect(dry.exit == 5)
      #expect(try dry.json["differences"].items.count == 3 && dry.json["repaired"] == 0)
      let repaired = try site.site("repair")
      #expect(repaired.exit == 0, "\(repaired)")
      #expect(try repaired.json["equal"] == true && repaired.json["repaired"] == 3)
      #expect(try county.database().value("SELECT count(*) FROM plan") == "1")
      let notices = try site.notices()
      #expect(notices.contains { $0["reason"] == "repaired" && $0["your_value"] == "Unseen" })
      #expect(try site.site("verify").exit == 0)
      try Agreement.expect(county, [site])
    }
  }

  @Test("verify --deep makes what no trigger saw changes of this site")
  func deep() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      try writeUnseen(site, "UPDATE person SET phone = '0711'")
      let verified = try site.site("verify", "--deep")
      #expect(verified.exit == 0, "\(verified)")
      #expect(try verified.json["events"] == ["scrub_found"])
      #expect(try county.database().value("SELECT phone FROM person") == "0711")
      try Agreement.expect(county, [site])
    }
  }

  @Test("What is named wrongly is told, and nothing is done")
  func wrongNames() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let other = try county.site("Tamm", areas: ["08118070"])
      try other.client().openCase()
      try other.sync()
      try site.sync()
      let foreign = try #require(try other.value("SELECT id FROM case_file"))
      var texts: [String?] = []
      for caseID in [foreign, "no-such-case"] {
        let outcome = try site.site("verify", "--case", caseID)
        #expect(outcome.exit == 1)
        #expect(try outcome.json["error"]["code"] == "unknown_case")
        texts.append(
          try outcome.json["error"]["message"].text?.replacing(caseID, with: "…"))
      }
      #expect(texts[0] == texts[1])
      let table = try site.site("repair", "--table", "nothing")
      #expect(table.exit == 2)
      #expect(try table.json["error"]["code"] == "unknown_table")
      let asked = try county.hub("resync", site.id, "--mode", "repair", "--case", foreign)
      #expect(asked.exit == 1)
      #expect(try asked.json["error"]["code"] == "case_not_held")
    }
  }

  @Test("More rows than a site mends by itself wait for a person")
  func tooLarge() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.execute(
        """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
        INSERT INTO plan (id, case_id) SELECT 'plan-' || i, (SELECT id FROM case_file) FROM n
        """)
      try site.sync()
      try writeUnseen(site, "DELETE FROM plan WHERE id <> 'plan-1'")
      let refused = try site.site("repair")
      #expect(refused.exit == 7, "\(refused)")
      #expect(try refused.json["error"]["code"] == "repair_too_large")
      #expect(try refused.json["error"]["hint"].text?.contains("site reload") == true)
      #expect(try site.value("SELECT count(*) FROM plan") == "1")
      try county.hub("resync", site.id, "--mode", "repair")
      try site.sync()
      let asked = try county.hub("site", "show", site.id).json["instructions"][0]
      #expect(asked["result"] == "repair_too_large")
      let repaired = try site.site("repair", "--beyond-limit")
      #expect(repaired.exit == 0, "\(repaired)")
      #expect(try repaired.json["repaired"] == 599)
      #expect(try site.value("SELECT count(*) FROM plan") == "600")
      try Agreement.expect(county, [site])
    }
  }

  @Test("A reload rewrites the rows under an open reader, and keeps local columns and unsent work")
  func reload() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for _ in 0..<3 { try site.client().openCase() }
      try site.execute("UPDATE consent SET document_ref = 'Ordner 7'")
      try site.sync()
      try writeUnseen(
        site, "UPDATE person SET family_name = 'Unseen'; DELETE FROM consultation")
      let dry = try site.site("reload", "--dry-run")
      #expect(dry.exit == 5)
      #expect(try dry.json["differences"].items.count == 6)
      let reader = try site.client()
      try reader.execute("BEGIN")
      let sql = "SELECT count(*) FROM person WHERE family_name = 'Unseen'"
      #expect(try reader.value(sql) == "3")
      let node = try FileManager.default.attributesOfItem(atPath: site.replica)[.systemFileNumber]
      let outcome = try site.site("reload")
      #expect(outcome.exit == 0, "\(outcome)")
      #expect(try outcome.json["events"] == ["reloaded"])
      #expect(try outcome.json["equal"] == true && outcome.json["repaired"] == 6)
      #expect(try reader.value(sql) == "3")
      try reader.execute("COMMIT")
      #expect(try reader.value(sql) == "0")
      let after = try FileManager.default.attributesOfItem(atPath: site.replica)[.systemFileNumber]
      #expect(node as? Int == after as? Int)
      #expect(try site.value("SELECT DISTINCT document_ref FROM consent") == "Ordner 7")
      #expect(try site.value("SELECT count(*) FROM kreissync_parked") == "0")
      try Agreement.expect(county, [site])
    }
  }

  @Test(
    "The hub has a site verify, repair or reload at its next contact, and shows what came of it")
  func fromTheHub() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for _ in 0..<2 { try site.client().openCase() }
      try site.sync()
      let caseID = try #require(try site.value("SELECT id FROM case_file ORDER BY id LIMIT 1"))
      func asked() throws -> JSON {
        try #require(try county.hub("site", "show", site.id).json["instructions"].items.last)
      }
      try writeUnseen(site, "DELETE FROM consultation; UPDATE person SET phone = '0711 9'")
      try county.hub(
        "resync", site.id, "--mode", "repair", "--case", caseID, "--table", "person", "--dry-run")
      try site.sync()
      #expect(try asked()["result"] == "unequal" && asked()["differences"] == 1)
      #expect(try asked()["repaired"] == 0 && asked()["dry_run"] == true)
      try county.hub("resync", site.id, "--mode", "repair", "--case", caseID)
      try site.sync()
      #expect(try asked()["result"] == "repaired" && asked()["differences"] == 2)
      #expect(try asked()["repaired"] == 2)
      #expect(try site.value("SELECT count(*) FROM consultation") == "1")
      let reload = try county.hub("resync", site.id, "--mode", "reload")
      #expect(try reload.json["kind"] == "reload")
      #expect(try site.sync()["events"] == ["reloaded"])
      #expect(try asked()["result"] == "reloaded" && asked()["differences"] == 2)
      #expect(try site.value("SELECT count(*) FROM consultation") == "2")
      try county.hub("resync", site.id, "--mode", "verify")
      try site.sync()
      #expect(try asked()["result"] == "equal" && asked()["differences"] == 0)
      try Agreement.expect(county, [site])
    }
  }

  @Test(
    "A dropped table comes back with all its rows in one sync, and nothing is taken for deleted")
  func droppedTable() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.execute(
        """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
        INSERT INTO plan (id, case_id) SELECT 'plan-' || i, (SELECT id FROM case_file) FROM n
        """)
      try site.sync()
      try site.execute("DROP TABLE plan")
      let report = try site.sync()
      #expect(report["events"] == ["table_rebuilt"])
      #expect(report["captured"] == 0)
      #expect(try site.value("SELECT count(*) FROM plan") == "2500")
      try Agreement.expect(county, [site])
    }
  }
}
