import SyncCore
import SyncProtocol

/// What the golden bytes say, as values: `schemas/vectors.json` describes each in words.
enum Sample {
  static let history = HistoryID("hist-a")
  static let incarnation = IncarnationID("inc-a")
  static let caseID = CaseID("c1")
  static let digestKey = SipHash128Key(bytes: Array(0..<16))!

  // MARK: Rows

  static let caseFile = image(
    2, "c1", in: "c1", [2: .text("2025-01-15"), 3: .text("open")])
  static let part = image(5, "t1", in: "c1", [8: .integer(45), 9: .null])
  static let global = image(
    1, "s-a", in: "", [1: .text("municipality"), 2: .text("Musterstadt"), 6: .integer(0)])

  static func image(
    _ table: Int, _ id: String, in caseID: String, _ cells: [Int: Value]
  ) -> RowImage {
    let numbers = cells.keys.sorted()
    return RowImage(
      key: RowKey(table: table, id: RowID(id)), caseID: CaseID(caseID),
      cells: Cells(mask: ColumnMask(numbers), values: numbers.map { cells[$0]! }))
  }

  // MARK: Changes and batches

  static let insert = change(
    EntryID(n: 2, tag: 0x0102_0304_0506_0708), .insert, caseFile, base: 0,
    editedAt: 1_763_000_000_000)
  static let update = change(
    EntryID(n: 4, tag: -1), .update, part, base: 12, [ColumnBase(column: 9, base: 10)],
    editedAt: 1_763_000_060_000, [ColumnTime(column: 9, editedAt: 1_763_000_050_000)])
  static let delete = change(
    EntryID(n: 5, tag: 0), .delete, image(7, "g1", in: "c1", [:]), base: 12, editedAt: -1)

  static func change(
    _ id: EntryID, _ kind: ChangeKind, _ image: RowImage, base: Int64,
    _ columnBases: [ColumnBase] = [], editedAt: Milliseconds, _ columnTimes: [ColumnTime] = []
  ) -> Change {
    Change(
      id: id, kind: kind, row: image.key, caseID: image.caseID, cells: image.cells, base: base,
      columnBases: columnBases, editedAt: editedAt, columnTimes: columnTimes)
  }

  static let firstBatch = Batch(
    incarnation: incarnation, number: 1, history: history, previous: .zero,
    coalesced: [EntryID(n: 1, tag: 0x1122_3344_5566_7788)], changes: [insert, update, delete])

  static let secondBatch = Batch(
    incarnation: incarnation, number: 2, history: history,
    previous: Hash256(sha256Of: firstBatch.encoded()), coalesced: [],
    changes: [
      change(
        EntryID(n: 6, tag: .max), .delete, image(7, "g2", in: "c1", [:]), base: 12,
        editedAt: 1_763_000_120_000)
    ])

  // MARK: The log

  static let logEntries = [
    logEntry(1, .row(.insert, caseFile), insert, recordedAt: 1_763_000_200_000),
    LogEntry(
      seq: 2, content: .grant(caseID, SiteID("s-a"), GrantTerms(.lead)), site: .hub,
      incarnation: IncarnationID(""), origin: EntryID(n: 0, tag: 0), base: 0,
      editedAt: 1_763_000_200_000, recordedAt: 1_763_000_200_000),
    logEntry(3, .row(.update, part), update, recordedAt: 1_763_000_300_000),
    logEntry(
      4, .row(.delete, image(7, "g1", in: "c1", [:])), delete, recordedAt: 1_763_000_400_000),
  ]

  private static func logEntry(
    _ seq: Int64, _ content: LogEntry.Content, _ change: Change, recordedAt: Milliseconds
  ) -> LogEntry {
    LogEntry(
      seq: seq, content: content, site: SiteID("s-a"), incarnation: incarnation,
      origin: change.id, base: change.base, editedAt: change.editedAt, recordedAt: recordedAt)
  }

  // MARK: Positions

  static func position(seq: Int64, size: Int64) throws -> Position {
    Position(
      history: history, seq: seq,
      treeHead: TreeHead(size: size, root: try Vectors.hash("tree.head.\(size)")))
  }

  static let pins = ["pin", "next"].map {
    Base64URL.encode(Hash256(sha256Of: Array($0.utf8)).bytes)
  }

  static func proofFromOneToThree() throws -> [Hash256] {
    [try Vectors.hash("tree.leaf.1"), try Vectors.hash("tree.leaf.2")]
  }

  // MARK: Pages

  static let continuation = {
    var place = PullContinuation(since: 2, through: 20)
    place.grantsThrough = 14
    place.grantedCase = "c2"
    place.lastRow = WireRowKey(RowKey(table: 3, id: RowID("p1")))
    return place
  }()

  static let firstPage = {
    var page = PullPage()
    page.head.continuation = continuation
    page.cases = [
      PullPage.CaseRecord(
        caseID: CaseID("c2"), lead: SiteID("s-b"), terms: GrantTerms(.contributor), epoch: 1,
        isDeliveredWhole: true)
    ]
    page.rows = [
      .whole(image(2, "c2", in: "c2", [2: .text("2025-02-01"), 3: .text("open")]))
    ]
    return page
  }()

  static func lastPage() throws -> PullPage {
    var page = PullPage()
    page.head.checkpoint = WirePosition(try position(seq: 4, size: 3))
    page.head.consistency = try proofFromOneToThree().map(\.text)
    page.head.scopeDigest = try Vectors.digest("digest.scope").text
    page.cases = [
      PullPage.CaseRecord(
        caseID: caseID, lead: SiteID("s-a"), terms: GrantTerms(.lead), epoch: 1,
        isDeliveredWhole: false),
      PullPage.CaseRecord(
        caseID: CaseID("c9"), lead: SiteID("s-b"), terms: .ended, epoch: 2,
        isDeliveredWhole: false, isHandedOver: true),
    ]
    page.rows = [
      .part(part),
      .gone(PullPage.GoneRow(key: RowKey(table: 7, id: RowID("g1")), caseID: caseID)),
      .gone(PullPage.GoneRow(key: RowKey(table: 3, id: RowID("x")), caseID: nil)),
    ]
    page.digests = [
      (.none, try Vectors.digest("digest.site")), (caseID, try Vectors.digest("digest.case")),
    ]
    return page
  }

  static func emptyPage() throws -> PullPage {
    var page = PullPage()
    page.head.checkpoint = WirePosition(try position(seq: 2, size: 1))
    page.head.scopeDigest = try Vectors.digest("digest.scope").text
    return page
  }
}
