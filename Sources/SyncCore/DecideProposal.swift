/// Where a proposal stands.
package enum ProposalState: String, Sendable, CaseIterable, Codable {
  /// It waits for the lead of its case, or the county.
  case open
  /// Its value was written.
  case accepted
  /// Its value went to the ledger.
  case rejected
}

/// A proposal with the id under which the hub keeps it.
package struct FiledProposal: Hashable, Sendable {
  package let id: String
  package let proposal: Proposal

  package init(id: String, proposal: Proposal) {
    self.id = id
    self.proposal = proposal
  }
}

/// A proposal that is decided, as the hub keeps it.
package struct DecidedProposal: Hashable, Sendable {
  package let id: String
  package let state: ProposalState
  /// The site that led the case, or the hub for its administrators.
  package let decider: SiteID
  package let decidedAt: Milliseconds
  /// The log's entry that tells of it.
  package let seq: Int64

  package init(
    id: String, state: ProposalState, decider: SiteID, decidedAt: Milliseconds, seq: Int64
  ) {
    self.id = id
    self.state = state
    self.decider = decider
    self.decidedAt = decidedAt
    self.seq = seq
  }
}

/// A person's decision on a proposal: a pure function from what the hub holds to what it will
/// write.
///
/// What was proposed by one change is decided together, as far as it belongs together:
///
/// | proposed         | the row now    | accepted                          | rejected           |
/// |------------------|----------------|-----------------------------------|--------------------|
/// | its deletion     | is there       | deleted; its values, and those proposed by the same change, go to the ledger | nothing is written; those values may still be accepted |
/// | its deletion     | is gone        | nothing is written                | nothing is written |
/// | `case_erasure`   | –              | not here: ``SettlementObstacle/caseErasure`` | nothing is written |
/// | a value          | is there       | it and its column's group are written; what stood goes to the ledger | they go to the ledger |
/// | a value          | is gone, or never was | the row comes, or comes back as it was, with all values of the change | they all go to the ledger |
/// | anything         | lives elsewhere | ``SettlementObstacle/rowElsewhere`` | as where it is gone |
///
/// An accepted edit is judged by the hard rules when it is accepted. Whether the cell has changed
/// since it was proposed does not matter: whoever decides sees what stands.
package struct ProposalDecision: Sendable {
  /// What becomes of one proposal.
  package struct Fate: Sendable {
    package let filed: FiledProposal
    package let state: ProposalState
  }

  /// The proposals that are decided, in order of their ids, and how.
  package let decided: [Fate]
  /// The hub's edit; nil where nothing is to be written.
  package let change: Change?
  /// Whose the row is that it may bring.
  package let writer: SiteID
  private let row: SettledRow
  private let moment: SettlementMoment

  /// - Parameters:
  ///   - chosen: an open proposal about this row.
  ///   - open: all open proposals about this row.
  package static func accepting(
    _ chosen: FiledProposal, among open: [FiledProposal], about row: SettledRow,
    at moment: SettlementMoment
  ) throws(SettlementObstacle) -> ProposalDecision {
    let proposal = chosen.proposal
    guard proposal.rule != .caseErasure else { throw .caseErasure }
    guard !row.isElsewhere else { throw .rowElsewhere }
    let together = together(with: chosen, among: open, about: row)
    var decided: [Fate] = []
    var values: [Int: Value] = [:]
    for filed in together {
      let isWritten =
        proposal.column == nil
        ? filed.proposal.column == nil
        : values.updateValue(filed.proposal.proposed.value, forKey: filed.proposal.column!) == nil
      decided.append(Fate(filed: filed, state: isWritten ? .accepted : .rejected))
    }
    let change: Change? =
      if proposal.column != nil {
        try row.edit(putting: values, at: moment)
      } else {
        row.living.map { _ in row.change(.delete, .empty, at: moment) }
      }
    return ProposalDecision(
      decided: decided, change: change, writer: row.writer(else: proposal.proposed.site),
      row: row, moment: moment)
  }

  /// As ``accepting(_:among:about:at:)``; nothing stands in the way of a rejection.
  package static func rejecting(
    _ chosen: FiledProposal, among open: [FiledProposal], about row: SettledRow,
    at moment: SettlementMoment
  ) -> ProposalDecision {
    let together =
      chosen.proposal.column == nil
      ? [chosen] : together(with: chosen, among: open, about: row)
    return ProposalDecision(
      decided: together.map { Fate(filed: $0, state: .rejected) }, change: nil,
      writer: row.writer(else: chosen.proposal.proposed.site), row: row, moment: moment)
  }

  /// What the same change proposed and what cannot be decided apart from it; the chosen one first.
  private static func together(
    with chosen: FiledProposal, among open: [FiledProposal], about row: SettledRow
  ) -> [FiledProposal] {
    let own = chosen.proposal
    let group = own.column.map { row.table.widenedToGroups(ColumnMask([$0])) }
    let others = open.filter { other in
      guard other.id != chosen.id, other.proposal.isOfSameChange(as: own) else { return false }
      guard let group else { return true }
      guard let column = other.proposal.column else { return false }
      return row.living == nil || group.contains(column)
    }
    return [chosen] + others.sorted { ByteText($0.id) < ByteText($1.id) }
  }

  /// Adds what the decision writes beside its edit: what was replaced or rejected to the ledger, an
  /// entry of the log for each proposal, and their new states.
  ///
  /// - Parameter plan: that of the edit, as decided; empty where there is none.
  package func complete(_ plan: inout Plan) {
    let written = plan.seq(ofEditOf: row.key)
    for member in decided {
      let entries =
        member.state == .accepted
        ? replaced(by: member.filed.proposal, seq: written)
        : [loss(of: member.filed.proposal, seq: written)].compactMap(\.self)
      plan.ledger += entries
    }
    for member in decided {
      let seq = (plan.log.last?.seq ?? moment.headSeq) + 1
      plan.log.append(
        LogEntry(
          seq: seq, content: .decision(row.caseID, proposal: member.filed.id, member.state),
          site: moment.decider, incarnation: IncarnationID(""), origin: EntryID(n: 0, tag: 0),
          base: 0, editedAt: moment.now, recordedAt: moment.now))
      plan.decidedProposals.append(
        DecidedProposal(
          id: member.filed.id, state: member.state, decider: moment.decider,
          decidedAt: moment.now, seq: seq))
    }
  }

  /// The values that an accepted proposal takes away: of one column, or of the whole row.
  private func replaced(by proposal: Proposal, seq: Int64?) -> [LedgerEntry] {
    guard row.living != nil, let seq else { return [] }
    let numbers = proposal.column.map { [$0] } ?? row.table.travellingColumns.numbers
    return numbers.compactMap { number in
      let standing = row.standing(inColumn: number)
      guard !standing.value.isNull, standing.value != proposal.proposed.value else { return nil }
      return entry(
        proposal, column: number, seq: seq, rule: .proposalAccepted, kept: proposal.proposed,
        lost: standing)
    }
  }

  /// A proposed value that does not come to stand.
  private func loss(of proposal: Proposal, seq: Int64?) -> LedgerEntry? {
    guard let column = proposal.column else { return nil }
    guard let chosen = decided.first, chosen.state == .accepted else {
      return entry(
        proposal, column: column, seq: row.standingSeq(inColumn: column), rule: .proposalRejected,
        kept: row.standing(inColumn: column), lost: proposal.proposed)
    }
    let accepted = chosen.filed.proposal.proposed
    return entry(
      proposal, column: column, seq: seq ?? moment.headSeq, rule: .proposalAccepted,
      kept: accepted, lost: proposal.proposed)
  }

  private func entry(
    _ proposal: Proposal, column: Int, seq: Int64, rule: Rule, kept: Contender, lost: Contender
  ) -> LedgerEntry {
    LedgerEntry(
      caseID: proposal.caseID, row: proposal.row, column: column, base: proposal.base, seq: seq,
      policy: row.table.column(number: column)?.policy, rule: rule, epoch: moment.epoch,
      role: .lead, kept: kept, lost: lost)
  }
}

extension Proposal {
  /// Both came of one change of one site.
  func isOfSameChange(as other: Proposal) -> Bool {
    row == other.row && caseID == other.caseID && seq == other.seq
      && proposed.site == other.proposed.site
  }
}
