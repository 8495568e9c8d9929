package import SyncCore

/// The hard rules of the caseload, which the hub decides on every change.
///
/// They look tables and columns up by name and do nothing where a county's schema lacks them.
///
/// | rule                     | refused                                                            |
/// |--------------------------|--------------------------------------------------------------------|
/// | `unknown_ags`            | a municipality's key that neither the official list nor the county knows |
/// | `unknown_programme`      | a case or grant of a programme that is not there                   |
/// | `two_leads`              | a second responsibility that is effective, or one with an old epoch |
/// | `handover_not_accepted`  | a hand-over that becomes effective without acceptance or order     |
/// | `consent_missing`        | a special need without a consent of its own that is in force       |
/// | `headcount_reported`     | another head count, or none, after it was reported                 |
/// | `fte_below_minimum`      | a grant or position below the programme's smallest share           |
/// | `attached_to_mbe_jmd`    | a carrier's post in NRW's KIM at a site that is MBE or JMD         |
///
/// Money is integer cents: a fraction is no value of its column's type, `value_not_allowed`.
package struct CaseloadRules: DomainRules {
  private let rules: [any HardRule] = [
    KnownMunicipality(), KnownProgramme(), OneLead(), NeedConsent(), ReportedHeadcount(),
    MinimumShare(), CarrierPost(),
  ]

  package init() {}

  package func links(of row: RowState, in schema: Schema) -> [RowLink] {
    rules.flatMap { $0.links(of: row, in: schema) }
  }

  package func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    for rule in rules {
      if let broken = rule.objection(to: edit, in: view) { return broken }
    }
    return nil
  }

  private var gates: ConsentGates { ConsentGates() }

  package func gateTable(in schema: Schema) -> Table? { gates.gateTable(in: schema) }

  package func openTiers(for recipient: GateRecipient, rows: [RowState]) -> TierSet {
    gates.openTiers(for: recipient, rows: rows)
  }

  package var roleInSharedArea: Role { gates.roleInSharedArea }
}

/// One of the rules, or a few that judge the same rows.
protocol HardRule: Sendable {
  /// What it takes to judge a row, one step away.
  func links(of row: RowState, in schema: Schema) -> [RowLink]
  func objection(to edit: RowEdit, in view: DomainView) -> Rule?
}

extension Schema {
  /// The link to the row whose id a column holds.
  func link(to table: String, _ id: Value) -> [RowLink] {
    guard let table = self.table(named: table), let id = id.text else { return [] }
    return [.row(RowKey(table: table.number, id: RowID(id)))]
  }

  /// The link to all rows of a table in a case; ``CaseID/none`` for those that go to all sites.
  func link(toAll table: String, in caseID: CaseID) -> [RowLink] {
    self.table(named: table).map { [.group(RowGroup(table: $0.number, caseID: caseID))] } ?? []
  }
}
