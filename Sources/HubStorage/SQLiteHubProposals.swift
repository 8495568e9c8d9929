import SQLiteAccess
import SyncCore

/// Proposals in the embedded engine.
extension SQLiteHubTransaction {
  func write(_ proposal: Proposal, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    let marks = Array(repeating: "?", count: 18).joined(separator: ", ")
    try query("INSERT INTO kreissync_proposal VALUES (\(marks), NULL, NULL, NULL)").run(
      .text(UUIDv7.text(milliseconds: now, random: random(UUIDv7.randomByteCount))),
      .integer(now), .text(ProposalState.open.rawValue), Parameter(proposal.caseID),
      .integer(Int64(proposal.row.table)), Parameter(proposal.row.id),
      Parameter(proposal.column.map(Int64.init)), .integer(proposal.base), .integer(proposal.seq),
      Parameter(proposal.policy?.rawValue), .text(proposal.rule.rawValue),
      .integer(proposal.epoch), Parameter(proposal.kept.value), Parameter(proposal.kept.site),
      .integer(proposal.kept.editedAt), Parameter(proposal.proposed.value),
      Parameter(proposal.proposed.site), .integer(proposal.proposed.editedAt))
  }

  func write(_ decided: DecidedProposal) throws {
    try query(
      """
      UPDATE kreissync_proposal SET state = ?, decided_at = ?, decided_by = ?, decided_seq = ?
      WHERE id = ? AND state = 'open'
      """
    ).run(
      .text(decided.state.rawValue), .integer(decided.decidedAt), Parameter(decided.decider),
      .integer(decided.seq), .text(decided.id))
  }

  func proposals(_ filter: ProposalFilter) throws -> [StoredProposal] {
    var conditions: [String] = []
    var parameters: [Parameter] = []
    func require(_ condition: String, _ values: Parameter...) {
      conditions.append(condition)
      parameters += values
    }
    if let id = filter.id { require("id = ?", .text(id)) }
    if let caseID = filter.caseID { require("case_id = ?", Parameter(caseID)) }
    if let row = filter.row {
      require("t = ? AND row_id = ?", .integer(Int64(row.table)), Parameter(row.id))
    }
    // A literal, so that the index of the open ones serves.
    if let state = filter.state { require("state = '\(state.rawValue)'") }
    if let lead = filter.lead { require(Self.isLed, Parameter(lead)) }
    let place = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
    return try query("\(Self.selection) \(place) ORDER BY recorded_at, id").all(
      parameters, body: proposal)
  }

  func decisions(onProposalsOf site: SiteID, above seq: Int64, limit: Int) throws
    -> [StoredProposal]
  {
    try query(
      """
      \(Self.selection) WHERE proposed_site = ? AND decided_seq > ? AND decided_seq IS NOT NULL
      ORDER BY decided_seq DESC LIMIT ?
      """
    ).all([Parameter(site), .integer(seq), .integer(Int64(limit))], body: proposal).reversed()
  }

  private static let isLed =
    "(SELECT lead FROM kreissync_case c WHERE c.case_id = kreissync_proposal.case_id) = ?"

  private static let selection = """
    SELECT id, recorded_at, state, case_id, t, row_id, column_number, base, seq, policy, rule,
      epoch, kept_value, kept_site, kept_edited_at, proposed_value, proposed_site,
      proposed_edited_at, decided_at, decided_by, decided_seq
    FROM kreissync_proposal
    """

  private func proposal(_ row: ResultRow) throws -> StoredProposal {
    let id = row.text(0)
    guard let state = ProposalState(rawValue: row.text(2)), let rule = Rule(rawValue: row.text(10))
    else { throw HubStoreError.unusable("proposal \(id) has an unknown state or rule") }
    return StoredProposal(
      id: id, recordedAt: row.integer(1),
      proposal: Proposal(
        caseID: row.identifier(3),
        row: RowKey(table: Int(row.integer(4)), id: row.identifier(5)),
        column: row.optionalInteger(6).map(Int.init), base: row.integer(7), seq: row.integer(8),
        policy: row.optionalText(9).flatMap(Policy.init), rule: rule, epoch: row.integer(11),
        kept: contender(row, at: 12), proposed: contender(row, at: 15)),
      decision: state == .open
        ? nil
        : DecidedProposal(
          id: id, state: state, decider: row.identifier(19), decidedAt: row.integer(18),
          seq: row.integer(20)))
  }
}
