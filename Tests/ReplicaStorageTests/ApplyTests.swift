import ReplicaStorage
import SyncCore
import Testing

/// What a pull does to rows that nobody here is working on.
@Suite("Apply: the hub's rows")
struct ApplyTests {
  @Test("new rows, parts and deletions arrive; columns that do not travel stay")
  func items() throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen("UPDATE person SET memo = 'mine' WHERE id = 'p1'")
    replica.hub.put(person("p4"), in: "c2", ["Neu", "4"])
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    replica.hub.set(7, of: person("p1"), to: .integer(2))
    replica.hub.rows[person("p2")] = nil
    let outcome = try replica.apply(
      replica.hub.scope(
        at: 20,
        items: [
          replica.hub.part(person("p1"), 2, 7), .gone(person("p2"), "c1"),
          replica.hub.whole(person("p4")),
        ]))
    #expect(outcome.isEqual && outcome.rowCount == 3 && outcome.casesGranted == 0)
    #expect(
      try replica.client.rows("SELECT id, phone, children, memo FROM person ORDER BY id") == [
        ["p1", "99", "2", "mine"], ["p3", "", "", ""], ["p4", "4", "", ""],
      ])
    try replica.apply(replica.hub.scope(at: 21, items: [replica.hub.whole(person("p1"))]))
    #expect(try replica.value("memo", of: person("p1")) == "mine")
    #expect(try replica.refreshList().isEmpty)
  }

  @Test("the same pull twice is the same as once")
  func repeated() throws {
    let replica = try ReplicaFixture()
    replica.hub.put(person("p4"), in: "c2", ["Neu"])
    replica.hub.rows[person("p2")] = nil
    let scope = replica.hub.scope(
      at: 20, items: [replica.hub.whole(person("p4")), .gone(person("p2"), "c1")])
    try replica.apply(scope)
    let rows = try replica.client.rows("SELECT * FROM person ORDER BY id")
    #expect(try replica.apply(scope).isEqual)
    #expect(try replica.client.rows("SELECT * FROM person ORDER BY id") == rows)
    #expect(try replica.logCount() == 0)
  }

  @Test(
    "a row that moved is gone in the one case and whole in the other, in any order",
    arguments: [true, false])
  func move(goneFirst: Bool) throws {
    let replica = try ReplicaFixture()
    replica.hub.put(person("p1"), in: "c2", ["Moved"])
    let gone = PulledScope.Item.gone(person("p1"), "c1")
    let whole = replica.hub.whole(person("p1"))
    let outcome = try replica.apply(
      replica.hub.scope(at: 20, items: goneFirst ? [gone, whole] : [whole, gone]))
    #expect(outcome.isEqual)
    #expect(try replica.value("case_id", of: person("p1")) == "c2")
  }

  @Test("a newly granted case comes whole and is counted")
  func wholeCase() throws {
    let replica = try ReplicaFixture()
    replica.hub.put(caseFile("c3"), in: "c3", ["2025-02-01"])
    replica.hub.put(person("p7"), in: "c3", ["Siebte"])
    let outcome = try replica.apply(replica.hub.scope(at: 20, whole: ["c3"]))
    #expect(outcome.isEqual && outcome.casesGranted == 1)
    #expect(try replica.value("family_name", of: person("p7")) == "Siebte")
    let state = try replica.client.rows(
      "SELECT lead_site, own_role, epoch FROM kreissync_case WHERE case_id = 'c3'")
    #expect(state == [["here", "lead", "1"]])
  }

  @Test("a case whose rows come on two pages: only what neither names is offered")
  func wholeCaseOnTwoPages() throws {
    let replica = try ReplicaFixture()
    // Unknown to the hub and unseen by the triggers.
    try replica.writeUnseen("INSERT INTO person (id, case_id) VALUES ('p9', 'c1')")
    var scope = replica.hub.scope(at: 20, whole: ["c1"])
    let all = try scope.onPage()
    let cut = all.items.count / 2
    scope.pages = [
      PulledScope.Page(cases: all.cases, items: Array(all.items[..<cut])),
      PulledScope.Page(cases: all.cases, items: Array(all.items[cut...]), digests: all.digests),
    ]
    #expect(cut > 0)
    try replica.apply(scope)
    let offered = try replica.client.rows(
      "SELECT id FROM kreissync_log WHERE k = \(CaptureKind.insert.rawValue) AND m = 0")
    #expect(offered == [["p9"]])
  }

  @Test("a marker stands in the log when the cursor moved, and only then")
  func marker() throws {
    let replica = try ReplicaFixture()
    let markers = "SELECT m FROM kreissync_log WHERE k = 5 ORDER BY n"
    try replica.apply(replica.hub.scope(at: 10))
    #expect(try replica.client.rows(markers) == [["10"]])
    try replica.apply(replica.hub.scope(at: 12))
    try replica.apply(replica.hub.scope(at: 12))
    #expect(try replica.client.rows(markers) == [["10"], ["12"]])
    let record = try replica.file.record()
    #expect(record.position.seq == 12 && record.head == 12)
    #expect(record.position.treeHead.root == Hash256(sha256Of: [12]))
  }

  @Test("a part of a row that is missing here is asked for whole, never taken for a deletion")
  func missingRow() throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen("DELETE FROM person WHERE id = 'p1'")
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)]))
    #expect(try replica.refreshList() == [person("p1")])
    let outcome = try replica.apply(
      replica.hub.scope(at: 20, items: [replica.hub.whole(person("p1"))]))
    #expect(outcome.isEqual)
    #expect(try replica.value("family_name", of: person("p1")) == "Muster")
    #expect(try replica.refreshList().isEmpty)
  }

  @Test("rows of a whole case that the hub has never seen are offered, once")
  func unknownRows() throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen(
      "INSERT INTO person (id, case_id, family_name) VALUES ('p9', 'c1', 'Unseen')")
    #expect(try replica.apply(replica.hub.scope(at: 20)).unequalCases == ["c1"])
    try replica.apply(replica.hub.scope(at: 20, whole: ["c1"]))
    try replica.apply(replica.hub.scope(at: 20, whole: ["c1"]))
    #expect(try replica.value("family_name", of: person("p9")) == "Unseen")
    #expect(try replica.logCount() == 1)
    #expect(try replica.settle(at: 30).isEqual)
    #expect(replica.hub.rows[person("p9")]?.values.first == .text("Unseen"))
  }

  @Test("a constraint of the local program blocks one row; it comes when it can")
  func blockedRow() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("CREATE UNIQUE INDEX own ON person (phone)")
    _ = try replica.file.installCapture(at: 1)
    replica.hub.set(2, of: person("p1"), to: .text("2"))
    replica.hub.set(2, of: person("p3"), to: .text("33"))
    let items = [replica.hub.part(person("p1"), 2), replica.hub.part(person("p3"), 2)]
    let outcome = try replica.apply(replica.hub.scope(at: 20, items: items))
    #expect(outcome.blockedCount == 1 && outcome.rowCount == 1)
    #expect(outcome.unequalCases.isEmpty, "the case waits, it is not unequal")
    #expect(try replica.value("phone", of: person("p1")) == "1")
    #expect(try replica.value("phone", of: person("p3")) == "33")
    #expect(try replica.refreshList() == [person("p1")])
    #expect(try replica.file.record().position.seq == 20)

    // Nobody here has seen the hub's value, so an edit of it is still one above 10.
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.build()
    #expect(try replica.lastChanges().first?.base(ofColumn: 2) == 10)
    try replica.answer([
      person("p1"): Answer(id: EntryID(n: 0, tag: 0), verdict: .overridden, rule: .leadWins)
    ])
    try replica.client.run("DROP INDEX own")
    _ = try replica.file.installCapture(at: 2)
    #expect(
      try replica.apply(replica.hub.scope(at: 30, items: [replica.hub.whole(person("p1"))]))
        .isEqual)
    #expect(try replica.value("phone", of: person("p1")) == "2")
    #expect(try replica.refreshList().isEmpty && replica.pins(of: person("p1")).isEmpty)
  }

  @Test("an apply that cannot be written leaves everything as it was")
  func atomic() throws {
    let replica = try ReplicaFixture()
    let file = try ReplicaFile.open(at: replica.path, busyMilliseconds: 10)
    let before = try file.record()
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    let scope = replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)])
    try replica.client.run("BEGIN IMMEDIATE")
    #expect(throws: ReplicaError.locked) { try file.apply(scope, at: 1) }
    try replica.client.run("ROLLBACK")
    #expect(try file.record() == before)
    #expect(try replica.value("phone", of: person("p1")) == "1")
    #expect(try file.apply(scope, at: 1).isEqual)
  }
}
