import CaseloadSchema
import ReplicaStorage
import SyncCore
import Testing

/// A replica takes a newer schema over, under the hands of programs that have it open.
@Suite("A replica's schema grows")
struct SchemaGrowthTests {
  private let newerText = UnknownCellsTests.newerText

  private func behind(_ setting: ClientSetting = ClientSetting()) throws -> ReplicaFixture {
    let replica = try ReplicaFixture(setting)
    replica.hub.grow(to: try CaseloadSchema.read(toml: newerText, file: "the newer schema"))
    return replica
  }

  @Test(
    "new columns and tables are there for a program that has the file open, and captured",
    arguments: [ClientSetting(), ClientSetting(journalMode: "DELETE")])
  func programs(setting: ClientSetting) throws {
    let replica = try behind(setting)
    _ = try replica.client.rows("SELECT * FROM person")
    #expect(try replica.file.grow(toSchema: newerText, at: 1) == nil)
    #expect(replica.file.schema.version == 2)
    #expect(
      try replica.client.rows("SELECT DISTINCT coalesce(nickname, '∅'), state FROM person") == [
        ["∅", "new"]
      ])
    try replica.client.run("UPDATE person SET nickname = 'Ada', state = 'done' WHERE id = 'p1'")
    try replica.client.run("INSERT INTO person (id, case_id) VALUES ('p9', 'c1')")
    try replica.client.run("INSERT INTO visit (id, case_id, person_id) VALUES ('v1', 'c1', 'p1')")
    #expect(try replica.settle(at: 11).isEqual)
    #expect(replica.hub.rows[person("p1")]?.values.suffix(2) == [.text("Ada"), .text("done")])
    // A default is the local program's: it named none.
    #expect(replica.hub.rows[person("p9")]?.values.suffix(2) == [.text("–"), .text("new")])
    #expect(
      replica.hub.rows[UnknownCellsTests.visit("v1")]?.values
        == [.null, .text("p1"), .text("office")])
    #expect(try replica.file.installCapture(at: 2) == [])
    try replica.reopen()
    #expect(replica.file.schema.version == 2)
  }

  @Test("what was kept moves into its place, is no local write, and is compared anew")
  func moves() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    replica.hub.set(9, of: person("p2"), to: .text("done"))
    replica.hub.put(UnknownCellsTests.visit("v1"), in: "c1", ["2026-01-01"])
    replica.hub.put(UnknownCellsTests.visit("v2"), in: "c2", [])
    let parts = [replica.hub.part(person("p1"), 8), replica.hub.part(person("p2"), 9)]
    let wholes = ["v1", "v2"].map { replica.hub.whole(UnknownCellsTests.visit($0)) }
    try replica.apply(replica.hub.scope(at: 11, items: parts + wholes))

    #expect(try replica.file.grow(toSchema: newerText, at: 1) == nil)
    #expect(
      try replica.client.rows("SELECT id, coalesce(nickname, ''), state FROM person ORDER BY id")
        == [["p1", "Ada", "new"], ["p2", "", "done"], ["p3", "", "new"]])
    #expect(
      try replica.client.rows("SELECT id, case_id, place FROM visit ORDER BY id") == [
        ["v1", "c1", ""], ["v2", "c2", ""],
      ])
    #expect(try replica.count("kreissync_unknown") == 0)
    #expect(try replica.file.scrub(at: 2) == 0)
    #expect(try replica.logCount() == 0)
    #expect(try replica.apply(replica.hub.scope(at: 12)).isEqual)
    #expect(try replica.file.scrub(at: 3) == 0)
  }

  @Test("a move that loses a cell is found by the next comparison")
  func lossIsFound() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    try replica.apply(replica.hub.scope(at: 11, items: [replica.hub.part(person("p1"), 8)]))
    #expect(try replica.file.grow(toSchema: newerText, at: 1) == nil)
    try replica.writeUnseen("UPDATE person SET nickname = NULL")
    #expect(try replica.apply(replica.hub.scope(at: 12)).unequalCases == ["c1"])
  }

  @Test("work that was captured before is sent after, and what was kept stays the hub's")
  func unsentWork() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    replica.hub.set(8, of: person("p2"), to: .text("Mae"))
    let parts = [replica.hub.part(person("p1"), 8), replica.hub.part(person("p2"), 8)]
    try replica.apply(replica.hub.scope(at: 11, items: parts))
    try replica.client.run(
      "INSERT OR REPLACE INTO person (id, case_id, phone) VALUES ('p1', 'c1', '8')")
    try replica.client.run("UPDATE person SET email = 'e' WHERE id = 'p2'")
    try replica.client.run("INSERT INTO person (id, case_id) VALUES ('p9', 'c1')")
    #expect(try replica.file.grow(toSchema: newerText, at: 1) == nil)
    #expect(try replica.value("nickname", of: person("p1")) == "Ada")
    #expect(try replica.settle(at: 12).isEqual)
    let sent = try replica.outbox().flatMap(\.changes)
    #expect(sent.first { $0.row == person("p1") }?.cells[8] == nil)
    #expect(sent.first { $0.row == person("p2") }?.cells.mask == ColumnMask([3]))
    #expect(replica.hub.rows[person("p1")]?.values[7] == .text("Ada"))
  }

  @Test("a replica that is locked keeps its schema, and grows the next time")
  func locked() throws {
    let replica = try behind()
    let file = try ReplicaFile.open(at: replica.path, busyMilliseconds: 1)
    try replica.client.run("BEGIN IMMEDIATE")
    #expect(try file.grow(toSchema: newerText, at: 1) == .deferred)
    #expect(file.schema.version == 1)
    try replica.client.run("ROLLBACK")
    #expect(try file.grow(toSchema: newerText, at: 2) == nil)
  }

  @Test(
    "what cannot be taken over leaves the replica as it was",
    arguments: [
      ("version = 2\nno schema", SchemaProblem.unreadable, ""),
      (ReplicaFixture.schemaText, .notAnAddition, ""),
      (
        UnknownCellsTests.newerText.replacing(
          "\"E-Mail\", type = \"text\"",
          with:
            "\"E-Mail\", type = \"integer\""), .notAnAddition, ""
      ),
      (UnknownCellsTests.newerText, .nameTaken, "CREATE TABLE Visit (x)"),
      (UnknownCellsTests.newerText, .nameTaken, "CREATE VIEW visit AS SELECT 1"),
      (UnknownCellsTests.newerText, .nameTaken, "ALTER TABLE person ADD COLUMN \"State\" TEXT"),
    ])
  func refused(text: String, problem: SchemaProblem, preparation: String) throws {
    let replica = try behind()
    if !preparation.isEmpty { try replica.client.run(preparation) }
    let before = try replica.client.rows("SELECT name, sql FROM sqlite_schema ORDER BY name")
    #expect(try replica.file.grow(toSchema: text, at: 1) == problem)
    #expect(
      try replica.client.rows("SELECT name, sql FROM sqlite_schema ORDER BY name") == before)
    #expect(replica.file.schema.version == 1)
    #expect(
      try replica.client.rows("SELECT schema FROM kreissync_replica") == [
        [ReplicaFixture.schemaText]
      ])
    try replica.client.run("UPDATE person SET phone = '7' WHERE id = 'p1'")
    #expect(try replica.settle(at: 12).isEqual)
  }

  @Test("a write that no trigger saw before is found, although the triggers are made anew")
  func scrubsFirst() throws {
    let replica = try behind()
    try replica.client.run("DROP TRIGGER kreissync_capture_update_person")
    try replica.client.run("UPDATE person SET phone = '7' WHERE id = 'p1'")
    #expect(try replica.file.grow(toSchema: newerText, at: 1) == nil)
    #expect(try replica.logCount() == 1)
    #expect(try replica.settle(at: 12).isEqual)
  }
}
