import Testing

/// The sums of a session, in the situations that local programs bring about.
struct SessionSumTests {
  /// Runs with one site whose first case is at the hub; `body` gets the site, its client and the
  /// case.
  private func withSyncedCase(
    _ body: (TestCounty, TestSite, SQLClient, String) throws -> Void
  ) throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let client = try site.client()
      let caseID = try client.openCase()
      try site.sync()
      try body(county, site, client, caseID)
      try Agreement.expect(county, [site])
    }
  }

  @Test("An insert and its updates are one change; the others count as coalesced")
  func insertAndUpdates() throws {
    try withSyncedCase { _, site, client, caseID in
      try client.execute(
        """
        INSERT INTO plan (id, case_id, created_on) VALUES ('plan-1', '\(caseID)', '2025-02-01');
        UPDATE plan SET review_due = '2025-08-01';
        UPDATE plan SET state = 'active';
        UPDATE person SET phone = '1';
        UPDATE person SET phone = '2', email = 'ada@example.org';
        """)
      let report = try site.sync()
      #expect(report["captured"] == 5 && report["coalesced"] == 3)
      #expect(report["pushed"]["applied"] == 2)
      let again = try site.sync()
      #expect(again["captured"] == 0 && again["pulled"]["rows"] == 0)
    }
  }

  @Test("A row that came and went between two sessions leaves no trace")
  func insertAndDelete() throws {
    try withSyncedCase { county, site, client, caseID in
      try client.execute(
        """
        INSERT INTO plan (id, case_id) VALUES ('plan-1', '\(caseID)');
        DELETE FROM plan;
        """)
      #expect(try site.sync()["captured"] == 2)
      #expect(try county.database().value("SELECT count(*) FROM plan") == "0")
    }
  }

  @Test("A deletion reaches the hub, and stays a deletion")
  func deletion() throws {
    try withSyncedCase { county, site, client, _ in
      try client.execute("UPDATE person SET phone = '1'; DELETE FROM person")
      let report = try site.sync()
      #expect(report["captured"] == 2 && report["coalesced"] == 1)
      #expect(report["pushed"]["applied"] == 1)
      #expect(try county.database().value("SELECT count(*) FROM person") == "0")
    }
  }

  @Test("A local column never leaves the site, and its edits count as withheld")
  func localColumn() throws {
    try withSyncedCase { county, site, client, _ in
      try client.execute("UPDATE consent SET document_ref = 'Ordner 7'")
      let report = try site.sync()
      #expect(report["captured"] == 1 && report["withheld"] == 1)
      try client.execute("UPDATE consent SET document_ref = 'Ordner 8', form = 'written'")
      let mixed = try site.sync()
      #expect(mixed["captured"] == 1 && mixed["pushed"]["applied"] == 1)
      #expect(
        try county.database().rows("SELECT form, document_ref FROM consent") == [["written", nil]])
      #expect(try client.value("SELECT document_ref FROM consent") == "Ordner 8")

      let field = try county.fieldService()
      try field.sync()
      #expect(
        try field.client().rows("SELECT form, document_ref FROM consent") == [["written", nil]])
    }
  }

  @Test("A REPLACE of the same row is an update of the columns that differ")
  func replaceOfSameKey() throws {
    try withSyncedCase { county, site, client, caseID in
      let field = try county.fieldService()
      try field.sync()
      // The other site's later phone must survive: the REPLACE did not touch it.
      try client.execute(
        """
        REPLACE INTO person (id, case_id, family_name, given_names)
        SELECT id, case_id, 'Meier', given_names FROM person
        """)
      try field.execute("UPDATE person SET phone = '0711'")
      try field.sync()
      let report = try site.sync()
      #expect(report["pushed"]["applied"] == 1)
      #expect(
        try county.database().rows("SELECT family_name, phone FROM person") == [["Meier", "0711"]])
      #expect(try client.rows("SELECT family_name, phone FROM person") == [["Meier", "0711"]])
    }
  }

  @Test("A REPLACE that evicts another row through the program's own index deletes it at the hub")
  func eviction() throws {
    try withSyncedCase { county, site, client, caseID in
      try client.execute(
        """
        CREATE UNIQUE INDEX local_version ON plan (case_id, version);
        INSERT INTO plan (id, case_id, version) VALUES ('old', '\(caseID)', 1);
        """)
      try site.sync()
      try client.execute(
        "INSERT OR REPLACE INTO plan (id, case_id, version) VALUES ('new', '\(caseID)', 1)")
      let report = try site.sync()
      #expect(report["captured"] == 2 && report["pushed"]["applied"] == 2)
      #expect(try county.database().column("SELECT id FROM plan") == ["new"])
    }
  }

  @Test("An eviction through an index added since the last session is found by the scrub")
  func evictionThroughNewIndex() throws {
    try withSyncedCase { county, site, client, caseID in
      try client.execute("INSERT INTO plan (id, case_id, version) VALUES ('old', '\(caseID)', 1)")
      try site.sync()
      try client.execute(
        """
        CREATE UNIQUE INDEX local_version ON plan (case_id, version);
        INSERT OR REPLACE INTO plan (id, case_id, version) VALUES ('new', '\(caseID)', 1);
        """)
      let report = try site.sync()
      #expect(report["events"].items.contains("scrub_found"))
      #expect(try county.database().column("SELECT id FROM plan") == ["new"])
    }
  }

  @Test("A row that moves to another case is gone in the one and whole in the other")
  func move() throws {
    try withSyncedCase { county, site, client, caseID in
      let other = try client.openCase(of: "Beispiel")
      try client.execute("DELETE FROM person WHERE case_id = '\(other)'")
      try site.sync()
      try client.execute("UPDATE person SET case_id = '\(other)' WHERE case_id = '\(caseID)'")
      try site.sync()
      #expect(try county.database().column("SELECT case_id FROM person") == [other])
    }
  }

  @Test("A changed id is a deletion and an insertion")
  func changedID() throws {
    try withSyncedCase { county, site, client, _ in
      try client.execute("UPDATE person SET id = 'renamed'")
      try site.sync()
      #expect(try county.database().column("SELECT id FROM person") == ["renamed"])
    }
  }

  @Test("An UPSERT and an INSERT OR IGNORE are captured as what they did")
  func upsert() throws {
    try withSyncedCase { county, site, client, caseID in
      try client.execute(
        """
        INSERT INTO plan (id, case_id, version) VALUES ('p', '\(caseID)', 1);
        INSERT OR IGNORE INTO plan (id, case_id, version) VALUES ('p', '\(caseID)', 9);
        INSERT INTO plan (id, case_id, version) VALUES ('p', '\(caseID)', 2)
          ON CONFLICT DO UPDATE SET version = excluded.version;
        """)
      let report = try site.sync()
      #expect(report["captured"] == 2 && report["pushed"]["applied"] == 1)
      #expect(try county.database().value("SELECT version FROM plan") == "2")
      try client.execute(
        """
        INSERT OR IGNORE INTO plan (id, case_id, version) VALUES ('p', '\(caseID)', 9);
        """)
      #expect(try site.sync()["captured"] == 0)
    }
  }

  @Test("A thousand edits in one transaction arrive in one session")
  func manyEdits() throws {
    try withSyncedCase { county, site, client, caseID in
      try client.execute(
        """
        WITH RECURSIVE days(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM days WHERE n < 2500)
        INSERT INTO consultation (case_id, on_date, minutes)
        SELECT '\(caseID)', '2025-02-01', n FROM days;
        UPDATE consultation SET kind = 'follow_up';
        """)
      let report = try site.sync()
      #expect(report["captured"] == 5_001 && report["coalesced"] == 2_500)
      #expect(try county.database().value("SELECT count(*) FROM consultation") == "2501")
    }
  }

  @Test("A rolled back transaction leaves nothing to sync")
  func rollback() throws {
    try withSyncedCase { _, site, client, _ in
      try client.execute("BEGIN; UPDATE person SET phone = '1'; ROLLBACK")
      #expect(try site.sync()["captured"] == 0)
    }
  }
}
