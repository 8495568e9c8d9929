import HubStorage
import SyncCore
import SyncProtocol

/// Tells a replica from an older copy of itself, and from a second one (DESIGN.md section 8).
///
/// A replica shows three things: the name of its log, the last batch of it, and the session number
/// that it was given last. The hub knows all three as they were when the site called last.
///
/// | the replica shows                                   | it is                                    |
/// |-----------------------------------------------------|------------------------------------------|
/// | the present log, not behind                         | the replica                              |
/// | the present log, behind the hub in batches or in session numbers | restored: it begins a new log once |
/// | a log that has ended                                | a second copy, or an old hello: asked to begin a new log |
/// | the last batch with another hash                    | neither: held for a person               |
/// | a log, and the site has joined again                | the chosen one: it begins a new log      |
/// | the log of another site                             | refused, and that one goes on            |
///
/// A hello that was refused before may come once more, hours late through a proxy, when its replica
/// has long gone on under a new log. So a hello alone holds nobody: a second copy is known when it
/// asks for a log in place of one that has ended, which no old message does. Both are held then.
enum ReplicaStanding {
  case present
  /// The site's first replica, or a new one after it joined again.
  case first
  case restored
  case rejoined
  case ended
  case forked
  case stranger

  init(of request: HelloRequest, from site: SiteRecord, in reader: some HubReader) throws {
    let shown = IncarnationID(request.incarnation)
    let contact = site.contact
    let hasEnded = try reader.incarnations(of: site.id).contains {
      $0.id == shown && $0.endedAt != nil
    }
    if contact.incarnation.isEmpty {
      // An incarnation is a random name: two sites that show the same one share a copied replica.
      let isTaken = try reader.sites.contains {
        $0.id != site.id && ByteText($0.contact.incarnation) == shown.text
      }
      self = isTaken ? .stranger : hasEnded ? .rejoined : .first
      return
    }
    guard ByteText(contact.incarnation) == shown.text else {
      self = hasEnded ? .ended : .stranger
      return
    }
    let last = try reader.lastBatch(of: site.id, incarnation: shown)
    if let last, last.id.number > request.lastBatchNumber {
      self = .restored
    } else if let used = request.lastSession, used < contact.sessionUsed,
      !contact.nonces.contains(request.nonce)
    {
      self = .restored
    } else if let last, last.id.number == request.lastBatchNumber,
      last.hash.text != request.lastBatchHash
    {
      self = .forked
    } else {
      self = .present
    }
  }
}

extension CountyService {
  /// Refuses a replica that is not the one that the site showed last, and holds the site where only
  /// a person can choose.
  func recognise(_ request: HelloRequest, from id: SiteID) throws {
    let standing = try store.read { reader in
      try ReplicaStanding(of: request, from: served(id, in: reader), in: reader)
    }
    switch standing {
    case .present, .first:
      return
    case .restored:
      throw ProtocolError(
        .restored, "the replica is older than what this hub has seen of it",
        hint: "it begins a new incarnation; nothing is lost")
    case .rejoined:
      throw ProtocolError(
        .newIncarnation, "the site has joined again with a replica that was there before",
        hint: "it begins a new incarnation; nothing is lost")
    case .ended:
      throw ProtocolError(
        .restored, "the replica's change log has ended",
        hint: "it begins a new incarnation; a second copy is held when it asks for one")
    case .forked:
      throw try hold(id, because: .fork, nil, nil)
    case .stranger:
      throw ProtocolError(
        .fork, "the replica's change log is not the one that this hub has answered",
        hint: "the replica was copied from another site; choose with `kreissync hub site rejoin`")
    }
  }

  /// Keeps a site from syncing until a person has chosen, and says so.
  ///
  /// - Parameters:
  ///   - copy: the log that called although it had ended.
  ///   - machine: where it called from.
  func hold(
    _ id: SiteID, because reason: HoldReason, _ copy: IncarnationID?, _ machine: String?
  ) throws -> ProtocolError {
    let now = environment.now()
    try store.write { writer in
      guard var site = try writer.site(id), site.state == .joined else { return }
      site.state = .held
      site.heldBecause = reason
      try writer.put(site)
      guard var known = try writer.incarnations(of: id).first(where: { $0.id == copy }) else {
        return
      }
      known.lastContact = now
      known.machine = Self.machine(machine)
      try writer.put(known)
    }
    return Self.heldError(reason)
  }

  static func heldError(_ reason: HoldReason?) -> ProtocolError {
    switch reason {
    case .cloned, nil:
      ProtocolError(
        .cloned, "two copies of this site's replica have called; both are held",
        hint: "both files are kept; the county chooses with `kreissync hub site rejoin`")
    case .fork:
      ProtocolError(
        .fork, "a change of this site came again under its number with other content",
        hint: "nothing is lost; the county looks, and lets it go on with "
          + "`kreissync hub site rejoin`")
    }
  }

  /// What a site says of its machine, as far as the county keeps it.
  static func machine(_ text: String?) -> String {
    String(decoding: (text ?? "").utf8.prefix(ProtocolLimit.machineByteCountMax), as: UTF8.self)
  }

  // MARK: A new incarnation

