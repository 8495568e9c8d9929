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
    let lastSession = request.lastSession ?? 0
    guard let position = request.position.position,
      (1...64).contains(request.nonce.utf8.count), !request.nonce.contains(","),
      (0...Self.sessionMax).contains(lastSession),
      request.incarnation.utf8.count <= RowLimit.identifierByteCountMax
    else {
      throw ProtocolError(
        .badRequest, "position, nonce or incarnation is malformed", hint: "see schemas/openapi.yaml"
      )
    }
    // Before waiting for the lock: the wait is no part of the site's skew.
    let now = environment.now()
    try settle(position, lastSession: lastSession, of: id)
    // First: a hub that was restored may never have heard of the replica's present log.
    try store.read { reader in
      _ = try served(id, in: reader)
      let county = try reader.county.history
      guard position.history != county else { return }
      try check(position, history: county, counter: reader.counter, in: reader)
    }
    try recognise(request, from: id)
    let response = try changeContact(of: id) { site, reader in
      let counter = try reader.counter
      let history = try reader.county.history
      try check(position, history: history, counter: counter, in: reader)
      // A repeat of the same hello is the same session: its answer was lost.
      if site.contact.nonces.last != request.nonce {
        // A number that the site was given and this hub has forgotten is not given again.
        site.contact.sessionIssued = max(site.contact.sessionIssued, lastSession) + 1
        site.contact.nonces = (site.contact.nonces + [request.nonce]).suffix(Self.nonceCountMax)
        let skew = Self.skew(of: request.clockMilliseconds, at: now)
        site.contact.isClockSteady =
          site.contact.lastContact == nil
          || abs(skew - site.contact.clockSkew) <= Self.steadySkewChangeMax
        site.contact.clockSkew = skew
      }
      site.contact.incarnation = request.incarnation
      site.contact.history = history.string
      site.contact.machine = Self.machine(request.machine)
      site.contact.lastContact = now
      let secured = try reader.backups.secured
      return HelloResponse(
        session: site.contact.sessionIssued,
        head: Position(history: history, seq: counter.seq, treeHead: counter.tree),
        consistency: try consistency(from: position, to: counter, in: reader), clock: now,
        schemaVersion: reader.schema.version, pins: announcedPins,
        instructions: try openInstructions(of: id, in: reader),
        recovering: try reader.isRecovering ? true : nil, secured: secured?.seq,
        securedAt: secured?.begunAt)
    }
    try snapshots?.siteHasReplica(id, at: request.position.seq)
    return response
  }

  /// What is to be settled before anybody begins a session: a hub that was restored notices it, and
  /// who calls behind the date of a hand-over meets what it brought.
  private func settle(_ position: Position, lastSession: Int64, of id: SiteID) throws {
    try beginHistoryIfBehind(position, lastSession: lastSession, of: id)
    try settleReturned()
    // What fails waits for the hub's ticker, which reports it: no site's session depends on it.
    _ = try administration.takeDueEffects()
  }

  /// Repeats come within seconds, or hours late through a proxy: never behind so many others.
  private static let nonceCountMax = 16
  /// A clock whose distance from the hub's changed by more was set in between: it is no witness of
  /// when something was written (DESIGN.md section 10).
  private static let steadySkewChangeMax: Milliseconds = 5 * 60_000
  /// Sessions that no site ever has: one a second for a million years.
  private static let sessionMax: Int64 = 1 << 45

  private var announcedPins: [String]? {
    let pins = environment.pins()
    return pins.isEmpty ? nil : pins.map(Base64URL.encode)
  }

  func consistency(from position: Position, to counter: Counter, in reader: some HubReader) throws
    -> [Hash256]
  {
    try MerkleTree.consistencyProof(
      from: position.treeHead.size, to: counter.tree.size, reading: reader.treeNode) ?? []
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
      site.contact.heldPurges = max(0, request.heldPurges ?? 0)
      if let pins = request.pins {
        // Only the hub's own: the site's word is kept in the county's records.
        site.contact.pins = (announcedPins ?? []).filter(pins.contains)
      }
    }
    if let results = request.instructions, !results.isEmpty {
      try store.write { try record(results, of: id, in: $0) }
    }
    try takeReceipt(request, from: id, at: now)
    try settleReturned()
    if request.result == "done" {
      try administration.noteSession(
        of: id, equalAt: request.digestEqual == true ? request.seq : nil)
    }
    return ByeResponse(recorded: true)
  }
}
