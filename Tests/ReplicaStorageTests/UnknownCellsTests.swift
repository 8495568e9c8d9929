import CaseloadSchema
import ReplicaStorage
import SyncCore
import Testing

/// A replica whose schema is older than the hub's: it keeps what it has no place for, proves
/// equality with it, and puts it in its place when the schema comes.
@Suite("A replica one version behind")
struct UnknownCellsTests {
  static let newerText =
    ReplicaFixture.schemaText.replacing("version = 1", with: "version = 2") + """

      [tables.person.columns.nickname]
      number = 8
      label = "Rufname"
      type = "text"
      default = "–"

      [tables.person.columns.state]
      number = 9
      label = "Stand"
      type = "code"
      codes = ["new", "done"]
      required = true
      default = "new"

      [tables.visit]
      number = 5
      label = "Besuch"
      scope = "case"
      retention_months = 24
      tier = "personal"
      policy = "lead"

      [tables.visit.columns]
      on_date = { number = 1, label = "Am", type = "date" }
      person_id = { number = 2, label = "Bei", type = "text", references = "person" }
      place = { number = 3, label = "Ort", type = "text", default = "office" }
      """

  static func visit(_ id: String) -> RowKey { RowKey(table: 5, id: RowID(id)) }

  /// A replica with the old schema before a hub with the newer one.
  private func behind(_ setting: ClientSetting = ClientSetting()) throws -> ReplicaFixture {
    let replica = try ReplicaFixture(setting)
    replica.hub.grow(to: try CaseloadSchema.read(toml: Self.newerText, file: "the newer schema"))
    return replica
  }

  private func keptCount(_ replica: ReplicaFixture) throws -> Int {
    try replica.client.count("SELECT count(*) FROM kreissync_unknown")
  }

