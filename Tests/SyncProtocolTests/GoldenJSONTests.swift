import SyncCore
import SyncProtocol
import Testing

@Suite("Golden JSON")
struct GoldenJSONTests {
  @Test("a hello is written and read")
  func hello() throws {
    let request = HelloRequest(
      software: "kreissync 1.0", schemaVersion: 1, nonce: "00112233445566778899aabbccddeeff",
      incarnation: Sample.incarnation, position: try Sample.position(seq: 2, size: 1),
      clock: 1_763_000_500_000, lastBatchNumber: 1,
      lastBatchHash: try Vectors.hash("batch.first.hash"), lastSession: 299,
      machine: "pc-7:/var/lib/kreissync")
    try expect("json.hello_request", request)
    let first = HelloRequest(
      software: "kreissync 1.0", schemaVersion: 1, nonce: "00112233445566778899aabbccddeeff",
      incarnation: Sample.incarnation, position: try Sample.position(seq: 0, size: 0),
      clock: 1_763_000_500_000, lastBatchNumber: 0, lastBatchHash: nil)
    try expect("json.hello_request.first", first)
    #expect(first.position.position?.treeHead == .empty)
    let response = HelloResponse(
      session: 300, head: try Sample.position(seq: 4, size: 3),
      consistency: try Sample.proofFromOneToThree(), clock: 1_763_000_500_250, schemaVersion: 1,
      pins: Sample.pins, instructions: [WireInstruction(id: "i1", kind: "verify")],
      recovering: true, secured: 3, securedAt: 1_762_999_200_000)
    try expect("json.hello_response", response)
    var asked = response
    asked.instructions = [
      WireInstruction(
        id: "i2", kind: "repair", selection: RowSelection(caseID: Sample.caseID, table: 5),
        isDryRun: true)
    ]
    try expect("json.hello_response.repair", asked)
  }

  @Test("an answer to a batch names the changes that were not simply applied")
  func push() throws {
    let answers = [
      Answer(id: Sample.insert.id, verdict: .applied),
      Answer(
        id: Sample.update.id, verdict: .proposal, rule: .leadDecides,
        columns: [
          ColumnOutcome(
            column: 8, verdict: .overridden, rule: .laterEditWins, kept: .integer(30)),
          ColumnOutcome(column: 9, verdict: .proposal, rule: .leadDecides, kept: .null),
        ]),
      Answer(id: Sample.delete.id, verdict: .refused, rule: .notGranted),
    ]
    try expect(
      "json.push_response",
      PushResponse(
        batchNumber: 1, batchHash: try Vectors.hash("batch.first.hash"), seq: 4, answers: answers))
  }

  @Test("a pull is written and read, and the continuation goes back as it came")
  func pull() throws {
    let since = try Sample.position(seq: 2, size: 1)
    try expect(
      "json.pull_request",
      PullRequest(
        session: 300, since: since, continuation: nil,
        refreshRows: [RowKey(table: 5, id: RowID("t1"))], refreshCases: [Sample.caseID]))
    let page = try PullPage(decoding: try Vectors.bytes("page.first"))
    try expect(
      "json.pull_request.next",
      PullRequest(
        session: 300, since: since, continuation: page.head.continuation, refreshRows: [],
        refreshCases: [], comparesAll: true))
  }

  @Test("a goodbye is written and read")
  func bye() throws {
    var receipt = ByeRequest(
      session: 300, result: "done", seq: 4, digestEqual: true, parked: 0, pending: 0,
      pins: Sample.pins, instructions: [WireInstructionResult(id: "i1", result: "equal")])
    receipt.purgedThrough = 4
    receipt.unpurged = ["c9"]
    receipt.heldPurges = 1
    try expect("json.bye_request", receipt)
    try expect(
      "json.bye_request.repair",
      ByeRequest(
        session: 300, result: "done", seq: 4, digestEqual: true, parked: 0, pending: 0,
        pins: Sample.pins,
        instructions: [
          WireInstructionResult(id: "i2", result: "unequal", differences: 3, repaired: 0)
        ]))
    try expect(
      "json.bye_request.failed",
      ByeRequest(
        session: 300, result: "history_rewritten", seq: 2, digestEqual: nil, parked: 1,
        pending: 3))
    try expect("json.bye_response", ByeResponse(recorded: true))
  }

