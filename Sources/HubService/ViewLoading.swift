import HubStorage
import SyncCore

extension HubReader {
  /// All that a decision on these changes depends on, in a few bulk reads: the rows and cases that
  /// they name, and, where they say where rows go, who holds those.
  ///
  /// - Parameter author: whose grants count.
  func view(for changes: [Change], by author: SiteID, schema: Schema) throws -> HubView {
    let rows = try rows(distinct(changes.map(\.row)))
    let named = NamedUnits(changes, rows: rows, schema: schema)
    let caseIDs = distinct(changes.map(\.caseID) + [.none] + named.units)
    var mentions: [CaseID: [CaseID]] = [:]
    // Those that the batch itself mentions are found by the decision.
    for key in named.mentionable where rows[key] == nil {
      guard let table = schema.table(number: key.table) else { continue }
      mentions[table.unit(of: key.id)] = try cases(mentioning: key)
    }
    let held = distinct(named.units + named.cases + mentions.values.joined())
    let terms = try terms(of: author, in: caseIDs)
    var view = HubView(
      rows: rows, cases: try cases(caseIDs), roles: terms.mapValues(\.role),
      holders: try holders(of: held), mentions: mentions)
    view.tiers = terms.mapValues(\.tiers)
    view.erased = try erased(among: distinct(changes.map(\.caseID)))
    view.periods = try periods(of: author, in: distinct(changes.map(\.caseID)))
    return view
  }
}

/// What changes say about units: which they open, follow and mention, and in which cases.
private struct NamedUnits {
  var units: [CaseID] = []
  /// Cases whose root mentions something.
  var cases: [CaseID] = []
  /// New rows that cases may mention already.
  var mentionable: [RowKey] = []

  init(_ changes: [Change], rows: [RowKey: StoredRow], schema: Schema) {
    for change in changes {
      guard let table = schema.table(number: change.row.table) else { continue }
      if table.scope == .ofSite {
        units.append(change.caseID)
        if change.kind == .insert && table.columns.contains(where: \.isMentioned) {
          mentionable.append(change.row)
        }
      }
      for (position, column) in table.columns.enumerated() {
        let values = [change.cells[column.number], rows[change.row]?.values[position]]
        if case .row(let name) = column.follows {
          units += values.compactMap { Self.unit($0, ofTable: name, in: schema) }
        }
        if let name = column.mentions, let unit = Self.unit(values[0], ofTable: name, in: schema) {
          units.append(unit)
          cases.append(change.caseID)
        }
      }
    }
  }

  private static func unit(_ id: Value?, ofTable name: String, in schema: Schema) -> CaseID? {
    guard let id = id?.text, let table = schema.table(named: name) else { return nil }
    return table.unit(of: RowID(id))
  }
}

func distinct<Element: Hashable & Comparable>(_ elements: some Sequence<Element>) -> [Element] {
  Set(elements).sorted()
}
