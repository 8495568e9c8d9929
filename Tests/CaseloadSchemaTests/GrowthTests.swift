import CaseloadSchema
import SyncCore
import Testing

/// A newer schema only adds: sites one and two versions behind keep working.
@Suite("Additive growth of the schema")
struct GrowthTests {
  private let older = schema(
    version: 1,
    [
      column(1, "name"),
      column(3, "state", type: .code, policy: .state, codes: ["open", "done"], terminal: ["done"]),
    ])

  @Test("a new table, a new column, a new code and a new label are additions")
  func additions() throws {
    let newer = Schema(
      version: 2,
      tables: [
        Self.table([
          Self.column(1, "name", label: "Rufname"),
          Self.column(
            3, "state", type: .code, policy: .state, codes: ["new", "open", "done", "lost"],
            terminal: ["done", "lost"]),
          Self.column(4, "email"),
          Self.column(5, "kind", isRequired: true, defaultValue: .text("a")),
        ]),
        Self.table([Self.column(1, "name")], number: 2, name: "other"),
      ])
    try CaseloadSchema.check(newer, extends: older, file: "newer.toml")
  }

  @Test("the same schema extends itself")
  func same() throws {
    try CaseloadSchema.check(older, extends: older, file: "newer.toml")
  }

  @Test("whatever an older site relies on is refused a change", arguments: Difference.all)
  func refused(_ difference: Difference) throws {
    let error = #expect(throws: SchemaError.self) {
      try CaseloadSchema.check(difference.newer, extends: older, file: "newer.toml")
    }
    #expect(error?.mistakes.map(\.place) == [difference.place])
  }

  struct Difference: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let place: String
    let newer: Schema

    init(
      _ name: String, at place: String, version: Int = 2, name column: Column? = nil,
      state: Column? = nil, extra: [Column] = []
    ) {
      testDescription = name
      self.place = place
      newer = schema(
        version: version,
        [column ?? GrowthTests.column(1, "name"), state ?? GrowthTests.state()] + extra)
    }

    static let all = [
      Difference(
        "a new column before those that stand", at: "table thing, column kind, key number",
        extra: [column(2, "kind")]),
      Difference("an older version", at: "key version", version: 1, extra: [column(4, "email")]),
      Difference(
        "another name", at: "table thing, column name", name: column(1, "called")),
      Difference("another number", at: "table thing, column name", name: column(5, "name")),
      Difference(
        "another type", at: "table thing, column name, key type",
        name: column(1, "name", type: .date)),
      Difference(
        "another tier", at: "table thing, column name, key tier",
        name: column(1, "name", tier: .personal)),
      Difference(
        "another default", at: "table thing, column name, key default",
        name: column(1, "name", defaultValue: .text("a"))),
      Difference(
        "NOT NULL afterwards", at: "table thing, column name, key required",
        name: column(1, "name", isRequired: true)),
      Difference(
        "a code less", at: "table thing, column state, key codes",
        state: GrowthTests.state(codes: ["done"])),
      Difference(
        "codes in another order", at: "table thing, column state, key codes",
        state: GrowthTests.state(codes: ["done", "open"])),
      Difference(
        "a final state that goes on", at: "table thing, column state, key terminal",
        state: GrowthTests.state(terminal: [])),
      Difference(
        "a new column that older rows cannot fill", at: "table thing, column kind, key required",
        extra: [column(4, "kind", isRequired: true)]),
    ]
  }

  @Test("a table that is gone is refused")
  func tableGone() throws {
    let newer = Schema(version: 2, tables: [Self.table([Self.column(1, "name")], name: "renamed")])
    let error = #expect(throws: SchemaError.self) {
      try CaseloadSchema.check(newer, extends: older, file: "newer.toml")
    }
    #expect(error?.mistakes.map(\.place) == ["table thing"])
  }

  private static func schema(version: Int, _ columns: [Column]) -> Schema {
    Schema(version: version, tables: [table(columns)])
  }

  private static func table(_ columns: [Column], number: Int = 1, name: String = "thing") -> Table {
    Table(
      number: number, name: name, label: "Ding", scope: .caseRoot, isAppendOnly: false,
      isHubOnly: false, retentionMonths: 12, columns: columns)
  }

  private static func state(
    codes: [String] = ["open", "done"], terminal: [String] = ["done"]
  ) -> Column {
    column(3, "state", type: .code, policy: .state, codes: codes, terminal: terminal)
  }

  private static func column(
    _ number: Int, _ name: String, label: String = "Spalte", type: ColumnType = .text,
    tier: Tier = .header, policy: Policy = .lead, codes: [String] = [], terminal: [String] = [],
    isRequired: Bool = false, defaultValue: Value = .null
  ) -> Column {
    Column(
      number: number, name: name, label: label, type: type, tier: tier, policy: policy,
      codes: codes, terminalCodes: terminal, isRequired: isRequired, defaultValue: defaultValue)
  }
}
