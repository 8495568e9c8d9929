import SyncCore
import Testing

/// What comes back to a restored hub passes through the gates as they stand by then: the last row
/// of the table of ``ReturnedWork``.
@Suite("Gates for returned work")
struct ReturnedGateTests {
  private struct OneConsent: TierGates {
    func gateTable(in schema: Schema) -> Table? { schema.table(named: "consent") }

    func openTiers(for recipient: GateRecipient, rows: [RowState]) -> TierSet {
      let events = rows.map { $0["event"] }
      return events.contains("given") && !events.contains("revoked") ? .all : .header
    }
  }

  private static let schema = Schema(
    version: 1,
    tables: [
      table(1, "case_file", .caseRoot, [.header]), table(2, "consent", .ofCase, [.header]),
      table(3, "person", .ofCase, [.personal]), table(4, "talk", .ofCase, [.header, .notes]),
    ])

  private static func table(
    _ number: Int, _ name: String, _ scope: TableScope, _ tiers: [Tier]
  ) -> Table {
    Table(
      number: number, name: name, label: name, scope: scope, isAppendOnly: false, isHubOnly: false,
      retentionMonths: nil,
      columns: tiers.enumerated().map { place, tier in
        Column(
          number: place + 1, name: ["event", "note"][place], label: "", type: .text, tier: tier,
          policy: .lead)
      })
  }

  private func change(_ kind: ChangeKind, _ table: Int, _ id: String, _ values: Value...) -> Change
  {
    Change(
      id: EntryID(n: 1, tag: 1), kind: kind, row: RowKey(table: table, id: RowID(id)),
      caseID: CaseID("c"),
      cells: Cells(mask: ColumnMask(values.indices.map { $0 + 1 }), values: values), base: 1,
      editedAt: 1)
  }

  /// - Parameter events: of the consents that the hub holds.
  private func work(_ changes: [Change], holding events: Value...) -> ReturnedWork {
    var view = HubView()
    view.cases["c"] = StoredCase(
      id: "c", lead: SiteID("s"), epoch: 1, epochSince: 0, digests: .zero)
    let table = Self.schema.table(number: 2)!
    for (number, event) in events.enumerated() {
      let key = RowKey(table: 2, id: RowID("h\(number)"))
      view.rows[key] = StoredRow(
        key: key, caseID: "c", isAlive: true, writer: SiteID("s"), values: [event],
        versions: table.columns.map { _ in .unwritten }, lastSeq: 1)
      view.groups[RowGroup(table: 2, caseID: "c"), default: []].append(key)
    }
    return ReturnedWork(
      changes, view: view, schema: Self.schema,
      gates: ReturnedGates(OneConsent(), view: view, schema: Self.schema, author: SiteID("s")))
  }

  @Test("behind a closed gate a row waits whole, and of one with a header the rest")
  func closed() {
    let person = change(.insert, 3, "p", "Muster")
    let talk = change(.insert, 4, "t", "header", "note")
    for events: [Value] in [[], ["given", "revoked"]] {
      let work =
        events.isEmpty
        ? work([person, talk]) : work([person, talk], holding: events[0], events[1])
      #expect(work.ready.map(\.cells.values) == [["header"]])
      #expect(work.early.isEmpty)
      #expect(work.waiting.map(\.row.table) == [3, 4] && work.waiting[0] == person)
      #expect(work.waiting[1].kind == .update && work.waiting[1].cells.values == ["note"])
    }
  }

  @Test(
    "an open gate lets everything pass, and one that opens or closes within the batch from there")
  func open() {
    let person = change(.insert, 3, "p", "Muster")
    #expect(work([person], holding: "given").ready == [person])
    let given = change(.insert, 2, "k", "given")
    let revoked = change(.insert, 2, "r", "revoked")
    #expect(work([given, person]).ready == [given, person])
    #expect(work([person, given]).waiting == [person])
    #expect(work([given, revoked, person]).waiting == [person])
    #expect(work([given, person, revoked], holding: "revoked").waiting == [person])
  }

  @Test("a deletion brings no values")
  func deletions() {
    let work = work([change(.delete, 3, "p", "Muster"), change(.delete, 4, "t", "header", "note")])
    #expect(work.waiting.map(\.row.table) == [3, 4])
    #expect(work.early.map(\.cells.values) == [[], ["header"]])
  }
}
