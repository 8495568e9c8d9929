import ReplicaStorage
import SyncCore
import Testing

/// A row that cannot be sent holds its case, and nothing else, until somebody mends it.
@Suite("Parking")
struct ParkingTests {
  /// Something that no batch can carry, in case `c1`, and how it is mended.
  struct Poison: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: ParkReason
    let write: String
    let cures: [String]

    static let longID = String(repeating: "x", count: 200)

    static let all = [
      Poison(
        testDescription: "a text that is too long", reason: .textTooLong,
        write: "UPDATE person SET family_name = hex(zeroblob(150000)) WHERE id = 'p1'",
        cures: [
          "UPDATE person SET family_name = 'short' WHERE id = 'p1'",
          "DELETE FROM person WHERE id = 'p1'",
        ]),
      Poison(
        testDescription: "a row that is too long", reason: .rowTooLong,
        write: """
          UPDATE person SET family_name = hex(zeroblob(130000)), phone = hex(zeroblob(130000)),
            email = hex(zeroblob(130000)), born_on = hex(zeroblob(130000)),
            memo = hex(zeroblob(130000)) WHERE id = 'p1'
          """,
        cures: [
          "UPDATE person SET email = NULL WHERE id = 'p1'", "DELETE FROM person WHERE id = 'p1'",
        ]),
      Poison(
        testDescription: "a text that is not UTF-8", reason: .textNotUTF8,
        write: "UPDATE person SET email = CAST(x'ff41' AS TEXT) WHERE id = 'p1'",
        cures: [
          "UPDATE person SET email = 'A' WHERE id = 'p1'", "DELETE FROM person WHERE id = 'p1'",
        ]),
      Poison(
        testDescription: "an id that is too long", reason: .identifierTooLong,
        write: "INSERT INTO person (id, case_id, phone) VALUES ('\(longID)', 'c1', '5')",
        cures: [
          "UPDATE person SET id = 'short' WHERE length(id) = 200",
          "DELETE FROM person WHERE length(id) = 200",
        ]),
      Poison(
        testDescription: "an id that is empty", reason: .identifierTooLong,
        write: "INSERT INTO person (id, case_id, phone) VALUES ('', 'c1', '5')",
        cures: ["UPDATE person SET id = 'p9' WHERE id = ''", "DELETE FROM person WHERE id = ''"]),
    ]
  }

  @Test("the case waits, the others flow, and a cure lets it go on", arguments: Poison.all, [0, 1])
  func poison(_ poison: Poison, cure: Int) throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'held' WHERE id = 'p2';
      \(poison.write);
      UPDATE person SET phone = 'free' WHERE id = 'p3'
      """)
    let tally = try replica.build()
    #expect(tally.parked == 2 && tally.captured == 2)
    #expect(try replica.outbox().flatMap(\.changes).map(\.row) == [person("p3")])
    let parked = try replica.client.rows("SELECT DISTINCT case_id, reason FROM kreissync_parked")
    #expect(parked == [["c1", poison.reason.rawValue]])
    #expect(try replica.file.parkedCount() == 2)

    // Pulls go on; the case is not compared, and what it waits with stays old news.
    replica.hub.take(try #require(replica.lastChanges().first))
    try replica.answer()
    #expect(try replica.apply(replica.hub.scope(at: 20)).isEqual)
    #expect(try replica.build().parked == 2)
    #expect(try replica.outbox().count == 1)

    try replica.client.run(poison.cures[cure])
    try replica.reopen()
    #expect(try replica.build().parked == 0)
    #expect(try replica.file.parkedCount() == 0)
    let sent = try replica.lastChanges()
    #expect(sent.first { $0.row == person("p2") }?.base == 10, "its author had seen 10")
    #expect(sent.allSatisfy { $0.row.id.string.utf8.count <= 128 })
    for change in sent { replica.hub.take(change) }
    try replica.answer()
    #expect(try replica.file.pendingCount() == 0)
    #expect(try replica.apply(replica.hub.scope(at: 30)).isEqual)
  }

  @Test(
    "a poison row that nobody captured stops no pull",
    arguments: [
      "UPDATE person SET email = CAST(x'ff41' AS TEXT) WHERE id = 'p1'",
      "UPDATE person SET family_name = hex(zeroblob(150000)) WHERE id = 'p1'",
    ])
  func unseenPoison(_ sql: String) throws {
    let replica = try ReplicaFixture()
    try replica.writeUnseen(sql)
    let outcome = try replica.apply(replica.hub.scope(at: 20))
    #expect(outcome.unequalCases == ["c1"])
    #expect(!outcome.isEqual)
  }

  @Test("an id that is not UTF-8 is parked, not dropped")
  func idNotUTF8() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      "INSERT INTO person (id, case_id) VALUES (CAST(x'ff41' AS TEXT), 'c1')")
    #expect(try replica.build().parked == 1)
    try replica.client.run("DELETE FROM person WHERE id = CAST(x'ff41' AS TEXT)")
    #expect(try replica.build().parked == 0)
  }
}
