import HubStorage
import SyncCore

/// Brings the rows that the domain's rules need into a view, in a few bulk reads before the
/// decision.
///
/// Links are followed from what a row is and from what the batch makes of it, so that a decision
/// finds the rows that a row names at any moment of the batch.
struct DomainRows {
  private let rules: any DomainRules
  private let schema: Schema
  private let author: SiteID
  private let changes: [RowKey: [Change]]
  private(set) var view: HubView

  /// How far from a changed row a rule may look: a position's grant's programme, a position's
  /// worker's site.
  private static let depthMax = 2

  /// - Parameter view: the rows that the changes name.
  init(
    for changes: [Change], by author: SiteID, rules: any DomainRules, schema: Schema,
    view: HubView
  ) {
    self.rules = rules
    self.schema = schema
    self.author = author
    self.changes = Dictionary(grouping: changes, by: \.row)
    self.view = view
  }

  /// Loads all that is linked to the changed rows.
  mutating func load(from reader: some HubReader) throws {
    try loadGates(from: reader)
    var asked = Set(changes.keys)
    var frontier = Array(asked)
    for _ in 0..<Self.depthMax {
      var rows: Set<RowKey> = []
      var groups: Set<RowGroup> = []
      for link in frontier.flatMap(images).flatMap({ rules.links(of: $0, in: schema) }) {
        switch link {
        case .row(let key): rows.insert(key)
        case .group(let group): groups.insert(group)
        }
      }
      try load(groups.filter { view.groups[$0] == nil }, from: reader)
      frontier = rows.subtracting(asked).sorted()
      asked.formUnion(frontier)
      view.rows.merge(try reader.rows(frontier)) { known, _ in known }
    }
  }

  /// The rows that open and close the gates of the cases whose gated columns are written.
  private mutating func loadGates(from reader: some HubReader) throws {
    guard let gateTable = rules.gateTable(in: schema) else { return }
    var cases: Set<CaseID> = []
    for change in changes.values.joined() where change.caseID.isCase && change.kind != .delete {
      guard let table = schema.table(number: change.row.table), !table.gatedColumns.isEmpty,
        change.cells.mask.isEmpty || !change.cells.mask.intersection(table.gatedColumns).isEmpty
      else { continue }
      cases.insert(change.caseID)
    }
    try load(
      Set(cases.map { RowGroup(table: gateTable.number, caseID: $0) }), from: reader)
  }

  private mutating func load(_ groups: Set<RowGroup>, from reader: some HubReader) throws {
    for (number, groups) in Dictionary(grouping: groups, by: \.table).sorted(by: { $0.key < $1.key }
    ) {
      guard let table = schema.table(number: number) else { continue }
      let found = try reader.livingRows(of: table, in: groups.map(\.caseID).sorted())
      for group in groups {
        let rows = found[group.caseID] ?? []
        for row in rows where view.rows[row.key] == nil { view.rows[row.key] = row }
        view.groups[group] = rows.map(\.key)
      }
    }
  }

  /// The row as it stands, and as each change of the batch would leave it.
  private func images(of key: RowKey) -> [RowState] {
    guard let table = schema.table(number: key.table) else { return [] }
    let stored = view.rows[key].flatMap { $0.isAlive ? $0 : nil }
    let here = stored.map {
      RowState(
        table: table, id: key.id, caseID: $0.caseID, writer: $0.writer, values: $0.values)
    }
    let made = changes[key, default: []].map { change in
      RowState(
        table: table, id: key.id, caseID: change.caseID, writer: stored?.writer ?? author,
        values: table.columns.indices.map {
          change.cells[table.columns[$0].number] ?? stored?.values[$0] ?? .null
        })
    }
    return [here].compactMap(\.self) + made
  }
}
