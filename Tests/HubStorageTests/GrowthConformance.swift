import CaseloadSchema
import HubStorage
import SyncCore
import Testing

/// A county whose schema grows, as every engine must let it.
@Suite("Hub store: a newer schema")
struct GrowthConformance {
  private static let text =
    TestCounty.schemaText.replacing("version = 1", with: "version = 2") + """

      [tables.person.columns.nickname]
      number = 6
      label = "Rufname"
      type = "text"
      default = "–"

      [tables.person.columns.state]
      number = 7
      label = "Stand"
      type = "code"
      tier = "header"
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
      """

  private static func schema() throws -> Schema {
    try CaseloadSchema.read(toml: text, file: "the newer schema")
  }

  @Test(
    "rows that stand hold nothing in new columns, or a required one's default; nobody wrote it",
    arguments: HubEngine.all)
  func olderRows(_ engine: HubEngine) throws {
    var store = try engine.make()
    let (living, dead) = try store.commit { plan in
      (plan.person("p1", in: "c1"), plan.row(TestCounty.person, "p2", in: "c1", nil))
    }
    try store.write { try $0.grow(to: try Self.schema(), text: Self.text) }
    for isReopened in [false, true] {
      if isReopened { try store.restart() }
      try store.read { reader throws in
        #expect(reader.schema == (try Self.schema()))
        #expect(try reader.county.schemaText == Self.text)
        let rows = try reader.rows([living.key, dead.key])
        #expect(rows[living.key]?.values == living.values + [.null, .text("new")])
        #expect(rows[dead.key]?.values == dead.values + [.null, .null])
        for row in [living, dead] {
          #expect(rows[row.key]?.versions == row.versions + [.unwritten, .unwritten])
        }
        #expect(try reader.rows(of: "c1", after: nil, limit: 9).count == 2)
      }
    }
  }

  @Test("new tables and columns are written and read like any other", arguments: HubEngine.all)
  func newPlaces(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.commit { $0.person("p1", in: "c1") }
    try store.write { try $0.grow(to: try Self.schema(), text: Self.text) }
    let key = RowKey(table: 5, id: RowID("v1"))
    let visit = StoredRow(
      key: key, caseID: "c1", isAlive: true, writer: "a", values: [.text("2026-01-01")],
      versions: [
        ColumnVersion(
          seq: 2, site: "a", incarnation: IncarnationID("i"), isDirect: true, editedAt: 1)
      ], lastSeq: 2)
    try store.write { writer throws in
      var row = try #require(try writer.rows([person("p1")])[person("p1")])
      row.values[3] = .text("Ada")
      row.versions[3] = visit.versions[0]
      var plan = Plan()
      plan.rows = [row, visit]
      try writer.write(plan, at: 1, random: randomBytes)
    }
    try store.read { reader throws in
      let rows = try reader.rows([key, person("p1")])
      #expect(rows[key] == visit)
      #expect(rows[person("p1")]?.values[3] == .text("Ada"))
      #expect(rows[person("p1")]?.versions[3] == visit.versions[0])
      #expect(rows[person("p1")]?.versions[4] == .unwritten)
    }
  }

  @Test("a growth that fails in its transaction leaves nothing behind", arguments: HubEngine.all)
  func rollback(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    let before = try store.read(Everything.init)
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try store.write { writer throws in
        try writer.grow(to: try Self.schema(), text: Self.text)
        throw Failure()
      }
    }
    #expect(try store.read(Everything.init) == before)
    #expect(try store.read { $0.schema } == TestCounty.schema)
    // And what was undone can be done.
    try store.write { try $0.grow(to: try Self.schema(), text: Self.text) }
    #expect(try store.read { $0.schema.version } == 2)
  }

  @Test(
    "whoever has the county open sees the newer schema in the next transaction, a new label too",
    arguments: HubEngine.all)
  func otherProcess(_ engine: HubEngine) throws {
    let store = try engine.make()
    let other = try store.openAgain()
    #expect(try other.read { $0.schema } == TestCounty.schema)
    try store.write { try $0.grow(to: try Self.schema(), text: Self.text) }
    #expect(try other.read { $0.schema } == (try Self.schema()))
    let relabelled = Self.text.replacing("version = 2", with: "version = 3")
      .replacing("\"Besuch\"", with: "\"Hausbesuch\"")
    try store.write { writer throws in
      try writer.grow(
        to: try CaseloadSchema.read(toml: relabelled, file: "relabelled"), text: relabelled)
    }
    #expect(try other.write { $0.schema.table(number: 5)?.label } == "Hausbesuch")
  }

  @Test("an update says what it adds, does nothing twice, and refuses what is no addition")
  func update() throws {
    let store = try HubEngine.sqlite.make()
    let dry = try SchemaUpdate.run(on: store, to: Self.text, file: "new.toml", isDryRun: true)
    #expect(dry.from == 1 && dry.to == 2 && dry.tables == ["visit"])
    #expect(dry.columns.map { "\($0.table).\($0.column)" } == ["person.nickname", "person.state"])
    #expect(try store.read { $0.schema.version } == 1)
    #expect(
      try SchemaUpdate.run(on: store, to: Self.text, file: "new.toml", isDryRun: false) == dry)
    let again = try SchemaUpdate.run(on: store, to: Self.text, file: "new.toml", isDryRun: false)
    #expect(again.isNothing && again.tables == [] && again.columns == [])
    let error = #expect(throws: SchemaError.self) {
      try SchemaUpdate.run(
        on: store, to: TestCounty.schemaText, file: "old.toml", isDryRun: false)
    }
    #expect(
      error?.mistakes.map(\.place) == [
        "key version", "table person, column nickname", "table person, column state",
        "table visit",
      ])
    #expect(try store.read { $0.schema.version } == 2)
  }
}
