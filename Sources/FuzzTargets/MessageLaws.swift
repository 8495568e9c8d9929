import ReplicaAgent
import SyncCore
import SyncProtocol

/// Laws of the JSON messages: whatever spelling was read, there is one that is written, and it says
/// the same.
enum MessageLaws {
  static func helloRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: HelloRequest.self) { hello throws(BrokenLaw) in
      try requireSense(hello.position)
    }
  }

  static func helloResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: HelloResponse.self) { hello throws(BrokenLaw) in
      try requireSense(hello.head)
    }
  }

  static func pushResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: PushResponse.self)
  }

  static func pullRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: PullRequest.self) { pull throws(BrokenLaw) in
      try requireSense(pull.since)
      for key in (pull.refreshRows + [pull.continuation?.lastRow].compactMap { $0 }).compactMap(
        \.key)
      {
        try require(
          (1...RowLimit.tableNumberMax).contains(key.table)
            && (1...RowLimit.identifierByteCountMax).contains(key.id.string.utf8.count),
          "a row's key keeps its limits")
      }
    }
  }

  static func byeRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: ByeRequest.self)
  }

  static func byeResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: ByeResponse.self)
  }

  static func snapshotRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: SnapshotRequest.self)
  }

  static func snapshotResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: SnapshotResponse.self) { answer throws(BrokenLaw) in
      guard let offer = answer.snapshot, offer.isWellFormed else { return }
      try require(
        offer.byteCount > 0 && offer.byteCount <= SnapshotOffer.byteCountMax,
        "a snapshot keeps its limits")
    }
  }

  static func snapshotPartRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: SnapshotPartRequest.self)
  }

  static func compareRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: CompareRequest.self) { request throws(BrokenLaw) in
      try requireSense(request.since)
      guard request.isWellFormed else { return }
      try require(
        (request.cases ?? []).count <= CompareRequest.caseCountMax
          && (request.buckets ?? []).allSatisfy { (0..<ScopeBuckets.count).contains($0) },
        "a comparison keeps its limits")
    }
  }

  static func compareResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: CompareResponse.self) { answer throws(BrokenLaw) in
      for entry in answer.rows ?? [] {
        guard let row = entry.row else { continue }
        try require(
          WireRowDigest(row, in: CaseID(entry.case)).row == row, "a row of digests has one spelling"
        )
      }
    }
  }

  static func handoverRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: HandoverRequest.self) { request throws(BrokenLaw) in
      guard request.isWellFormed else { return }
      try require(
        (request.handover ?? "").utf8.count <= RowLimit.identifierByteCountMax
          && (request.decision ?? "").utf8.count <= Handover.textByteCountMax
          && (request.action == .list || request.handover != nil),
        "an answer to a hand-over names it and keeps its limits")
    }
  }

  static func handoverResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: HandoverResponse.self)
  }

  static func proposalsRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: ProposalsRequest.self)
  }

  static func proposalsResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: ProposalsResponse.self) { answer throws(BrokenLaw) in
      for proposal in answer.proposals {
        try require(
          WireContender(proposal.proposed.contender) == proposal.proposed, "a side has one text")
      }
    }
  }

  static func decideRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: DecideRequest.self)
  }

  static func decideResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: DecideResponse.self)
  }

  static func reloadRecord(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: ReloadRecord.self)
  }

  static func replicaCheck(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: ReplicaCheck.self)
  }

  static func firstLoad(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: FirstLoadRecord.self)
  }

  static func incarnationRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: IncarnationRequest.self) { request throws(BrokenLaw) in
      for entry in request.entries {
        guard let id = entry.id else { continue }
        try require(WireEntry(id) == entry, "an entry has one text")
      }
    }
  }

  static func incarnationResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: IncarnationResponse.self)
  }

  static func historyRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: HistoryRequest.self)
  }

  static func historyResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: HistoryResponse.self)
  }

  static func returned(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    do {
      let body = try ReturnBody.decode(bytes)
      let again = ReturnBody.encode(
        session: body.session, answer: body.answer, hash: body.hash, batch: body.batch)
      try require(again == bytes, "a body is written as it was read")
      return .read
    } catch let error as BrokenLaw {
      throw error
    } catch {
      return .refused
    }
  }

  static func returnResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: ReturnResponse.self)
  }

  static func schemaRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: SchemaRequest.self)
  }

  static func schemaResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: SchemaResponse.self)
  }

  static func joinRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: JoinRequest.self) { join throws(BrokenLaw) in
      guard let token = join.tokenBytes else { return }
      try require(token.count == JoinString.tokenByteCount, "a token has its length")
      try require(JoinRequest(token: token, csr: join.csr) == join, "a token has one text")
    }
  }

  static func joinResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: JoinResponse.self) { join throws(BrokenLaw) in
      guard let key = Base64URL.decode(join.digestKey) else { return }
      try require((SipHash128Key(bytes: key) != nil) == (key.count == 16), "a key has 16 bytes")
    }
  }

  /// Reads it as a site of the same age and as an older one: what the strict reader takes, the
  /// lenient one takes for the same.
  static func refusal(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let lenient = try message(bytes, as: ProtocolError.Lenient.self)
    let strict = try message(bytes, as: ProtocolError.self) { error throws(BrokenLaw) in
      try require((400..<600).contains(error.status), "a refusal has a status of refusal")
    }
    try require(
      strict == .refused || lenient == .read, "the lenient reader takes what the strict one takes")
    return lenient
  }

  static func sidecar(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: Sidecar.self) { sidecar throws(BrokenLaw) in
      try requireSense(sidecar.position)
    }
  }

  static func renewRequest(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: RenewRequest.self)
  }

  static func renewResponse(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: RenewResponse.self)
  }

  static func hubPins(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let configured = [UInt8](repeating: 7, count: JoinString.pinByteCount)
    return try message(bytes, as: HubPins.self) { pins throws(BrokenLaw) in
      let accepted = pins.accepted(configured: configured)
      try require(
        !accepted.isEmpty && accepted.count <= ProtocolLimit.pinCountMax
          && accepted.allSatisfy { $0.count == JoinString.pinByteCount },
        "there are always a few pins, and each is a hash")
    }
  }

  static func runRecord(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try message(bytes, as: RunRecord.self) { record throws(BrokenLaw) in
      var plan = record.plan
      for schedule in [SiteSchedule.nightly, .every(SiteSchedule.intervalRange.lowerBound)] {
        plan.look(at: 0, lastSuccess: nil, by: schedule)
        try require(
          plan.nextRun(by: schedule, for: SiteID("s"), at: 0) <= 2 * BerlinTime.day,
          "no record lets a site sleep for days")
      }
    }
  }

  private static func message<Message: Codable & Equatable>(
    _ bytes: [UInt8], as _: Message.Type,
    check: (Message) throws(BrokenLaw) -> Void = { _ throws(BrokenLaw) in }
  ) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let message: Message
    do {
      message = try WireJSON.decode(bytes)
    } catch {
      try require(error.code == .badRequest, "what is no message is a bad request")
      return .refused
    }
    try check(message)
    let written: [UInt8]
    let writtenAgain: [UInt8]
    let again: Message
    do {
      written = try WireJSON.encode(message)
      again = try WireJSON.decode(written)
      writtenAgain = try WireJSON.encode(again)
    } catch {
      throw BrokenLaw("a message that was read can be written and read again")
    }
    try require(again == message, "a message that was written is read as the same")
    try require(writtenAgain == written, "equal messages are equal bytes")
    return .read
  }

  private static func requireSense(_ position: WirePosition) throws(BrokenLaw) {
    guard let read = position.position else { return }
    try require(read.seq >= 0 && read.treeHead.size >= 0, "a position has no negative number")
    try require(WirePosition(read) == position, "a position has one text")
  }
}