  @Test("asking for a snapshot is written and read")
  func snapshot() throws {
    let id = "00112233445566778899aabbccddeeff"
    try expect("json.snapshot_request", SnapshotRequest(software: "kreissync 1.0"))
    try expect(
      "json.snapshot_request.reload", SnapshotRequest(software: "kreissync 1.0", isReload: true))
    try expect(
      "json.snapshot_response",
      SnapshotResponse(
        snapshot: SnapshotOffer(
          id: id, byteCount: 1_500_000, sha256: Hash256(sha256Of: Array("abc".utf8)).text,
          rowCount: 9_000, position: WirePosition(try Sample.position(seq: 4, size: 3)))))
    try expect("json.snapshot_response.none", SnapshotResponse(snapshot: nil))
    try expect("json.snapshot_part_request", SnapshotPartRequest(id: id, offset: 1_048_576))
  }

  @Test("a comparison is written and read, from buckets to rows")
  func compare() throws {
    let since = try Sample.position(seq: 2, size: 1)
    try expect("json.compare_request", CompareRequest(session: 300, since: since))
    try expect(
      "json.compare_request.cases",
      CompareRequest(
        session: 300, since: since, buckets: [7, 255],
        continuation: CompareContinuation(case: CaseID("c0"), row: nil)))
    try expect(
      "json.compare_request.rows",
      CompareRequest(
        session: 300, since: since, cases: [Sample.caseID],
        continuation: CompareContinuation(
          case: Sample.caseID, row: RowKey(table: 5, id: RowID("t0")))))
    var response = CompareResponse(seq: 4)
    var sums = Array(repeating: Digest128.zero.text, count: ScopeBuckets.count)
    sums[7] = try Vectors.digest("digest.case").text
    response.buckets = sums
    try expect("json.compare_response", response)
    response = CompareResponse(seq: 4)
    response.cases = [WireCaseDigest(Sample.caseID, try Vectors.digest("digest.case"))]
    response.continuation = CompareContinuation(case: Sample.caseID, row: nil)
    try expect("json.compare_response.cases", response)
    response = CompareResponse(seq: 4)
    response.rows = [
      ComparedRow(
        key: RowKey(table: 2, id: RowID("c1")), digest: try Vectors.digest("digest.case_file"),
        isNews: false),
      ComparedRow(
        key: RowKey(table: 5, id: RowID("t1")), digest: try Vectors.digest("digest.consent"),
        isNews: true),
      ComparedRow(key: RowKey(table: 7, id: RowID("g1")), digest: nil, isNews: false),
    ].map { WireRowDigest($0, in: Sample.caseID) }
    try expect("json.compare_response.rows", response)
  }

  @Test("hand-overs are asked for, answered and told")
  func handovers() throws {
    let id = HandoverID("0195f1d2-0000-7000-8000-000000000001")
    try expect("json.handover_request", HandoverRequest(session: 300, action: .list))
    try expect(
      "json.handover_request.accept",
      HandoverRequest(session: 300, action: .accept, handover: id, decision: "GR 7/2024"))
    let handover = try Handover(
      id,
      Handover.Terms(
        to: SiteID("county"), kind: .handover, effectiveOn: "2025-01-01",
        effectiveAt: 1_735_686_000_000, decision: "KT 12/2024", legalGround: "LIntG"),
      cases: [HandoverCase(caseID: Sample.caseID, from: SiteID("town"), epoch: 1)],
      at: 1_733_000_000_000)
    try expect(
      "json.handover_response",
      HandoverResponse(handovers: [
        WireHandover(handover, for: SiteID("county"), caseCount: 1)
      ]))
    #expect(WireHandover(handover, for: SiteID("town"), caseCount: 1).part == .giving)
  }

