import SyncCore
import SyncProtocol

/// Random messages from a seed: the same seed makes the same messages on every machine.
struct RandomMessages {
  private var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  mutating func next() -> UInt64 { generator.next() }

  mutating func below(_ limit: Int) -> Int {
    Int(next() % UInt64(limit))
  }

  mutating func chance(in count: Int) -> Bool {
    below(count) == 0
  }

  mutating func element<Element>(of elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  mutating func several<Element>(
    upTo limit: Int, _ make: (inout RandomMessages) -> Element
  ) -> [Element] {
    (0..<below(limit + 1)).map { _ in make(&self) }
  }

  // MARK: Values

  /// Any bit length is as likely as any other, so that short and long varints both come.
  mutating func integer() -> Int64 {
    Int64(bitPattern: next()) >> Int64(below(64))
  }

  mutating func natural() -> Int64 {
    integer() & .max
  }

  private static let characters: [Character] = [
    "a", "b", "7", " ", ",", "\"", "\\", "/", "\n", "\u{0}", "\u{7F}", "é", "e\u{301}", "ß", "€",
    "İ", "\u{1F468}\u{200D}\u{1F469}", "\u{FFFD}",
  ]

  mutating func string(upTo limit: Int = 12) -> String {
    let characters = Self.characters
    return String(several(upTo: limit) { $0.element(of: characters) })
  }

  mutating func identifier() -> String {
    // The longest character has eleven bytes.
    string(upTo: 10)
  }

  mutating func value() -> Value {
    switch below(3) {
    case 0: .null
    case 1: .integer(integer())
    default: .text(string())
    }
  }

  mutating func hash() -> Hash256 {
    Hash256(sha256Of: [UInt8(truncatingIfNeeded: next())])
  }

  mutating func entryID() -> EntryID {
    EntryID(n: natural(), tag: Int64(bitPattern: next()))
  }

  mutating func rowKey() -> RowKey {
    RowKey(table: 1 + below(RowLimit.tableNumberMax), id: RowID(identifier()))
  }

  mutating func image() -> RowImage {
    let mask = ColumnMask(several(upTo: 5) { 1 + $0.below(Column.numberMax) })
    let values = mask.numbers.map { _ in value() }
    return RowImage(
      key: rowKey(), caseID: CaseID(identifier()), cells: Cells(mask: mask, values: values))
  }

  // MARK: Batches

  mutating func change() -> Change {
    let image = image()
    return Change(
      id: entryID(), kind: element(of: [.insert, .update, .delete]), row: image.key,
      caseID: image.caseID, cells: image.cells, base: natural(),
      columnBases: several(upTo: 3) {
        ColumnBase(column: 1 + $0.below(Column.numberMax), base: $0.natural())
      },
      editedAt: integer(),
      columnTimes: several(upTo: 3) {
        ColumnTime(column: 1 + $0.below(Column.numberMax), editedAt: $0.integer())
      })
  }

  mutating func batch() -> Batch {
    Batch(
      incarnation: IncarnationID(identifier()), number: natural(),
      history: HistoryID(identifier()), previous: hash(),
      coalesced: several(upTo: 4) { $0.entryID() }, changes: several(upTo: 6) { $0.change() })
  }

  // MARK: Pages

  mutating func continuation() -> PullContinuation {
    var place = PullContinuation(since: natural(), through: natural())
    place.grantsThrough = natural()
    place.rowsThrough = natural()
    if chance(in: 2) { place.grantedCase = string() }
    if chance(in: 2) { place.lastRow = WireRowKey(rowKey()) }
    return place
  }

  mutating func position() -> Position {
    Position(
      history: HistoryID(string()), seq: natural(),
      treeHead: TreeHead(size: natural(), root: hash()))
  }

  mutating func rowItem() -> PullPage.RowItem {
    switch below(4) {
    case 0: .whole(image())
    case 1: .part(image())
    case 2: .gone(PullPage.GoneRow(key: rowKey(), caseID: CaseID(identifier())))
    default: .gone(PullPage.GoneRow(key: rowKey(), caseID: nil))
    }
  }

  mutating func caseRecord() -> PullPage.CaseRecord {
    PullPage.CaseRecord(
      caseID: CaseID(identifier()), lead: SiteID(identifier()),
      terms: GrantTerms(
        element(of: Role.allCases), element(of: [TierSet.nothing, .header, .all])),
      epoch: natural(), isDeliveredWhole: chance(in: 2), isHandedOver: chance(in: 2),
      isErased: chance(in: 2), isRestricted: chance(in: 2))
  }

  mutating func page() -> PullPage {
    var page = PullPage()
    if chance(in: 2) {
      page.head.continuation = continuation()
    } else {
      page.head.checkpoint = WirePosition(position())
      page.head.consistency = several(upTo: 4) { $0.hash().text }
      page.head.scopeDigest = Digest128(high: next(), low: next()).text
    }
    page.cases = several(upTo: 4) { $0.caseRecord() }
    page.rows = several(upTo: 8) { $0.rowItem() }
    page.head.openProposals = chance(in: 2) ? natural() : nil
    page.head.decisions =
      chance(in: 2)
      ? several(upTo: 3) {
        WireDecision(
          row: $0.rowKey(), column: $0.chance(in: 2) ? $0.below(60) : nil,
          state: $0.element(of: ProposalState.allCases))
      } : nil
    page.head.replaced =
      chance(in: 2)
      ? several(upTo: 3) {
        WireReplacement(
          row: $0.rowKey(), column: $0.below(60), rule: $0.element(of: Rule.allCases),
          value: $0.chance(in: 2) ? $0.value() : nil)
      } : nil
    page.digests = several(upTo: 4) {
      (CaseID($0.identifier()), Digest128(high: $0.next(), low: $0.next()))
    }
    return page
  }

  // MARK: JSON

  mutating func helloRequest() -> HelloRequest {
    HelloRequest(
      software: string(), schemaVersion: below(100), nonce: string(),
      incarnation: IncarnationID(string()), position: position(), clock: integer(),
      lastBatchNumber: natural(), lastBatchHash: chance(in: 2) ? hash() : nil,
      lastSession: chance(in: 2) ? natural() : nil, machine: chance(in: 2) ? string() : nil)
  }

  mutating func helloResponse() -> HelloResponse {
    HelloResponse(
      session: natural(), head: position(), consistency: several(upTo: 3) { $0.hash() },
      clock: integer(), schemaVersion: below(100),
      pins: chance(in: 2) ? several(upTo: 3) { $0.string() } : nil,
      instructions: chance(in: 2)
        ? several(upTo: 3) { WireInstruction(id: $0.string(), kind: $0.string()) } : nil,
      recovering: chance(in: 2) ? chance(in: 2) : nil,
      secured: chance(in: 2) ? natural() : nil, securedAt: chance(in: 2) ? integer() : nil)
  }

  mutating func pushResponse() -> PushResponse {
    PushResponse(
      batchNumber: natural(), batchHash: hash(), seq: natural(),
      answers: several(upTo: 4) { random in
        Answer(
          id: random.entryID(), verdict: random.element(of: Verdict.allCases),
          rule: random.chance(in: 2) ? random.element(of: Rule.allCases) : nil,
          columns: random.several(upTo: 2) {
            ColumnOutcome(
              column: 1 + $0.below(Column.numberMax), verdict: $0.element(of: Verdict.allCases),
              rule: $0.element(of: Rule.allCases), kept: $0.value())
          })
      })
  }

  mutating func pullRequest() -> PullRequest {
    PullRequest(
      session: natural(), since: position(), continuation: chance(in: 2) ? continuation() : nil,
      refreshRows: several(upTo: 3) { $0.rowKey() },
      refreshCases: several(upTo: 3) { CaseID($0.string()) },
      comparesAll: element(of: [nil, true, false]))
  }

  mutating func byeRequest() -> ByeRequest {
    ByeRequest(
      session: natural(), result: string(), seq: natural(),
      digestEqual: element(of: [nil, true, false]), parked: natural(), pending: natural(),
      pins: chance(in: 2) ? several(upTo: 3) { $0.string() } : nil,
      instructions: chance(in: 2)
        ? several(upTo: 3) { WireInstructionResult(id: $0.string(), result: $0.string()) } : nil)
  }

  mutating func joinResponse() -> JoinResponse {
    JoinResponse(
      site: string(), county: string(), countyName: string(), name: string(), kind: string(),
      certificate: string(), authority: string(), hubURL: string(), schema: string(),
      digestKey: string(), history: string())
  }

  mutating func error() -> ProtocolError {
    ProtocolError(element(of: ProtocolError.Code.allCases), string(), hint: string())
  }
}
