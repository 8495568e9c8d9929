import SyncCore
import Testing

@Suite("Coalescing: what the entries of one row become")
struct CoalesceTests {
  /// The table of ``Coalescing``, row by row.
  @Test(
    "the table",
    arguments: [
      ("u:name u:worker", .there(), ["update name=new,worker=w @case-a base 50 n 2"]),
      ("i u:name", .there(), ["insert whole @case-a base 50 n 2"]),
      ("u:name i", .there(), ["insert whole @case-a base 50 n 2"]),
      ("d i", .there(), ["update name=new @case-a base 50 n 2"]),
      ("e i", .there(), ["update name=new @case-a base 50 n 2"]),
      (
        "d i", .there(in: CountySample.caseB),
        ["delete @case-a base 50 n 1", "insert whole @case-b base 50 n 2"]
      ),
      ("d", .gone, ["delete @case-a base 50 n 1"]),
      ("u:name d", .gone, ["delete name=old @case-a base 50 n 2"]),
      ("i d", .gone, ["delete whole @case-a base 50 n 2"]),
      ("e", .gone, ["delete @case-a base 50 n 1"]),
      ("u:name e", .gone, ["delete name=old @case-a base 50 n 2"]),
      ("e", .there(), []),
      ("u:name", .gone, []),
      ("i", .gone, []),
    ] as [(String, LocalRowLookup, [String])])
  func table(log: String, now: LocalRowLookup, changes: [String]) {
    let coalescing = CaptureSample(log).coalesced(now: ["p": now])
    #expect(coalescing.changes.map(\.summary) == changes)
  }

  /// The table of the capture triggers, as a log of the row `p` that the statement concerns.
  @Test(
    "every sequence that a statement leaves in the log",
    arguments: [
      ("INSERT", "i", .there(), ["insert whole @case-a base 50 n 1"], 0),
      ("INSERT OR IGNORE, OR FAIL, of a row that is there", "e", .there(), [], 1),
      ("the same through two indexes", "e e", .there(), [], 2),
      ("REPLACE", "e i", .there(), ["update name=new @case-a base 50 n 2"], 0),
      (
        "REPLACE, recursive triggers", "e d i", .there(),
        ["update name=new @case-a base 50 n 3"], 1
      ),
      (
        "REPLACE by equal values", "e i", .there(CaptureSample.old),
        ["update @case-a base 50 n 2"], 0
      ),
      (
        "REPLACE, a foreign trigger first", "e u:worker i", .there(),
        ["update name=new,worker=w @case-a base 50 n 3"], 0
      ),
      (
        "REPLACE of a row in another case", "e i", .there(in: CountySample.caseB),
        ["delete @case-a base 50 n 1", "insert whole @case-b base 50 n 2"], 0
      ),
      ("evicted", "e", .gone, ["delete @case-a base 50 n 1"], 0),
      ("evicted through two indexes", "e e", .gone, ["delete @case-a base 50 n 2"], 1),
      ("evicted, recursive triggers", "e d", .gone, ["delete @case-a base 50 n 2"], 1),
      ("evicted and inserted again", "e e i", .there(), ["update name=new @case-a base 50 n 3"], 1),
      (
        "the same, recursive triggers", "e e d i", .there(),
        ["update name=new @case-a base 50 n 4"], 2
      ),
      ("UPSERT DO UPDATE", "e u:name", .there(), ["update name=new @case-a base 50 n 2"], 1),
      (
        "UPSERT through another index", "e e u:name", .there(),
        ["update name=new @case-a base 50 n 3"], 2
      ),
      ("UPDATE", "u:name", .there(), ["update name=new @case-a base 50 n 1"], 0),
      (
        "UPDATE of case_id", "d i", .there(in: CountySample.caseB),
        ["delete @case-a base 50 n 1", "insert whole @case-b base 50 n 2"], 0
      ),
      ("UPDATE of id: the old one", "d", .gone, ["delete @case-a base 50 n 1"], 0),
      ("UPDATE of id: the new one", "i", .there(), ["insert whole @case-a base 50 n 1"], 0),
      (
        "UPDATE OR REPLACE of id to one that is there", "e i", .there(),
        ["update name=new @case-a base 50 n 2"], 0
      ),
      (
        "the same, recursive triggers", "e d i", .there(),
        ["update name=new @case-a base 50 n 3"], 1
      ),
      ("UPDATE OR REPLACE evicts it", "e", .gone, ["delete @case-a base 50 n 1"], 0),
      ("UPDATE OR IGNORE, OR FAIL, collides with it", "e", .there(), [], 1),
      ("DELETE", "d", .gone, ["delete @case-a base 50 n 1"], 0),
      ("OR IGNORE, then DELETE", "e d", .gone, ["delete @case-a base 50 n 2"], 1),
      (
        "OR IGNORE, then DELETE and INSERT", "e d i", .there(),
        ["update name=new @case-a base 50 n 3"], 1
      ),
      ("UPSERT, then evicted", "e u:name e", .gone, ["delete name=old @case-a base 50 n 3"], 1),
    ] as [(String, String, LocalRowLookup, [String], Int)])
  func sequence(
    statement: String, log: String, now: LocalRowLookup, changes: [String], voidCount: Int
  ) {
    let coalescing = CaptureSample(log).coalesced(now: ["p": now])
    #expect(coalescing.changes.map(\.summary) == changes)
    #expect(coalescing.void.count == voidCount)
  }

