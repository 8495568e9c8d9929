/// Somebody to whom a case may go: a site, or the county, whose sites and hub are one recipient.
package struct GateRecipient: Hashable, Sendable {
  package let site: SiteID
  package let isCounty: Bool

  package init(site: SiteID, isCounty: Bool) {
    self.site = site
    self.isCounty = isCounty
  }

  /// The hub itself, which passes on what it may hold.
  package static let county = GateRecipient(site: .hub, isCounty: true)
}

/// What a domain says about who may know what of a case. A site asks before anything leaves it, the
/// hub before it stores and before it passes on: neither trusts the other, and both see the same
/// rows.
package protocol TierGates: Sendable {
  /// The table whose rows of a case open and close its gates; nil where all are open.
  func gateTable(in schema: Schema) -> Table?

  /// The tiers of a case whose gate is open for a recipient. The header always is.
  ///
  /// - Parameter rows: the living rows of ``gateTable(in:)`` in the case, in any order.
  func openTiers(for recipient: GateRecipient, rows: [RowState]) -> TierSet

  /// What a site may do in the cases of the sites that share its area.
  var roleInSharedArea: Role { get }
}

/// A domain without gates: whoever holds a case knows it, and neighbours work together.
extension TierGates {
  package func gateTable(in schema: Schema) -> Table? { nil }
  package func openTiers(for recipient: GateRecipient, rows: [RowState]) -> TierSet { .all }
  package var roleInSharedArea: Role { .contributor }
}

/// Which tiers of one case a site may be sent: those of its role whose gate is open for it, out of
/// what the hub may hold itself.
///
/// | role                        | a site of the county | another site                             |
/// |-----------------------------|----------------------|------------------------------------------|
/// | lead, opened the case       | all that is held     | all that is held: it asked the client    |
/// | lead by hand-over           | all that is held     | all that is held where the gate of `personal` is open for it, else the header |
/// | contributor                 | all that is held     | what is open for it                      |
/// | former lead before closing  | what it had          | what it had                              |
/// | former lead, reader         | header               | header                                   |
///
/// A site keeps what it wrote itself, whatever is open: that never came from anybody.
///
/// *While a case is restricted* (``Column/restricts``; Art. 18 GDPR) a contributor has the header,
/// too, of the county or not: only the lead works with what is there. The hub keeps all that it
/// holds and goes on taking it in, so nothing is lost, and everybody gets back what the table says
/// when the mark goes.
package struct CaseGates: Hashable, Sendable {
  /// What the hub may hold: the tiers that are open for the county.
  package let held: TierSet
  private let isRestricted: Bool

  /// - Parameters:
  ///   - held: as the gates say it of ``GateRecipient/county``.
  ///   - isRestricted: its root bears the mark.
  package init(held: TierSet, isRestricted: Bool = false) {
    self.held = held.union(.header)
    self.isRestricted = isRestricted
  }

  /// - Parameters:
  ///   - open: the tiers whose gate is open for the site.
  ///   - hasOpenedCase: the site opened the case itself.
  ///   - had: what its grant covered until now; for a new one, what its role has.
  package func tiers(
    of role: Role, isCounty: Bool, open: TierSet, hasOpenedCase: Bool, had: TierSet
  ) -> TierSet {
    switch role {
    case .mention: return .nothing
    case .reader: return .header
    case .formerLead: return had.intersection(held).union(.header)
    case .contributor where isRestricted: return .header
    case .contributor: return isCounty ? held : open.intersection(held).union(.header)
    case .lead:
      return isCounty || hasOpenedCase || open.contains(.personal) ? held : .header
    }
  }
}

extension Table {
  /// The columns that leave a site through a gate only.
  package var gatedColumns: ColumnMask {
    guard scope == .ofCase || scope == .caseRoot else { return .empty }
    return ColumnMask(
      columns.lazy.filter { $0.tier != .local && $0.tier != .header }.map(\.number))
  }
}

extension Change {
  /// The change with some of its columns.
  package func restricted(to columns: ColumnMask) -> Change {
    Change(
      id: id, kind: kind, row: row, caseID: caseID, cells: cells.restricted(to: columns),
      base: base,
      columnBases: columnBases.filter { kind == .delete || columns.contains($0.column) },
      editedAt: editedAt, columnTimes: columnTimes.filter { columns.contains($0.column) })
  }
}

/// What of a change may pass: all, a part, or nothing.
package struct GatedChange: Hashable, Sendable {
  /// What passes; nil for nothing.
  package let passing: Change?
  /// The columns that do not, of an insertion or update.
  package let closed: ColumnMask

  /// - Parameter open: the tiers that may pass.
  package init(_ change: Change, in table: Table, open: TierSet) {
    let visible = table.columns(visibleTo: GrantTerms(.contributor, open.union(.header)))
    let shown = change.cells.mask.intersection(visible)
    let isKnown = !visible.isEmpty
    switch change.kind {
    case .delete:
      passing = isKnown ? change.restricted(to: visible) : nil
      closed = .empty
    case .insert, .update:
      closed = change.cells.mask.subtracting(visible)
      // An update of nothing is a REPLACE by equal values, which has its verdict.
      let hasRest = change.kind == .insert || !shown.isEmpty || closed.isEmpty
      passing = isKnown && hasRest ? change.restricted(to: visible) : nil
    }
  }
}
