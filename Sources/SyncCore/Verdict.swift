/// What became of one sent change. In order of severity: a change whose columns fared differently
/// has the last that applies of all but `duplicate`.
package enum Verdict: String, Sendable, CaseIterable, Comparable, Codable {
  case applied
  case merged
  case overridden
  case proposal
  case refused
  /// Offered again under a new incarnation and already in the log.
  case duplicate

  package static func < (left: Verdict, right: Verdict) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

/// Why a value won or lost: the stable code of the ledger, of notices and of `reason` on the wire.
package enum Rule: String, Sendable, CaseIterable, Codable {
  // A column that two sites changed without knowing of each other, by its policy.
  case leadWins = "lead_wins"
  case leadDecides = "lead_decides"
  case countyWins = "county_wins"
  case laterEditWins = "later_edit_wins"
  case moreRestrictiveWins = "more_restrictive_wins"
  case setsUnited = "sets_united"
  case greaterWins = "greater_wins"
  case smallerWins = "smaller_wins"
  case firstValueStays = "first_value_stays"
  case laterStateWins = "later_state_wins"
  case laterInHistory = "later_in_history"
  case personDecides = "person_decides"
  // Rows.
  case rowDeleted = "row_deleted"
  case deletedByLead = "deleted_by_lead"
  case changedMeanwhile = "changed_meanwhile"
  case writtenByAnotherSite = "written_by_another_site"
  case caseErasure = "case_erasure"
  /// The case was erased: nothing of it is taken in any more.
  case erased
  /// Written when the author's grant had ended: a proposal where it did not know, else refused.
  case handedOver = "handed_over"
  // What a person decided.
  case proposalAccepted = "proposal_accepted"
  case proposalRejected = "proposal_rejected"
  case restored
  // Refusals.
  case notGranted = "not_granted"
  case hubWritesOnly = "hub_writes_only"
  case unknownTable = "unknown_table"
  case unknownColumn = "unknown_column"
  case unknownRow = "unknown_row"
  case valueNotAllowed = "value_not_allowed"
  case idTaken = "id_taken"
  case unknownSite = "unknown_site"
  case rowStays = "row_stays"
  /// Behind a gate that nobody has opened, or that was closed: its author keeps it.
  case gateClosed = "gate_closed"
  // Refusals by a hard rule of the domain: see ``DomainRules``.
  case unknownMunicipality = "unknown_ags"
  case unknownProgramme = "unknown_programme"
  case twoLeads = "two_leads"
  case handoverNotAccepted = "handover_not_accepted"
  case consentMissing = "consent_missing"
  case headcountReported = "headcount_reported"
  case shareBelowMinimum = "fte_below_minimum"
  case attachedToCounselling = "attached_to_mbe_jmd"
}

/// What became of one column that was not simply applied.
package struct ColumnOutcome: Hashable, Sendable {
  package let column: Int
  package let verdict: Verdict
  package let rule: Rule
  /// What the hub holds in this column after the decision.
  package let kept: Value

  package init(column: Int, verdict: Verdict, rule: Rule, kept: Value) {
    self.column = column
    self.verdict = verdict
    self.rule = rule
    self.kept = kept
  }
}

/// The hub's answer to one change. It changes no row at the site: rows that were not simply applied
/// come whole with the next pull.
package struct Answer: Hashable, Sendable {
  package let id: EntryID
  package let verdict: Verdict
  /// Set unless the verdict is `applied`.
  package let rule: Rule?
  /// The columns that were not simply applied; empty when the whole row met one rule.
  package let columns: [ColumnOutcome]

  package init(id: EntryID, verdict: Verdict, rule: Rule? = nil, columns: [ColumnOutcome] = []) {
    self.id = id
    self.verdict = verdict
    self.rule = rule
    self.columns = columns
  }
}
