package import SyncCore

/// The gates of a case, from its rows of `consent`: a pure function of what stands, in any order.
///
/// A row speaks for the recipient that it names; an empty `recipient_site` means the county, whose
/// sites and hub are one. Each purpose opens one tier: `casework` personal, `special_needs`
/// special, `notes_release` notes. The gate is open while a row of the purpose *counts* for the
/// recipient:
///
/// | event             | basis                             | counts                                 |
/// |-------------------|-----------------------------------|----------------------------------------|
/// | `given`           | `consent`, or none                | where its author had seen every restriction of the same purpose and recipient that stands |
/// | `given`           | `handover`                        | the same: a revocation wins over what was agreed |
/// | `given`           | `statute`, `processing_on_behalf` | always: nobody's consent is asked      |
/// | `refused`, `expired`, `revoked` | any                 | never: it is the restriction           |
///
/// *Seen* is told by the row itself: the replica's trigger writes the ids of the restrictions that
/// stand when a `given` is inserted into its column `seen`, one's own earlier ones among them. No
/// clock and no order of arrival decides, so every replica and the hub come to the same; who did
/// not know of a revocation cannot undo it, whatever its date says.
package struct ConsentGates: TierGates {
  static let table = "consent"

  private static let purposes: [(String, TierSet)] = [
    ("casework", .personal), ("special_needs", .special), ("notes_release", .notes),
  ]

  package init() {}

  package func gateTable(in schema: Schema) -> Table? { schema.table(named: Self.table) }

  package func openTiers(for recipient: GateRecipient, rows: [RowState]) -> TierSet {
    let own = rows.filter { row in
      let named = row["recipient_site"].text ?? ""
      return named == recipient.site.string || named.isEmpty && recipient.isCounty
    }
    return Self.purposes.reduce(TierSet.header) { open, purpose in
      let rows = own.filter { $0["purpose"] == .text(purpose.0) }
      return Self.isOpen(rows) ? open.union(purpose.1) : open
    }
  }

  /// The coordination view: the municipality sees what goes on in its area, and works on nothing.
  package var roleInSharedArea: Role { .reader }

  private static func isOpen(_ rows: [RowState]) -> Bool {
    let restrictions = rows.filter { $0["event"] != .given }.map(\.id.string)
    return rows.contains { row in
      guard row["event"] == .given else { return false }
      if [.text("statute"), .text("processing_on_behalf")].contains(row["basis"]) { return true }
      let seen = row["seen"].text?.split(separator: " ") ?? []
      return restrictions.allSatisfy { seen.contains(Substring($0)) }
    }
  }
}

extension Value {
  fileprivate static let given = Value.text("given")
}
