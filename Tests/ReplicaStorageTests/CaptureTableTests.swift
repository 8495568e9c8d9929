import CaseloadSchema
import Foundation
import SyncCore
import Testing

/// The replica's tables as any client finds them.
@Suite("Capture: tables and triggers")
struct CaptureTableTests {
  @Test("the statements of the contract work from any client", arguments: ClientSetting.all)
  func contract(_ setting: ClientSetting) throws {
    let replica = try CaptureFixture(setting)
    let rows = try replica.client.rows(
      "INSERT INTO case_file (opened_on) VALUES ('2025-01-15') RETURNING id")
    let id = try #require(rows.first?.first)
    try replica.client.run(
      """
      INSERT INTO consent (case_id, purpose, event, on_date)
        VALUES ('\(id)', 'casework', 'given', '2025-01-15');
      INSERT INTO person (case_id, family_name, given_names) VALUES ('\(id)', 'Muster', 'Ada');
      INSERT INTO consultation (case_id, on_date, kind) VALUES ('\(id)', '2025-01-20', 'first');
      """)
    let written = try replica.client.rows(
      """
      SELECT phase, basis, recipient_site IS NULL, given_names, consultation.on_date
        FROM case_file
        JOIN consent ON consent.case_id = case_file.id
        JOIN person ON person.case_id = case_file.id
        JOIN consultation ON consultation.case_id = case_file.id
        WHERE case_file.id = '\(id)'
      """)
    #expect(written == [["open", "consent", "1", "Ada", "2025-01-20"]])
    #expect(try replica.client.count("SELECT count(*) FROM kreissync_log WHERE k = 1") == 4)
  }

  @Test("ids by default are well-formed UUIDv7, unique, and in the order of their time")
  func identifiers() throws {
    let replica = try CaptureFixture()
    let before = Int64(Date().timeIntervalSince1970 * 1000)
    try replica.client.run("BEGIN")
    for _ in 0..<2000 { try replica.client.run("INSERT INTO person (case_id) VALUES ('c1')") }
    try replica.client.run("COMMIT")
    let after = Int64(Date().timeIntervalSince1970 * 1000)
    let ids = try replica.client.rows("SELECT id FROM person WHERE length(id) > 2 ORDER BY rowid")
      .map { $0[0] }
    #expect(ids.count == 2000)
    #expect(Set(ids).count == 2000)
    let form = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
    #expect(ids.allSatisfy { $0.wholeMatch(of: form) != nil })
    let times = try ids.map { id in
      try #require(Int64(id.prefix(8) + id.dropFirst(9).prefix(4), radix: 16))
    }
    #expect(times == times.sorted())
    #expect(times.allSatisfy { (before...after).contains($0) })
    for place in [15, 16, 17, 20, 21, 22, 24, 29, 35] {
      let digits = Set(ids.map { $0.utf8.dropFirst(place).first })
      #expect(digits.count == 16, "place \(place) is not random")
    }
    #expect(Set(ids.map { $0.utf8.dropFirst(19).first }).count == 4)
  }

