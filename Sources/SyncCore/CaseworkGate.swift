/// Somebody to whom a case may go: a site, or the county, whose sites are one recipient.
package struct GateRecipient: Hashable, Sendable {
  package let site: SiteID
  package let isCounty: Bool

  package init(site: SiteID, isCounty: Bool) {
    self.site = site
    self.isCounty = isCounty
  }
}

/// Who may know the person of a case, as far as a domain has rules for it. A domain without any
/// lets everybody know who holds the case.
extension DomainRules {
  package func gateTable(in schema: Schema) -> Table? { nil }
  package func isGateOpen(for recipient: GateRecipient, rows: [RowState]) -> Bool { true }
}
