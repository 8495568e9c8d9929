import SyncCore

/// What the tables of replica and hub have in common.
enum DDL {
  static func table(_ name: String, _ lines: [String]) -> String {
    "CREATE TABLE \(SQLText.name(name)) (\n"
      + lines.map { "  " + $0 }.joined(separator: ",\n")
      + "\n) STRICT;\n"
  }

  static func column(_ column: Column) -> String {
    "\(SQLText.name(column.name)) \(column.type.sqlType)\(column.isRequired ? " NOT NULL" : "")"
  }

  static func defaultClause(_ column: Column) -> String {
    column.defaultValue.isNull ? "" : " DEFAULT \(SQLText.literal(column.defaultValue))"
  }

  static func addition(_ definition: String, to table: Table) -> String {
    "ALTER TABLE \(SQLText.name(table.name)) ADD COLUMN \(definition);\n"
  }

  static func index(_ name: String, of table: Table, on column: String) -> String {
    "CREATE INDEX \(SQLText.name(name)) ON \(SQLText.name(table.name)) (\(SQLText.name(column)));\n"
  }

  static func caseIndex(of table: Table) -> String {
    table.scope == .ofCase
      ? index("kreissync_case_\(table.name)", of: table, on: "case_id") : ""
  }
}
