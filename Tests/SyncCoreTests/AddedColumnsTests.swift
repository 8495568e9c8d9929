import SyncCore
import Testing

/// Columns that some rows and some replicas do not have yet.
@Suite("Added columns")
struct AddedColumnsTests {
  private static let required = column(2, isRequired: true, default: .text("new"))
  private static let optional = column(3, default: .text("–"))
  private static let table = table([column(1), required, optional])
  private static let key = RowKey(table: 3, id: RowID("r"))
  private static let digestKey = SipHash128Key(bytes: Array(0..<16))!

  @Test(
    "a required column's default travels as an empty cell and stands again behind it",
    arguments: [Value.text("new"), .text("done"), .text("")])
  func requiredDefault(value: Value) {
    let travelling = Self.required.travelling(value)
    #expect(travelling.isNull == (value == .text("new")))
    #expect(Self.required.standing(travelling) == value)
  }

  @Test("of a column that may be empty, empty and default are two things")
  func optionalDefault() {
    for value in [Value.null, .text("–")] {
      #expect(Self.optional.travelling(value) == value)
      #expect(Self.optional.standing(value) == value)
    }
    #expect(Self.optional.valueOfOlderRows == .null)
  }

  @Test("a row that nobody wrote in the new columns has the digest that it had")
  func digest() {
    let before = digest([.text("a")], in: Self.table([Self.column(1)]))
    #expect(digest([.text("a"), .text("new"), .null], in: Self.table) == before)
    #expect(digest([.text("a"), .text("done"), .null], in: Self.table) != before)
    #expect(digest([.text("a"), .text("new"), .text("–")], in: Self.table) != before)
  }

  @Test("known and unknown cells together have the digest of the whole row")
  func digestOfParts() {
    var digester = RowDigester(key: Self.digestKey)
    let row: [Value] = [.text("a"), .text("done"), .text("–")]
    let whole = Cells(travelling: row, in: Self.table, mask: Self.table.allColumns)
    let known = whole.restricted(to: ColumnMask([1]))
    let unknown = whole.restricted(to: ColumnMask([2, 3])).withoutEmpty
    let image = RowImage(key: Self.key, caseID: CaseID("c"), cells: known.overlaid(by: unknown))
    #expect(digester.digest(of: image) == digest(row, in: Self.table))
  }

  @Test("cells laid over others win, the rest stays, and what is empty can be left out")
  func overlay() {
    let below = Cells(mask: ColumnMask([1, 4, 9]), values: [.integer(1), .integer(4), .null])
    let above = Cells(mask: ColumnMask([2, 4]), values: [.text("b"), .null])
    let both = below.overlaid(by: above)
    #expect(both.mask == ColumnMask([1, 2, 4, 9]))
    #expect(both.values == [.integer(1), .text("b"), .null, .null])
    #expect(
      both.withoutEmpty == Cells(mask: ColumnMask([1, 2]), values: [.integer(1), .text("b")]))
  }

  @Test("cells of columns that the table does not have stand as they came")
  func unknownStanding() {
    let cells = Cells(mask: ColumnMask([2, 7]), values: [.null, .null])
    #expect(cells.standing(in: Self.table).values == [.text("new"), .null])
  }

  @Test(
    "an older site's insert gets a required column's default, and nothing where it may be empty")
  func insert() throws {
    let table = Table(
      number: 9, name: "note", label: "note", scope: .ofCase, isAppendOnly: false, isHubOnly: false,
      retentionMonths: nil, columns: [Self.column(1), Self.required, Self.optional])
    let change = Change(
      id: EntryID(n: 1, tag: 1), kind: .insert, row: RowKey(table: 9, id: RowID("n")),
      caseID: CountySample.caseA, cells: Cells(mask: ColumnMask([1]), values: [.text("a")]),
      base: 5, editedAt: 500)
    let hub = HubSample(leadOf: [CountySample.caseA])
    let plan = hub.decide(
      [change], by: CountySample.lead, as: .lead,
      in: CountySample.context(
        CountySample.lead,
        schema: Schema(version: 2, tables: CountySample.schema.tables + [table])))
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(plan.rows.first?.values == [.text("a"), .text("new"), .null])
  }

  // MARK: Making columns

  private func digest(_ row: [Value], in table: Table) -> Digest128 {
    var digester = RowDigester(key: Self.digestKey)
    return digester.digest(of: Self.key, caseID: CaseID("c"), row: row, in: table)
  }

  private static func table(_ columns: [Column]) -> Table { EncodingTables.table(columns) }

  private static func column(
    _ number: Int, isRequired: Bool = false, default value: Value = .null
  ) -> Column {
    Column(
      number: number, name: "c\(number)", label: "c", type: .text, tier: .header, policy: .lead,
      isRequired: isRequired, defaultValue: value)
  }
}
