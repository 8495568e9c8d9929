import ReplicaStorage
import SyncCore
import Testing

/// What becomes of batches when the hub was restored.
@Suite("New histories")
struct NewHistoryTests {
  private let small = BatchLimit(changeCount: 1, byteCount: 1 << 20)

  @Test("a batch that the hub never answered is built anew with all that was folded into it")
  func withdrawn() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("INSERT INTO person (id, case_id, phone) VALUES ('p8', 'c1', '8')")
    try replica.client.run(
      """
      INSERT INTO person (id, case_id, phone) VALUES ('p9', 'c1', '9');
      UPDATE person SET email = 'p@x' WHERE id = 'p9';
      INSERT INTO person (id, case_id, phone) VALUES ('q1', 'c1', '1');
      """)
    try replica.build(small)
    // Neither the first batch nor the last: the one with the change.
    #expect(try replica.outbox().map(\.coalesced.count) == [0, 1, 0])
    let first = try #require(try replica.file.nextWaitingBatch())
    _ = try replica.file.record(
      BatchAnswer(number: first.number, bytes: [1], exceptions: [:]), at: 5_000)

    let place = Position(
      history: HistoryID("h2"), seq: 10, treeHead: try replica.file.record().position.treeHead)
    try replica.file.adopt(
      AdoptedHistory(
        place: place, sharedSeq: 10, known: [IncarnationID("i1"): first.number]),
      at: 6_000)
    try replica.build(small)
    let changes = try replica.outbox().flatMap(\.changes)
    #expect(changes.map(\.row) == [person("p8"), person("p9"), person("q1")])
    #expect(changes.allSatisfy { $0.kind == .insert })
    #expect(try replica.outbox().map(\.coalesced.count) == [0, 1, 0])
  }

  @Test("of a row that was edited more often than a batch can say, the insertion goes first")
  func manyEdits() throws {
    let replica = try ReplicaFixture()
    let editCount = Batch.coalescedCountMax + 5
    try replica.client.run(
      """
      INSERT INTO person (id, case_id, phone) VALUES ('p9', 'c1', '0');
      WITH RECURSIVE edit(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM edit WHERE n < \(editCount))
        INSERT INTO kreissync_log (t, k, m, id, at, tag)
        SELECT 3, 1, 2, 'p9', 1, n FROM edit;
      """)
    _ = try replica.file.buildBatches(small, entryCountMax: editCount + 10)
    let outbox = try replica.outbox()
    #expect(outbox.map(\.changes.count) == [1, 0])
    #expect(outbox.map(\.coalesced.count) == [Batch.coalescedCountMax, 5])
    let insertion = try #require(outbox[0].coalesced.map(\.n).min())
    #expect(outbox[1].coalesced.allSatisfy { $0.n > insertion })
  }
}
