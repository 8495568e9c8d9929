import ReplicaStorage
import SyncCore
import Testing

/// From the change log to the outbox.
@Suite("Batch building")
struct BatchBuildingTests {
  @Test("batches stand in the outbox in a hash chain, and survive a restart")
  func hashChain() throws {
    let replica = try ReplicaFixture()
    for round in 1...3 {
      try replica.client.run("UPDATE person SET phone = 'x\(round)' WHERE case_id = 'c1'")
      try replica.build(BatchLimit(changeCount: 1, byteCount: 1 << 20))
    }
    try replica.reopen()
    let batches = try replica.outbox()
    #expect(batches.map(\.number) == [1, 2, 3, 4, 5, 6])
    var previous = Hash256.zero
    for batch in batches {
      #expect(batch.previous == previous)
      #expect(batch.history == HistoryID("h1") && batch.incarnation == IncarnationID("i1"))
      previous = Hash256(sha256Of: batch.encoded())
    }
    let record = try replica.file.record()
    #expect(record.batchHash == previous && record.batchNumber == 6)
    let hashes = try replica.client.rows(
      "SELECT lower(hex(hash)) FROM kreissync_outbox ORDER BY number")
    #expect(hashes.last?[0] == previous.text)
    #expect(try replica.file.nextWaitingBatch()?.number == 1)
    #expect(try replica.file.nextWaitingBatch()?.bytes == batches[0].encoded())
  }