  @Test("rows that nobody wrote in the new columns are equal without a word")
  func untouched() throws {
    let replica = try behind()
    #expect(try replica.apply(replica.hub.scope(at: 11)).isEqual)
    #expect(
      try replica.apply(replica.hub.scope(at: 12, items: [replica.hub.whole(person("p1"))])).isEqual
    )
    #expect(try keptCount(replica) == 0)
  }

  @Test("cells of unknown columns are kept, counted, overwritten, emptied and dropped")
  func columns() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    replica.hub.set(9, of: person("p1"), to: .text("done"))
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    #expect(
      try replica.apply(
        replica.hub.scope(at: 11, items: [replica.hub.part(person("p1"), 2, 8, 9)])
      ).isEqual)
    #expect(try replica.value("phone", of: person("p1")) == "99")
    #expect(try keptCount(replica) == 1)

    replica.hub.set(8, of: person("p1"), to: .text("Grace"))
    #expect(
      try replica.apply(
        replica.hub.scope(at: 12, items: [replica.hub.part(person("p1"), 8)])
      ).isEqual)

    // Back to what nobody wrote: nothing is left of it.
    replica.hub.set(8, of: person("p1"), to: .null)
    replica.hub.set(9, of: person("p1"), to: .text("new"))
    #expect(
      try replica.apply(
        replica.hub.scope(at: 13, items: [replica.hub.whole(person("p1"))])
      ).isEqual)
    #expect(try keptCount(replica) == 0)

    replica.hub.set(8, of: person("p2"), to: .text("Mae"))
    try replica.apply(replica.hub.scope(at: 14, items: [replica.hub.part(person("p2"), 8)]))
    #expect(try keptCount(replica) == 1)
    replica.hub.rows[person("p2")] = nil
    #expect(
      try replica.apply(replica.hub.scope(at: 15, items: [.gone(person("p2"), "c1")])).isEqual)
    #expect(try keptCount(replica) == 0)
  }

  @Test("a cell that was lost on the way is found by the digest, and comes with its whole case")
  func lost() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    #expect(try replica.apply(replica.hub.scope(at: 11)).unequalCases == ["c1"])
    #expect(try replica.apply(replica.hub.scope(at: 11, whole: ["c1"])).isEqual)
  }

  @Test("rows of unknown tables are kept, counted and dropped")
  func tables() throws {
    let replica = try behind()
    replica.hub.put(Self.visit("v1"), in: "c1", ["2026-01-01"])
    replica.hub.put(Self.visit("v2"), in: "c1", [])
    #expect(
      try replica.apply(
        replica.hub.scope(
          at: 11, items: [replica.hub.whole(Self.visit("v1")), replica.hub.whole(Self.visit("v2"))])
      ).isEqual)
    #expect(try keptCount(replica) == 2)
    replica.hub.set(1, of: Self.visit("v2"), to: .text("2026-01-02"))
    replica.hub.rows[Self.visit("v1")] = nil
    #expect(
      try replica.apply(
        replica.hub.scope(
          at: 12, items: [.gone(Self.visit("v1"), "c1"), replica.hub.part(Self.visit("v2"), 1)])
      ).isEqual)
    // A case that comes whole brings all its rows: others are gone.
    replica.hub.rows[Self.visit("v2")] = nil
    #expect(try replica.apply(replica.hub.scope(at: 13, whole: ["c1"])).isEqual)
    #expect(try keptCount(replica) == 0)
    #expect(try replica.logCount() == 0)
  }

  @Test("an edit here names the columns that are known, and what is kept is never sent")
  func edits() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    try replica.apply(replica.hub.scope(at: 11, items: [replica.hub.part(person("p1"), 8)]))
    try replica.client.run("UPDATE person SET phone = '7' WHERE id = 'p1'")
    try replica.client.run(
      "INSERT OR REPLACE INTO person (id, case_id, phone) VALUES ('p1', 'c1', '8')")
    #expect(try replica.settle(at: 12).isEqual)
    let sent = try replica.outbox().flatMap(\.changes)
    #expect(sent.count == 1 && sent.allSatisfy { $0.cells[8] == nil && $0.cells[9] == nil })
    #expect(replica.hub.rows[person("p1")]?.values[7] == .text("Ada"))
    // The scrub compares what programs can write.
    #expect(try replica.file.scrub(at: 1) == 0)
  }

  @Test("a row that is deleted here takes with it what was kept of it, once the hub agrees")
  func deletion() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    try replica.apply(replica.hub.scope(at: 11, items: [replica.hub.part(person("p1"), 8)]))
    try replica.client.run("DELETE FROM person WHERE id = 'p1'")
    #expect(try replica.apply(replica.hub.scope(at: 12)).isEqual)
    #expect(try keptCount(replica) == 1)
    try replica.build()
    try replica.answer()
    replica.hub.rows[person("p1")] = nil
    #expect(
      try replica.apply(replica.hub.scope(at: 13, items: [.gone(person("p1"), "c1")])).isEqual)
    #expect(try keptCount(replica) == 0)
  }

  @Test("a row that moves to another case takes with it what is kept of it")
  func move() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    try replica.apply(replica.hub.scope(at: 11, items: [replica.hub.part(person("p1"), 8)]))
    try replica.client.run("UPDATE person SET case_id = 'c2' WHERE id = 'p1'")
    try replica.build()
    let sent = try replica.lastChanges()
    #expect(sent.map(\.kind) == [.delete, .insert])
    #expect(sent.last?.cells[8] == .text("Ada"))
    for change in sent { replica.hub.take(change) }
    try replica.answer()
    #expect(
      try replica.apply(replica.hub.scope(at: 12, items: [.gone(person("p1"), "c1")])).isEqual)
    #expect(try keptCount(replica) == 1)
    #expect(try replica.file.grow(toSchema: Self.newerText, at: 1) == nil)
    #expect(try replica.value("nickname", of: person("p1")) == "Ada")
    #expect(try replica.apply(replica.hub.scope(at: 13)).isEqual)
  }

  @Test("an entry that another program damaged is found, and comes with its whole case")
  func damage() throws {
    let replica = try behind()
    replica.hub.set(8, of: person("p1"), to: .text("Ada"))
    try replica.apply(replica.hub.scope(at: 11, items: [replica.hub.part(person("p1"), 8)]))
    try replica.client.run("UPDATE kreissync_unknown SET image = x'ff'")
    #expect(try replica.apply(replica.hub.scope(at: 12)).unequalCases == ["c1"])
    #expect(try replica.apply(replica.hub.scope(at: 12, whole: ["c1"])).isEqual)
  }
}
