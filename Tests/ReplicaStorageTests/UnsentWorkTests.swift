import ReplicaStorage
import SyncCore
import Testing

/// What a pull does to rows that somebody here is working on: unsent work stays on top.
@Suite("Apply: unsent work")
struct UnsentWorkTests {
  private let overridden = Answer(id: EntryID(n: 0, tag: 0), verdict: .overridden, rule: .leadWins)

  /// Where the edit stands when the pull comes.
  enum Stage: CaseIterable { case logged, batched }

  @Test(
    "an unsent column stays on top, its row is asked for, the others show the hub's value",
    arguments: Stage.allCases)
  func onTop(_ stage: Stage) throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    if stage == .batched { try replica.build() }
    replica.hub.set(2, of: person("p1"), to: .text("theirs"))
    replica.hub.set(1, of: person("p1"), to: .text("Renamed"))
    let outcome = try replica.apply(
      replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 1, 2)]))
    #expect(outcome.isEqual, "a case with unsent work is not compared")
    #expect(try replica.value("phone", of: person("p1")) == "mine")
    #expect(try replica.value("family_name", of: person("p1")) == "Renamed")
    #expect(try replica.refreshList() == [person("p1")])
    #expect(try replica.pins(of: person("p1")) == [2: 10])
  }

  @Test("an edit that goes on after its case changed hands counts as begun before")
  func pinnedByHandover() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.client.run("INSERT INTO person (id, case_id, phone) VALUES ('p9', 'c1', 'new')")
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p3'")
    // Opened here, and handed over before this site has heard of it.
    try replica.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('c7', '2025-03-01');
      INSERT INTO person (id, case_id, phone) VALUES ('p7', 'c7', 'new')
      """)
    try replica.build()
    // The hub has changed nothing of it, and hands the case over.
    var scope = replica.hub.scope(at: 20)
    var page = try scope.onPage()
    page.cases = ["c1", "c7"].map {
      PulledScope.CaseState(
        caseID: $0, lead: SiteID("there"), terms: GrantTerms(.formerLead), epoch: 2,
        isDeliveredWhole: false, isHandedOver: true)
    }
    scope.pages = [page]
    try replica.apply(scope)
    try replica.client.run("UPDATE person SET phone = 'mine again', email = 'new'")
    try replica.build()
    let changes = try Dictionary(
      uniqueKeysWithValues: replica.lastChanges().map { ($0.row.id.string, $0) })
    #expect(changes["p1"]?.base(ofColumn: 2) == 10 && changes["p1"]?.base(ofColumn: 3) == 20)
    #expect(changes["p9"]?.base(ofColumn: 2) == 10 && changes["p7"]?.base(ofColumn: 2) == 10)
    #expect(changes["p2"]?.base(ofColumn: 2) == 20)
    #expect(changes["p3"]?.base(ofColumn: 2) == 20, "its case is in the same hands")

    // Answered as equal, it is in no log: the row comes because it is asked for.
    try replica.answer()
    #expect(try Set(replica.refreshList()).isSuperset(of: [person("p1"), person("p9")]))
    let asked = try replica.refreshList().map(replica.hub.whole)
    try replica.apply(replica.hub.scope(at: 30, items: asked))
    #expect(try replica.pins(of: person("p1")).isEmpty && replica.refreshList().isEmpty)
  }

  @Test("the base of later edits is the pinned one until the hub's value was shown")
  func pinnedBase() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.build()
    replica.hub.set(2, of: person("p1"), to: .text("theirs"))
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)]))
    try replica.client.run(
      "UPDATE person SET phone = 'mine again', email = 'new' WHERE id = 'p1'")
    try replica.build()
    let second = try #require(replica.lastChanges().first)
    #expect(second.base(ofColumn: 2) == 10 && second.base(ofColumn: 3) == 20)

    // The first is answered; the second still covers the column.
    let first = try #require(try replica.file.nextWaitingBatch())
    let firstN = try #require(replica.outbox().first?.changes.first?.id.n)
    _ = try replica.file.record(
      BatchAnswer(number: first.number, bytes: [1], exceptions: [firstN: overridden]), at: 1)
    try replica.apply(replica.hub.scope(at: 30, items: [replica.hub.whole(person("p1"))]))
    #expect(try replica.value("phone", of: person("p1")) == "mine again")
    #expect(try replica.pins(of: person("p1"))[2] == 10)
    #expect(try replica.refreshList() == [person("p1")])
    try replica.client.run("UPDATE person SET phone = 'mine at last' WHERE id = 'p1'")
    try replica.build()
    #expect(try replica.lastChanges().first?.base(ofColumn: 2) == 10)

    try replica.answer([person("p1"): overridden])
    try replica.apply(replica.hub.scope(at: 40, items: [replica.hub.whole(person("p1"))]))
    #expect(try replica.value("phone", of: person("p1")) == "theirs")
    #expect(try replica.pins(of: person("p1")).isEmpty && replica.refreshList().isEmpty)
    try replica.client.run("UPDATE person SET phone = 'now I know' WHERE id = 'p1'")
    try replica.build()
    #expect(try replica.lastChanges().first?.base(ofColumn: 2) == 40)
  }

  @Test("a part unpins what it shows and nothing else")
  func partUnpins() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine', email = 'mine' WHERE id = 'p1'")
    try replica.build()
    replica.hub.set(2, of: person("p1"), to: .text("theirs"))
    replica.hub.set(3, of: person("p1"), to: .text("theirs"))
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2, 3)]))
    #expect(try replica.pins(of: person("p1")) == [2: 10, 3: 10])
    try replica.answer([person("p1"): overridden])
    try replica.apply(replica.hub.scope(at: 30, items: [replica.hub.part(person("p1"), 2)]))
    #expect(try replica.value("phone", of: person("p1")) == "theirs")
    #expect(try replica.pins(of: person("p1")) == [3: 10])
    #expect(try replica.refreshList() == [person("p1")], "the e-mail has not been shown")
  }

  @Test(
    "an unsent deletion stays; the row comes back with the verdict that returns it",
    arguments: Stage.allCases)
  func deletion(_ stage: Stage) throws {
    let replica = try ReplicaFixture()
    try replica.client.run("DELETE FROM person WHERE id = 'p1'")
    if stage == .batched { try replica.build() }
    replica.hub.set(2, of: person("p1"), to: .text("theirs"))
    for item in [replica.hub.part(person("p1"), 2), replica.hub.whole(person("p1"))] {
      #expect(try replica.apply(replica.hub.scope(at: 20, items: [item])).isEqual)
      #expect(try replica.value("id", of: person("p1")) == nil)
      #expect(try replica.refreshList() == [person("p1")])
    }
    try replica.build()
    #expect(try replica.lastChanges().first?.oldestBase == 10)
    try replica.answer([
      person("p1"): Answer(
        id: EntryID(n: 0, tag: 0), verdict: .proposal, rule: .changedMeanwhile)
    ])
    let outcome = try replica.apply(
      replica.hub.scope(at: 30, items: [replica.hub.whole(person("p1"))]))
    #expect(outcome.isEqual)
    #expect(try replica.value("phone", of: person("p1")) == "theirs")
    #expect(try replica.refreshList().isEmpty && replica.pins(of: person("p1")).isEmpty)
  }

  @Test(
    "a row with unanswered changes is never removed; it goes with their verdict",
    arguments: Stage.allCases)
  func goneRow(_ stage: Stage) throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    if stage == .batched { try replica.build() }
    replica.hub.rows[person("p1")] = nil
    for item in [PulledScope.Item.gone(person("p1"), "c1"), .gone(person("p1"), nil)] {
      try replica.apply(replica.hub.scope(at: 20, items: [item]))
      #expect(try replica.value("phone", of: person("p1")) == "mine")
      #expect(try replica.refreshList() == [person("p1")])
    }
    try replica.build()
    try replica.answer([
      person("p1"): Answer(id: EntryID(n: 0, tag: 0), verdict: .proposal, rule: .rowDeleted)
    ])
    #expect(try replica.value("phone", of: person("p1")) == "mine", "a verdict changes no row")
    let outcome = try replica.apply(
      replica.hub.scope(at: 30, items: [.gone(person("p1"), nil)]))
    #expect(outcome.isEqual)
    #expect(try replica.value("id", of: person("p1")) == nil)
    #expect(try replica.refreshList().isEmpty)
  }

  @Test("a row inserted here stays as it is until its insert is answered")
  func insertion() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      "INSERT INTO person (id, case_id, family_name) VALUES ('p9', 'c1', 'Mine')")
    replica.hub.put(person("p9"), in: "c1", ["Theirs", "9"])
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.whole(person("p9"))]))
    #expect(try replica.value("family_name", of: person("p9")) == "Mine")
    try replica.build()
    #expect(try replica.lastChanges().first?.base(ofColumn: 1) == 10)
    try replica.answer([person("p9"): overridden])
    #expect(
      try replica.apply(replica.hub.scope(at: 30, items: [replica.hub.whole(person("p9"))]))
        .isEqual)
    #expect(try replica.value("family_name", of: person("p9")) == "Theirs")
    #expect(try replica.refreshList().isEmpty && replica.pins(of: person("p9")).isEmpty)
  }

  @Test("a whole case leaves unsent work on top and takes nothing away")
  func wholeCase() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'mine' WHERE id = 'p1';
      DELETE FROM person WHERE id = 'p2';
      INSERT INTO person (id, case_id) VALUES ('p9', 'c1')
      """)
    try replica.apply(replica.hub.scope(at: 20, whole: ["c1"]))
    #expect(
      try replica.client.rows("SELECT id, phone FROM person WHERE case_id = 'c1' ORDER BY id")
        == [["p1", "mine"], ["p9", ""]])
    #expect(try replica.logCount() == 3, "nothing is captured twice")
    #expect(try replica.settle(at: 30).isEqual)
    #expect(try replica.refreshList().isEmpty)
  }

  @Test("what somebody writes while the batch is under way is neither lost nor sent twice")
  func editWhileSending() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'first' WHERE id = 'p1'")
    try replica.build()
    try replica.client.run("UPDATE person SET phone = 'second' WHERE id = 'p1'")
    replica.hub.take(try #require(replica.lastChanges().first))
    try replica.answer()
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.whole(person("p1"))]))
    #expect(try replica.value("phone", of: person("p1")) == "second")
    #expect(try replica.settle(at: 30).isEqual)
    #expect(try replica.outbox().map(\.changes.count) == [1, 1])
    #expect(replica.hub.rows[person("p1")]?.values[1] == .text("second"))
  }

  @Test("a restart between any two steps changes nothing")
  func restarts() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.reopen()
    try replica.build()
    try replica.reopen()
    replica.hub.set(2, of: person("p1"), to: .text("theirs"))
    try replica.answer([person("p1"): overridden])
    try replica.reopen()
    #expect(try replica.refreshList() == [person("p1")])
    // The session ended before the pull; an edit comes first, then the next session.
    try replica.client.run("UPDATE person SET phone = 'mine 2' WHERE id = 'p1'")
    try replica.build()
    #expect(try replica.lastChanges().first?.base(ofColumn: 2) == 10)
    try replica.reopen()
    try replica.answer([person("p1"): overridden])
    let outcome = try replica.apply(
      replica.hub.scope(at: 20, items: try replica.refreshList().map(replica.hub.whole)))
    #expect(outcome.isEqual)
    #expect(try replica.value("phone", of: person("p1")) == "theirs")
    #expect(try replica.refreshList().isEmpty)
  }
}
