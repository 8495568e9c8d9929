import HubStorage
import SyncCore
import Testing

/// What is forgotten is gone from everything that the port can tell, and nothing else is.
@Suite("Hub store: forgetting")
struct ForgettingConformance {
  private static let everything = Forgetting(.wholeCase, of: "c1")
  private static let names = Forgetting(
    .columns([TestCounty.person: ColumnMask([1])]), of: "c1")
  private static let people = Forgetting(allBut: .header, of: "c1", in: TestCounty.schema)

  @Test(
    "a whole case leaves its record, its grants and a tree that verifies", arguments: HubEngine.all)
  func wholeCase(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    let before = try store.read { try Everything($0) }
    let counts = try store.write { try $0.forget(Self.everything) { $0 } }
    #expect(counts.rows == 5)
    let after = try store.read { try Everything($0) }
    #expect(after.rows.allSatisfy { $0.caseID != "c1" })
    #expect(after.rows == before.rows.filter { $0.caseID != "c1" })
    #expect(after.cases["c1"]?.digests == .zero)
    #expect(after.cases["c1"]?.lead == "a")
    #expect(after.grants.map(\.grant) == before.grants.map(\.grant))
    #expect(after.ledger.isEmpty && after.proposals.isEmpty)
    for (old, new) in zip(before.log, after.log) {
      let isRow = ["insert", "update", "delete"].contains(new.kind)
      let isForgotten = isRow && new.caseID == "c1"
      #expect(new == (isForgotten ? old.erased : old))
    }
    #expect(counts.logEntries == after.log.count { $0.payload == nil })
    try store.read { reader throws in
      #expect(try reader.counter == before.counter)
      #expect(try reader.counter.tree == reader.naiveHead())
    }
  }

  @Test(
    "columns are emptied, in the row and in all that was said of them", arguments: HubEngine.all)
  func columns(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    try store.commit { plan in
      plan.lose(.replacement(in: "c1", 1, seq: 9, kept: "a", lost: "b"))
    }
    let before = try store.read { try Everything($0) }
    try store.write { _ = try $0.forget(Self.names) { $0 } }
    let after = try store.read { try Everything($0) }
    #expect(after.rows.count == before.rows.count)
    let p1 = try #require(after.rows.first { $0.key == person("p1") })
    #expect(p1.values == [.null, .integer(2), .null])
    #expect(p1.versions[0] == .unwritten)
    #expect(p1.versions[1] == before.rows.first { $0.key == person("p1") }?.versions[1])
    // The sample in column 5 stays, that in column 1 goes; so does the proposal about column 1.
    #expect(after.ledger.map(\.entry.column) == [5])
    #expect(after.proposals.isEmpty)
    let erased = Set(after.log.filter { $0.payload == nil }.map(\.seq))
    let meant = before.log.filter { entry in
      entry.caseID == "c1" && entry.kind == "insert" && entry.seq != 2
    }
    #expect(erased == Set(meant.map(\.seq)))
  }

  @Test("rows go where no column would be left, and their remains stay", arguments: HubEngine.all)
  func rowsOfClosedTables(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    try store.write { _ = try $0.forget(Self.people) { $0 } }
    let left = try store.read { try $0.rows(of: "c1", after: nil, limit: 99) }
    #expect(left.map(\.key.id.string) == ["c1", "p3", "p4"])
    #expect(left.map(\.isAlive) == [true, false, false])
    var digester = RowDigester(key: try #require(SipHash128Key(bytes: TestCounty.record.digestKey)))
    let table = try #require(TestCounty.schema.table(number: TestCounty.caseFile))
    let root = try #require(left.first)
    #expect(
      try store.read { try $0.cases(["c1"])["c1"]?.digests }
        == digester.digests(of: root.key, caseID: "c1", row: root.values, in: table))
    // Offered again, it is a new row.
    try store.commit { $0.person("p1", in: "c1", "Wieder") }
    #expect(try store.read { try $0.rows([person("p1")])[person("p1")]?.isAlive } == true)
  }

  @Test("what a row held in the case that it left goes with it", arguments: HubEngine.all)
  func movedRows(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    // p3 moved from c1 to c2: its values stand in the log of both.
    try store.write { _ = try $0.forget(Forgetting(.wholeCase, of: "c2")) { $0 } }
    let log = try store.read { try $0.log(from: 1, limit: 99) }
    let readable = try log.compactMap(\.payload).compactMap { try LoggedRow(decoding: $0) }
    #expect(!readable.contains { $0.image.key == person("p3") })
    #expect(readable.contains { $0.image.key == person("p1") })
  }

  @Test("answers and waiting batches lose what they repeat", arguments: HubEngine.all)
  func batches(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    try store.write { writer throws in
      try writer.store(.sample(site: "stranger", number: 1), verdicts: [])
      try writer.put(.sample(of: ["c1", "c2"], number: 5))
      try writer.put(.sample(of: ["c1"], number: 6))
    }
    let counts = try store.write { try $0.forget(Self.everything) { _ in [7] } }
    #expect(counts.batches == 3)
    try store.read { reader throws in
      let log = IncarnationID("i-a")
      #expect(try reader.lastBatch(of: "a", incarnation: log)?.answer == [7])
      let stranger = try reader.lastBatch(of: "stranger", incarnation: IncarnationID("i-stranger"))
      #expect(stranger?.answer == AnsweredBatch.sample(site: "stranger", number: 1).answer)
      #expect(try reader.awaiting == [.sample(of: ["c2"], number: 5)])
    }
  }