  @Test("what is in a batch is not batched again")
  func once() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'x' WHERE id = 'p1'")
    try replica.build()
    let tally = try replica.build()
    #expect(tally == CaptureTally())
    #expect(try replica.outbox().count == 1)
    try replica.reopen()
    try replica.build()
    #expect(try replica.outbox().count == 1)
  }

  @Test("every entry has one fate: sent, or folded into what is sent")
  func everyEntry() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'a' WHERE id = 'p1';
      INSERT INTO person (id, case_id, family_name) VALUES ('p4', 'c1', 'Neu');
      UPDATE person SET phone = 'b' WHERE id IN ('p1', 'p4');
      DELETE FROM person WHERE id = 'p2';
      UPDATE person SET email = 'c' WHERE id = 'p3'
      """)
    try replica.build(BatchLimit(changeCount: 2, byteCount: 1 << 20))
    let batches = try replica.outbox()
    #expect(batches.map(\.changes.count) == [2, 2])
    let sent = batches.flatMap(\.changes)
    let named = Set(sent.map(\.id) + batches.flatMap(\.coalesced))
    let logged = try replica.client.rows("SELECT n, tag FROM kreissync_log WHERE t <> 0").map {
      EntryID(n: try #require(Int64($0[0])), tag: try #require(Int64($0[1])))
    }
    #expect(named == Set(logged))
    #expect(logged.count == sent.count + batches.flatMap(\.coalesced).count)
    let kinds = sent.map { "\($0.row.id) \($0.kind)" }.sorted()
    #expect(kinds == ["p1 update", "p2 delete", "p3 update", "p4 insert"])
    #expect(sent.allSatisfy { $0.base == 10 && $0.columnBases.isEmpty })
  }

  @Test("batches hold no more changes, and no more bytes, than the limit")
  func limits() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 25)
      INSERT INTO person (id, case_id, family_name)
        SELECT 'n' || x, 'c1', replace(hex(zeroblob(500)), '00', 'ab') FROM c
      """)
    try replica.build(BatchLimit(changeCount: 10, byteCount: 1 << 20))
    #expect(try replica.outbox().map(\.changes.count) == [10, 10, 5])
    try replica.client.run("UPDATE person SET family_name = family_name || '!' WHERE id LIKE 'n%'")
    try replica.build(BatchLimit(changeCount: 10, byteCount: 5_000))
    let small = try replica.outbox().dropFirst(3)
    #expect(small.flatMap(\.changes).count == 25)
    #expect(small.allSatisfy { $0.encoded().count < 6_000 && !$0.changes.isEmpty })
    // A change that is longer than the limit goes alone.
    try replica.client.run("UPDATE person SET family_name = 'x' WHERE id IN ('n1', 'n2')")
    try replica.build(BatchLimit(changeCount: 10, byteCount: 1))
    #expect(try replica.outbox().suffix(2).map(\.changes.count) == [1, 1])
  }

  @Test("a long log is batched window by window, each entry once")
  func window() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      BEGIN;
      WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10500)
      INSERT INTO consent (id, case_id, event) SELECT 'e' || x, 'c1', 'given' FROM c;
      COMMIT
      """)
    for reachesEnd in [false, true] {
      let built = try replica.file.buildBatches(ReplicaFixture.limit, entryCountMax: 10_000)
      #expect(built.reachesEnd == reachesEnd)
    }
    let rows = try replica.outbox().flatMap(\.changes).map(\.row)
    #expect(rows.count == 10_500 && Set(rows).count == 10_500)
  }

  @Test("a stretch reaches as far as the rows that its rows need", arguments: [1, 2, 3, 5, 100])
  func ties(entryCountMax: Int) throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      INSERT INTO person (id, case_id, family_name) VALUES ('p8', 'c8', 'Acht');
      INSERT INTO consent (id, case_id, event) VALUES ('e8', 'c8', 'given');
      DELETE FROM person WHERE id = 'p1';
      UPDATE person SET phone = '7' WHERE id = 'p3';
      INSERT INTO person (id, case_id, family_name) VALUES ('p9', 'c8', 'Neun');
      INSERT INTO person (id, case_id, family_name, phone) VALUES ('p1', 'c1', 'Muster', '8');
      DELETE FROM person WHERE id = 'p9';
      INSERT INTO case_file (id) VALUES ('c8')
      """)
    while try !replica.file.buildBatches(ReplicaFixture.limit, entryCountMax: entryCountMax)
      .reachesEnd
    {}
    let changes = try replica.outbox().flatMap(\.changes)
    let lines = changes.map { "\($0.row.id.string) \($0.kind) \($0.cells.mask.numbers)" }
    #expect(
      lines.sorted() == [
        "c8 insert [1, 2]", "e8 insert [1]", "p1 update [2]", "p3 update [2]",
        "p8 insert [1, 2, 3, 4, 5, 7]", "p9 delete [1, 2, 3, 4, 5, 7]",
      ])
    let roots = changes.firstIndex { $0.row == caseFile("c8") }
    let rows = changes.firstIndex { $0.caseID == "c8" && $0.row.table != 2 }
    #expect(try #require(roots) < #require(rows))
  }

  @Test("a case's root goes before its rows, whatever the order of writing")
  func rootsFirst() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = '7' WHERE id = 'p3';
      INSERT INTO person (id, case_id) VALUES ('p8', 'c8');
      INSERT INTO consent (id, case_id, event) VALUES ('e8', 'c8', 'given');
      INSERT INTO case_file (id) VALUES ('c8')
      """)
    try replica.build()
    #expect(
      try replica.lastChanges().map(\.row.id.string) == ["p3", "c8", "p8", "e8"])
  }

  @Test("columns that may not leave are withheld, alone or beside others")
  func withheld() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET memo = 'secret' WHERE id = 'p1'")
    let tally = try replica.build()
    #expect(tally.withheld == 1 && tally.captured == 1)
    #expect(try replica.outbox().isEmpty)
    try replica.client.run(
      """
      UPDATE person SET memo = 'secret 2', phone = '9' WHERE id = 'p1';
      INSERT INTO person (id, case_id, memo) VALUES ('p9', 'c1', 'secret 3');
      UPDATE person SET memo = 'secret 4' WHERE id = 'p2';
      DELETE FROM person WHERE id = 'p2'
      """)
    try replica.build()
    let changes = try replica.lastChanges()
    #expect(changes.map(\.row.id.string) == ["p1", "p9", "p2"])
    #expect(changes[0].cells.mask == ColumnMask([2]))
    #expect(changes.allSatisfy { !$0.cells.mask.contains(6) })
  }

  @Test("columns of a group go together")
  func groups() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET born_on = '1990-01-01' WHERE id = 'p1'")
    try replica.build()
    #expect(try replica.lastChanges().first?.cells.mask == ColumnMask([4, 5]))
  }

  @Test("an edit and the deletion behind it say what the edit was")
  func editThenDeletion() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      UPDATE person SET phone = 'new''s', children = 3 WHERE id = 'p1';
      DELETE FROM person WHERE id = 'p1';
      INSERT INTO consent (id, case_id, event) VALUES ('e1', 'c1', 'given');
      DELETE FROM consent WHERE id = 'e1'
      """)
    try replica.build()
    let changes = try replica.lastChanges()
    #expect(changes.map(\.kind) == [.delete, .delete])
    #expect(
      changes[0].cells == Cells(mask: ColumnMask([2, 7]), values: [.text("new's"), .integer(3)]))
    #expect(
      changes[1].cells[1] == .text("given"), "the hub refuses a required column without value")
  }

  @Test("REPLACE sends the columns that differ", arguments: [false, true])
  func replace(recursiveTriggers: Bool) throws {
    var setting = ClientSetting()
    setting.recursiveTriggers = recursiveTriggers
    let replica = try ReplicaFixture(setting)
    try replica.client.run(
      """
      INSERT OR REPLACE INTO person (id, case_id, family_name, phone)
        VALUES ('p1', 'c1', 'Muster', 'new');
      INSERT OR IGNORE INTO person (id, case_id) VALUES ('p2', 'c1')
      """)
    try replica.build()
    let changes = try replica.lastChanges()
    #expect(changes.count == 1)
    #expect(changes[0].kind == .update && changes[0].row == person("p1"))
    #expect(changes[0].cells == Cells(mask: ColumnMask([2]), values: [.text("new")]))
  }

  @Test("what the agent applies is not captured")
  func agentsOwnWrites() throws {
    let replica = try ReplicaFixture()
    let markers = "SELECT count(*) FROM kreissync_log WHERE t = 0 AND k = 5"
    #expect(try replica.logCount() == 0)
    #expect(try replica.client.count(markers) == 1)
    replica.hub.put(person("p4"), in: "c1", ["Neu"])
    replica.hub.set(2, of: person("p1"), to: .text("99"))
    replica.hub.rows[person("p2")] = nil
    try replica.apply(
      replica.hub.scope(
        at: 20,
        items: [
          replica.hub.whole(person("p4")), replica.hub.part(person("p1"), 2),
          .gone(person("p2"), "c1"),
        ]))
    #expect(try replica.logCount() == 0)
    #expect(try replica.build() == CaptureTally())
    #expect(try replica.file.pendingCount() == 0)
  }

  @Test("the base of an entry is the last marker before it")
  func bases() throws {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id = 'p1'")
    try replica.apply(replica.hub.scope(at: 20))
    try replica.client.run("UPDATE person SET phone = 'b' WHERE id = 'p2'")
    try replica.apply(replica.hub.scope(at: 30))
    try replica.client.run("UPDATE person SET email = 'c' WHERE id = 'p1'")
    try replica.build()
    let changes = try replica.lastChanges()
    #expect(changes.map(\.row) == [person("p1"), person("p2")])
    #expect(changes[0].base(ofColumn: 2) == 10 && changes[0].base(ofColumn: 3) == 30)
    #expect(changes[1].base(ofColumn: 2) == 20)
    // The next batch begins where this one ended.
    try replica.client.run("UPDATE person SET phone = 'd' WHERE id = 'p3'")
    try replica.build()
    #expect(try replica.lastChanges().map(\.base) == [30])
  }

  @Test("entries that no trigger of ours wrote are passed over")
  func foreignEntries() throws {
    let replica = try ReplicaFixture()
    try replica.client.run(
      """
      INSERT INTO kreissync_log (t, k, m, id, at, tag) VALUES
        (99, 2, 1, 'p1', 0, 1), (3, 77, 1, 'p1', 0, 2), ('x', 'y', 'z', x'00', 'w', NULL);
      INSERT INTO kreissync_log (t, k, m, id, c, at, tag, v) VALUES
        (3, 3, 0, 'p1', 'c1', 0, 3, 'not, a, list')
      """)
    try replica.client.run("UPDATE person SET phone = 'a' WHERE id = 'p2'")
    try replica.build()
    #expect(try replica.lastChanges().contains { $0.row == person("p2") })
  }
}
