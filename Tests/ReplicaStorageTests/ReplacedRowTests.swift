import ReplicaStorage
import SyncCore
import Testing

/// A row that somebody here replaced, or deleted and inserted again, between two pulls: an update
/// of the columns that differ, whatever the pulls write into the others.
@Suite("Apply: replaced rows")
struct ReplacedRowTests {
  /// How a program writes a whole row of case `c1`.
  enum Habit: CaseIterable {
    case replace, replaceWithRecursiveTriggers, deleteAndInsert

    func fixture() throws -> ReplicaFixture {
      try ReplicaFixture(
        ClientSetting(recursiveTriggers: self == .replaceWithRecursiveTriggers))
    }

    func write(_ id: String, phone: String, email: String?) -> String {
      let values = "('\(id)', 'c1', 'Muster', '\(phone)', \(email.map { "'\($0)'" } ?? "NULL"))"
      let columns = "(id, case_id, family_name, phone, email)"
      return self == .deleteAndInsert
        ? "DELETE FROM person WHERE id = '\(id)'; INSERT INTO person \(columns) VALUES \(values);"
        : "REPLACE INTO person \(columns) VALUES \(values);"
    }
  }

  @Test("what a pull brought and somebody here takes back is sent", arguments: Habit.allCases)
  func takenBack(_ habit: Habit) throws {
    let replica = try habit.fixture()
    try replica.client.run(habit.write("p1", phone: "mine", email: nil))
    replica.hub.set(3, of: person("p1"), to: .text("theirs"))
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 3)]))
    #expect(try replica.value("email", of: person("p1")) == "theirs")
    try replica.client.run(habit.write("p1", phone: "mine", email: nil))
    try replica.build()
    let change = try #require(replica.lastChanges().first)
    #expect(change.cells == Cells(mask: ColumnMask([2, 3]), values: [.text("mine"), .null]))
    #expect(change.base(ofColumn: 2) == 10 && change.base(ofColumn: 3) == 20)
    #expect(try replica.settle(at: 30).isEqual)
  }

  @Test("what a pull brought is not taken for an edit", arguments: Habit.allCases)
  func noEcho(_ habit: Habit) throws {
    let replica = try habit.fixture()
    try replica.client.run(habit.write("p1", phone: "mine", email: nil))
    for (seq, email) in [(20, "theirs"), (30, "theirs again")] as [(Int64, String)] {
      replica.hub.set(3, of: person("p1"), to: .text(email))
      try replica.apply(replica.hub.scope(at: seq, items: [replica.hub.part(person("p1"), 3)]))
      #expect(try replica.value("email", of: person("p1")) == email)
      #expect(try replica.value("phone", of: person("p1")) == "mine")
    }
    try replica.build()
    #expect(try replica.lastChanges().map(\.cells.mask) == [ColumnMask([2])])
    #expect(try replica.settle(at: 40).isEqual)
    #expect(replica.hub.rows[person("p1")]?.values[2] == .text("theirs again"))
  }

  @Test("a parked row is told from what pulls wrote to it meanwhile", arguments: Habit.allCases)
  func parked(_ habit: Habit) throws {
    let replica = try habit.fixture()
    try replica.client.run(
      habit.write("p1", phone: "mine", email: nil)
        + "UPDATE person SET email = CAST(x'ff41' AS TEXT) WHERE id = 'p2'")
    try replica.build()
    #expect(try replica.lastChanges().isEmpty)
    replica.hub.set(3, of: person("p1"), to: .text("theirs"))
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 3)]))
    try replica.client.run("UPDATE person SET email = 'A' WHERE id = 'p2'")
    try replica.build()
    let changes = try replica.lastChanges()
    #expect(changes.first { $0.row == person("p1") }?.cells.mask == ColumnMask([2]))
    #expect(try replica.settle(at: 30).isEqual)
  }

  @Test("a replaced row that cannot be read stays as it is until it is mended")
  func unreadable() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      REPLACE INTO person (id, case_id, family_name, phone, email)
        VALUES ('p1', 'c1', 'Muster', '1', CAST(x'ff41' AS TEXT))
      """)
    replica.hub.set(2, of: person("p1"), to: .text("theirs"))
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)]))
    #expect(try replica.value("phone", of: person("p1")) == "1")
    try replica.client.run("UPDATE person SET email = 'A' WHERE id = 'p1'")
    try replica.build()
    #expect(try replica.lastChanges().map(\.cells.mask) == [ColumnMask([3])])
    #expect(try replica.settle(at: 30).isEqual)
    #expect(try replica.value("phone", of: person("p1")) == "theirs")
  }

  @Test("a note of nothing that stands before a pull explains nothing behind it")
  func oldNotes() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      INSERT OR IGNORE INTO person (id, case_id) VALUES ('p1', 'c1');
      INSERT OR IGNORE INTO person (id, case_id) VALUES ('p2', 'c1')
      """)
    replica.hub.set(3, of: person("p1"), to: .text("theirs"))
    replica.hub.rows[person("p2")] = nil
    // At the same position: rows of the refresh list come whatever the cursor.
    try replica.apply(
      replica.hub.scope(
        at: 10, items: [replica.hub.whole(person("p1")), .gone(person("p2"), "c1")]))
    try replica.client.run(Habit.replace.write("p1", phone: "mine", email: "theirs"))
    try replica.build()
    #expect(try replica.lastChanges().map(\.row) == [person("p1")], "the hub deleted p2, not we")
    #expect(try replica.lastChanges().map(\.cells.mask) == [ColumnMask([2])])
  }
}
