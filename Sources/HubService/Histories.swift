package import HubStorage
package import SyncCore
import SyncProtocol
import Synchronization

/// A hub that was restored from a backup: it has forgotten what came after, so its log goes on as a
/// new history, and sites that know the old one find the last place that both have.
extension CountyService {
  /// A position is known if its history is the hub's and its tree head is one the hub has had.
  func check(
    _ position: Position, history: HistoryID, counter: Counter, in reader: some HubReader
  ) throws {
    guard position.history == history else {
      guard try reader.formerHistories.contains(where: { $0.last.history == position.history })
      else { throw Self.unknownPosition }
      throw ProtocolError(
        .historyChanged, "this hub was restored and has a new history since",
        hint: "ask where the site stands in it (POST /v1/history)")
    }
    guard position.treeHead.size <= counter.tree.size, try isKnown(position, in: reader) else {
      throw Self.unknownPosition
    }
  }

  private static let unknownPosition = ProtocolError(
    .unknownPosition, "the site stands at a position that is not in this hub's log",
    hint: "the hub was restored, or this replica belongs to another hub; ask the county")

  private func isKnown(_ position: Position, in reader: some HubReader) throws -> Bool {
    let head = position.treeHead
    return try reader.lastSeq(ofSize: head.size) == position.seq
      && MerkleTree.head(size: head.size, reading: reader.treeNode) == head
  }

  /// Begins a new history where a site stands ahead of the log in the very history, and was given a
  /// session that the hub does not know: the county's file was put back without `hub restore`.
  ///
  /// A site could claim that at will, so it is believed once for each start of the hub: a file is
  /// put back while none serves, and a history too many costs each site one request.
  func beginHistoryIfBehind(_ position: Position, lastSession: Int64, of id: SiteID) throws {
    let isAhead = try store.read { reader in
      let contact = try served(id, in: reader).contact
      return try position.history == reader.county.history && position.seq > reader.counter.seq
        && lastSession > contact.sessionIssued
    }
    guard isAhead, historyGuard.take() else { return }
    _ = try CountyAdministration(store: store, environment: environment).beginHistory()
  }

  /// Tells a site of an earlier history where it stands in the present one, and notes that it has
  /// asked.
  func stand(_ request: HistoryRequest, from id: SiteID) throws -> HistoryResponse {
    let places = ([request.position] + request.earlier.reversed()).compactMap(\.position)
    guard request.protocolVersion == protocolVersion, places.count == request.earlier.count + 1,
      request.earlier.count <= HistoryRequest.earlierCountMax, request.batchStart >= 0,
      request.logs.count <= HistoryRequest.logCountMax,
      ([request.incarnation] + request.logs).allSatisfy({
        (1...RowLimit.identifierByteCountMax).contains($0.utf8.count)
      })
    else {
      throw ProtocolError(
        .badRequest, "position or incarnations are malformed", hint: "see schemas/openapi.yaml")
    }
    return try store.write { writer in
      var site = try served(id, in: writer)
      let present = try writer.county.history
      let formers = try writer.formerHistories.map(\.last.history)
      guard let position = places.first(where: { formers.contains($0.history) }) else {
        throw Self.unknownPosition
      }
      let shared = try sharedPosition(of: position.history, in: writer)
      let isAhead = position.seq > shared.seq
      if !isAhead {
        guard try isKnown(position, in: writer) else { throw Self.unknownPosition }
      }
      let place = isAhead ? shared : position
      // What the site wrote in a history that this hub does not know rests on numbers of that one.
      let isEarlier = position.history != places[0].history
      try acceptLog(of: &site, request, in: writer)
      site.contact.history = present.string
      site.contact.cursor = place.seq
      site.contact.machine = Self.machine(request.machine)
      site.contact.lastContact = environment.now()
      try writer.put(site)
      return HistoryResponse(
        position: Position(history: present, seq: place.seq, treeHead: place.treeHead),
        sharedSeq: isEarlier ? place.seq : shared.seq,
        known: try request.logs.map { name in
          let last = try writer.lastBatch(of: id, incarnation: IncarnationID(name))
          return WireLogEnd(incarnation: name, batchNumber: last?.id.number ?? 0)
        })
    }
  }

  /// A number by which batches of different histories are ordered: an earlier history's are before
  /// a later one's, and one that this hub does not know is later than all that it knows.
  func order(of seq: Int64, in history: HistoryID, _ reader: some HubReader) throws -> Int64 {
    let formers = try reader.formerHistories.map(\.last.history)
    let rank = formers.firstIndex(of: history) ?? formers.count
    return Int64(rank) << Self.seqBitCount + seq
  }

  /// No county's log has a trillion entries.
  private static let seqBitCount: Int64 = 40

