import SyncCore

/// Proposals and ledger entries of the county of ``CountySample``, and the hub's plan for what a
/// person decides of them.
struct SettlementSample {
  var hub = HubSample()
  let key: RowKey
  var former: [Value]?

  init(_ table: Table = CountySample.person, _ id: String = "p") {
    key = table.key(id)
  }

  private var table: Table { CountySample.schema.table(number: key.table)! }

  func moment(by decider: SiteID = .hub) -> SettlementMoment {
    SettlementMoment(
      decider: decider, headSeq: CountySample.headSeq, now: CountySample.now, epoch: 3)
  }

  var row: SettledRow {
    SettledRow(
      table: table, key: key, caseID: CountySample.caseA, stored: hub.view.rows[key],
      former: former)
  }

  /// - Parameter column: nil proposes to delete the row.
  func proposal(
    _ id: String, _ column: String?, _ value: Value = .null, kept: Value = .null, seq: Int64 = 60,
    by site: SiteID = CountySample.contributor, rule: Rule = .leadDecides
  ) -> FiledProposal {
    FiledProposal(
      id: id,
      proposal: Proposal(
        caseID: CountySample.caseA, row: key, column: column.map(table.number), base: 50, seq: seq,
        policy: column.map { table.column(named: $0)!.policy }, rule: rule, epoch: 3,
        kept: Contender(value: kept, site: CountySample.lead, editedAt: 1),
        proposed: Contender(value: value, site: site, editedAt: 2)))
  }

  func lost(
    _ column: String, _ value: Value, by site: SiteID = CountySample.contributor,
    rule: Rule = .leadWins
  ) -> LedgerEntry {
    LedgerEntry(
      caseID: CountySample.caseA, row: key, column: table.number(column), base: 50, seq: 60,
      policy: table.column(named: column)!.policy, rule: rule, epoch: 3, role: .lead,
      kept: Contender(value: .null, site: CountySample.lead, editedAt: 1),
      lost: Contender(value: value, site: site, editedAt: 2))
  }

  func accept(
    _ chosen: FiledProposal, among others: [FiledProposal] = [], by decider: SiteID = .hub
  ) throws -> Plan {
    let decision = try ProposalDecision.accepting(
      chosen, among: [chosen] + others, about: row, at: moment(by: decider))
    return plan(decision.change, decision.writer, by: decider, decision.complete)
  }

  func reject(
    _ chosen: FiledProposal, among others: [FiledProposal] = [], by decider: SiteID = .hub
  ) -> Plan {
    let decision = ProposalDecision.rejecting(
      chosen, among: [chosen] + others, about: row, at: moment(by: decider))
    return plan(decision.change, decision.writer, by: decider, decision.complete)
  }

  func restore(
    _ entry: LedgerEntry, recordedWith others: [LedgerEntry] = [], revives: Bool = false
  ) throws -> Plan {
    let restoration = try Restoration.of(
      entry, recordedWith: [entry] + others, about: row, revives: revives, at: moment())
    return plan(restoration.change, restoration.writer, by: .hub, restoration.complete)
  }

  /// As the hub does it: its own edit, decided, and what belongs to it.
  private func plan(
    _ change: Change?, _ writer: SiteID, by decider: SiteID, _ complete: (inout Plan) -> Void
  ) -> Plan {
    var context = CountySample.context(.hub)
    context.settlement = Settlement(writer: writer, isByCounty: decider == .hub)
    var plan = hub.decide([change].compactMap(\.self), by: .hub, as: nil, in: context)
    complete(&plan)
    return plan
  }
}

extension Plan {
  /// The fate of each decided proposal by its id.
  var fates: [String: ProposalState] {
    Dictionary(uniqueKeysWithValues: decidedProposals.map { ($0.id, $0.state) })
  }

  var verdicts: [Verdict] { answers.map(\.verdict) }

  /// The numbers of the log are dense from the head.
  var isDense: Bool {
    log.map(\.seq) == log.indices.map { CountySample.headSeq + 1 + Int64($0) }
  }
}