  @Test("SQLite keeps each trigger's text as it was given")
  func keptText() throws {
    let replica = try CaptureFixture()
    for table in replica.schema.tables {
      for trigger in ReplicaSQL.triggers(for: table, uniqueIndexes: []) {
        #expect(
          try replica.client.rows(
            "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = '\(trigger.name)'")
            == [[trigger.sql]])
      }
    }
    let triggers = replica.schema.tables.flatMap(ReplicaSQL.triggerNames)
    #expect(
      try replica.client.count("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'")
        == triggers.count)
  }

  @Test("no constraint besides key, required columns and foreign keys stands on a domain table")
  func constraints() throws {
    let replica = try CaptureFixture()
    for table in replica.schema.tables {
      let indexes = try replica.client.rows("PRAGMA index_list(\(table.name))")
      #expect(indexes.filter { $0[2] == "1" }.map { $0[3] } == ["pk"])
      let required = try replica.client.rows("PRAGMA table_info(\(table.name))")
        .filter { $0[3] == "1" }.map { $0[1] }
      let place = table.scope == .ofCase ? ["id", "case_id"] : ["id"]
      #expect(required == place + table.columns.filter(\.isRequired).map(\.name))
    }
    #expect(
      try replica.client.rows("SELECT count(*) FROM pragma_table_list WHERE strict = 1")
        == [["\(replica.schema.tables.count)"]])
  }

  @Test("a client without trust in the schema's functions can write")
  func untrustedSchema() throws {
    let replica = try CaptureFixture()
    try replica.client.run("PRAGMA trusted_schema = OFF")
    try replica.client.run("INSERT INTO case_file (opened_on) VALUES ('2025-01-15')")
    try replica.client.run("INSERT OR REPLACE INTO person (id, case_id) VALUES ('p1', 'c1')")
    try replica.client.run("DELETE FROM person")
    #expect(try replica.client.count("SELECT count(*) FROM kreissync_log") == 5)
  }

  @Test("what a foreign trigger writes is captured, in whatever order it fires")
  func foreignTrigger() throws {
    let replica = try CaptureFixture()
    try replica.client.run(
      """
      CREATE TRIGGER own AFTER INSERT ON person BEGIN
        INSERT INTO plan (id, case_id) VALUES ('l-' || NEW.id, NEW.case_id);
        UPDATE person SET sex = 'not_stated' WHERE id = NEW.id;
      END;
      INSERT OR IGNORE INTO person (id, case_id) VALUES ('p3', 'c1');
      """)
    #expect(try replica.log.sorted() == ["i p3", "i plan l-p3", "u p3 [sex]"])
  }

  @Test("the note finds its rows by the index, not by a search through the table")
  func notesUseIndexes() throws {
    let index = UniqueIndex(keys: [UniqueIndex.Key(column: "email", collation: "NOCASE")])
    let replica = try CaptureFixture(uniqueIndexes: [index])
    let plan = try replica.client.rows(
      """
      EXPLAIN QUERY PLAN SELECT * FROM person AS held, (SELECT 'a' AS email, 'p' AS id) AS new
        WHERE held.email = new.email COLLATE "NOCASE" AND held.id IS NOT new.id
      """)
    #expect(plan.contains { $0[3].contains("SEARCH held USING INDEX own_email") }, "\(plan)")
  }

  @Test("a column of a newer schema is added to a table that stands")
  func addition() throws {
    let replica = try CaptureFixture()
    let person = try #require(replica.schema.table(named: "person"))
    let columns = [
      Column(
        number: 13, name: "plan_id", label: "Plan", type: .text, tier: .header, policy: .lead,
        references: "plan"),
      Column(
        number: 14, name: "it's", label: "Stand", type: .code, tier: .header, policy: .lead,
        codes: ["it's"], isRequired: true, defaultValue: .text("it's")),
    ]
    for column in columns { try replica.client.run(ReplicaSQL.addition(of: column, to: person)) }
    #expect(
      try replica.client.rows("SELECT plan_id, \"it's\" FROM person") == [
        ["", "it's"], ["", "it's"],
      ])
    #expect(
      try replica.client.rows("PRAGMA foreign_key_list(person)").map { $0[2] }
        == ["plan", "case_file"])
  }

  @Test("the hub's tables take the replica's rows whole")
  func hubTables() throws {
    let replica = try CaptureFixture()
    try replica.client.run("ATTACH ':memory:' AS hub")
    for table in replica.schema.tables {
      let sql = HubSQL.table(table).replacing(
        "CREATE TABLE ", with: "CREATE TABLE hub.", maxReplacements: 1)
      try replica.client.run(sql)
      try replica.client.run("INSERT INTO hub.\(table.name) SELECT * FROM main.\(table.name)")
    }
    #expect(try replica.client.count("SELECT count(*) FROM hub.person") == 2)
  }
}