  /// The last place of an earlier history that the present one still has: it may have been left
  /// several times.
  func sharedPosition(of history: HistoryID, in reader: some HubReader) throws -> Position {
    let formers = try reader.formerHistories
    let isKnown = formers.contains { $0.last.history == history }
    let later = isKnown ? formers.drop { $0.last.history != history } : formers[...]
    guard let shared = later.map(\.last).min(by: { $0.seq < $1.seq }) else {
      throw Self.unknownPosition
    }
    return shared
  }

  /// A log that began after the backup was made is the site's present one: it says so, and no ended
  /// log of that name is known.
  private func acceptLog(
    of site: inout SiteRecord, _ request: HistoryRequest, in writer: some HubWriter
  ) throws {
    let shown = IncarnationID(request.incarnation)
    guard ByteText(site.contact.incarnation) != shown.text else { return }
    let known = try writer.incarnations(of: site.id)
    guard !known.contains(where: { $0.id == shown }) else { throw Self.heldError(.cloned) }
    let now = environment.now()
    if let ended = try site.endedLog(at: now, in: writer) { try writer.put(ended) }
    try writer.put(
      StoredIncarnation(
        site: site.id, id: shown, batchStart: request.batchStart, beganAt: now))
    site.contact.incarnation = shown.string
  }

  /// Admits a site whose certificate was renewed after the backup from which this hub was restored:
  /// the hub has forgotten the new key. Durable when it returns.
  ///
  /// Only while the restored hub waits for the site, only a certificate that was issued before the
  /// restore, and only one that outlives the one that the hub knows: a replaced key stays replaced.
  package func readmit(_ certificate: UnknownCertificate) throws -> Caller? {
    let mayBe = try store.read { try isForgotten(certificate, in: $0) }
    guard mayBe else { return nil }
    return try store.write { writer in
      guard try isForgotten(certificate, in: writer), var site = try writer.site(certificate.site)
      else { return nil }
      site.keyHash = certificate.keyHash
      site.certificateExpiresAt = certificate.expiresAt
      site.nextKeyHash = nil
      site.nextCertificateExpiresAt = nil
      try writer.put(site)
      return Caller(county: try writer.county.key, site: site.id)
    }
  }

  private func isForgotten(_ certificate: UnknownCertificate, in reader: some HubReader) throws
    -> Bool
  {
    guard let restoredAt = try reader.formerHistories.last?.endedAt,
      certificate.issuedAt <= restoredAt, let site = try reader.site(certificate.site),
      site.state == .joined, try site.isAwaited(in: reader),
      let known = site.certificateExpiresAt
    else { return false }
    return certificate.expiresAt > known
  }
}

extension HubReader {
  /// Whether the hub was restored, and sites that have synced before have not said since what it
  /// forgot; or what some returned waits for others.
  package var isRecovering: Bool {
    get throws {
      guard try !formerHistories.isEmpty else { return false }
      return try !sites.filter { try $0.isAwaited(in: self) }.isEmpty || !awaiting.isEmpty
    }
  }
}

/// Lets one history begin by itself for each start of the hub.
package final class HistoryGuard: Sendable {
  private let isTaken = Mutex(false)

  package init() {}

  func take() -> Bool {
    isTaken.withLock { isTaken in
      defer { isTaken = true }
      return !isTaken
    }
  }
}

extension SiteRecord {
  /// Whether the site may still bring what the restored hub has forgotten: it has ended no session
  /// in the present history, behind which it has returned all and written the rest anew.
  ///
  /// Also a site that has joined and never called, as far as this hub knows.
  func mayReturn(to reader: some HubReader) throws -> Bool {
    guard state == .joined || state == .held, let former = try reader.formerHistories.last?.last
    else { return false }
    return try contact.cursor <= former.seq
      || ByteText(contact.history) != reader.county.history.text
  }

  /// Whether the restored hub waits for the site: it has synced before, and may call.
  package func isAwaited(in reader: some HubReader) throws -> Bool {
    guard state == .joined || state == .held, !contact.incarnation.isEmpty else { return false }
    return try !reader.formerHistories.isEmpty
      && ByteText(contact.history) != reader.county.history.text
  }
}

extension CountyAdministration {
  /// Ends the present history where the log stands and begins another: the county's file is an
  /// older one than its sites have seen. Durable when it returns.
  ///
  /// - Returns: the new history.
  package func beginHistory() throws -> HistoryID {
    let history = HistoryID(environment.uuid())
    let now = environment.now()
    try store.write { writer in
      let former = try writer.county.history
      let head = try writer.counter.seq
      try writer.begin(history, at: now)
      var plan = Plan()
      plan.log = [
        LogEntry(
          seq: head + 1, content: .history(former, through: head), site: .hub,
          incarnation: IncarnationID(""), origin: EntryID(n: 0, tag: 0), base: head, editedAt: now,
          recordedAt: now)
      ]
      try writer.write(plan, at: now, random: environment.random)
    }
    return history
  }
}
