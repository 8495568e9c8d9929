import HubService
import SyncCore

/// The documents of `hub handover`, for programs.
extension Handover {
  var fields: [String: JSONValue] {
    [
      "handover": .text(id.string), "state": .text(state.rawValue),
      "kind": .text(terms.kind.rawValue), "from": .list(givers.map { .text($0.string) }),
      "to": .text(to.string), "effective": .text(terms.effectiveOn),
      "effective_at": JSONValue(time: terms.effectiveAt), "cases": .integer(Int64(caseCount)),
      "decision": JSONValue(optional: terms.decision),
      "legal_ground": JSONValue(optional: terms.legalGround),
      "by_order": .bool(terms.kind == .byOrder), "proposed_at": JSONValue(time: proposedAt),
      "answered_by": JSONValue(optional: progress.answeredBy?.string),
      "answered_at": JSONValue(time: progress.answeredAt),
      "answer": JSONValue(optional: progress.answer), "effect_seq": JSONValue(progress.effectSeq),
      "took_effect_at": JSONValue(time: progress.tookEffectAt),
      "confirmed_at": JSONValue(time: progress.confirmedAt),
      "closed_at": JSONValue(time: progress.closedAt),
    ]
  }
}

extension JSONValue {
  fileprivate init(optional text: String?) {
    self = text.map { .text($0) } ?? .null
  }
}

extension CountyAdministration.HandoverForecast {
  func json(isDryRun: Bool) -> JSONValue {
    .object(
      handover.fields.merging([
        "handover": isDryRun ? .null : .text(handover.id.string), "dry_run": .bool(isDryRun),
        "unsent_at": .object(
          Dictionary(uniqueKeysWithValues: unsent.map { ($0.key.string, .integer($0.value)) })),
        "open_conflicts": .integer(Int64(openProposals)),
        "without_consent": .integer(Int64(withoutConsent)),
      ]) { $1 })
  }

  func text(isDryRun: Bool) -> String {
    let sites = unsent.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
    return """
      \(isDryRun ? "would be" : "hand-over \(handover.id) is") \(handover.state.rawValue)
        cases            \(handover.caseCount)
        from             \(handover.givers.map(\.string).joined(separator: ", "))
        to               \(handover.to)
        effective        \(handover.terms.effectiveOn), 00:00 in Germany
        unsent at        \(sites.isEmpty ? "no site, as last known" : sites.joined(separator: ", "))
        open proposals   \(openProposals)
        without consent  \(withoutConsent)\(withoutConsent > 0 ? ": their header only" : "")
      """
  }
}

extension HandoverReport {
  var json: JSONValue {
    .object(
      handover.fields.merging([
        "moved": .integer(Int64(cases.count(where: \.isMoved))),
        "pseudonymous": .integer(Int64(pseudonymousCount)),
        "left_out": .list(
          cases.compactMap { entry in
            entry.reason.map {
              [
                "case": .text(entry.caseID.string), "from": .text(entry.from.string),
                "reason": .text($0.rawValue),
                "decision": entry.answer.map { .text($0) } ?? .null,
              ]
            }
          }),
        "receipts": .list(
          receipts.map {
            [
              "site": .text($0.site.string), "cases": .integer(Int64($0.caseCount)),
              "purged": .integer(Int64($0.purgedCount)), "at": JSONValue(time: $0.at),
            ]
          }),
        "tables": .list(
          tables.map {
            [
              "table": .text($0.table), "rows": .integer(Int64($0.rowCount)),
              "digest": .text($0.digest.text),
            ]
          }),
        "review_count": .integer(Int64(lateCellCount)),
        "review": .list(
          lateCells.map {
            [
              "case": .text($0.caseID.string), "table": .text($0.table),
              "row": .text($0.row.string), "column": .text($0.column),
              "site": .text($0.site.string), "edited_at": JSONValue(time: $0.editedAt),
            ]
          }),
      ]) { $1 })
  }

  var pseudonymousCount: Int {
    cases.count { $0.fate == .moved(isPseudonymous: true) }
  }

  /// What a giving site owes and has given.
  struct Receipts {
    let site: SiteID
    let caseCount: Int
    let purgedCount: Int
    /// When the last one came; nil while one is missing.
    let at: Milliseconds?
  }

  /// In the order of the giving sites; those none of whose cases moved owe nothing.
  var receipts: [Receipts] {
    handover.givers.compactMap { giver in
      let moved = cases.filter { $0.isMoved && $0.from == giver }
      guard !moved.isEmpty else { return nil }
      let purged = moved.compactMap(\.purgedAt)
      return Receipts(
        site: giver, caseCount: moved.count, purgedCount: purged.count,
        at: purged.count == moved.count ? purged.max() : nil)
    }
  }
}

extension HandoverCase {
  var reason: Reason? {
    if case .leftOut(let reason) = fate { reason } else { nil }
  }
}
