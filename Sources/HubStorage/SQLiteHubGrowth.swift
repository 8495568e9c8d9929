import CaseloadSchema
import GRDB
import SQLiteAccess
import SyncCore

/// A newer schema in the embedded engine.
extension SQLiteHubTransaction {
  func grow(to newer: Schema, text: String) throws {
    precondition(newer.version > schema.version)
    for table in newer.tables {
      guard let older = schema.table(number: table.number) else {
        try database.execute(sql: HubSQL.tables(Schema(version: newer.version, tables: [table])))
        continue
      }
      for column in table.columns where older.column(number: column.number) == nil {
        try database.execute(sql: HubSQL.addition(of: column, to: table))
      }
    }
    try query("UPDATE kreissync_county SET schema = ?, schema_version = ?").run(
      .text(text), .integer(Int64(newer.version)))
  }
}
