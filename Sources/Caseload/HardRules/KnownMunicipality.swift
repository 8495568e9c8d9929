import SyncCore

/// A municipality is one of the official list's, or one that the county has entered itself: a row
/// of `site_area`, or a site that has the key.
///
/// In those two tables, which the county alone writes, a key needs only the form of one: there the
/// list may be behind, after a merger, or know nothing of the county's state.
struct KnownMunicipality: HardRule {
  /// The columns that hold keys, by table.
  private static let columns = [
    "site": ["ags"], "site_area": ["ags", "successor_ags"], "residence": ["ags"],
    "grant_allocation": ["entitled_ags"],
  ]
  private static let tablesOfTheCounty = ["site", "site_area"]

  func links(of row: RowState, in schema: Schema) -> [RowLink] {
    guard let columns = Self.columns[row.table.name],
      !Self.tablesOfTheCounty.contains(row.table.name),
      columns.contains(where: { !Self.isListed(row[$0]) })
    else { return [] }
    return Self.tablesOfTheCounty.flatMap { schema.link(toAll: $0, in: .none) }
  }

  func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    guard let after = edit.after, let columns = Self.columns[edit.table.name] else { return nil }
    for column in columns where edit.alters(column) && !Self.isListed(after[column]) {
      let isKnown =
        Self.tablesOfTheCounty.contains(edit.table.name)
        ? OfficialKeys.isWellFormed(after[column].text ?? "")
        : Self.isKnown(after[column], toTheCountyIn: view)
      guard isKnown else { return .unknownMunicipality }
    }
    return nil
  }

  private static func isListed(_ key: Value) -> Bool {
    key.isNull || key.text.map(OfficialKeys.municipalities.contains) == true
  }

  private static func isKnown(_ key: Value, toTheCountyIn view: DomainView) -> Bool {
    tablesOfTheCounty.contains { table in
      view.rows(table, in: .none).contains { row in
        columns[table]!.contains { row[$0] == key }
      }
    }
  }
}