  @Test("an eviction is told from a note that is older than what the hub sent since")
  func noteOfEarlierTime() {
    // OR IGNORE, then a pull that set the name, then REPLACE of the worker only.
    var log = CaptureSample("e", old: ["name": "before", "worker": "v"])
    log.add("#80 e i", old: ["name": "new", "worker": "v"])
    let changes = log.coalesced(now: ["p": .there(["name": "new", "worker": "w"])]).changes
    #expect(changes.map(\.summary) == ["update worker=w @case-a base 80 n 3"])
  }

  @Test("a foreign trigger's upsert inside a REPLACE does not hide what the REPLACE changed")
  func noteInsideReplace() {
    var log = CaptureSample("e", old: ["name": "old", "worker": "v"])
    log.add("e u:worker i", old: ["name": "new", "worker": "v"])
    let changes = log.coalesced(now: ["p": .there(["name": "new", "worker": "w"])]).changes
    #expect(changes.map(\.summary) == ["update name=new,worker=w @case-a base 50 n 4"])
  }

  @Test("of a row written here first, whatever was deleted and inserted again, the whole is sent")
  func replacedOwnRow() {
    let changes = CaptureSample("i e i").coalesced(now: ["p": .there()]).changes
    #expect(changes.map(\.summary) == ["insert whole @case-a base 50 n 3"])
  }

  @Test("a change has the number, tag and time of its last entry, and the others are coalesced")
  func identity() {
    let coalescing = CaptureSample("u:name u:worker u:name").coalesced(now: ["p": .there()])
    #expect(coalescing.changes.map(\.id) == [EntryID(n: 3, tag: -3)])
    #expect(coalescing.changes.map(\.editedAt) == [30])
    #expect(coalescing.coalesced == [EntryID(n: 1, tag: -1), EntryID(n: 2, tag: -2)])
  }

  @Test("an insertion behind the last deletion of a row that is gone is coalesced")
  func goneAgain() {
    let coalescing = CaptureSample("d i").coalesced()
    #expect(coalescing.changes.map(\.summary) == ["delete @case-a base 50 n 1"])
    #expect(coalescing.coalesced.map(\.n) == [2])
    #expect(coalescing.missing.isEmpty)
  }

  // MARK: Moves