  @Test("an answer to a hand-over names it, a list none, and texts keep their limits")
  func handoverLimits() {
    let id = HandoverID("h")
    let long = String(repeating: "x", count: Handover.textByteCountMax + 1)
    #expect(HandoverRequest(session: 1, action: .list).isWellFormed)
    #expect(!HandoverRequest(session: 1, action: .list, handover: id).isWellFormed)
    #expect(!HandoverRequest(session: 1, action: .decline).isWellFormed)
    #expect(HandoverRequest(session: 1, action: .decline, handover: id).isWellFormed)
    #expect(
      !HandoverRequest(session: 1, action: .accept, handover: id, decision: long).isWellFormed)
    let name = HandoverID(String(repeating: "x", count: RowLimit.identifierByteCountMax + 1))
    #expect(!HandoverRequest(session: 1, action: .accept, handover: name).isWellFormed)
  }

  @Test("a comparison that asks for what cannot be is told")
  func comparisons() throws {
    func isFit(
      buckets: [Int]? = nil, cases: [String]? = nil, behind place: CompareContinuation? = nil
    ) throws -> Bool {
      CompareRequest(
        session: 1, since: try Sample.position(seq: 2, size: 1), buckets: buckets,
        cases: cases?.map { CaseID($0) }, continuation: place
      ).isWellFormed
    }
    let long = String(repeating: "a", count: 129)
    #expect(try isFit())
    #expect(try isFit(buckets: Array(0..<256)))
    #expect(try isFit(cases: ["", "c1"]))
    for buckets in [[-1], [256], Array(repeating: 0, count: 257)] {
      #expect(try !isFit(buckets: buckets))
    }
    #expect(try !isFit(buckets: [], cases: []))
    #expect(try !isFit(cases: Array(repeating: "c", count: 501)))
    #expect(try !isFit(cases: [long]))
    #expect(try !isFit(behind: CompareContinuation(case: CaseID(long), row: nil)))
    #expect(
      try !isFit(
        behind: CompareContinuation(case: CaseID("c1"), row: RowKey(table: 0, id: RowID("a")))))
  }

  @Test("an offer that cannot be one is told")
  func offers() throws {
    func isFit(_ byteCount: Int64, _ sha256: String, _ id: String = "a") throws -> Bool {
      SnapshotOffer(
        id: id, byteCount: byteCount, sha256: sha256, rowCount: 1,
        position: WirePosition(try Sample.position(seq: 4, size: 3))
      ).isWellFormed
    }
    let hash = Hash256.zero.text
    #expect(try isFit(1, hash))
    #expect(try isFit(SnapshotOffer.byteCountMax, hash))
    for byteCount in [Int64.min, -1, 0, SnapshotOffer.byteCountMax + 1] {
      #expect(try !isFit(byteCount, hash))
    }
    for sha256 in ["", hash + "0"] { #expect(try !isFit(1, sha256)) }
    for id in ["", String(repeating: "a", count: 129)] { #expect(try !isFit(1, hash, id)) }
  }

  @Test("a new incarnation is asked for and begun")
  func incarnation() throws {
    let entries = [EntryID(n: 7, tag: -8_070_450_532_247_928_832), EntryID(n: 8, tag: 12)]
    let request = IncarnationRequest(
      incarnation: IncarnationID("inc-b"), replaces: Sample.incarnation,
      ancestor: Sample.incarnation, batchNumber: 1, entries: entries,
      machine: "pc-7:/var/lib/kreissync")
    try expect("json.incarnation_request", request)
    #expect(request.entries.map(\.id) == entries)
    for tag in ["", "+1", "01", "9223372036854775808", "1 "] {
      var entry = WireEntry(EntryID(n: 1, tag: 1))
      entry.tag = tag
      #expect(entry.id == nil, "\(tag)")
    }
    let answer = Answer(
      id: entries[0], verdict: .overridden, rule: .leadWins,
      columns: [
        ColumnOutcome(column: 2, verdict: .overridden, rule: .leadWins, kept: .text("1"))
      ])
    try expect(
      "json.incarnation_response", IncarnationResponse(answers: [WireAnswer(answer)], session: 299))
  }

  @Test("a place in a new history is asked for, and what is forgotten returned")
  func history() throws {
    let position = try Sample.position(seq: 2, size: 1)
    let logs = [Sample.incarnation, IncarnationID("inc-b")]
    try expect(
      "json.history_request",
      HistoryRequest(
        position: position,
        earlier: [Position(history: HistoryID("hist-0"), seq: 0, treeHead: .empty)],
        incarnation: logs[1], batchStart: 1, logs: logs,
        machine: "pc-7:/var/lib/kreissync"))
    try expect(
      "json.history_response",
      HistoryResponse(
        position: Position(
          history: HistoryID("hist-b"), seq: position.seq, treeHead: position.treeHead),
        sharedSeq: 3,
        known: zip(logs, [1, 0]).map {
          WireLogEnd(incarnation: $0.string, batchNumber: $1)
        }))
    try expect("json.return_response", ReturnResponse(batchNumber: 2))
    let body = ReturnBody.encode(session: 300, answer: [1, 2], hash: .zero, batch: [3])
    let read = try ReturnBody.decode(body)
    #expect(read.session == 300 && read.answer == [1, 2] && read.batch == [3])
    #expect(throws: DecodeError.self) { try ReturnBody.decode(Array(body.prefix(3))) }
  }

  @Test("a newer schema is asked for and handed out")
  func schema() throws {
    try expect("json.schema_request", SchemaRequest(session: 300))
    try expect("json.schema_response", SchemaResponse(version: 2, schema: "version = 2\n"))
  }

  @Test("joining is written and read")
  func join() throws {
    func pem(_ label: String) -> String {
      "-----BEGIN \(label)-----\nMAA=\n-----END \(label)-----\n"
    }
    try expect(
      "json.join_request", JoinRequest(token: Array(0..<16), csr: pem("CERTIFICATE REQUEST")))
    try expect(
      "json.join_response",
      JoinResponse(
        site: "s-a", county: "08118", countyName: "Ludwigsburg", name: "Musterstadt",
        kind: "municipality", certificate: pem("CERTIFICATE"), authority: pem("CERTIFICATE"),
        hubURL: "https://hub.example:8443", schema: "version = 1\n",
        digestKey: Base64URL.encode(Array(0..<16)), history: "hist-a"))
  }

  @Test("renewing is written and read")
  func renew() throws {
    func pem(_ label: String) -> String {
      "-----BEGIN \(label)-----\nMAA=\n-----END \(label)-----\n"
    }
    try expect("json.renew_request", RenewRequest(csr: pem("CERTIFICATE REQUEST")))
    try expect("json.renew_response", RenewResponse(certificate: pem("CERTIFICATE")))
  }

  @Test("proposals are listed and decided, and their decisions told")
  func proposals() throws {
    func side(_ value: Value, _ site: String, at time: Milliseconds) -> Contender {
      Contender(value: value, site: SiteID(site), editedAt: time)
    }
    func proposal(
      _ table: Int, _ row: String, column: Int?, _ policy: Policy?, _ rule: Rule, kept: Value,
      proposed: Value
    ) -> Proposal {
      Proposal(
        caseID: Sample.caseID, row: RowKey(table: table, id: RowID(row)), column: column, base: 2,
        seq: 3, policy: policy, rule: rule, epoch: 1,
        kept: side(kept, "s-a", at: 1_763_000_000_000),
        proposed: side(proposed, "s-b", at: 1_763_000_060_000))
    }
    let value = proposal(
      3, "r1", column: 1, .lead, .leadDecides, kept: .text("Meier"), proposed: .text("Meyer"))
    let deletion = proposal(
      7, "g1", column: nil, nil, .changedMeanwhile, kept: .null, proposed: .null)
    try expect("json.proposals_request", ProposalsRequest(session: 300, after: "p0"))
    try expect(
      "json.proposals_response",
      ProposalsResponse(
        proposals: [
          WireProposal(
            id: "p1", recordedAt: 1_763_000_400_000, value,
            stands: side(.text("Maier"), "s-a", at: 1_763_000_300_000)),
          WireProposal(id: "p2", recordedAt: 1_763_000_400_000, deletion, stands: nil),
        ], hasMore: false))
    try expect(
      "json.decide_request", DecideRequest(session: 300, id: "p1", state: .accepted))
    try expect(
      "json.decide_response",
      DecideResponse(
        DecidedProposal(
          id: "p1", state: .accepted, decider: SiteID("s-a"), decidedAt: 1_763_000_500_000,
          seq: 5)))
    var head = PullPage.Head()
    head.decisions = [
      WireDecision(row: value.row, column: 1, state: .accepted),
      WireDecision(row: deletion.row, column: nil, state: .rejected),
    ]
    head.replaced = [
      WireReplacement(row: value.row, column: 2, rule: .laterEditWins, value: .text("0711"))
    ]
    head.openProposals = 2
    try expect("json.pull_page_head", head)
  }

  @Test("an error is written and read")
  func error() throws {
    try expect(
      "json.error",
      ProtocolError(.refused, "this certificate is not admitted", hint: "ask the county"))
  }

  private func expect<Message: Codable & Equatable>(
    _ name: String, _ message: Message, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let golden = try Vectors.bytes(name)
    let written = String(decoding: try WireJSON.encode(message), as: UTF8.self)
    #expect(written == String(decoding: golden, as: UTF8.self), sourceLocation: sourceLocation)
    let read: Message = try WireJSON.decode(golden)
    #expect(read == message, sourceLocation: sourceLocation)
  }
}