  @Test("a transaction that throws forgets nothing", arguments: HubEngine.all)
  func rollsBack(_ engine: HubEngine) throws {
    struct Abandoned: Error {}
    let store = try engine.make()
    try store.fill()
    let before = try store.read { try Everything($0) }
    #expect(throws: Abandoned.self) {
      try store.write { writer throws in
        try writer.write(Plan(), at: 1, random: randomBytes)
        _ = try writer.forget(Self.everything) { _ in [] }
        try writer.put(.sample("e1", of: "c1"))
        throw Abandoned()
      }
    }
    #expect(try store.read { try Everything($0) } == before)
    #expect(try store.read { try $0.erasures }.isEmpty)
  }

  @Test(
    "an erased case is neither counted nor listed, and known as erased", arguments: HubEngine.all)
  func erased(_ engine: HubEngine) throws {
    var store = try engine.make()
    try store.fill()
    let count = try store.read { try $0.caseCount }
    var erasure = StoredErasure.sample("e1", of: "c1")
    try store.write { writer throws in
      try writer.put(erasure)
      try writer.put(.sample("e2", of: "unheard"))
    }
    erasure.clearedAt = 77
    try store.write { try $0.put(erasure) }
    try store.restart()
    try store.read { reader throws in
      #expect(try reader.erasures == [erasure, .sample("e2", of: "unheard")])
      #expect(try reader.erased(among: ["c1", "c2", "unheard"]) == ["c1", "unheard"])
      #expect(try reader.caseCount == count - 1)
      #expect(try reader.caseIDs(ledBy: nil) == ["c2"])
      #expect(try reader.caseIDs(ledBy: ["a", "b"]) == ["c2"])
    }
  }

  @Test("sites owe a purge from its order to their receipt", arguments: HubEngine.all)
  func owing(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    #expect(try store.read { try $0.sitesOwingPurge(of: "c1") }.isEmpty)
    try store.commit { plan in
      plan.end("c1", of: "b")
      plan.end("c1", of: "a")
    }
    #expect(try store.read { try $0.sitesOwingPurge(of: "c1") } == ["a", "b"])
    let head = try store.read { try $0.counter.seq }
    try store.write { try $0.recordReceipt(of: "a", through: head, except: [], at: 5) }
    #expect(try store.read { try $0.sitesOwingPurge(of: "c1") } == ["b"])
  }

  @Test(
    "people and what they did come back, each deed bound to the one before",
    arguments: HubEngine.all)
  func audit(_ engine: HubEngine) throws {
    var store = try engine.make()
    try store.write { writer throws in
      try writer.put(HubUser(name: "b.zwei", role: .read))
      try writer.put(HubUser(name: "a.eins", role: .operate))
      try writer.put(HubUser(name: "b.zwei", role: .decide))
      try writer.put(HubUser(name: "weg", role: .read))
      try writer.removeUser(named: "weg")
      try writer.append(.sample("erase"))
      try writer.append(.sample("release"))
      try writer.append(.sample("erase"))
    }
    try store.restart()
    try store.read { reader throws in
      #expect(
        try reader.users == [
          HubUser(name: "a.eins", role: .operate), HubUser(name: "b.zwei", role: .decide),
        ])
      let all = try reader.audit(from: 1, limit: 9)
      #expect(all.map(\.number) == [1, 2, 3])
      #expect(all.map(\.event.action) == ["erase", "release", "erase"])
      var previous = Hash256.zero
      for stored in all {
        #expect(stored.hash == stored.event.hash(after: previous))
        previous = stored.hash
      }
      #expect(try reader.lastAudit == all.last)
      #expect(try reader.audit(from: 2, limit: 1) == [all[1]])
    }
  }
}

extension StoredErasure {
  static func sample(_ id: String, of caseID: CaseID) -> StoredErasure {
    StoredErasure(
      id: id, caseID: caseID, reason: "Antrag vom 3. Mai", orderedBy: "a.eins", second: "b.zwei",
      orderedAt: 4_000, seq: 12)
  }
}

extension AuditEvent {
  static func sample(_ action: String) -> AuditEvent {
    AuditEvent(
      at: 9, actor: "a.eins", second: "b.zwei", action: action, subject: "c1", detail: "Antrag")
  }
}

extension AwaitingBatch {
  static func sample(of cases: [CaseID], number: Int64) -> AwaitingBatch {
    let changes = cases.enumerated().map { place, caseID in
      Change(
        id: EntryID(n: Int64(place) + 1, tag: 1), kind: .update, row: person("p-\(caseID)"),
        caseID: caseID, cells: Cells(mask: ColumnMask([1]), values: [.text("Wartend")]), base: 0,
        editedAt: 1)
    }
    // The first number stands for the case, also where another is left out.
    let kept = changes.map { $0.caseID == "c2" ? $0.numbered(2) : $0 }
    let batch = Batch(
      incarnation: IncarnationID("i-a"), number: number, history: HistoryID("h1"),
      previous: .zero, coalesced: [], changes: kept)
    return AwaitingBatch(
      id: BatchID(site: "a", incarnation: IncarnationID("i-a"), number: number),
      formerSeq: number, bytes: batch.encoded())
  }
}

extension Change {
  fileprivate func numbered(_ n: Int64) -> Change {
    Change(
      id: EntryID(n: n, tag: id.tag), kind: kind, row: row, caseID: caseID, cells: cells,
      base: base, editedAt: editedAt)
  }
}