  @Test("a row that moved twice leaves the case in which the hub knows it")
  func movedTwice() {
    let changes = CaptureSample("d i d@case-b i").coalesced(
      now: ["p": .there(in: CaseID("case-c"))]
    ).changes
    #expect(changes.map(\.kind) == [.delete, .insert])
    #expect(changes.map(\.caseID) == [CountySample.caseA, CaseID("case-c")])
    #expect(changes.map(\.id.n) == [3, 4])
  }

  @Test("a row that moved and was deleted there is deleted where the hub knows it")
  func movedAndDeleted() {
    let changes = CaptureSample("d i #80 d@case-b").coalesced().changes
    #expect(changes.map(\.caseID) == [CountySample.caseA])
    #expect(changes.map(\.kind) == [.delete])
    #expect(changes.map(\.base) == [50], "its author knew of case-a what it knew when it moved")
  }

  @Test("a row that moved and was replaced there is deleted here and inserted there")
  func movedAndReplaced() {
    let changes = CaptureSample("d i e@case-b i").coalesced(
      now: ["p": .there(in: CountySample.caseB)]
    ).changes
    #expect(changes.map(\.kind) == [.delete, .insert])
    #expect(changes.map(\.caseID) == [CountySample.caseA, CountySample.caseB])
  }

  @Test("a row that moved away and back is an update")
  func movedBack() {
    let changes = CaptureSample("d i d@case-b i").coalesced(now: ["p": .there()]).changes
    #expect(changes.map(\.summary) == ["update name=new @case-a base 50 n 4"])
  }

  // MARK: What may not leave

  @Test("entries that touch only local columns are withheld")
  func withheld() {
    let coalescing = CaptureSample("u:desk u:desk").coalesced(now: ["p": .there()])
    #expect(coalescing.changes.isEmpty)
    #expect(coalescing.withheld.map(\.n) == [2])
    #expect(coalescing.coalesced.map(\.n) == [1])
  }

  @Test("no change carries a local column")
  func localColumns() {
    var row = CaptureSample.new
    row["desk"] = "3"
    for log in ["u:desk,name", "i", "d i", "u:desk,name d", "i d"] {
      for now in [LocalRowLookup.there(row), .gone] {
        for change in CaptureSample(log, old: row).coalesced(now: ["p": now]).changes {
          #expect(!change.cells.mask.contains(CountySample.person.number("desk")), "\(log)")
        }
      }
    }
  }

  @Test("a column brings the others of its group")
  func groups() {
    let changes = CaptureSample("u:to").coalesced(now: ["p": .there()]).changes
    #expect(changes.map(\.summary) == ["update from=2025,to=2026 @case-a base 50 n 1"])
    let deletions = CaptureSample("u:to d").coalesced().changes
    #expect(deletions.map(\.summary) == ["delete from=2025,to=2026 @case-a base 50 n 2"])
  }

  @Test("values too long to be sent do not travel with the deletion of their row")
  func longValues() {
    let long = Value.text(String(repeating: "x", count: RowLimit.textByteCountMax + 1))
    let log = CaptureSample("u:name,worker d", old: ["name": long, "worker": "w"])
    #expect(
      log.coalesced().changes.map(\.summary) == ["delete worker=w @case-a base 50 n 2"])
    let most = Value.text(String(repeating: "x", count: RowLimit.textByteCountMax))
    let wide = CountySample.person.columns.filter { $0.type == .text }.map { ($0.name, most) }
    let row = Dictionary(uniqueKeysWithValues: wide)
    #expect(CaptureSample("u:name d", old: row).coalesced().changes.map(\.cells) == [.empty])
  }

  @Test("a deletion whose entry tells no values carries none")
  func unreadableValues() {
    var log = CaptureSample("u:name")
    log.add("d", old: nil)
    #expect(log.coalesced().changes.map(\.summary) == ["delete @case-a base 50 n 2"])
    var replaced = CaptureSample()
    replaced.add("d i", old: nil)
    let changes = replaced.coalesced(now: ["p": .there()]).changes
    #expect(changes.map(\.cells.mask) == [CountySample.person.travellingColumns])
  }

  @Test("a row whose id or case fits into no message, and that is gone, stays here")
  func longIdentifiers() {
    let long = String(repeating: "x", count: RowLimit.identifierByteCountMax + 1)
    var log = CaptureSample("i d@\(long)")
    log.add("i d", row: long)
    let coalescing = log.coalesced()
    #expect(coalescing.changes.isEmpty)
    #expect(coalescing.withheld.map(\.n) == [2, 4])
    #expect(coalescing.coalesced.map(\.n) == [1, 3])
  }
}

