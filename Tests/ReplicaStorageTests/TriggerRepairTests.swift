import ReplicaStorage
import SyncCore
import Testing

/// Triggers that other programs drop, change or leave behind are put back before a session.
@Suite("Trigger repair")
struct TriggerRepairTests {
  private static let triggers = """
    SELECT name, sql FROM sqlite_schema
    WHERE type = 'trigger' AND name GLOB 'kreissync_*' ORDER BY name
    """

  private static let names =
    [
      "capture_insert", "capture_update", "capture_move", "capture_delete", "note_insert",
      "note_update",
    ].map { "kreissync_\($0)_person" } + ["kreissync_refuse_update_site"]

  @Test("intact triggers need no write")
  func intact() throws {
    let replica = try ReplicaFixture()
    let version = try replica.client.rows("PRAGMA data_version")
    #expect(try replica.file.installCapture(at: 1).isEmpty)
    #expect(try replica.client.rows("PRAGMA data_version") == version)
  }

  @Test("a dropped or altered trigger is put back", arguments: names, [true, false])
  func repaired(_ name: String, isAltered: Bool) throws {
    let replica = try ReplicaFixture()
    let wanted = try replica.client.rows(Self.triggers)
    let table = name.split(separator: "_").last!
    try replica.client.run("DROP TRIGGER \(name)")
    if isAltered {
      try replica.client.run(
        "CREATE TRIGGER \(name) AFTER UPDATE ON \(table) WHEN 0 BEGIN SELECT 1; END")
    }
    // NB: notes alone are renewed without a word.
    let events = try replica.file.installCapture(at: 1)
    #expect(events == [.triggersRepaired] || (isAltered && name.contains("note") && events.isEmpty))
    #expect(try replica.client.rows(Self.triggers) == wanted)
    #expect(try replica.file.installCapture(at: 1).isEmpty)
  }

  @Test("triggers of others stay")
  func foreignTriggers() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      CREATE TRIGGER own AFTER UPDATE ON person BEGIN SELECT 1; END;
      DROP TRIGGER kreissync_capture_update_person
      """)
    _ = try replica.file.installCapture(at: 1)
    #expect(try replica.client.count("SELECT count(*) FROM sqlite_schema WHERE name = 'own'") == 1)
  }

  @Test("what was written meanwhile is found")
  func writtenMeanwhile() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      DROP TRIGGER kreissync_capture_update_person;
      UPDATE person SET phone = 'unseen' WHERE id = 'p1'
      """)
    #expect(try replica.file.installCapture(at: 1) == [.triggersRepaired, .scrubFound])
    #expect(try replica.settle(at: 20).isEqual)
    #expect(replica.hub.rows[person("p1")]?.values[1] == .text("unseen"))
  }

  @Test("a unique index brings notes of its own, and what it evicted before is found")
  func uniqueIndex() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      CREATE UNIQUE INDEX own ON person (phone);
      UPDATE OR REPLACE person SET phone = '2' WHERE id = 'p1'
      """)
    #expect(try replica.value("id", of: person("p2")) == nil)
    #expect(try replica.file.installCapture(at: 1) == [.scrubFound])
    #expect(try notes(of: replica).contains { $0.contains("held.\"phone\" = NEW.\"phone\"") })
    #expect(try replica.file.installCapture(at: 1).isEmpty)
    // From now on an eviction leaves its note.
    try replica.client.run(
      """
      UPDATE person SET phone = '3' WHERE id = 'p3';
      UPDATE OR REPLACE person SET phone = '3' WHERE id = 'p1'
      """)
    try replica.build()
    let sent = try replica.lastChanges().map { "\($0.row.id) \($0.kind)" }.sorted()
    #expect(sent == ["p1 update", "p2 delete", "p3 delete"])
    try replica.client.run("DROP INDEX own")
    #expect(try replica.file.installCapture(at: 1).isEmpty)
    #expect(try !notes(of: replica).contains { $0.contains("phone\" = NEW") })
  }

  private func notes(of replica: ReplicaFixture) throws -> [String] {
    try replica.client.rows(Self.triggers).filter { $0[0].contains("note") }.map { $0[1] }
  }

  @Test(
    "indexes that notes could not search by bring none",
    arguments: [
      "CREATE UNIQUE INDEX own ON person (phone) WHERE phone > '5'",
      "CREATE UNIQUE INDEX own ON person (lower(phone))", "CREATE INDEX own ON person (phone)",
    ])
  func otherIndexes(_ sql: String) throws {
    let replica = try ReplicaFixture()
    let wanted = try replica.client.rows(Self.triggers)
    try replica.client.run(sql)
    #expect(try replica.file.installCapture(at: 1).isEmpty)
    #expect(try replica.client.rows(Self.triggers) == wanted)
  }

  /// How tools rebuild a table, and what they may leave behind.
  enum Rebuild: String, CaseIterable {
    case renameOld, renameNew, keepOld

    func sql(_ definition: String) -> String {
      let copy = "INSERT INTO person SELECT * FROM person_old;"
      return switch self {
      case .renameOld:
        "ALTER TABLE person RENAME TO person_old; \(definition); \(copy) DROP TABLE person_old"
      case .keepOld: "ALTER TABLE person RENAME TO person_old; \(definition); \(copy)"
      case .renameNew:
        """
        \(definition.replacing("\"person\"", with: "\"person_new\""));
        INSERT INTO person_new SELECT * FROM person; DROP TABLE person;
        ALTER TABLE person_new RENAME TO person
        """
      }
    }
  }

  @Test(
    "a rebuilt table gets its triggers back, and nothing is taken for a change",
    arguments: Rebuild.allCases)
  func rebuilt(_ rebuild: Rebuild) throws {
    let replica = try ReplicaFixture()
    let wanted = try replica.client.rows(Self.triggers)
    let definition = try replica.client.rows(
      "SELECT sql FROM sqlite_schema WHERE name = 'person'")[0][0]
    try replica.client.run("BEGIN; \(rebuild.sql(definition)); COMMIT")
    let logged = try replica.logCount()
    #expect(try replica.file.installCapture(at: 1) == [.triggersRepaired])
    #expect(try replica.client.rows(Self.triggers) == wanted)
    #expect(try replica.logCount() == logged)
    try replica.client.run("UPDATE person SET phone = 'seen' WHERE id = 'p1'")
    #expect(try replica.settle(at: 20).isEqual)
    #expect(replica.hub.rows[person("p1")]?.values[1] == .text("seen"))
  }

  @Test("what a tool changed while it rebuilt is found")
  func changedByRebuild() throws {
    let replica = try ReplicaFixture()
    let definition = try replica.client.rows(
      "SELECT sql FROM sqlite_schema WHERE name = 'person'")[0][0]
    try replica.client.run(
      "BEGIN; \(Rebuild.renameOld.sql(definition)); DELETE FROM person WHERE id = 'p2'; COMMIT")
    #expect(try replica.file.installCapture(at: 1) == [.triggersRepaired, .scrubFound])
    #expect(try replica.settle(at: 20).isEqual)
    #expect(replica.hub.rows[person("p2")] == nil)
  }
}
