package import HubStorage
package import SyncCore
package import SyncProtocol

/// Answers the requests of one county's sites: bytes in, bytes out.
///
/// Knows nothing of HTTP, TLS or threads: the shell authenticates and brings the caller. Blocking;
/// safe to call from several threads, because the store orders its writes.
package struct CountyService: Sendable {
  let store: any HubStore
  let environment: HubEnvironment
  let rules: (any DomainRules)?
  let snapshots: SnapshotShelf?
  let unwritten = UnwrittenContacts()
  let scopeDigests = ScopeDigests()
  let historyGuard = HistoryGuard()

  /// - Parameters:
  ///   - rules: what the domain refuses; without them nothing is refused but by the core.
  ///   - snapshots: for first loads; without it they all come by pages.
  package init(
    store: any HubStore, environment: HubEnvironment, rules: (any DomainRules)? = nil,
    snapshots: SnapshotShelf? = nil
  ) {
    self.store = store
    self.environment = environment
    self.rules = rules
    self.snapshots = snapshots
  }

  /// Never throws: what goes wrong is an answer with a ``ProtocolError``, and nothing is half done.
  package func answer(_ request: ProtocolRequest, from site: SiteID) -> ProtocolResponse {
    do {
      switch (request.path, request.contentType) {
      case (ProtocolPath.hello, .json):
        return try json(hello(try WireJSON.decode(request.body), from: site))
      case (ProtocolPath.push, .rows):
        return ProtocolResponse(
          status: 200, contentType: .json, body: try push(request.body, from: site))
      case (ProtocolPath.pull, .json):
        let page = try pull(try WireJSON.decode(request.body), from: site)
        return ProtocolResponse(status: 200, contentType: .rows, body: try page.encoded())
      case (ProtocolPath.incarnation, .json):
        return try json(begin(try WireJSON.decode(request.body), from: site))
      case (ProtocolPath.history, .json):
        return try json(stand(try WireJSON.decode(request.body), from: site))
      case (ProtocolPath.returned, .rows):
        return try json(takeBack(request.body, from: site))
      case (ProtocolPath.schema, .json):
        return try json(offer(try WireJSON.decode(request.body), to: site))
      case (ProtocolPath.compare, .json):
        return try json(compare(try WireJSON.decode(request.body), from: site))
      case (ProtocolPath.handover, .json):
        return try json(handover(try WireJSON.decode(request.body), from: site))
      case (ProtocolPath.proposals, .json):
        return try json(proposals(try WireJSON.decode(request.body), for: site))
      case (ProtocolPath.decide, .json):
        return try json(decide(try WireJSON.decode(request.body), from: site))
      case (ProtocolPath.bye, .json):
        return try json(bye(try WireJSON.decode(request.body), from: site))
      case (ProtocolPath.snapshot, .json):
        return try json(snapshot(try WireJSON.decode(request.body), for: site))
      case (ProtocolPath.snapshotPart, .json):
        let part = try part(try WireJSON.decode(request.body), for: site)
        return ProtocolResponse(status: 200, contentType: .snapshot, body: part)
      default:
        throw ProtocolError(
          .notFound, "there is nothing at this address for this content type",
          hint: "see schemas/openapi.yaml")
      }
    } catch {
      return Self.response(to: error)
    }
  }

  private func json(_ message: some Encodable) throws -> ProtocolResponse {
    ProtocolResponse(status: 200, contentType: .json, body: try WireJSON.encode(message))
  }

  /// The answer to a failed request: generic for everything that the site cannot act on.
  package static func response(to error: any Error) -> ProtocolResponse {
    let reason: ProtocolError
    var retryAfter: Int?
    switch error {
    case let error as ProtocolError:
      reason = error
      if error.code == .paused { retryAfter = Self.pausedRetrySeconds }
    case HubStoreError.full:
      reason = ProtocolError(
        .hubStorageFull, "the hub has no room on its disk", hint: "the county has to make room")
      retryAfter = 300
    case HubStoreError.busy:
      reason = ProtocolError(.busy, "the hub is busy", hint: "try again")
      retryAfter = 5
    case HubStoreError.entryKnown:
      reason = ProtocolError(
        .fork, "a change with this number was answered before with other content",
        hint: "choose with `kreissync hub site rejoin`")
    case let error as DecodeError:
      reason = ProtocolError(
        .badRequest, "the body cannot be decoded at byte \(error.offset): \(error.cause.rawValue)",
        hint: "see schemas/README.md")
    default:
      reason = ProtocolError(.internalError, "the hub failed", hint: "see the hub's log")
    }
    return ProtocolResponse(
      status: reason.status, contentType: .json, body: WireJSON.encode(refusal: reason),
      retryAfterSeconds: retryAfter)
  }

  /// A paused site asks again as a site does that meets a failing hub for long: soon after it is
  /// resumed it goes on.
  private static let pausedRetrySeconds = 900

  /// The caller's record; refuses those who may not talk now.
  func served(_ id: SiteID, in reader: some HubReader) throws -> SiteRecord {
    guard var site = try reader.site(id) else { throw Self.refusal }
    site.contact = unwritten.present(of: site)
    switch site.state {
    case .joined:
      return site
    case .paused:
      throw ProtocolError(
        .paused, "the county has paused this site", hint: "wait, or ask the county")
    case .held:
      throw Self.heldError(site.heldBecause)
    case .waiting, .revoked:
      throw Self.refusal
    }
  }

  /// The same for everybody who is not served, whatever the reason.
  package static let refusal = ProtocolError(
    .refused, "the hub does not serve this certificate", hint: "ask the county")

  /// Refuses a session that a newer one has fenced off, and marks this one as used.
  func fence(_ session: Int64, of site: SiteRecord, in writer: some HubWriter) throws -> SiteRecord
  {
    let used = try Self.fenced(session, of: site)
    if used != site { try writer.put(used) }
    return used
  }

  /// As ``fence(_:of:in:)`` for a request that only reads.
  func fence(_ session: Int64, of id: SiteID) throws {
    try changeContact(of: id) { site, _ in site = try Self.fenced(session, of: site) }
  }

  /// The record after this use of a session.
  static func fenced(_ session: Int64, of site: SiteRecord) throws -> SiteRecord {
    let contact = site.contact
    guard session >= contact.sessionUsed, session <= contact.sessionIssued, session > 0 else {
      throw ProtocolError(
        .fenced, "session \(session) is over: session \(contact.sessionUsed) has begun",
        hint: "begin a new session")
    }
    var used = site
    used.contact.sessionUsed = session
    return used
  }
}
