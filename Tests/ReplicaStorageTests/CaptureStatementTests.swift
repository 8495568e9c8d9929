import CaseloadSchema
import SyncCore
import Testing

/// What plain statements of any client leave in the log.
@Suite("Capture: statements")
struct CaptureStatementTests {
  @Test("INSERT logs one insert for each row", arguments: ClientSetting.all)
  func insert(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("INSERT INTO person (id, case_id) VALUES ('p3', 'c1')")
    try replica.client.run("INSERT INTO person (id, case_id) VALUES ('p4', 'c1'), ('p5', 'c2')")
    try replica.client.run("INSERT INTO case_file (id) VALUES ('c3')")
    #expect(try replica.log == ["i p3", "i p4", "i p5", "i case_file c3"])
  }

  @Test(
    "UPDATE logs the columns that changed, and nothing where none did", arguments: ClientSetting.all
  )
  func update(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("UPDATE person SET phone = '7', sex = NULL, household_role = 'child'")
    try replica.client.run("UPDATE person SET email = NULL WHERE id = 'p1'")
    try replica.client.run("UPDATE person SET phone = '7', id = id, case_id = case_id")
    try replica.client.run("UPDATE case_file SET priority = 1 WHERE id = 'c2'")
    #expect(
      try replica.log == [
        "u p1 [phone household_role]", "u p2 [phone household_role]", "u p1 [email]",
        "u case_file c2 [priority]",
      ])
  }

  @Test("DELETE logs case and values of what is gone", arguments: ClientSetting.all)
  func delete(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("DELETE FROM person")
    try replica.client.run("DELETE FROM case_file WHERE id = 'c2'")
    #expect(
      try replica.log == [
        "d p1 \(muster)", "d p2 \(probe)",
        "d case_file c2 in c2 was opened_on=2025-01-02 phase=open",
      ])
  }

  @Test("an edit that a deletion swallowed keeps its values", arguments: ClientSetting.all)
  func editedThenDeleted(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("UPDATE person SET phone = '7' WHERE id = 'p1'")
    try replica.client.run("DELETE FROM person WHERE id = 'p1'")
    #expect(
      try replica.log == [
        "u p1 [phone]", "d p1 in c1 was family_name=Muster phone=7 email=one@example.org",
      ])
  }

  @Test("a changed id is a deletion and an insertion", arguments: ClientSetting.all)
  func changedID(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("UPDATE person SET id = 'p9', phone = '7' WHERE id = 'p1'")
    try replica.client.run("UPDATE case_file SET id = 'c9' WHERE id = 'c2'")
    #expect(
      try replica.log == [
        "d p1 \(muster)", "i p9", "d case_file c2 in c2 was opened_on=2025-01-02 phase=open",
        "i case_file c9",
      ])
  }

  @Test(
    "a changed case is a deletion in the old one and an insertion", arguments: ClientSetting.all)
  func changedCase(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run("UPDATE person SET case_id = 'c2' WHERE id = 'p1'")
    #expect(try replica.log == ["d p1 \(muster)", "i p1"])
    #expect(try replica.client.rows("SELECT case_id FROM person WHERE id = 'p1'") == [["c2"]])
  }

  @Test(
    "UPSERT notes a candidate that stays, and logs what it updated", arguments: ClientSetting.all)
  func upsert(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    let insert = "INSERT INTO person (id, case_id, phone) VALUES"
    let update = "ON CONFLICT (id) DO UPDATE SET phone = excluded.phone"
    try replica.client.run("\(insert) ('p1', 'c1', '7'), ('p3', 'c1', '8') \(update)")
    try replica.client.run("\(insert) ('p1', 'c1', '7') \(update)")
    try replica.client.run("\(insert) ('p2', 'c1', '7') ON CONFLICT DO NOTHING")
    let edited = "in c1 was family_name=Muster phone=7 email=one@example.org"
    #expect(
      try replica.log == [
        "e p1 [family_name phone email] \(muster)", "u p1 [phone]", "i p3",
        "e p1 [family_name email] \(edited)",
        "e p2 [family_name phone email] \(probe)",
      ])
  }

  @Test("a statement over 100,000 rows logs each once", arguments: ClientSetting.all)
  func manyRows(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run(
      """
      INSERT INTO consultation (id, case_id, kind) WITH RECURSIVE n(i) AS (
        SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000
      ) SELECT printf('t%06d', i), 'c1', 'first' FROM n
      """)
    #expect(
      try replica.client.rows(
        """
        SELECT count(*), count(DISTINCT id), count(DISTINCT tag), min(k), max(k), min(t), max(t)
          FROM kreissync_log
        """) == [["100000", "100000", "100000", "1", "1", "5", "5"]])
  }

  @Test("what is rolled back or refused leaves no entry", arguments: ClientSetting.all)
  func rolledBack(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run(
      """
      BEGIN;
      UPDATE person SET phone = '7';
      DELETE FROM person;
      INSERT OR REPLACE INTO person (id, case_id) VALUES ('p1', 'c1');
      ROLLBACK;
      BEGIN;
      SAVEPOINT a;
      DELETE FROM person;
      ROLLBACK TO a;
      COMMIT;
      """)
    for statement in [
      "INSERT INTO person (id, case_id) VALUES ('p3', 'c1'), ('p1', 'c1')",
      "INSERT OR ROLLBACK INTO person (id, case_id) VALUES ('p3', 'c1'), ('p1', 'c1')",
      "INSERT INTO person (id) VALUES ('p3')",
      "UPDATE person SET id = 'p1'",
      "INSERT INTO plan (id, case_id, version) VALUES ('l1', 'c1', 'one')",
    ] {
      #expect(throws: ClientError.self) { try replica.client.run(statement) }
    }
    #expect(try replica.log == [])
    #expect(try replica.client.count("SELECT count(*) FROM person") == 2)
  }

  @Test("an outer conflict clause never drops an entry", arguments: ClientSetting.all)
  func outerClauses(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    for clause in ["IGNORE", "REPLACE", "FAIL", "ABORT", "ROLLBACK"] {
      try replica.client.run(
        """
        INSERT OR \(clause) INTO person (id, case_id) VALUES ('p3', 'c1');
        UPDATE OR \(clause) person SET phone = '7' WHERE id = 'p3';
        DELETE FROM person WHERE id = 'p3';
        """)
      #expect(try replica.log == ["i p3", "u p3 [phone]", "d p3 in c1 was phone=7"])
      try replica.client.run("DELETE FROM kreissync_log")
    }
  }

  @Test("quotes and every kind of letter come through", arguments: ClientSetting.all)
  func letters(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    let name = #"O'Brien "x" \ Šár̆a e\#u{301} 👩‍👩‍👧 محمد {[,]} %s"#
    let literal = SQLText.literal(.text(name))
    try replica.client.run(
      """
      UPDATE person SET family_name = \(literal) WHERE id = 'p1';
      UPDATE person SET id = \(literal) WHERE id = 'p1';
      DELETE FROM person WHERE id = \(literal);
      """)
    let was = "in c1 was family_name=\(name) phone=1 email=one@example.org"
    let log = try replica.log
    #expect(log == ["u p1 [family_name]", "d p1 \(was)", "i \(name)", "d \(name) \(was)"])
    #expect(log.last.map { Array($0.utf8) } == Array("d \(name) \(was)".utf8))
  }

  @Test(
    "a table that the hub alone writes refuses each write with the cure",
    arguments: ClientSetting.all)
  func hubOnly(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    try replica.client.run(
      """
      DROP TRIGGER kreissync_refuse_insert_site;
      INSERT INTO site (id, kind, name) VALUES ('s1', 'county', 'Kreis');
      """)
    let site = try #require(replica.schema.table(named: "site"))
    try replica.client.run(ReplicaSQL.triggers(for: site, uniqueIndexes: [])[0].sql)
    for statement in [
      "INSERT INTO site (kind, name) VALUES ('county', 'Kreis')",
      "INSERT OR IGNORE INTO site (kind, name) VALUES ('county', 'Kreis')",
      "INSERT OR REPLACE INTO site (id, kind, name) VALUES ('s1', 'county', 'Stadt')",
      "UPDATE site SET name = 'Stadt'",
      "UPDATE OR IGNORE site SET name = 'Stadt'",
      "DELETE FROM site",
    ] {
      let error = #expect(throws: ClientError.self) { try replica.client.run(statement) }
      #expect(
        error?.description
          == "kreissync: table site is written by the county hub only; ask the county to change it")
    }
    #expect(try replica.log == [])
    #expect(try replica.client.rows("SELECT id, name FROM site") == [["s1", "Kreis"]])
  }
}
