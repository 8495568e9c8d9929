package import SyncCore

/// The version of the protocol that this program speaks.
package let protocolVersion = 1

/// The body of `POST /v1/hello`: who calls, where it stands, what its clock says.
package struct HelloRequest: Codable, Sendable, Equatable {
  package var protocolVersion: Int
  /// For people: name and version of the program.
  package var software: String
  package var schemaVersion: Int
  /// A repeat of the same hello gets the same session number.
  package var nonce: String
  package var incarnation: String
  package var position: WirePosition
  package var clockMilliseconds: Int64
  /// Number and hash of the last batch that this incarnation built, 0 and "" before the first.
  package var lastBatchNumber: Int64
  package var lastBatchHash: String
  /// The session number that the replica was given last, 0 before the first: a lower one than the
  /// hub has seen in use is that of an older copy. Nil from a site that does not keep it.
  package var lastSession: Int64?
  /// Where the program runs, for people: names the copies of a replica that was cloned.
  package var machine: String?

  package init(
    software: String, schemaVersion: Int, nonce: String, incarnation: IncarnationID,
    position: Position, clock: Milliseconds, lastBatchNumber: Int64, lastBatchHash: Hash256?,
    lastSession: Int64? = nil, machine: String? = nil
  ) {
    self.lastSession = lastSession
    self.machine = machine
    protocolVersion = SyncProtocol.protocolVersion
    self.software = software
    self.schemaVersion = schemaVersion
    self.nonce = nonce
    self.incarnation = incarnation.string
    self.position = WirePosition(position)
    clockMilliseconds = clock
    self.lastBatchNumber = lastBatchNumber
    self.lastBatchHash = lastBatchHash?.text ?? ""
  }
}

/// A place in the hub's log with the tree's head there.
package struct WirePosition: Codable, Sendable, Equatable {
  package var history: String
  package var seq: Int64
  package var treeSize: Int64
  package var treeRoot: String

  package init(_ position: Position) {
    history = position.history.string
    seq = position.seq
    treeSize = position.treeHead.size
    treeRoot = position.treeHead.root.text
  }

  /// The position; nil where the numbers or the root cannot be one.
  package var position: Position? {
    guard seq >= 0, treeSize >= 0, let root = Hash256(text: treeRoot) else { return nil }
    return Position(
      history: HistoryID(history), seq: seq, treeHead: TreeHead(size: treeSize, root: root))
  }
}

/// The hub's part of the greeting: a session number, and the proof that its log only grew.
package struct HelloResponse: Codable, Sendable, Equatable {
  /// Fences this session: requests with a lower number are refused from its first use on.
  package var session: Int64
  /// The head of the log.
  package var head: WirePosition
  /// RFC 9162 consistency proof from the site's position to `head`, hexadecimal hashes.
  package var consistency: [String]
  /// The hub's clock, which judges certificates.
  package var clockMilliseconds: Int64
  package var schemaVersion: Int
  /// The hashes of the keys by which the hub is known from now on, base64url; the present one
  /// first. Nil from a hub that has nothing to say of it.
  package var pins: [String]?
  /// What the site is asked to do in this session. Nil for nothing.
  package var instructions: [WireInstruction]?
  /// Whether the hub was restored and still waits for what other sites have to return: what differs
  /// is not to be repaired from it. Nil for no.
  package var recovering: Bool?
  /// The entry up to which the log stands in a verified backup, and the hub's clock when that
  /// backup was begun. Nil before the first.
  package var secured: Int64?
  package var securedAtMilliseconds: Int64?

  package init(
    session: Int64, head: Position, consistency: [Hash256], clock: Milliseconds,
    schemaVersion: Int, pins: [String]? = nil, instructions: [WireInstruction]? = nil,
    recovering: Bool? = nil, secured: Int64? = nil, securedAt: Milliseconds? = nil
  ) {
    self.recovering = recovering
    self.secured = secured
    securedAtMilliseconds = securedAt
    self.pins = pins
    self.instructions = instructions
    self.session = session
    self.head = WirePosition(head)
    self.consistency = consistency.map(\.text)
    clockMilliseconds = clock
    self.schemaVersion = schemaVersion
  }
}