  /// Gives a site's replica a new log that goes on from an older one, and tells which entries of
  /// that were answered before; durable when it returns, and repeatable.
  ///
  /// - Throws: ``ProtocolError`` `cloned` if the log that it replaces has ended already: another
  ///   copy has begun one. Both are held.
  func begin(_ request: IncarnationRequest, from id: SiteID) throws -> IncarnationResponse {
    let entries = request.entries.compactMap(\.id)
    let names = [request.incarnation, request.replaces, request.ancestor]
    guard request.protocolVersion == protocolVersion, entries.count == request.entries.count,
      entries.count <= IncarnationRequest.entryCountMax, request.batchNumber >= 0,
      names.allSatisfy({ (1...RowLimit.identifierByteCountMax).contains($0.utf8.count) }),
      request.incarnation != request.ancestor, request.incarnation != request.replaces
    else {
      throw ProtocolError(
        .badRequest, "incarnation or entries are malformed", hint: "see schemas/openapi.yaml")
    }
    let hasCopy = try store.write { try switchLog(request, of: id, in: $0) }
    if hasCopy {
      throw try hold(id, because: .cloned, IncarnationID(request.ancestor), request.machine)
    }
    return try store.read { reader in
      let known = try reader.answeredEntries(of: id, tags: entries.map(\.tag))
      return IncarnationResponse(
        answers: try answers(to: entries, known, in: reader),
        session: try served(id, in: reader).contact.sessionIssued)
    }
  }

  /// - Returns: true, and nothing was written, if another copy has taken the log's place.
  private func switchLog(
    _ request: IncarnationRequest, of id: SiteID, in writer: some HubWriter
  ) throws -> Bool {
    var site = try served(id, in: writer)
    let fresh = IncarnationID(request.incarnation)
    let present = IncarnationID(site.contact.incarnation)
    let known = try writer.incarnations(of: id)
    if present == fresh { return false }
    guard !known.contains(where: { $0.id == fresh }) else {
      throw ProtocolError(.fenced, "this incarnation has ended", hint: "begin a new session")
    }
    if !present.string.isEmpty {
      guard IncarnationID(request.replaces) == present else {
        let hasEnded = known.contains { $0.id.string == request.replaces && $0.endedAt != nil }
        guard hasEnded else {
          throw ProtocolError(
            .fork, "the hub does not know the replica's change log",
            hint: "choose with `kreissync hub site rejoin`")
        }
        return true
      }
      if let ended = try site.endedLog(at: environment.now(), in: writer) { try writer.put(ended) }
    }
    try start(fresh, request, of: id, in: writer)
    site.contact.incarnation = fresh.string
    site.contact.machine = Self.machine(request.machine)
    site.contact.restoredAt = environment.now()
    site.contact.lastContact = environment.now()
    try writer.put(site)
    return false
  }

  private func start(
    _ fresh: IncarnationID, _ request: IncarnationRequest, of id: SiteID, in writer: some HubWriter
  ) throws {
    let ancestor = IncarnationID(request.ancestor)
    let last = try writer.answeredBatch(
      BatchID(site: id, incarnation: ancestor, number: request.batchNumber))
    let answer: PushResponse? = try last.map { try WireJSON.decode($0.answer) }
    try writer.put(
      StoredIncarnation(
        site: id, id: fresh,
        ancestor: Ancestor(incarnation: ancestor, throughSeq: answer?.seq ?? 0),
        batchStart: request.batchNumber, beganAt: environment.now()))
  }

  private func answers(
    to entries: [EntryID], _ known: [StoredEntry], in reader: some HubReader
  ) throws -> [WireAnswer] {
    var byTag: [Int64: StoredEntry] = [:]
    for entry in known { byTag[entry.id.tag] = entry }
    var responses: [BatchID: PushResponse] = [:]
    return try entries.compactMap { entry in
      guard let stored = byTag[entry.tag] else { return nil }
      if responses[stored.batch] == nil, stored.verdict != .applied,
        let batch = try reader.answeredBatch(stored.batch)
      {
        responses[stored.batch] = try WireJSON.decode(batch.answer)
      }
      let told = responses[stored.batch]?.verdicts.first { $0.n == stored.id.n }
      var answer = told ?? WireAnswer(Answer(id: entry, verdict: stored.verdict))
      answer.n = entry.n
      return answer
    }
  }

  /// The logs from which an incarnation goes on, as far as the replica knows them.
  static func ancestors(
    of incarnation: IncarnationID, at site: SiteID, in reader: some HubReader
  ) throws -> [Ancestor] {
    let known = try reader.incarnations(of: site)
    var ancestors: [Ancestor] = []
    var next = known.first { $0.id == incarnation }?.ancestor
    while let ancestor = next, ancestors.count < known.count {
      ancestors.append(ancestor)
      next = known.first { $0.id == ancestor.incarnation }?.ancestor
    }
    return ancestors
  }
}

extension SiteRecord {
  /// The site's present log as one that ends now; nil where it has none.
  func endedLog(at now: Milliseconds, in reader: some HubReader) throws -> StoredIncarnation? {
    guard !contact.incarnation.isEmpty else { return nil }
    let present = IncarnationID(contact.incarnation)
    var record =
      try reader.incarnations(of: id).first { $0.id == present }
      ?? StoredIncarnation(site: id, id: present, beganAt: 0)
    record.endedAt = now
    record.machine = contact.machine
    record.lastContact = contact.lastContact
    return record
  }
}
