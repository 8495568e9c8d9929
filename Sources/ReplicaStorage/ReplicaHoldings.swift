import GRDB
import SQLiteAccess
package import SyncCore

/// What a replica holds of its county: what a lost hub is rebuilt from.
package struct ReplicaHoldings {
  private let file: ReplicaFile

  package init(_ file: ReplicaFile) {
    self.file = file
  }

  /// The county as the replica knows it.
  package struct Origin: Sendable {
    package let county: CountyKey
    package let name: String
    package let schemaText: String
    package let digestKey: [UInt8]
    package let position: Position
  }

  /// The county, and where in its log the replica stands.
  package func origin() throws -> Origin {
    try file.read { database in
      let position = try ReplicaFile.record(in: database).position
      let origin = try Query(
        database, "SELECT county, county_name, schema, digest_key FROM kreissync_replica"
      ).first {
        Origin(
          county: $0.identifier(0), name: $0.text(1), schemaText: $0.text(2),
          digestKey: $0.blob(3), position: position)
      }
      guard let origin else { throw ReplicaError.corrupt }
      return origin
    }
  }

  /// Who leads each case and unit that the replica holds, in their order. Not what it only knows
  /// from mentions: of those it has a part.
  package func leads() throws -> [(caseID: CaseID, lead: SiteID)] {
    try file.read { database in
      try Query(
        database,
        """
        SELECT case_id, lead FROM kreissync_case_state
        WHERE case_id <> '' AND role <> 'mention' ORDER BY case_id
        """
      ).all { ($0.identifier(0), $0.identifier(1)) }
    }
  }

  /// The rows of a case or unit, or of none, its root first, as far as the replica may hold them:
  /// cells that it does not see, or that the lost hub did not hold because a gate was closed, are
  /// not told, and neither is what never leaves the site. Rows that no message can carry are left
  /// out.
  package func rows(of caseID: CaseID) throws -> [RowImage] {
    try file.read { database in
      let terms = try terms(in: caseID, database)
      var images: [RowImage] = []
      let rootFirst = file.schema.tables.sorted {
        $0.scope == .caseRoot && $1.scope != .caseRoot
      }
      for table in rootFirst where table.isVisible(to: terms) {
        for key in try keys(of: table, in: caseID, database) {
          guard case .there(let row) = try file.lookup(key, in: database) else { continue }
          images.append(
            RowImage(
              key: key, caseID: caseID,
              cells: Cells(
                of: row.values, in: table,
                mask: table.columns(visibleTo: terms).intersection(table.travellingColumns))))
        }
      }
      return images
    }
  }

  /// A row as it stands here, with what never leaves the site.
  package struct WholeRow: Sendable {
    package let table: SyncCore.Table
    package let id: RowID
    package let values: [Value]
  }

  /// All rows of a case with all their columns, in the order of their tables, and who leads it. Nil
  /// for a case that the replica does not hold.
  package func everything(of caseID: CaseID) throws -> (lead: SiteID, rows: [WholeRow])? {
    try file.read { database in
      var rows: [WholeRow] = []
      for table in file.schema.tables where table.scope == .ofCase || table.scope == .caseRoot {
        for key in try keys(of: table, in: caseID, database) {
          guard case .there(let row) = try file.lookup(key, in: database) else { continue }
          rows.append(WholeRow(table: table, id: key.id, values: row.values))
        }
      }
      let lead = try Query(
        database, "SELECT lead FROM kreissync_case_state WHERE case_id = ?"
      ).first(Parameter(caseID)) { $0.identifier(0, SiteID.self) }
      guard lead != nil || !rows.isEmpty else { return nil }
      return (try lead ?? ReplicaFile.record(in: database).site, rows)
    }
  }

  private func terms(in caseID: CaseID, _ database: Database) throws -> GrantTerms {
    guard !caseID.isNone else { return .shared }
    return try Query(
      database, "SELECT role, tiers FROM kreissync_case_state WHERE case_id = ?"
    ).first(Parameter(caseID)) { row in
      GrantTerms(
        Role(rawValue: row.text(0)) ?? .reader,
        TierSet(rawValue: UInt8(truncatingIfNeeded: row.integer(1))))
    } ?? .ended
  }

  private func keys(of table: Table, in caseID: CaseID, _ database: Database) throws -> [RowKey] {
    var identifier = caseID.text
    let condition: String
    switch table.scope {
    case .caseRoot where caseID.isCase: condition = "id = ?"
    case .ofCase where caseID.isCase: condition = "case_id = ?"
    case .global where caseID.isNone: condition = "? = ''"
    case .ofSite:
      guard let row = table.row(ofUnit: caseID) else { return [] }
      identifier = row.text
      condition = "id = ?"
    default: return []
    }
    return try Query(
      database, "SELECT id FROM \(file.quoted(table.name)) WHERE \(condition) ORDER BY id"
    ).all(.text(identifier.string)) { RowKey(table: table.number, id: $0.identifier(0)) }
  }
}
