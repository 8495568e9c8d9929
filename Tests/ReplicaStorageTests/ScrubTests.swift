import ReplicaStorage
import SyncCore
import Testing

/// Writes that no trigger saw are found by their digests, each once.
@Suite("Scrub")
struct ScrubTests {
  /// Makes the next installation scrub `person`.
  private func damage(_ replica: ReplicaFixture) throws {
    try replica.client.run("DROP TRIGGER IF EXISTS kreissync_capture_move_person")
  }

  private func scrub(_ replica: ReplicaFixture) throws -> Bool {
    try damage(replica)
    return try replica.file.installCapture(at: 1).contains(.scrubFound)
  }

  @Test(
    "an unseen write is found once, sent, and then known",
    arguments: [
      ("UPDATE person SET phone = 'unseen' WHERE id = 'p1'", ["p1 update in c1"]),
      ("UPDATE person SET phone = NULL WHERE id = 'p1'", ["p1 update in c1"]),
      ("INSERT INTO person (id, case_id, phone) VALUES ('p9', 'c1', '9')", ["p9 insert in c1"]),
      ("DELETE FROM person WHERE id = 'p1'", ["p1 delete in c1"]),
      ("UPDATE person SET case_id = 'c2' WHERE id = 'p1'", ["p1 delete in c1", "p1 insert in c2"]),
      ("UPDATE person SET id = 'p8' WHERE id = 'p1'", ["p1 delete in c1", "p8 insert in c1"]),
    ])
  func found(_ sql: String, _ expected: [String]) throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen(sql)
    #expect(try scrub(replica))
    #expect(try !scrub(replica), "it stands in the log now")
    try replica.build()
    let sent = try replica.lastChanges()
    #expect(sent.map { "\($0.row.id) \($0.kind) in \($0.caseID)" }.sorted() == expected)
    #expect(sent.allSatisfy { $0.base == 10 })
    #expect(try !scrub(replica), "it waits for its answer")
    for change in sent { replica.hub.take(change) }
    try replica.answer()
    #expect(try replica.apply(replica.hub.scope(at: 20)).isEqual)
    #expect(try !scrub(replica), "the hub holds it")
    #expect(try replica.build() == CaptureTally())
  }

  @Test("nothing is found where nothing was written")
  func nothing() throws {
    let replica = try ReplicaFixture()
    #expect(try !scrub(replica))
    #expect(try replica.logCount() == 0)
  }

  @Test("columns that do not travel are not looked at")
  func localColumns() throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen("UPDATE person SET memo = 'mine'")
    #expect(try !scrub(replica))
  }

  @Test("what a trigger saw is not found again")
  func seen() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'seen' WHERE id = 'p1';
      DELETE FROM person WHERE id = 'p2';
      INSERT INTO person (id, case_id) VALUES ('p9', 'c2')
      """)
    #expect(try !scrub(replica))
    try replica.build()
    #expect(try !scrub(replica))
  }

  @Test("an unfit value is found and parked")
  func unfit() throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen("UPDATE person SET email = CAST(x'ff' AS TEXT) WHERE id = 'p1'")
    #expect(try scrub(replica))
    #expect(try replica.build().parked == 1)
    #expect(try !scrub(replica))
  }

  @Test("what a pull brought into a case with unsent work is not taken for a local write")
  func pulledIntoDirtyCase() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    replica.hub.put(person("p4"), in: "c1", ["Neu"])
    replica.hub.put(person("p5"), in: "c1", ["Gone soon"])
    replica.hub.set(2, of: person("p2"), to: .text("99"))
    try replica.apply(
      replica.hub.scope(
        at: 20,
        items: [
          replica.hub.whole(person("p4")), replica.hub.part(person("p2"), 2),
          replica.hub.whole(person("p5")),
        ]))
    #expect(try !scrub(replica))
    replica.hub.rows[person("p2")] = nil
    replica.hub.rows[person("p5")] = nil
    try replica.apply(
      replica.hub.scope(at: 30, items: [.gone(person("p2"), "c1"), .gone(person("p5"), nil)]))
    #expect(try !scrub(replica))
    #expect(try replica.settle(at: 40).isEqual)
    #expect(try !scrub(replica))
  }

  @Test("an unseen write beside what a pull brought into a case with unsent work is found")
  func unseenInDirtyCase() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.writeUnseen("UPDATE person SET email = 'unseen' WHERE id = 'p2'")
    replica.hub.set(2, of: person("p2"), to: .text("99"))
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p2"), 2)]))
    #expect(try scrub(replica))
    #expect(try replica.settle(at: 30).isEqual)
    #expect(replica.hub.rows[person("p2")]?.values[2] == .text("unseen"))
  }

  @Test("what the hub has just taken is not found again before the next pull")
  func answered() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.build()
    try replica.answer()
    // The session ended before its pull.
    #expect(try !scrub(replica))
  }
}
