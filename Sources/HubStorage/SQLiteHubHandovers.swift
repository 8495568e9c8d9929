import SQLiteAccess
import SyncCore

/// Hand-overs in the embedded engine.
extension SQLiteHubTransaction {
  private static let handoverColumns = """
    id, kind, givers, receiver, case_count, effective_on, effective_at, decision, legal_ground,
    proposed_at, state, answered_by, answered_at, answer, effect_seq, took_effect_at,
    confirmed_at, purge_seq, closed_at
    """

  func handovers(in states: [Handover.State]) throws -> [Handover] {
    let names = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return try query(
      """
      SELECT \(Self.handoverColumns) FROM kreissync_handover WHERE state IN (\(names))
      ORDER BY proposed_at, id
      """
    ).all(body: handover)
  }

  func handover(_ id: HandoverID) throws -> Handover? {
    try query("SELECT \(Self.handoverColumns) FROM kreissync_handover WHERE id = ?").first(
      Parameter(id), body: handover)
  }

  private func handover(_ row: ResultRow) throws -> Handover {
    guard let kind = Handover.Kind(rawValue: row.text(1)),
      let state = Handover.State(rawValue: row.text(10))
    else {
      throw HubStoreError.unusable("hand-over \(row.text(0)) has an unknown kind or state")
    }
    var progress = Handover.Progress(state)
    progress.answeredBy = row.optionalText(11).map { SiteID($0) }
    progress.answeredAt = row.optionalInteger(12)
    progress.answer = row.optionalText(13)
    progress.effectSeq = row.optionalInteger(14)
    progress.tookEffectAt = row.optionalInteger(15)
    progress.confirmedAt = row.optionalInteger(16)
    progress.purgeSeq = row.optionalInteger(17)
    progress.closedAt = row.optionalInteger(18)
    return Handover(
      stored: row.identifier(0),
      Handover.Terms(
        to: row.identifier(3), kind: kind, effectiveOn: row.text(5), effectiveAt: row.integer(6),
        decision: row.optionalText(7), legalGround: row.optionalText(8)),
      givers: row.text(2).split(separator: ",").map { SiteID(String($0)) },
      caseCount: Int(row.integer(4)), proposedAt: row.integer(9), progress: progress)
  }

  func put(_ handover: Handover) throws {
    let marks = Array(repeating: "?", count: 19).joined(separator: ", ")
    let (terms, progress) = (handover.terms, handover.progress)
    try query(
      """
      INSERT OR REPLACE INTO kreissync_handover (\(Self.handoverColumns)) VALUES (\(marks))
      """
    ).run(
      Parameter(handover.id), .text(terms.kind.rawValue),
      .text(handover.givers.map(\.string).joined(separator: ",")), Parameter(terms.to),
      .integer(Int64(handover.caseCount)), .text(terms.effectiveOn), .integer(terms.effectiveAt),
      Parameter(terms.decision), Parameter(terms.legalGround), .integer(handover.proposedAt),
      .text(progress.state.rawValue), Parameter(progress.answeredBy?.string),
      Parameter(progress.answeredAt), Parameter(progress.answer), Parameter(progress.effectSeq),
      Parameter(progress.tookEffectAt), Parameter(progress.confirmedAt),
      Parameter(progress.purgeSeq), Parameter(progress.closedAt))
  }

  // MARK: Their cases

  func cases(of handover: HandoverID) throws -> [HandoverCase] {
    try query(
      """
      SELECT case_id, from_site, epoch, fate, pseudonymous, answer, row_id, purged_at
      FROM kreissync_handover_case WHERE handover = ? ORDER BY case_id
      """
    ).all(Parameter(handover)) { row in
      var entry = HandoverCase(
        caseID: row.identifier(0), from: row.identifier(1), epoch: row.integer(2))
      entry.fate = try fate(row.text(3), isPseudonymous: row.integer(4) == 1)
      entry.answer = row.optionalText(5)
      entry.row = row.optionalText(6).map { RowID($0) }
      entry.purgedAt = row.optionalInteger(7)
      return entry
    }
  }

  private func fate(_ name: String, isPseudonymous: Bool) throws -> HandoverCase.Fate {
    switch name {
    case "waiting": return .waiting
    case "moved": return .moved(isPseudonymous: isPseudonymous)
    default:
      guard let reason = HandoverCase.Reason(rawValue: name) else {
        throw HubStoreError.unusable("a case of a hand-over has an unknown fate")
      }
      return .leftOut(reason)
    }
  }

  func put(_ cases: [HandoverCase], of handover: HandoverID) throws {
    let insert = try query(
      "INSERT OR REPLACE INTO kreissync_handover_case VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    for entry in cases {
      try insert.run(
        Parameter(handover), Parameter(entry.caseID), Parameter(entry.from),
        .integer(entry.epoch), .text(entry.fate.name),
        .integer(entry.fate == .moved(isPseudonymous: true) ? 1 : 0), Parameter(entry.answer),
        Parameter(entry.row?.string), Parameter(entry.purgedAt))
    }
  }
}

extension HandoverCase.Fate {
  /// How stores and documents call it: `waiting`, `moved`, or why it was left out.
  package var name: String {
    switch self {
    case .waiting: "waiting"
    case .moved: "moved"
    case .leftOut(let reason): reason.rawValue
    }
  }
}
