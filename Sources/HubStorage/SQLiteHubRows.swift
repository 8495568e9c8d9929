import SQLiteAccess
import SyncCore

/// Rows of the embedded engine.
extension SQLiteHubTransaction {
  func rows(_ keys: [RowKey]) throws -> [RowKey: StoredRow] {
    var found: [RowKey: StoredRow] = [:]
    found.reserveCapacity(keys.count)
    for (number, keys) in Dictionary(grouping: keys, by: \.table).sorted(by: { $0.key < $1.key }) {
      guard let table = schema.table(number: number) else { continue }
      let select = try query(words.statements(on: table).rows)
      for key in keys {
        // One living row at most: the others are what is left in cases that it was in before.
        try select.forEach(.integer(Int64(number)), Parameter(key.id)) { result in
          let row = try row(result, in: table)
          if let known = found[key] {
            guard !known.isAlive, row.isAlive || row.lastSeq > known.lastSeq else { return }
          }
          found[key] = row
        }
      }
    }
    return found
  }

  func livingRows(of table: Table, in cases: [CaseID]) throws -> [CaseID: [StoredRow]] {
    let select = try query(words.statements(on: table).livingRows)
    var found: [CaseID: [StoredRow]] = [:]
    for caseID in cases {
      let rows = try select.all(Parameter(caseID), .integer(Int64(table.number))) {
        try row($0, in: table)
      }
      if !rows.isEmpty { found[caseID] = rows }
    }
    return found
  }

  func rows(of caseID: CaseID, after: RowKey?, limit: Int) throws -> [StoredRow] {
    try query(
      """
      SELECT \(Self.metaColumns) FROM kreissync_row
      WHERE case_id = ? AND (t, id) > (?, ?) ORDER BY t, id LIMIT ?
      """
    ).all(
      Parameter(caseID), .integer(Int64(after?.table ?? 0)), .text(after?.id.string ?? ""),
      .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  func rows(ofTableBehind key: RowKey, limit: Int) throws -> [StoredRow] {
    try query(
      """
      SELECT \(Self.metaColumns) FROM kreissync_row
      WHERE t = ? AND id > ? AND alive = 1 ORDER BY id LIMIT ?
      """
    ).all(
      .integer(Int64(key.table)), Parameter(key.id), .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  /// What ``meta(_:)`` reads, in its order.
  static let metaColumns = "t, id, case_id, alive, writer, last_seq, versions"

  /// A row's record without its values.
  func meta(_ row: ResultRow) throws -> StoredRow {
    let number = Int(row.integer(0))
    guard let table = schema.table(number: number) else {
      throw HubStoreError.unusable("a row names table \(number), which the schema does not have")
    }
    return try meta(row, in: table)
  }

  private func meta(_ row: ResultRow, in table: Table) throws -> StoredRow {
    StoredRow(
      key: RowKey(table: table.number, id: row.identifier(1)), caseID: row.identifier(2),
      isAlive: row.integer(3) == 1, writer: row.identifier(4),
      values: Array(repeating: .null, count: table.columns.count),
      versions: try VersionEncoding.decode(row.blob(6), count: table.columns.count),
      lastSeq: row.integer(5))
  }

  /// A record and, of a living row, the domain table's values beside it, as
  /// ``TableStatements/rows`` selects them.
  private func row(_ result: ResultRow, in table: Table) throws -> StoredRow {
    var row = try meta(result, in: table)
    guard row.isAlive else { return row }
    guard !result.isNull(7) else { throw Self.lacking(table) }
    for position in table.columns.indices {
      row.values[position] = result.value(8 + position) ?? .null
    }
    return row
  }

  /// The record with its values from the domain table.
  func filled(_ stored: StoredRow) throws -> StoredRow? {
    guard stored.isAlive, let table = schema.table(number: stored.key.table) else { return stored }
    let values = try query(words.statements(on: table).select).first(
      Parameter(stored.key.id)
    ) { row in table.columns.indices.map { row.value($0) ?? .null } }
    guard let values else { throw Self.lacking(table) }
    var row = stored
    row.values = values
    return row
  }

  private static func lacking(_ table: Table) -> HubStoreError {
    .unusable("table \(table.name) lacks a row that its versions name")
  }

  func quoted(_ name: String) -> String {
    quotedName(name)
  }
}
