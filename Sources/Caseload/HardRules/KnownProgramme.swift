import SyncCore

/// A case or grant names a programme that the county has entered, or none.
struct KnownProgramme: HardRule {
  private static let tables = ["case_file", "grant_allocation"]

  func links(of row: RowState, in schema: Schema) -> [RowLink] {
    guard Self.tables.contains(row.table.name) else { return [] }
    return schema.link(to: "programme_period", row["programme_id"])
  }

  func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    guard let after = edit.after, Self.tables.contains(edit.table.name),
      view.schema.table(named: "programme_period") != nil,
      edit.alters("programme_id"), !after["programme_id"].isNull
    else { return nil }
    return view.row("programme_period", after["programme_id"]) == nil ? .unknownProgramme : nil
  }
}
