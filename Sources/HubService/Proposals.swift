package import HubStorage
package import SyncCore
import SyncProtocol

/// What waits for the lead of a case, and what became of it.
extension CountyService {
  /// The open proposals in the cases that the site leads; of others there are none for it.
  func proposals(_ request: ProposalsRequest, for id: SiteID) throws -> ProposalsResponse {
    let site = try store.read { try served(id, in: $0) }
    if site.contact.sessionUsed != request.session { try fence(request.session, of: id) }
    return try store.read { reader in
      let after = request.after.map { ByteText($0) }
      // Ids begin with the time, so that their order is that of the list.
      let open = try reader.proposals(waitingFor: id).filter { stored in
        after.map { $0 < ByteText(stored.id) } ?? true
      }
      let rows = try reader.rows(distinct(open.map(\.proposal.row)))
      var answer = ProposalsResponse(proposals: [], hasMore: false)
      var byteCount = 0
      for stored in open {
        guard byteCount < ProposalsRequest.textByteCountTarget,
          answer.proposals.count < ProposalsRequest.itemCountMax
        else {
          answer.hasMore = true
          break
        }
        let stands = stored.proposal.standing(among: rows, in: reader.schema)
        answer.proposals.append(
          WireProposal(
            id: stored.id, recordedAt: stored.recordedAt, stored.proposal, stands: stands))
        byteCount += [stored.proposal.kept, stored.proposal.proposed, stands].reduce(0) {
          $0 + ($1?.value.text?.utf8.count ?? 0)
        }
      }
      return answer
    }
  }

  /// The site decides a proposal in a case that it leads.
  func decide(_ request: DecideRequest, from id: SiteID) throws -> DecideResponse {
    guard request.state != .open else {
      throw ProtocolError(
        .badRequest, "a proposal is accepted or rejected", hint: "see schemas/openapi.yaml")
    }
    let desk = CountyAdministration(store: store, environment: environment, rules: rules)
    // What is not the site's to decide is looked at by the transaction, and answered alike.
    var past = DeletedRow()
    let waiting = try store.read { reader in
      _ = try served(id, in: reader)
      return try reader.proposals(waitingFor: id).first { $0.id == request.id }
    }
    if let proposal = waiting?.proposal {
      try past.look(at: proposal.row, in: proposal.caseID, of: store)
    }
    do {
      return try store.write { writer in
        _ = try fence(request.session, of: served(id, in: writer), in: writer)
        let decided = try desk.decide(request.id, request.state, by: id, past: &past, in: writer)
        return DecideResponse(decided[0].decision!)
      }
    } catch let error as AdministrationError {
      return try Self.answer(to: error, request, from: id)
    }
  }

  /// A repeat of the site's own decision gets its answer again; everything else is refused.
  private static func answer(
    to error: AdministrationError, _ request: DecideRequest, from id: SiteID
  ) throws -> DecideResponse {
    switch error {
    case .unknownProposal:
      throw ProtocolError(
        .proposalUnknown, "this site leads no case with such a proposal",
        hint: "`kreissync site proposals list` names those that wait")
    case .proposalDecided(let stored):
      if let decision = stored.decision, decision.decider == id, decision.state == request.state {
        return DecideResponse(decision)
      }
      throw ProtocolError(
        .proposalDecided, "the proposal was \(stored.state.rawValue) before",
        hint: "what stands can be changed like any other value")
    case .rowRefused(let table, let row, let rule, _):
      throw ProtocolError(
        .proposalRefused, "row \(row) of \(table) is refused by the rule \(rule.rawValue)",
        hint: "change what the rule asks for first, or reject the proposal; it stays open")
    case .undecidable(let obstacle, let table, let row):
      throw ProtocolError(
        .proposalRefused, "row \(row) of \(table): \(obstacle.fact)", hint: obstacle.cure)
    default: throw error
    }
  }
}

extension HubReader {
  /// The open proposals that a site is shown and may decide: in the cases that it leads, about what
  /// it may see there. Oldest first.
  package func proposals(waitingFor site: SiteID) throws -> [StoredProposal] {
    try proposals(ProposalFilter(state: .open, lead: site)).filter {
      try isShown($0.proposal, to: site)
    }
  }

  /// Whether a site that leads the proposal's case may see what it is about.
  func isShown(_ proposal: Proposal, to site: SiteID) throws -> Bool {
    guard let terms = try terms(of: site, in: [proposal.caseID])[proposal.caseID],
      let table = schema.table(number: proposal.row.table)
    else { return false }
    return proposal.column.map(table.columns(visibleTo: terms).contains)
      ?? table.isVisible(to: terms)
  }
}

extension Proposal {
  /// What stands where it would be written; nil where the row is not there, or in another case.
  package func standing(among rows: [RowKey: StoredRow], in schema: Schema) -> Contender? {
    guard let stored = rows[row], stored.isAlive, stored.caseID == caseID,
      let table = schema.table(number: row.table), let column
    else { return nil }
    return SettledRow(table: table, key: row, caseID: caseID, stored: stored)
      .standing(inColumn: column)
  }
}

extension SettlementObstacle {
  /// Stable, for programs.
  package var code: String {
    switch self {
    case .caseErasure: "case_erasure"
    case .rowElsewhere: "row_elsewhere"
    case .rowGone: "row_deleted"
    case .incomplete: "row_incomplete"
    case .standsAlready: "already_standing"
    }
  }

  /// What stands in the way.
  package var fact: String {
    switch self {
    case .caseErasure: "a case is not erased by accepting a proposal"
    case .rowElsewhere: "the row belongs to another case by now"
    case .rowGone: "the row was deleted"
    case .incomplete(let columns):
      "the row is gone, and what stood in \(columns.joined(separator: ", ")) is not known any more"
    case .standsAlready: "the value stands there already"
    }
  }

  /// What to do about it.
  package var cure: String {
    switch self {
    case .caseErasure:
      "reject it to keep the case; the county erases a case by a command of its own"
    case .rowElsewhere: "change the row where it is; nothing was written"
    case .rowGone: "--revive brings it back as it was before, with this value; nothing was written"
    case .incomplete: "write the row anew; nothing was written"
    case .standsAlready: "there is nothing to do; nothing was written"
    }
  }
}
