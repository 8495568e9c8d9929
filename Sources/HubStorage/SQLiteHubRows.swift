import SQLiteAccess
import SyncCore

/// Rows of the embedded engine.
extension SQLiteHubTransaction {
  func rows(_ keys: [RowKey]) throws -> [RowKey: StoredRow] {
    let latest = try query(
      """
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row
      WHERE t = ? AND id = ? ORDER BY alive DESC, last_seq DESC LIMIT 1
      """)
    var found: [RowKey: StoredRow] = [:]
    for key in keys {
      found[key] = try latest.first(.integer(Int64(key.table)), Parameter(key.id), body: meta)
        .flatMap(filled)
    }
    return found
  }

  func rows(of caseID: CaseID, after: RowKey?, limit: Int) throws -> [StoredRow] {
    try query(
      """
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row
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
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row
      WHERE t = ? AND id > ? AND alive = 1 ORDER BY id LIMIT ?
      """
    ).all(
      .integer(Int64(key.table)), Parameter(key.id), .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    // Rows of a case that was granted later come whole with their case.
    try query(
      """
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row AS r
      WHERE last_seq BETWEEN ?1 AND ?2
        AND (case_id = '' OR EXISTS (
          SELECT 1 FROM kreissync_grant AS g
          WHERE g.case_id = r.case_id AND g.site = ?3 AND g.until_seq IS NULL
            AND (g.held_from <= ?4 OR g.held_already)))
      ORDER BY last_seq LIMIT ?5
      """
    ).all(
      .integer(range.lowerBound), .integer(range.upperBound), Parameter(site),
      .integer(heldAt), .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  /// A row's record without its values.
  private func meta(_ row: ResultRow) throws -> StoredRow {
    let number = Int(row.integer(0))
    guard let table = schema.table(number: number) else {
      throw HubStoreError.unusable("a row names table \(number), which the schema does not have")
    }
    return StoredRow(
      key: RowKey(table: number, id: row.identifier(1)), caseID: row.identifier(2),
      isAlive: row.integer(3) == 1, writer: row.identifier(4),
      values: table.columns.map { _ in .null },
      versions: try VersionEncoding.decode(row.blob(6), count: table.columns.count),
      lastSeq: row.integer(5))
  }

  /// The record with its values from the domain table.
  private func filled(_ stored: StoredRow) throws -> StoredRow? {
    guard stored.isAlive, let table = schema.table(number: stored.key.table) else { return stored }
    let values = try query(words.statements(on: table).select).first(
      Parameter(stored.key.id)
    ) { row in table.columns.indices.map { row.value($0) ?? .null } }
    guard let values else {
      throw HubStoreError.unusable("table \(table.name) lacks a row that its versions name")
    }
    var row = stored
    row.values = values
    return row
  }

  func quoted(_ name: String) -> String {
    quotedName(name)
  }
}
