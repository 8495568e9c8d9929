import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// Decides one batch: reads what it touches, decides purely, writes effects and answer in the
  /// same transaction. A repeat of an answered batch gets the stored answer and changes nothing.
  ///
  /// - Returns: the JSON of a ``PushResponse``; durable when this returns.
  func push(_ body: [UInt8], from id: SiteID) throws -> [UInt8] {
    let (session, bytes) = try PushBody.decode(body)
    let hash = Hash256(sha256Of: bytes)
    let batch = try Batch(
      decoding: bytes, changeCountMax: ProtocolLimit.batchChangeCountMax)
    return try store.write { writer in
      let site = try fence(session, of: served(id, in: writer), in: writer)
      let batchID = BatchID(site: id, incarnation: batch.incarnation, number: batch.number)
      if let answered = try writer.answeredBatch(batchID) {
        guard answered.hash == hash else { throw Self.fork }
        return answered.answer
      }
      let last = try writer.lastBatch(of: id, incarnation: batch.incarnation)
      guard batch.number == (last?.id.number ?? 0) + 1,
        batch.previous == last?.hash ?? Hash256.zero,
        ByteText(site.contact.incarnation) == batch.incarnation.text,
        batch.history == (try writer.county.history)
      else { throw Self.fork }

      let plan = try decide(batch, of: site, in: writer)
      let now = environment.now()
      try writer.write(plan, at: now, random: environment.random)
      let answer = try WireJSON.encode(
        PushResponse(
          batchNumber: batch.number, batchHash: hash, seq: try writer.counter.seq,
          answers: plan.answers))
      try writer.store(
        AnsweredBatch(id: batchID, hash: hash, answer: answer, receivedAt: now),
        verdicts: plan.answers.map { ($0.id, $0.verdict) }
          + batch.coalesced.map { ($0, .applied) })
      return answer
    }
  }

  private static let fork = ProtocolError(
    .fork, "this batch does not follow the last one that this hub has answered",
    hint: "the replica was restored or copied; choose with `kreissync hub site rejoin`")

  private func decide(_ batch: Batch, of site: SiteRecord, in writer: some HubWriter) throws -> Plan
  {
    var view = try writer.view(for: batch.changes, by: site.id, schema: schema)
    let context = try Self.context(
      for: Author(
        site: site.id, incarnation: batch.incarnation, ancestors: [],
        clockSkew: Self.trusted(site.contact.clockSkew)),
      areas: site.areas, schema: schema, now: environment.now(), rules: rules, in: writer)
    if let rules {
      var linked = DomainRows(
        for: batch.changes, by: site.id, rules: rules, schema: schema, view: view)
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
  static func context(
    for author: Author, areas: [String], schema: Schema, now: Milliseconds,
    rules: (any DomainRules)? = nil, in reader: some HubReader
  ) throws -> DecisionContext {
    let sites = try reader.sites.filter { $0.state != .revoked }
    let county = sites.filter { $0.kind == .county }.map(\.id)
    let viewers = sites.filter { other in
      other.kind == .county
        || other.kind.seesItsArea && other.areas.contains(where: areas.contains)
    }
    return DecisionContext(
      schema: schema, author: author, headSeq: try reader.counter.seq, now: now,
      sites: Set(sites.map(\.id)), countySites: county,
      viewersOfNewCases: viewers.map(\.id).sorted(), rules: rules)
  }
}
