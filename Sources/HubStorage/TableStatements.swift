import SQLiteAccess
import SyncCore

/// The statements on one domain table, worded once for a schema: to put a statement's text together
/// for each row costs as much as to run it.
struct TableStatements: Sendable {
  /// Every column in order, of the row with an id.
  let select: String
  /// Id, case id where there is one, then every column in order.
  let upsert: String
  /// By id, and by case id where there is one.
  let delete: String

  init(_ table: Table) {
    let name = quotedName(table.name)
    let columns = table.columns.map { quotedName($0.name) }
    select = "SELECT \(columns.joined(separator: ", ")) FROM \(name) WHERE id = ?"
    let names = (table.scope == .ofCase ? ["id", "case_id"] : ["id"]) + columns
    let marks = Array(repeating: "?", count: names.count).joined(separator: ", ")
    // NB: REPLACE would remove other rows that somebody's index has no room beside.
    let renewed = names.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    upsert = """
      INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(marks))
      ON CONFLICT (id) DO UPDATE SET \(renewed)
      """
    delete = "DELETE FROM \(name) WHERE id = ?" + (table.scope == .ofCase ? " AND case_id = ?" : "")
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
