import SyncCore

/// A grant or position has at least the share of a full post that its programme demands; a position
/// has the programme of its grant. Without a programme the smallest share of all that the county
/// has entered counts, if there is one.
struct MinimumShare: HardRule {
  func links(of row: RowState, in schema: Schema) -> [RowLink] {
    let isOfGrant = row.table.name == "grant_allocation"
    guard isOfGrant || row.table.name == "position" else { return [] }
    let named =
      isOfGrant
      ? schema.link(to: "programme_period", row["programme_id"])
      : schema.link(to: "grant_allocation", row["grant_id"])
    // Also where one is named: it may have gone.
    return named + schema.link(toAll: "programme_period", in: .none)
  }

  func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    guard let after = edit.after, let share = after["fte_thousandths"].integer,
      edit.alters("fte_thousandths", "programme_id", "grant_id")
    else { return nil }
    let grant: RowState? =
      switch edit.table.name {
      case "grant_allocation": after
      case "position": view.row("grant_allocation", after["grant_id"])
      default: nil
      }
    guard grant != nil || edit.table.name == "position" else { return nil }
    let programme = grant.flatMap { view.row("programme_period", $0["programme_id"]) }
    guard let minimum = minimum(of: programme, in: view) else { return nil }
    return share < minimum ? .shareBelowMinimum : nil
  }

  private func minimum(of programme: RowState?, in view: DomainView) -> Int64? {
    if let programme { return programme["min_fte_thousandths"].integer }
    return view.rows("programme_period", in: .none).compactMap {
      $0["min_fte_thousandths"].integer
    }.min()
  }
}
