import SyncCore

/// A case has one lead at a time, and a new one only by acceptance or order.
///
/// | a row becomes effective …                          |                                      |
/// |----------------------------------------------------|--------------------------------------|
/// | while another row of the case is effective         | `two_leads`: the former closes first |
/// | without an epoch above those of all former leads   | `two_leads`                          |
/// | from `accepted`                                    | yes                                  |
/// | by order (`by_order`), with its decision's reference | yes                                |
/// | as the case's `opening`, with none before it       | yes                                  |
/// | else                                               | `handover_not_accepted`              |
///
/// An effective row keeps to the same: another epoch is judged as if the row began anew.
struct OneLead: HardRule {
  private static let table = "responsibility"

  func links(of row: RowState, in schema: Schema) -> [RowLink] {
    row.table.name == Self.table ? schema.link(toAll: Self.table, in: row.caseID) : []
  }

  func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    guard edit.table.name == Self.table, let after = edit.after, after["state"] == .effective,
      edit.alters("state", "epoch")
    else { return nil }
    let others = view.rows(Self.table, in: after.caseID).filter { $0.id != after.id }
    let former = others.filter { [.effective, .closed].contains($0["state"]) }
    guard !others.contains(where: { $0["state"] == .effective }), isNewest(after, of: former)
    else { return .twoLeads }
    guard edit.alters("state") else { return nil }
    let isAccepted = edit.before?["state"] == .accepted
    let isOrdered =
      after["kind"] == .text("by_order") && after["decision_ref"].text?.isEmpty == false
    let isOpening = after["kind"] == .text("opening") && edit.before == nil && former.isEmpty
    return isAccepted || isOrdered || isOpening ? nil : .handoverNotAccepted
  }

  private func isNewest(_ row: RowState, of former: [RowState]) -> Bool {
    guard let epoch = row["epoch"].integer else { return false }
    return former.allSatisfy { ($0["epoch"].integer ?? .min) < epoch }
  }
}

extension Value {
  fileprivate static let accepted = Value.text("accepted")
  fileprivate static let effective = Value.text("effective")
  fileprivate static let closed = Value.text("closed")
}