@Suite("Coalescing: bases")
struct CoalesceBaseTests {
  @Test(
    "a column's base is the oldest of the entries that changed it, or its older pin",
    arguments: [
      ("u:name #80 u:name", [:], "update name=new @case-a base 50 n 2"),
      ("u:name #80 u:worker", [:], "update name=new,worker=w @case-a base 50 worker<80 n 2"),
      ("#80 u:name", ["name": 40], "update name=new @case-a base 80 name<40 n 1"),
      ("#80 u:name", ["name": 90], "update name=new @case-a base 80 n 1"),
      ("#80 u:name", ["worker": 40], "update name=new @case-a base 80 n 1"),
      (
        "u:name #80 u:to", [:],
        "update name=new,from=2025,to=2026 @case-a base 50 from<80 to<80 n 2"
      ),
      (
        "u:from #80 u:to", [:],
        "update from=2025,to=2026 @case-a base 50 n 2"
      ),
      ("u:worker #80 e i", [:], "update name=new,worker=w @case-a base 50 name<80 n 3"),
    ] as [(String, [String: Int64], String)])
  func writing(log: String, pins: [String: Int64], change: String) {
    let changes = CaptureSample(log).coalesced(now: ["p": .there()], pins: pins).changes
    #expect(changes.map(\.summary) == [change])
  }

  @Test(
    "a deletion's base is that of the entry that deleted, or the older pins of its columns",
    arguments: [
      ("#80 d", [:], "delete @case-a base 80 n 1"),
      ("u:name #80 d", [:], "delete name=old @case-a base 80 n 2"),
      ("#80 d", ["name": 40, "to": 60], "delete @case-a base 80 name<40 to<60 n 1"),
      ("u:name #80 d", ["name": 50], "delete name=old @case-a base 80 name<50 n 2"),
      ("d i #80 d", [:], "delete @case-a base 80 n 3"),
      ("i d i #80 d", [:], "delete whole @case-a base 80 n 4"),
    ] as [(String, [String: Int64], String)])
  func deleting(log: String, pins: [String: Int64], change: String) {
    let changes = CaptureSample(log).coalesced(pins: pins).changes
    #expect(changes.map(\.summary) == [change])
  }
}

@Suite("Coalescing: order, parking and windows")
struct CoalesceCaseTests {
  @Test("a case's root comes before its rows, and nothing else changes its place")
  func rootFirst() {
    var log = CaptureSample()
    log.add("u:name", row: "q")
    log.add("i", row: "p")
    log.add("i", row: "case-b", of: CountySample.caseFile)
    log.add("i", row: "r")
    let coalescing = log.coalesced(now: [
      "q": .there(), "p": .there(in: CountySample.caseB), "r": .there(),
      "case-b": .there(
        ["opened_on": "2025-01-01"], in: CountySample.caseB, of: CountySample.caseFile),
    ])
    #expect(coalescing.changes.map(\.row.id.string) == ["q", "case-b", "p", "r"])
  }

