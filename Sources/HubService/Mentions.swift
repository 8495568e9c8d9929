import HubStorage
import SyncCore

/// Whom cases mention: what a mention shows of a worker goes to all who hold the case.
extension HubReader {
  /// The units that these cases mention, in ascending order.
  func units(mentionedIn cases: [CaseID]) throws -> [CaseID] {
    guard let root = schema.caseRoot else { return [] }
    var units: Set<CaseID> = []
    for column in root.columns {
      guard let name = column.mentions, let table = schema.table(named: name) else { continue }
      let position = root.position(ofColumn: column.number)!
      // Some hundred at a time: a county's root rows need not be in memory at once.
      for start in stride(from: 0, to: cases.count, by: 500) {
        let keys = cases[start..<min(start + 500, cases.count)].map {
          RowKey(table: root.number, id: RowID(text: $0.text))
        }
        for row in try rows(keys).values {
          if let id = row.values[position].text { units.insert(table.unit(of: RowID(id))) }
        }
      }
    }
    return try self.cases(units.sorted()).keys.sorted()
  }

  /// Those of them of which a site sees nothing yet.
  func units(mentionedIn cases: [CaseID], unknownTo site: SiteID) throws -> [CaseID] {
    let units = try units(mentionedIn: cases)
    let roles = try roles(of: site, in: units)
    return units.filter { roles[$0] == nil }
  }
}
