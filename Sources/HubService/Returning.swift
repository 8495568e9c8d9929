import HubStorage
import SyncCore
import SyncProtocol

/// Takes back what a restored hub has forgotten: batches with the answers that it gave.
extension CountyService {
  /// Puts a forgotten batch back, with its old verdicts; durable when it returns, and repeatable.
  ///
  /// What rests on rows or cases that others have still to return waits for them.
  func takeBack(_ body: [UInt8], from id: SiteID) throws -> ReturnResponse {
    let (session, answer, hash, bytes) = try ReturnBody.decode(body)
    let old: PushResponse = try WireJSON.decode(answer)
    let sent = try SentBatch(
      PushBody.encode(session: session, batch: bytes), from: id, originalHash: hash)
    guard old.batchNumber == sent.batch.number, old.batchHash == sent.hash.text,
      (0...Self.seqMax).contains(old.seq)
    else {
      throw ProtocolError(
        .badRequest, "the answer is not that of the batch", hint: "see schemas/README.md")
    }
    try store.write { writer in
      let site = try fence(session, of: served(id, in: writer), in: writer)
      if let answered = try writer.answeredBatch(sent.id) {
        guard answered.hash == sent.hash else {
          throw ProtocolError(
            .badRequest, "the hub knows another batch under this number",
            hint: "return only what the hub has forgotten")
        }
        return
      }
      try requireNext(sent, in: writer)
      let erased = try writer.erased(among: distinct(sent.batch.changes.map(\.caseID)))
      let outcome = ReturnedOutcome(sent, old)
      let isPlain = try erased.isEmpty && isOpen(sent.batch.changes, by: site.id, in: writer)
      try store(
        outcome, of: sent,
        answer: isPlain ? answer : PushResponse.strippingValues(of: answer), in: writer)
      for caseID in erased.sorted() {
        try administration.orderPurge(of: caseID, at: id, in: writer)
      }
      try apply(
        sent.batch.with(outcome.changes), of: site,
        formerSeq: try order(of: old.seq, in: sent.batch.history, writer), in: writer)
      try recordLosses(
        outcome.losses.filter { !erased.contains($0.change.caseID) }, by: site, in: writer)
      try settleAwaiting(in: writer)
    }
    return ReturnResponse(batchNumber: sent.batch.number)
  }

  /// No county's log has a trillion entries.
  private static let seqMax: Int64 = (1 << 40) - 1

  /// Batches of one log come back in their order, and each follows the one before. Of a log of
  /// which this hub has none the first may have any number and any batch before it: a restored
  /// replica counts on in a new log, and what was secured in a backup that is lost as well may be
  /// pruned.
  private func requireNext(_ sent: SentBatch, in writer: some HubWriter) throws {
    let batch = sent.batch
    guard let last = try writer.lastBatch(of: sent.site, incarnation: batch.incarnation) else {
      return
    }
    guard batch.number == last.id.number + 1, batch.previous == last.hash else {
      throw ProtocolError(
        .badRequest, "the batch does not follow the last one that this hub knows",
        hint: "return batches in their order")
    }
  }

  private func store(
    _ outcome: ReturnedOutcome, of sent: SentBatch, answer: [UInt8], in writer: some HubWriter
  ) throws {
    try writer.store(
      AnsweredBatch(
        id: sent.id, hash: sent.hash, answer: answer, receivedAt: environment.now()),
      verdicts: outcome.verdicts)
  }

  /// Applies what rests on nothing that is missing, and keeps the rest.
  private func apply(
    _ batch: Batch, of site: SiteRecord, formerSeq: Int64, in writer: some HubWriter
  ) throws {
    let changes = batch.changes
    let id = BatchID(site: site.id, incarnation: batch.incarnation, number: batch.number)
    let (view, gates) = try gatedView(for: changes, by: site.id, in: writer)
    let work = ReturnedWork(changes, view: view, schema: writer.schema, gates: gates)
    if !work.ready.isEmpty {
      let plan = Decision.decide(
        work.ready, view: view,
        context: try context(of: batch, from: site, formerSeq: formerSeq, in: writer),
        digestKey: try writer.county.digester)
      try writer.writeGated(
        plan, by: rules, at: environment.now(), random: environment.random)
    }
    guard !work.waiting.isEmpty else { return try writer.removeAwaiting(id) }
    try writer.put(
      AwaitingBatch(id: id, formerSeq: formerSeq, bytes: batch.with(work.waiting).encoded()))
  }