  @Test("a new row comes before the rows that name it, whatever the order of writing")
  func namedFirst() {
    func column(_ number: Int, references: String? = nil, mentions: String? = nil) -> Column {
      Column(
        number: number, name: "c\(number)", label: "", type: .text, tier: .header, policy: .lead,
        references: references, mentions: mentions)
    }
    func table(_ number: Int, _ name: String, _ scope: TableScope, _ columns: [Column]) -> Table {
      Table(
        number: number, name: name, label: "", scope: scope, isAppendOnly: false,
        isHubOnly: false, retentionMonths: nil, columns: columns)
    }
    let staff = table(1, "staff", .ofSite, [column(1)])
    let root = table(2, "root", .caseRoot, [column(1, mentions: "staff")])
    let consent = table(3, "consent", .ofCase, [column(1)])
    let need = table(4, "need", .ofCase, [column(1, references: "consent"), column(2)])
    let goal = table(5, "goal", .ofCase, [column(1, references: "need")])
    let schema = Schema(version: 1, tables: [staff, root, consent, need, goal])
    let caseID = CaseID("k")
    let written: [(Table, String, Value, CaptureKind)] = [
      (goal, "g", "n", .insert), (need, "other", .null, .insert), (need, "n", "c", .insert),
      (consent, "c", .null, .insert), (root, "k", "s", .insert),
      (staff, "s", .null, .insert), (consent, "old", .null, .update),
    ]
    let entries = written.enumerated().map { place, row in
      CapturedEntry(
        id: EntryID(n: Int64(place + 1), tag: 1), kind: row.3, row: row.0.key(row.1), caseID: nil,
        mask: ColumnMask([1]), oldValues: nil, at: 1, base: 0)
    }
    let coalescing = Coalescing(entries, schema: schema, reachesEnd: true, pins: [:]) { key in
      let row = written.first { $0.1 == key.id.string }!
      return .there(
        LocalRow(
          caseID: row.0.place(of: key.id, stored: caseID),
          values: row.0.columns.map { $0.number == 1 ? row.2 : .null }))
    }
    #expect(
      coalescing.changes.map(\.row.id.string) == ["s", "k", "c", "n", "g", "other", "old"])
  }

  @Test("a row that cannot be sent holds its case, and only that")
  func parking() {
    var log = CaptureSample()
    log.add("u:name u:name", row: "p")
    log.add("i", row: "q")
    log.add("e", row: "q2")
    log.add("d", row: "r")
    log.add("u:desk", row: "s")
    log.add("i", row: "t")
    let coalescing = log.coalesced(now: [
      "p": .unfit(CountySample.caseA, .textTooLong), "q": .there(), "q2": .there(),
      "s": .there(), "t": .there(in: CountySample.caseB),
    ])
    #expect(coalescing.changes.map(\.row.id.string) == ["t"])
    #expect(coalescing.parked.map(\.id.n).sorted() == [1, 2, 3, 5, 6])
    #expect(coalescing.parked.allSatisfy { $0.caseID == CountySample.caseA })
    #expect(coalescing.parked.allSatisfy { $0.reason == .textTooLong })
    #expect(coalescing.void.map(\.n) == [4])
    #expect(coalescing.coalesced.isEmpty && coalescing.withheld.isEmpty)
  }

  @Test("a row that moved is held with either case", arguments: ["case-a", "case-b"])
  func parkedMove(held: String) {
    var log = CaptureSample("d i")
    log.add("i", row: "q")
    let coalescing = log.coalesced(now: [
      "p": .there(in: CountySample.caseB), "q": .unfit(CaseID(held), .textNotUTF8),
    ])
    #expect(coalescing.changes.isEmpty)
    #expect(coalescing.parked.count == 3)
    #expect(coalescing.parked.allSatisfy { $0.caseID == CaseID(held) })
  }

  @Test("a row that is gone without a deletion is missing, if the log was read to its end")
  func missing() {
    for log in ["u:name", "i", "i u:name"] {
      #expect(CaptureSample(log).coalesced().missing == [CountySample.person.key("p")])
      #expect(CaptureSample(log).coalesced(reachesEnd: false).missing.isEmpty)
    }
    for log in ["d", "e", "u:name d"] {
      #expect(CaptureSample(log).coalesced().missing.isEmpty)
    }
  }
}
