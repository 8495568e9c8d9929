import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// Decides one batch: reads what it touches, decides purely, writes effects and answer in the
  /// same transaction. A repeat of an answered batch gets the stored answer and changes nothing.
  ///
  /// What cannot be read, and a case that does not fit the county's tables, is refused alone:
  /// refused as a whole, its batch would come again for ever, with everything behind it.
  ///
  /// - Returns: the JSON of a ``PushResponse``; durable when this returns.
  func push(_ body: [UInt8], from id: SiteID) throws -> [UInt8] {
    let sent = try SentBatch(body, from: id)
    _ = try administration.takeDueEffects()
    let answer = try answer(to: sent)
    try settleReturned()
    return answer
  }

  private func answer(to sent: SentBatch) throws -> [UInt8] {
    do {
      return try answer(to: sent, refusing: [])
    } catch HubStoreError.entryKnown {
      throw try hold(sent.site, because: .fork, nil, nil)
    } catch HubStoreError.unfit {
      var search = UnfitSearch(rehearsalCountMax: Self.rehearsalCountMax)
      try search.run(distinct(sent.batch.changes.map(\.caseID))) { cases in
        try isFit(sent.restricted(to: cases.contains))
      }
      return try answer(to: sent, refusing: search.unfit)
    }
  }

  /// A defect of the hub concerns a case or two; more than these are looked for with the county's
  /// lock taken and given back each time.
  private static let rehearsalCountMax = 64

  private func answer(to sent: SentBatch, refusing unfit: Set<CaseID>) throws -> [UInt8] {
    let answer = try decidedAnswer(to: sent, refusing: unfit)
    let gates = rules?.gateTable(in: try store.read { $0.schema })?.number
    // What a consent that ended lets nobody hold any more stands in no ready file either.
    if sent.batch.changes.contains(where: { $0.row.table == gates }) { try snapshots?.removeOld() }
    return answer
  }

  private func decidedAnswer(
    to sent: SentBatch, refusing unfit: Set<CaseID>
  ) throws -> [UInt8] {
    try store.write { writer in
      let site = try fence(sent.session, of: served(sent.site, in: writer), in: writer)
      if let answered = try writer.answeredBatch(sent.id) {
        guard answered.hash == sent.hash else { throw Self.fork }
        return answered.answer
      }
      let batch = sent.batch
      let last = try writer.lastBatch(of: sent.site, incarnation: batch.incarnation)
      let start = try writer.incarnations(of: sent.site).first { $0.id == batch.incarnation }
      guard batch.number == (last?.id.number ?? start?.batchStart ?? 0) + 1,
        batch.previous == last?.hash ?? Hash256.zero,
        ByteText(site.contact.incarnation) == batch.incarnation.text,
        batch.history == (try writer.county.history)
      else { throw Self.fork }

      let decided = sent.restricted { !unfit.contains($0) }.batch
      let plan = try decide(decided, of: site, in: writer)
      let now = environment.now()
      try writer.writeGated(plan, by: rules, at: now, random: environment.random)
      try administration.orderPurges(after: plan.answers, to: decided, from: site.id, in: writer)
      let refused = batch.changes.filter { unfit.contains($0.caseID) }.map(\.id) + sent.unreadable
      let answers =
        plan.answers
        + refused.map { Answer(id: $0, verdict: .refused, rule: .valueNotAllowed) }
      let answer = try WireJSON.encode(
        PushResponse(
          batchNumber: batch.number, batchHash: sent.hash, seq: try writer.counter.seq,
          answers: answers))
      try writer.store(
        AnsweredBatch(id: sent.id, hash: sent.hash, answer: answer, receivedAt: now),
        verdicts: answers.map { ($0.id, $0.verdict) }
          + batch.coalesced.map { ($0, .applied) })
      return answer
    }
  }

  /// Whether a part of a batch can be written: it is, and taken back.
  private func isFit(_ part: SentBatch) throws -> Bool {
    do {
      return try store.write { writer -> Bool in
        let site = try served(part.site, in: writer)
        let plan = try decide(part.batch, of: site, in: writer)
        try writer.write(plan, at: environment.now(), random: environment.random)
        throw Rehearsed()
      }
    } catch is Rehearsed {
      return true
    } catch HubStoreError.unfit {
      return false
    }
  }

  private struct Rehearsed: Error {}

  private static let fork = ProtocolError(
    .fork, "this batch does not follow the last one that this hub has answered",
    hint: "the replica was restored or copied; choose with `kreissync hub site rejoin`")

  private func decide(_ batch: Batch, of site: SiteRecord, in writer: some HubWriter) throws -> Plan
  {
    var view = try writer.view(for: batch.changes, by: site.id, schema: writer.schema)
    let context = try Self.context(
      for: Author(
        site: site.id, incarnation: batch.incarnation,
        ancestors: try Self.ancestors(of: batch.incarnation, at: site.id, in: writer),
        clockSkew: Self.trusted(site.contact.clockSkew),
        isClockSteady: site.contact.isClockSteady),
      areas: site.areas, now: environment.now(), rules: rules, in: writer)
    if let rules {
      var linked = DomainRows(
        for: batch.changes, by: site.id, rules: rules, schema: writer.schema, view: view)
      try linked.load(from: writer)
      view = linked.view
    }
    return Decision.decide(
      batch.changes, view: view, context: context,
      digestKey: try writer.county.digester)
  }

  /// A skew as far as it is one: below two seconds the measurement is mostly the request's own way,
  /// and correcting by it would reverse edits that a right clock had in order.
  private static func trusted(_ measured: Milliseconds) -> Milliseconds {
    (-1_999...1_999).contains(measured) ? 0 : measured
  }

  /// How far a site's clock is ahead of the hub's, as its hello tells: untrusted, so bounded.
  ///
  /// Measured when a hello comes first. A repeat carries the same clock and comes later: it would
  /// make the site look slow by as much.
  static func skew(of clock: Milliseconds, at now: Milliseconds) -> Milliseconds {
    min(max(clock, now - skewMax), now + skewMax) - now
  }

  /// A century: a PC with an empty battery starts in 1970 or 1980, no real clock is further off.
  static let skewMax: Milliseconds = 100 * 366 * 86_400_000

  /// Everything but the rows that a decision depends on.
  ///
  /// - Parameters:
  ///   - rules: nil for what was decided before and comes back.
  ///   - roleInSharedArea: nil for what the rules say.
  static func context(
    for author: Author, areas: [String], now: Milliseconds, rules: (any DomainRules)? = nil,
    roleInSharedArea: Role? = nil, in reader: some HubReader
  ) throws -> DecisionContext {
    let sites = try reader.siteOutlines.filter { $0.state != .revoked }
    let county = sites.filter { $0.kind == .county }.map(\.id)
    var viewers: [SiteID: Role] = [:]
    for other in sites {
      if other.kind == .county {
        viewers[other.id] = .contributor
      } else if other.kind.seesItsArea && other.areas.contains(where: areas.contains) {
        viewers[other.id] = roleInSharedArea ?? rules?.roleInSharedArea ?? .contributor
      }
    }
    var context = DecisionContext(
      schema: reader.schema, author: author, headSeq: try reader.counter.seq, now: now,
      sites: Set(sites.map(\.id)), countySites: county,
      viewersOfNewCases: viewers, rules: rules)
    if try !reader.formerHistories.isEmpty {
      context.awaitsReturns =
        try reader.sites.contains { try $0.state != .revoked && $0.mayReturn(to: reader) }
        || !reader.awaiting.isEmpty
    }
    return context
  }
}