/// Something that the county asks of a site, carried out at the next contact.
package struct WireInstruction: Codable, Sendable, Equatable {
  package var id: String
  /// ``Instruction`` names those that this program knows; others are left alone.
  package var kind: String
  /// The case that it is about; nil for all.
  package var `case`: String?
  /// The number of the table that it is about; nil for all.
  package var table: Int?
  /// Only to say what would be done; nil for no.
  package var dryRun: Bool?
  /// What is to be counted; nil for all other kinds.
  package var count: WireCountTask?

  package init(
    id: String, kind: String, selection: RowSelection = .everything, isDryRun: Bool = false,
    count: CountTask? = nil
  ) {
    self.id = id
    self.count = count.map(WireCountTask.init)
    self.kind = kind
    `case` = selection.caseID?.string
    table = selection.table
    dryRun = isDryRun ? true : nil
  }
}

/// The instructions of this version.
package enum Instruction: String, Sendable, CaseIterable {
  /// Renew the certificate now, whatever its age.
  case renewCertificate = "renew_certificate"
  /// Compute the digests of all cases anew and compare them with the hub's.
  case verify
  /// Compare, and mend the rows that differ.
  case repair
  /// Write all rows anew from a snapshot.
  case reload
  /// Carry out a wave of purges that waited for a person.
  case release
  /// Count for a report of the county's.
  case count
}

extension Instruction {
  /// What a site says of figures that it sends along.
  package static let resultOfCount = "counted"
  /// What a site says of a release: that the wave is gone.
  package static let resultOfRelease = "released"
}

/// What became of an instruction.
package struct WireInstructionResult: Codable, Sendable, Equatable {
  package var id: String
  /// A code: ``VerifyResult``.
  package var result: String
  /// Rows that differed; nil where they were not counted.
  package var differences: Int64?
  /// Rows of these that were mended.
  package var repaired: Int64?
  /// What was counted; nil where nothing was asked to be.
  package var counts: [WireCount]?

  package init(
    id: String, result: String, differences: Int64? = nil, repaired: Int64? = nil,
    counts: [CountCell]? = nil
  ) {
    self.id = id
    self.counts = counts.map { $0.map(WireCount.init) }
    self.result = result
    self.differences = differences
    self.repaired = repaired
  }
}

/// How a comparison ended, and what followed it.
package enum VerifyResult: String, Sendable, CaseIterable {
  case equal
  /// Rows differed, were mended, and are equal.
  case repaired
  /// The rows were written anew, and are equal.
  case reloaded
  /// Rows differ, also after whatever was asked for.
  case unequal
  /// More rows differ than ``RepairLimit`` lets a site mend by itself; nothing was changed.
  case tooLarge = "repair_too_large"
}

/// The hub's answer to one batch, stored there and repeated byte by byte.
package struct PushResponse: Codable, Sendable, Equatable {
  package var batchNumber: Int64
  package var batchHash: String
  /// The head of the log after the batch.
  package var seq: Int64
  /// The changes that were not simply applied; all others were.
  package var verdicts: [WireAnswer]

  package init(batchNumber: Int64, batchHash: Hash256, seq: Int64, answers: [Answer]) {
    self.batchNumber = batchNumber
    self.batchHash = batchHash.text
    self.seq = seq
    verdicts = answers.filter { $0.verdict != .applied }.map(WireAnswer.init)
  }
}

/// What became of one change, in JSON.
package struct WireAnswer: Codable, Sendable, Equatable {
  package var n: Int64
  package var verdict: Verdict
  package var rule: Rule?
  package var columns: [WireOutcome]

  package init(_ answer: Answer) {
    n = answer.id.n
    verdict = answer.verdict
    rule = answer.rule
    columns = answer.columns.map(WireOutcome.init)
  }

  /// Empties what it says of standing values.
  package mutating func removeValues() {
    for place in columns.indices { columns[place].kept = WireValue(.null) }
  }
}

/// What became of one column, in JSON.
package struct WireOutcome: Codable, Sendable, Equatable {
  package var column: Int
  package var verdict: Verdict
  package var rule: Rule
  package var kept: WireValue

  package init(_ outcome: ColumnOutcome) {
    column = outcome.column
    verdict = outcome.verdict
    rule = outcome.rule
    kept = WireValue(outcome.kept)
  }
}

