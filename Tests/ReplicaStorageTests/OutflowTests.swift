import ReplicaStorage
import SyncCore
import Testing

/// What stays at the site while a gate is closed, and what a gate that closes takes.
@Suite("Gates at the replica")
struct OutflowTests {
  /// One consent opens everything, one revocation closes it.
  private struct PlainGates: TierGates {
    func gateTable(in schema: Schema) -> Table? { schema.table(named: "consent") }

    func openTiers(for recipient: GateRecipient, rows: [RowState]) -> TierSet {
      let events = rows.map { $0["event"] }
      return events.contains(.text("given")) && !events.contains(.text("revoked")) ? .all : .header
    }
  }

  private static let health = RowKey(table: 6, id: RowID("e1"))

  private func gatedReplica() throws -> ReplicaFixture {
    let replica = try ReplicaFixture()
    replica.file.gates = PlainGates()
    return replica
  }

  private func writeCase(_ replica: ReplicaFixture) throws {
    try replica.client.run(
      """
      INSERT INTO person (id, case_id, phone, email) VALUES ('p9', 'c1', '9', 'p9@x');
      INSERT INTO health (id, case_id, need) VALUES ('e1', 'c1', 'need');
      """)
  }

  private func consent(_ replica: ReplicaFixture, _ event: String, _ id: String) throws {
    try replica.client.run(
      "INSERT INTO consent (id, case_id, event) VALUES ('\(id)', 'c1', '\(event)')")
  }

  private func pull(
    _ replica: ReplicaFixture, at seq: Int64, _ terms: GrantTerms, isWhole: Bool = false,
    items: [PulledScope.Item] = [], isHandedOver: Bool = false
  ) throws -> ApplyOutcome {
    var scope = replica.hub.scope(at: seq, items: items)
    var page = try scope.onPage()
    page.cases = [
      PulledScope.CaseState(
        caseID: "c1", lead: SiteID("here"), terms: terms, epoch: 1, isDeliveredWhole: isWhole,
        isHandedOver: isHandedOver)
    ]
    page.digests = []
    scope.pages = [page]
    return try replica.apply(scope)
  }

  @Test("closed columns and rows stay; an opened gate brings them without another edit")
  func withheld() throws {
    let replica = try gatedReplica()
    try writeCase(replica)
    let tally = try replica.build()
    #expect(tally.withheld == 1)
    let sent = try replica.lastChanges()
    #expect(sent.map(\.row) == [person("p9")])
    #expect(sent[0].cells[2] == .text("9") && sent[0].cells[3] == nil)
    #expect(try replica.build() == CaptureTally())

    try consent(replica, "given", "k1")
    try replica.build()
    let later = try replica.lastChanges()
    #expect(later.map(\.row.table) == [4, 3, 6])
    #expect(
      later[1].kind == .update
        && later[1].cells
          == Cells(
            mask: ColumnMask([3]), values: [.text("p9@x")])
    )
    #expect(later[2].kind == .insert && later[2].row == Self.health)
    try replica.answer()
    #expect(try replica.build() == CaptureTally())
  }

  @Test("what opens a gate is sent before what passes through it")
  func order() throws {
    let replica = try gatedReplica()
    try writeCase(replica)
    try consent(replica, "given", "k1")
    #expect(try replica.build().withheld == 0)
    #expect(try replica.lastChanges().map(\.row.table) == [4, 3, 6])
  }

  @Test("a row that was withheld and deleted leaves no trace")
  func deleted() throws {
    let replica = try gatedReplica()
    try writeCase(replica)
    try replica.build()
    try replica.client.run("DELETE FROM health")
    #expect(try replica.build().withheld == 1)
    #expect(try replica.outbox().flatMap(\.changes).count == 1)
    try consent(replica, "given", "k1")
    try replica.build()
    #expect(try replica.lastChanges().map(\.row.table) == [4, 3])
  }

  @Test("a gate that closes takes what came from others, and leaves what was written here")
  func closed() throws {
    let replica = try gatedReplica()
    try replica.writeUnseen("UPDATE person SET email = 'p1@x', memo = 'mine' WHERE id = 'p1'")
    try replica.writeUnseen("INSERT INTO health (id, case_id, need) VALUES ('e7', 'c1', 'theirs')")
    try consent(replica, "given", "k1")
    try writeCase(replica)
    try replica.build()
    try replica.answer()
    try consent(replica, "revoked", "k2")
    try replica.build()
    try replica.answer()
    _ = try pull(replica, at: 20, GrantTerms(.lead, .header))
    #expect(try replica.value("email", of: person("p1")) == "")
    #expect(try replica.value("memo", of: person("p1")) == "mine")
    #expect(try replica.value("email", of: person("p9")) == "p9@x")
    #expect(try replica.client.rows("SELECT id FROM health") == [["e1"]])
    #expect(
      try replica.file.purgeReceipt(stripping: { answer, _ in answer })
        == PurgeReceipt(waiting: [], heldCount: 0))
    #expect(try replica.build() == CaptureTally())
    #expect(try replica.file.scrub(at: 30) == 0)

    // Nothing that the hub says of the case takes them, and an open gate sends them again.
    _ = try pull(
      replica, at: 30, GrantTerms(.lead, .header), isWhole: true,
      items: [
        .whole(
          RowImage(
            key: person("p9"), caseID: "c1",
            cells: Cells(mask: ColumnMask([2]), values: [.text("10")]))),
        .gone(Self.health, nil),
      ])
    #expect(try replica.value("phone", of: person("p9")) == "10")
    #expect(try replica.value("email", of: person("p9")) == "p9@x")
    #expect(try replica.client.rows("SELECT id FROM health") == [["e1"]])
    try replica.writeUnseen("DELETE FROM consent WHERE id = 'k2'")
    try replica.build()
    #expect(try replica.lastChanges().contains { $0.row == Self.health && $0.kind == .insert })
    #expect(try replica.lastChanges().contains { $0.row == person("p9") && $0.cells[3] != nil })
  }

  @Test("after a hand-over what was written here goes, too")
  func handedOver() throws {
    let replica = try gatedReplica()
    try writeCase(replica)
    try replica.build()
    try replica.answer()
    _ = try pull(replica, at: 20, GrantTerms(.formerLead, .header), isHandedOver: true)
    #expect(try replica.count("health") == 0)
    #expect(try replica.value("email", of: person("p9")) == "")
    #expect(try replica.count("kreissync_gated") == 0)
  }

  @Test("what the hub did not take stays, and is offered again when the cursor has moved")
  func refused() throws {
    let replica = try gatedReplica()
    try consent(replica, "given", "k1")
    try writeCase(replica)
    try replica.build()
    let sent = try replica.lastChanges()
    let refusals = Dictionary(
      uniqueKeysWithValues: sent.filter { $0.row.table == 6 }.map {
        ($0.row, Answer(id: $0.id, verdict: .refused, rule: .gateClosed))
      })
    try replica.answer(refusals)
    #expect(try replica.refreshList().isEmpty)
    #expect(try replica.client.rows("SELECT id FROM health") == [["e1"]])
    #expect(try replica.build() == CaptureTally())
    try replica.apply(replica.hub.scope(at: 20))
    try replica.build()
    #expect(try replica.lastChanges().map(\.row) == [Self.health])
  }
}