  /// Whether the hub may hold every value that the old answer to these changes can tell.
  private func isOpen(
    _ changes: [Change], by site: SiteID, in reader: some HubReader
  ) throws -> Bool {
    var (_, gates) = try gatedView(for: changes, by: site, in: reader)
    for change in changes {
      let gated = reader.schema.table(number: change.row.table)?.gatedColumns ?? .empty
      for number in gated.numbers
      where !gates.admits(change, column: number, in: reader.schema) { return false }
    }
    return true
  }

  /// What changes touch, with the consents that say what of them the hub may hold.
  private func gatedView(
    for changes: [Change], by site: SiteID, in reader: some HubReader
  ) throws -> (HubView, ReturnedGates) {
    let schema = reader.schema
    var view = try reader.view(for: changes, by: site, schema: schema)
    if let rules {
      var linked = DomainRows(for: changes, by: site, rules: rules, schema: schema, view: view)
      try linked.load(from: reader)
      view = linked.view
    }
    return (view, ReturnedGates(rules, view: view, schema: schema, author: site))
  }

  private func context(
    of batch: Batch, from site: SiteRecord, formerSeq: Int64, in reader: some HubReader
  ) throws -> DecisionContext {
    let shared = try sharedPosition(of: batch.history, in: reader)
    var context = try Self.context(
      for: Author(site: site.id, incarnation: batch.incarnation, ancestors: [], clockSkew: 0),
      areas: site.areas, now: environment.now(), roleInSharedArea: rules?.roleInSharedArea,
      in: reader)
    context.returned = ReturnedBatch(formerSeq: formerSeq, sharedSeq: shared.seq)
    return context
  }

  /// What a site wrote and was never told of it writes anew, and what others returned may wait for
  /// that; or for what nobody brings any more.
  func settleReturned() throws {
    guard try store.read({ try !$0.awaiting.isEmpty }) else { return }
    try store.write { try settleAwaiting(in: $0) }
  }

  /// What came back may be what others wait for: each round brings at least one further, or ends.
  private func settleAwaiting(in writer: some HubWriter) throws {
    while true {
      let before = try writer.awaiting
      for waiting in before {
        try apply(
          waiting.batch, of: author(of: waiting, in: writer), formerSeq: waiting.formerSeq,
          in: writer)
      }
      let after = try writer.awaiting
      if after.isEmpty { return }
      if after == before { break }
    }
    guard try !writer.sites.contains(where: { try $0.mayReturn(to: writer) }) else { return }
    for waiting in try writer.awaiting { try giveUp(waiting, in: writer) }
  }

  /// Nobody brings any more what these changes rest on: ``ReturnedWork`` says what becomes of them.
  private func giveUp(_ waiting: AwaitingBatch, in writer: some HubWriter) throws {
    let batch = try waiting.batch
    let site = try author(of: waiting, in: writer)
    let (view, gates) = try gatedView(for: batch.changes, by: site.id, in: writer)
    let work = ReturnedWork(batch.changes, view: view, schema: writer.schema, gates: gates)
    let plan = Decision.giveUp(
      work.early, view: view,
      context: try context(of: batch, from: site, formerSeq: waiting.formerSeq, in: writer),
      digestKey: try writer.county.digester)
    try writer.write(plan, at: environment.now(), random: environment.random)
    try writer.removeAwaiting(waiting.id)
  }

  private func author(of waiting: AwaitingBatch, in reader: some HubReader) throws -> SiteRecord {
    guard let site = try reader.site(waiting.id.site) else {
      throw HubStoreError.unusable("work waits of a site that is not there")
    }
    return site
  }

  // MARK: What had not won