/// A cell in JSON: null, a number or a string.
package struct WireValue: Codable, Sendable, Equatable {
  package let value: Value

  package init(_ value: Value) {
    self.value = value
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard !container.decodeNil() else {
      value = .null
      return
    }
    // NB: trying is the only way to ask Codable which of two types stands here.
    do {
      value = .integer(try container.decode(Int64.self))
    } catch DecodingError.typeMismatch {
      value = .text(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .null: try container.encodeNil()
    case .integer(let number): try container.encode(number)
    case .text(let text): try container.encode(text.string)
    }
  }
}

/// The body of `POST /v1/pull`: what happened since `since` in the cases granted to the site.
package struct PullRequest: Codable, Sendable, Equatable {
  package var session: Int64
  package var since: WirePosition
  /// The previous page's continuation; nil for the first page.
  package var continuation: PullContinuation?
  /// Rows to be returned whole, or as gone, whatever the cursor. On the first page only.
  package var refreshRows: [WireRowKey]
  /// Cases to be returned whole. On the first page only.
  package var refreshCases: [String]
  /// Whether the last page is to bring the digests of all cases of the scope, not only of those in
  /// which something happened. The same on all pages of a pull; nil for no.
  package var comparesAll: Bool?

  package init(
    session: Int64, since: Position, continuation: PullContinuation?, refreshRows: [RowKey],
    refreshCases: [CaseID], comparesAll: Bool? = nil
  ) {
    self.comparesAll = comparesAll
    self.session = session
    self.since = WirePosition(since)
    self.continuation = continuation
    self.refreshRows = refreshRows.map(WireRowKey.init)
    self.refreshCases = refreshCases.map(\.string)
  }

  /// Rows and cases that one pull may ask to be refreshed; the rest waits for the next session.
  package static let refreshCountMax = 2_000
}

/// A row's table and id, in JSON.
package struct WireRowKey: Codable, Sendable, Equatable {
  package var table: Int
  package var id: String

  package init(_ key: RowKey) {
    table = key.table
    id = key.id.string
  }

  /// The row's key; nil where the number or the id cannot be one.
  package var key: RowKey? {
    guard (1...RowLimit.tableNumberMax).contains(table),
      (1...RowLimit.identifierByteCountMax).contains(id.utf8.count)
    else { return nil }
    return RowKey(table: table, id: RowID(id))
  }
}

/// Where the next page begins. The site hands it back as it is.
///
/// Pages come in rounds. A round covers the log entries from `since` + 1 to `through`, the head
/// when it began: first the cases that were granted in it, whole, then the rows that changed in it,
/// each as it stands when its page is read. What changes meanwhile lies behind `through` and comes
/// in the next round; the last round ends at the head itself, so all pages together are the state
/// there.
package struct PullContinuation: Codable, Sendable, Equatable {
  package var since: Int64
  package var through: Int64
  /// Grants up to this entry are delivered, apart from `grantedCase`.
  package var grantsThrough: Int64
  /// The case in the middle of which the page ended, with its last row.
  package var grantedCase: String?
  package var lastRow: WireRowKey?
  /// Changed rows up to this entry are delivered.
  package var rowsThrough: Int64

  package init(since: Int64, through: Int64) {
    self.since = since
    self.through = through
    grantsThrough = since
    rowsThrough = since
  }
}

/// The body of `POST /v1/bye`: how the session went, also when it failed.
package struct ByeRequest: Codable, Sendable, Equatable {
  package var session: Int64
  /// `done`, or the code of the error that ended the session.
  package var result: String
  package var seq: Int64
  /// Whether the digests were equal; nil when they were not compared.
  package var digestEqual: Bool?
  package var parked: Int64
  package var pending: Int64
  /// The hub's pins as the site has kept them, base64url; nil where the hello named none.
  package var pins: [String]?
  /// Instructions that are carried out. Nil for none.
  package var instructions: [WireInstructionResult]?
  /// The receipt for purges: all that was ordered up to this entry is carried out, but for the
  /// cases of `unpurged`. Nil where the site cannot say so yet.
  package var purgedThrough: Int64?
  /// Nil for none.
  package var unpurged: [String]?
  /// How many purges wait for a release; nil for none.
  package var heldPurges: Int64?

  package init(
    session: Int64, result: String, seq: Int64, digestEqual: Bool?, parked: Int64, pending: Int64,
    pins: [String]? = nil, instructions: [WireInstructionResult]? = nil
  ) {
    self.pins = pins
    self.instructions = instructions
    self.session = session
    self.result = result
    self.seq = seq
    self.digestEqual = digestEqual
    self.parked = parked
    self.pending = pending
  }
}

/// The hub has recorded how the session went.
package struct ByeResponse: Codable, Sendable, Equatable {
  package var recorded: Bool

  package init(recorded: Bool) {
    self.recorded = recorded
  }
}
