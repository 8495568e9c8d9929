import ReplicaStorage
import SyncCore
import Testing

/// A restriction of processing (Art. 18 GDPR) at a site that works on the case and does not lead
/// it: case `c1`, whose lead is elsewhere.
@Suite("Restricted cases at the replica")
struct HidingTests {
  /// Consent was given once for all.
  private struct OpenGates: TierGates {
    func gateTable(in schema: Schema) -> Table? { schema.table(named: "consent") }
  }

  private static let theirs = RowKey(table: 6, id: RowID("theirs"))
  private static let mine = RowKey(table: 6, id: RowID("mine"))
  private static let later = RowKey(table: 6, id: RowID("later"))

  private func pull(
    _ replica: ReplicaFixture, at seq: Int64, _ tiers: TierSet, role: Role = .contributor,
    isRestricted: Bool, items: [PulledScope.Item] = []
  ) throws -> ApplyOutcome {
    var scope = replica.hub.scope(at: seq, items: items)
    var page = try scope.onPage()
    page.cases = [
      PulledScope.CaseState(
        caseID: "c1", lead: SiteID("there"), terms: GrantTerms(role, tiers), epoch: 1,
        isDeliveredWhole: true, isRestricted: isRestricted)
    ]
    page.digests = []
    scope.pages = [page]
    return try replica.apply(scope)
  }

  private func root(_ since: Value) -> PulledScope.Item {
    .whole(
      RowImage(
        key: caseFile("c1"), caseID: "c1",
        cells: Cells(mask: ColumnMask([1, 2]), values: [.text("2025-01-15"), since])))
  }

  /// What a header shows of the case's persons.
  private func headers(phone: String = "1") -> [PulledScope.Item] {
    ["p1", "p2"].map { id in
      .whole(
        RowImage(
          key: person(id), caseID: "c1",
          cells: Cells(
            mask: ColumnMask([1, 2, 4, 5, 7]),
            values: [.text("Muster"), .text(phone), .null, .null, .null])))
    }
  }

  private func health(_ key: RowKey, _ need: String) -> PulledScope.Item {
    .whole(
      RowImage(
        key: key, caseID: "c1", cells: Cells(mask: ColumnMask([1]), values: [.text(need)])))
  }

  /// A replica at 20 with a row of another's and one of its own, both at the hub.
  private func sharedReplica() throws -> ReplicaFixture {
    let replica = try ReplicaFixture()
    replica.file.gates = OpenGates()
    _ = try pull(
      replica, at: 12, .all, isRestricted: false,
      items: [root(.null), health(Self.theirs, "theirs")]
        + ["p1", "p2"].map(person).map(replica.hub.whole))
    try replica.client.run(
      "INSERT INTO health (id, case_id, need) VALUES ('mine', 'c1', 'first')")
    try replica.writeUnseen("UPDATE person SET memo = 'memo' WHERE id = 'p1'")
    try replica.build()
    try replica.answer()
    return replica
  }

  private func hide(_ replica: ReplicaFixture, at seq: Int64 = 20) throws -> ApplyOutcome {
    try pull(
      replica, at: seq, .header, isRestricted: true, items: [root(.text("2025-02-01"))] + headers())
  }

  @Test(
    "what came from others goes with a receipt; what was written here stays, and is not offered")
  func hidden() throws {
    let replica = try sharedReplica()
    #expect(try hide(replica).casesPurged == 1)
    #expect(try replica.client.rows("SELECT id FROM health") == [["mine"]])
    #expect(try replica.value("memo", of: person("p1")) == "memo")
    #expect(
      try replica.file.purgeReceipt(stripping: { answer, _ in answer })
        == PurgeReceipt(waiting: [], heldCount: 0))
    #expect(try replica.build() == CaptureTally())
    // The hub may be restored, and has nobody else to ask.
    #expect(try replica.outbox().flatMap(\.changes).contains { $0.row == Self.mine })
  }

  @Test("what is written meanwhile waits, and passes when the mark goes")
  func written() throws {
    let replica = try sharedReplica()
    _ = try hide(replica)
    try replica.client.run(
      """
      INSERT INTO health (id, case_id, need) VALUES ('later', 'c1', 'later');
      UPDATE person SET email = 'p1@x', phone = '11' WHERE id = 'p1';
      """)
    #expect(try replica.build().withheld == 1)
    let sent = try replica.lastChanges()
    #expect(sent.map(\.row) == [person("p1")] && sent[0].cells.mask == ColumnMask([2]))
    try replica.answer()
    _ = try pull(
      replica, at: 30, .all, isRestricted: false,
      items: [
        root(.null), health(Self.theirs, "theirs"), health(Self.mine, "first"),
        replica.hub.whole(person("p1")), replica.hub.whole(person("p2")),
      ])
    #expect(try replica.count("health") == 3)
    try replica.build()
    let offered = try replica.lastChanges()
    #expect(Set(offered.map(\.row)) == [person("p1"), Self.later])
    #expect(offered.first { $0.row == Self.later }?.kind == .insert)
    #expect(offered.first { $0.row == person("p1") }?.cells[3] == .text("p1@x"))
  }

  @Test("an edit of what was hidden has the base at which it was last shown")
  func base() throws {
    let replica = try sharedReplica()
    _ = try hide(replica)
    // Somebody else changes the header meanwhile: the rows come, and show nothing hidden.
    _ = try pull(
      replica, at: 25, .header, isRestricted: true,
      items: [root(.text("2025-02-01"))] + headers(phone: "12"))
    try replica.client.run(
      """
      UPDATE health SET need = 'second' WHERE id = 'mine';
      UPDATE person SET email = 'mine@x' WHERE id = 'p1';
      """)
    try replica.build()
    _ = try pull(
      replica, at: 30, .all, isRestricted: false,
      items: [
        root(.null), health(Self.theirs, "theirs"), health(Self.mine, "corrected"),
        replica.hub.whole(person("p1")), replica.hub.whole(person("p2")),
      ])
    #expect(try replica.value("need", of: Self.mine) == "second")
    try replica.build()
    let offered = try replica.lastChanges()
    #expect(offered.first { $0.row == Self.mine }?.base(ofColumn: 1) == 12)
    #expect(offered.first { $0.row == person("p1") }?.base(ofColumn: 3) == 12)
  }

  @Test("what was done before anybody here knew of the mark is still sent")
  func unaware() throws {
    let replica = try sharedReplica()
    try replica.client.run(
      """
      UPDATE health SET need = 'before' WHERE id = 'theirs';
      DELETE FROM health WHERE id = 'mine';
      """)
    #expect(try hide(replica).casesPurged == 0)
    #expect(try replica.build().withheld == 0)
    let sent = try replica.lastChanges()
    #expect(Set(sent.map(\.row)) == [Self.theirs, Self.mine])
    #expect(sent.first { $0.row == Self.mine }?.kind == .delete)
    try replica.answer()
    _ = try hide(replica, at: 22)
    #expect(try replica.count("health") == 0)
  }

  @Test("the lead of a restricted case goes on")
  func lead() throws {
    let replica = try sharedReplica()
    _ = try pull(
      replica, at: 20, .all, role: .lead, isRestricted: false,
      items: [
        root(.text("2025-02-01")), health(Self.theirs, "theirs"), health(Self.mine, "first"),
        replica.hub.whole(person("p1")), replica.hub.whole(person("p2")),
      ])
    try replica.client.run("UPDATE health SET need = 'lead' WHERE id = 'theirs'")
    #expect(try replica.build().withheld == 0)
    #expect(try replica.lastChanges().map(\.row) == [Self.theirs])
  }
}
