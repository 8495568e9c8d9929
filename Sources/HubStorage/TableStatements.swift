import SQLiteAccess
import SyncCore

/// The statements on one domain table, worded once for a schema: to put a statement's text together
/// for each row costs as much as to run it.
struct TableStatements: Sendable {
  /// Every column in order, of the row with an id.
  let select: String
  /// Every record with a table's number and an id, living or not, beside its columns in order.
  let rows: String
  /// The same of the living rows in a case with a table's number, in order of their ids.
  let livingRows: String
  /// Id, case id where there is one, then every column in order.
  let upsert: String
  /// By id, and by case id where there is one.
  let delete: String
  /// Every column in order, then by id, and by case id where there is one: no index is written.
  let update: String

  init(_ table: Table) {
    let name = quotedName(table.name)
    let columns = table.columns.map { quotedName($0.name) }
    select = "SELECT \(columns.joined(separator: ", ")) FROM \(name) WHERE id = ?"
    let record = """
      SELECT r.t, r.id, r.case_id, r.alive, r.writer, r.last_seq, r.versions, d.id,
        \(columns.map { "d.\($0)" }.joined(separator: ", "))
      FROM kreissync_row AS r
      """
    rows = "\(record) LEFT JOIN \(name) AS d ON d.id = r.id WHERE r.t = ? AND r.id = ?"
    // NB: left to itself SQLite reads the whole table in the order of ids.
    livingRows = """
      \(record) INDEXED BY kreissync_row_case LEFT JOIN \(name) AS d ON d.id = r.id
      WHERE r.case_id = ? AND r.t = ? AND r.alive = 1 ORDER BY r.id
      """
    let names = (table.scope == .ofCase ? ["id", "case_id"] : ["id"]) + columns
    let marks = Array(repeating: "?", count: names.count).joined(separator: ", ")
    // NB: REPLACE would remove other rows that somebody's index has no room beside.
    let renewed = names.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    upsert = """
      INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(marks))
      ON CONFLICT (id) DO UPDATE SET \(renewed)
      """
    let place = "id = ?" + (table.scope == .ofCase ? " AND case_id = ?" : "")
    let cells = columns.map { "\($0) = ?" }.joined(separator: ", ")
    update = "UPDATE \(name) SET \(cells) WHERE \(place)"
    delete = "DELETE FROM \(name) WHERE \(place)"
  }
}

/// A schema with the statements on its tables.
struct WordedSchema: Sendable {
  let schema: Schema
  private let statements: [Int: TableStatements]

  init(_ schema: Schema) {
    self.schema = schema
    statements = Dictionary(
      uniqueKeysWithValues: schema.tables.map { ($0.number, TableStatements($0)) })
  }

  /// - Precondition: the table is one of the schema's.
  func statements(on table: Table) -> TableStatements {
    statements[table.number]!
  }
}
