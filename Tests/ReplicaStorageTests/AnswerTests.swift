import ReplicaStorage
import SyncCore
import Testing

/// The hub's answers: verdicts change no row, and are counted once.
@Suite("Answers")
struct AnswerTests {
  private func answer(
    _ verdict: Verdict, _ rule: Rule? = nil, columns: [ColumnOutcome] = []
  ) -> Answer {
    Answer(id: EntryID(n: 0, tag: 0), verdict: verdict, rule: rule, columns: columns)
  }

  @Test("verdicts are tallied, with what was folded into the changes")
  func tally() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'a' WHERE id = 'p1';
      UPDATE person SET phone = 'b' WHERE id = 'p1';
      UPDATE person SET phone = 'c' WHERE id = 'p2';
      UPDATE person SET phone = 'd' WHERE id = 'p3';
      INSERT INTO person (id, case_id) VALUES ('p4', 'c1')
      """)
    try replica.build()
    let tally = try replica.answer([
      person("p1"): answer(.overridden, .leadWins), person("p2"): answer(.proposal, .rowDeleted),
      person("p4"): answer(.refused, .notGranted),
    ])
    #expect(tally.counts == [.applied: 1, .overridden: 1, .proposal: 1, .refused: 1])
    #expect(tally.coalesced == 1 && tally.total == 5)
    #expect(try replica.file.pendingCount() == 0)
  }

  @Test("what was applied leaves no notice and asks for nothing")
  func applied() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id = 'p1'")
    try replica.build()
    try replica.answer()
    #expect(try replica.file.notices().isEmpty)
    #expect(try replica.refreshList().isEmpty)
    #expect(try replica.file.nextWaitingBatch() == nil)
  }

  @Test("a column that lost is told with both values; its row is asked for, and unchanged")
  func notices() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine', children = 3 WHERE id = 'p1'")
    try replica.build()
    try replica.answer(
      [
        person("p1"): answer(
          .overridden, .leadWins,
          columns: [
            ColumnOutcome(column: 2, verdict: .overridden, rule: .leadWins, kept: .text("theirs")),
            ColumnOutcome(column: 7, verdict: .merged, rule: .greaterWins, kept: .integer(4)),
          ])
      ], at: 1_795_000_000_000)
    let notices = try replica.file.notices()
    #expect(notices.map(\.column) == ["phone", "children"])
    #expect(notices.map(\.verdict) == ["overridden", "merged"])
    #expect(notices.map(\.reason) == ["lead_wins", "greater_wins"])
    #expect(notices.map(\.yourValue) == [.text("mine"), .integer(3)])
    #expect(notices.map(\.keptValue) == [.text("theirs"), .integer(4)])
    #expect(notices.allSatisfy { $0.table == "person" && $0.row == "p1" })
    #expect(notices.first?.at == "2026-11-18T11:06:40Z")
    #expect(try replica.value("phone", of: person("p1")) == "mine")
    #expect(try replica.logCount() == 1, "a verdict is no edit")
    try replica.reopen()
    #expect(try replica.refreshList() == [person("p1")])
    #expect(try replica.client.rows("SELECT column_name FROM kreissync_notice").count == 2)
  }

  @Test("a row that met one rule is told value by value, a deletion as such")
  func wholeRow() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      INSERT INTO person (id, case_id, family_name, phone) VALUES ('p4', 'c1', 'Neu', '4');
      DELETE FROM person WHERE id = 'p2'
      """)
    try replica.build()
    try replica.answer([
      person("p4"): answer(.refused, .idTaken), person("p2"): answer(.proposal, .changedMeanwhile),
    ])
    let notices = try replica.file.notices()
    #expect(notices.map(\.row) == ["p4", "p4", "p2"])
    #expect(notices.map(\.column) == ["family_name", "phone", nil])
    #expect(notices.map(\.yourValue) == [.text("Neu"), .text("4"), .null])
    #expect(Set(try replica.refreshList()) == [person("p2"), person("p4")])
  }

  @Test("who only emptied a cell is told, too")
  func emptiedCell() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id = 'p1'")
    try replica.build()
    try replica.answer()
    try replica.client.run("UPDATE person SET phone = NULL WHERE id = 'p1'")
    try replica.build()
    try replica.answer([person("p1"): answer(.proposal, .rowDeleted)])
    let notices = try replica.file.notices()
    #expect(notices.map(\.reason) == ["row_deleted"])
    #expect(notices.map(\.column) == [nil])
  }

  @Test("a row that the hub has never seen is offered whole")
  func unknownRow() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id = 'p1'")
    try replica.build()
    let tally = try replica.answer([person("p1"): answer(.refused, .unknownRow)])
    #expect(tally.counts == [.refused: 1])
    #expect(try replica.file.pendingCount() == 1)
    try replica.build()
    let offered = try #require(replica.lastChanges().first)
    #expect(offered.kind == .insert && offered.row == person("p1"))
    #expect(offered.cells[1] == .text("Muster") && offered.cells[2] == .text("a"))
    #expect(offered.cells.mask == ColumnMask([1, 2, 3, 4, 5, 7]))
    try replica.answer()
    #expect(try replica.refreshList().isEmpty)
    #expect(try replica.build() == CaptureTally())
  }

  @Test("of a row that the hub has never seen and that is gone here its author is told")
  func unknownRowGone() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id = 'p1'")
    try replica.build()
    try replica.client.run("DELETE FROM person WHERE id = 'p1'")
    try replica.answer([person("p1"): answer(.refused, .unknownRow)])
    let notices = try replica.file.notices()
    #expect(notices.map(\.reason) == ["unknown_row"])
    #expect(notices.map(\.yourValue) == [.text("a")])
    try replica.build()
    #expect(try replica.lastChanges().map(\.kind) == [.delete])
  }

  @Test("an answer that names what was not sent is refused whole")
  func unfitAnswer() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id IN ('p1', 'p2')")
    try replica.build()
    let waiting = try #require(try replica.file.nextWaitingBatch())
    let first = try #require(replica.lastChanges().first)
    #expect(throws: ReplicaError.self) {
      try replica.file.record(
        BatchAnswer(
          number: waiting.number, bytes: [1],
          exceptions: [
            first.id.n: answer(.refused, .notGranted), 4_711: answer(.refused, .notGranted),
          ]), at: 1)
    }
    #expect(try replica.file.nextWaitingBatch() == waiting)
    #expect(try replica.file.notices().isEmpty && replica.refreshList().isEmpty)
  }

  @Test("a second answer, or one to a batch that never was, is ignored")
  func secondAnswer() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id = 'p1'")
    try replica.build()
    let change = try #require(replica.lastChanges().first)
    try replica.answer([person("p1"): answer(.overridden, .leadWins)])
    let again = try replica.file.record(
      BatchAnswer(number: 1, bytes: [2], exceptions: [change.id.n: answer(.refused, .notGranted)]),
      at: 9)
    #expect(again == VerdictTally())
    let never = try replica.file.record(BatchAnswer(number: 7, bytes: [], exceptions: [:]), at: 9)
    #expect(never == VerdictTally())
    #expect(try replica.file.notices().map(\.verdict) == ["overridden"])
    #expect(try replica.client.rows("SELECT hex(answer) FROM kreissync_outbox") == [["01"]])
  }

  @Test("batches are answered one by one: an answer leaves the later ones waiting")
  func oneByOne() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a'")
    try replica.build(BatchLimit(changeCount: 1, byteCount: 1 << 20))
    _ = try replica.file.record(BatchAnswer(number: 1, bytes: [1], exceptions: [:]), at: 1)
    try replica.reopen()
    #expect(try replica.file.nextWaitingBatch()?.number == 2)
    #expect(try replica.file.pendingCount() == 2)
  }
}