  /// Ledger and proposals as the forgotten decision left them, but for values behind gates that are
  /// closed.
  private func recordLosses(
    _ losses: [ReturnedOutcome.Loss], by site: SiteRecord, in writer: some HubWriter
  ) throws {
    guard !losses.isEmpty else { return }
    let cases = try writer.cases(distinct(losses.map(\.change.caseID)))
    let roles = try writer.roles(of: site.id, in: distinct(losses.map(\.change.caseID)))
    let head = try writer.counter.seq
    var (_, gates) = try gatedView(for: losses.map(\.change), by: site.id, in: writer)
    var plan = Plan()
    for loss in losses {
      let change = loss.change
      guard gates.admits(change, column: loss.column, in: writer.schema) else { continue }
      let column = loss.column.flatMap {
        writer.schema.table(number: change.row.table)?.column(number: $0)
      }
      // Who kept it is not known any more: the hub says so.
      let kept = Contender(value: loss.kept, site: .hub, editedAt: 0)
      let lost = Contender(
        value: loss.value, site: site.id,
        editedAt: min(
          loss.column.map(change.editedAt(ofColumn:)) ?? change.editedAt, environment.now()))
      let epoch = cases[change.caseID]?.epoch ?? 0
      let base = loss.column.map(change.base(ofColumn:)) ?? change.oldestBase
      if loss.verdict == .proposal {
        plan.proposals.append(
          Proposal(
            caseID: change.caseID, row: change.row, column: loss.column, base: base, seq: head,
            policy: column?.policy, rule: loss.rule, epoch: epoch, kept: kept, proposed: lost))
      } else if let number = loss.column {
        plan.ledger.append(
          LedgerEntry(
            caseID: change.caseID, row: change.row, column: number, base: base, seq: head,
            policy: column?.policy, rule: loss.rule, epoch: epoch,
            role: roles[change.caseID] ?? .contributor, kept: kept, lost: lost))
      }
    }
    try writer.write(plan, at: environment.now(), random: environment.random)
  }
}

extension AwaitingBatch {
  fileprivate var batch: Batch {
    get throws { try Batch(decoding: bytes, changeCountMax: .max) }
  }
}

/// A forgotten batch, taken apart by its old answer.
private struct ReturnedOutcome {
  /// A value that had not been applied.
  struct Loss {
    let change: Change
    /// nil for a deletion that was proposed.
    let column: Int?
    let value: Value
    let kept: Value
    let verdict: Verdict
    let rule: Rule
  }

  /// What had been applied, with the values that came of it.
  private(set) var changes: [Change] = []
  private(set) var losses: [Loss] = []
  private(set) var verdicts: [(EntryID, Verdict)] = []

  init(_ sent: SentBatch, _ answer: PushResponse) {
    var exceptions: [Int64: WireAnswer] = [:]
    for told in answer.verdicts { exceptions[told.n] = told }
    for change in sent.batch.changes {
      let exception = exceptions[change.id.n]
      verdicts.append((change.id, exception?.verdict ?? .applied))
      guard let exception else {
        changes.append(change)
        continue
      }
      take(change, exception)
    }
    verdicts += sent.unreadable.map { ($0, .refused) }
    verdicts += sent.batch.coalesced.map { ($0, .applied) }
  }

  private mutating func take(_ change: Change, _ exception: WireAnswer) {
    let rule = exception.rule ?? .rowDeleted
    guard !exception.columns.isEmpty else {
      guard exception.verdict == .proposal else { return }
      if change.kind == .delete {
        losses.append(
          Loss(
            change: change, column: nil, value: .null, kept: .null, verdict: .proposal, rule: rule))
      }
      for (number, value) in zip(change.cells.mask.numbers, change.cells.values) {
        losses.append(
          Loss(
            change: change, column: number, value: value, kept: .null, verdict: .proposal,
            rule: rule))
      }
      return
    }
    var mask = change.cells.mask
    var merged: [Int: Value] = [:]
    for outcome in exception.columns {
      if outcome.verdict == .merged {
        merged[outcome.column] = outcome.kept.value
        continue
      }
      mask.remove(outcome.column)
      losses.append(
        Loss(
          change: change, column: outcome.column, value: change.cells[outcome.column] ?? .null,
          kept: outcome.kept.value, verdict: outcome.verdict, rule: outcome.rule))
    }
    guard !mask.isEmpty || change.kind == .insert else { return }
    let values = mask.numbers.map { merged[$0] ?? change.cells[$0] ?? .null }
    changes.append(
      Change(
        id: change.id, kind: change.kind, row: change.row, caseID: change.caseID,
        cells: Cells(mask: mask, values: values), base: change.base,
        columnBases: change.columnBases, editedAt: change.editedAt,
        columnTimes: change.columnTimes))
  }
}
