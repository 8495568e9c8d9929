import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// Begins a session: checks that the site stands in this hub's log, measures its clock, hands out
  /// a session number, and proves that the log has only grown since the site last saw it.
  func hello(_ request: HelloRequest, from id: SiteID) throws -> HelloResponse {
    guard request.protocolVersion == protocolVersion else {
      throw ProtocolError(
        .unsupportedVersion, "the site speaks protocol version \(request.protocolVersion)",
        hint: "this hub speaks version \(protocolVersion)")
    }
    guard let position = request.position.position, request.nonce.utf8.count <= 64,
      request.incarnation.utf8.count <= RowLimit.identifierByteCountMax
    else {
      throw ProtocolError(
        .badRequest, "position, nonce or incarnation is malformed", hint: "see schemas/openapi.yaml"
      )
    }
    // Before waiting for the lock: the wait is no part of the site's skew.
    let now = environment.now()
    let response = try changeContact(of: id) { site, reader in
      let counter = try reader.counter
      let history = try reader.county.history
      try check(position, history: history, counter: counter, in: reader)
      try checkLog(of: site, request, in: reader)

      // A repeat of the same hello is the same session: its answer was lost.
      if site.contact.sessionNonce != request.nonce {
        site.contact.sessionIssued += 1
        site.contact.sessionNonce = request.nonce
        site.contact.clockSkew = Self.skew(of: request.clockMilliseconds, at: now)
      }
      site.contact.incarnation = request.incarnation
      site.contact.lastContact = now
      return HelloResponse(
        session: site.contact.sessionIssued,
        head: Position(history: history, seq: counter.seq, treeHead: counter.tree),
        consistency: try consistency(from: position, to: counter, in: reader), clock: now,
        schemaVersion: reader.schema.version, pins: announcedPins,
        instructions: try openInstructions(of: id, in: reader))
    }
    try snapshots?.siteHasReplica(id)
    return response
  }

  private var announcedPins: [String]? {
    let pins = environment.pins()
    return pins.isEmpty ? nil : pins.map(Base64URL.encode)
  }

  /// A position is known if its history is the hub's and its tree head is one the hub has had.
  func check(
    _ position: Position, history: HistoryID, counter: Counter, in reader: some HubReader
  ) throws {
    let size = position.treeHead.size
    guard position.history == history, size <= counter.tree.size,
      try reader.lastSeq(ofSize: size) == position.seq,
      try MerkleTree.head(size: size, reading: reader.treeNode) == position.treeHead
    else {
      throw ProtocolError(
        .unknownPosition, "the site stands at a position that is not in this hub's log",
        hint: "the hub was restored, or this replica belongs to another hub; ask the county")
    }
  }

  func consistency(from position: Position, to counter: Counter, in reader: some HubReader) throws
    -> [Hash256]
  {
    try MerkleTree.consistencyProof(
      from: position.treeHead.size, to: counter.tree.size, reading: reader.treeNode) ?? []
  }

  /// A hub that knows more of the site's log than the site itself is looking at a restored file; a
  /// new incarnation that nobody announced, at a copy.
  private func checkLog(
    of site: SiteRecord, _ request: HelloRequest, in reader: some HubReader
  ) throws {
    let incarnation = IncarnationID(request.incarnation)
    let isFirst = site.contact.incarnation.isEmpty
    let isSame = ByteText(site.contact.incarnation) == incarnation.text
    let last = try reader.lastBatch(of: site.id, incarnation: incarnation)
    let isAhead = (last?.id.number ?? 0) > request.lastBatchNumber
    let differs =
      last != nil && last!.id.number == request.lastBatchNumber
      && last!.hash.text != request.lastBatchHash
    // An incarnation is a random name: two sites that show the same one share a copied replica.
    let isTaken =
      try isFirst
      && reader.sites.contains {
        $0.id != site.id && ByteText($0.contact.incarnation) == incarnation.text
      }
    guard isFirst || isSame, !isTaken, !isAhead, !differs else {
      throw ProtocolError(
        .fork, "the replica's change log is not the one that this hub has answered",
        hint: "the replica was restored or copied; choose with `kreissync hub site rejoin`")
    }
  }

  /// Ends a session: what the site says of it is recorded, also when it failed.
  func bye(_ request: ByeRequest, from id: SiteID) throws -> ByeResponse {
    let now = environment.now()
    try changeContact(of: id) { site, reader in
      site = try Self.fenced(request.session, of: site)
      site.contact.lastContact = now
      if request.result == "done" {
        site.contact.lastSuccess = now
        site.contact.cursor = max(0, min(request.seq, try reader.counter.seq))
      }
      site.contact.digestEqual = request.digestEqual
      site.contact.parked = max(0, request.parked)
      site.contact.pending = max(0, request.pending)
      if let pins = request.pins {
        // Only the hub's own: the site's word is kept in the county's records.
        site.contact.pins = (announcedPins ?? []).filter(pins.contains)
      }
    }
    if let results = request.instructions, !results.isEmpty {
      try store.write { try record(results, of: id, in: $0) }
    }
    return ByeResponse(recorded: true)
  }
}
