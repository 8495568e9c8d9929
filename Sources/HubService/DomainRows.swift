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
  /// Rows of a group that are read at once.
  private static let pageRowCount = 1_000

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
      for group in groups.sorted() where view.groups[group] == nil {
        try load(group, from: reader)
      }
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
    for caseID in cases.sorted() {
      try load(RowGroup(table: gateTable.number, caseID: caseID), from: reader)
    }
  }

  private mutating func load(_ group: RowGroup, from reader: some HubReader) throws {
    var keys: [RowKey] = []
    // No row has an empty id: behind it begin the rows of the table.
    var last = RowKey(table: group.table, id: RowID(""))
    while true {
      let page = try reader.rows(of: group.caseID, after: last, limit: Self.pageRowCount)
      let members = page.prefix { $0.key.table == group.table }
      for row in members where view.rows[row.key] == nil { view.rows[row.key] = row }
      keys += members.map(\.key)
      guard members.count == Self.pageRowCount, let end = members.last else { break }
      last = end.key
    }
    view.groups[group] = keys
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
