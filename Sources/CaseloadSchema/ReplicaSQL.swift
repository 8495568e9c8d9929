package import SyncCore

/// The SQL of a replica's file, derived from the schema: pure text, no connection.
///
/// Every statement ends with `;` and a line feed; where one is kept as a value of its own (a
/// ``CaptureTrigger``) it has neither, which is how `sqlite_schema` keeps it.
package enum ReplicaSQL {
  /// All of it for an empty file, as `schemas/replica.sql` shows it.
  package static func script(_ schema: Schema) -> String {
    let triggers = schema.tables.flatMap { self.triggers(for: $0, uniqueIndexes: []) }
    return """
      -- The replica: domain tables, change log, capture triggers.
      -- Derived from caseload.toml, version \(schema.version). Renew this file with:
      --   kreissync schema sql > schemas/replica.sql

      \(tables(schema))
      \(changeLog)
      \(triggers.map { $0.sql + ";\n" }.joined(separator: "\n"))
      """
  }

  /// The domain tables with their indexes.
  ///
  /// No UNIQUE besides the key and no CHECK, for a change of the hub must never meet a constraint;
  /// NOT NULL only on required columns; foreign keys deferred and without CASCADE, because an ORM's
  /// REPLACE of the parent would delete the case.
  package static func tables(_ schema: Schema) -> String {
    schema.tables.map { table($0, in: schema) + indexes(of: $0) }.joined(separator: "\n")
  }

  /// One domain table without its indexes.
  package static func table(_ table: Table, in schema: Schema) -> String {
    var lines = ["\"id\" TEXT NOT NULL PRIMARY KEY DEFAULT (\(SQLText.uuidV7))"]
    if table.scope == .ofCase, let root = schema.caseRoot {
      lines.append("\"case_id\" TEXT NOT NULL" + foreignKey(to: root.name))
    }
    lines += table.columns.map(definition)
    return DDL.table(table.name, lines)
  }

  /// The indexes that a table's foreign keys and the look-up of a case need.
  package static func indexes(of table: Table) -> String {
    DDL.caseIndex(of: table)
      + table.columns.map { referenceIndex(on: $0, of: table) }.joined()
  }

  /// Adds a column of a newer schema to a table that stands. The triggers must be made anew.
  package static func addition(of column: Column, to table: Table) -> String {
    DDL.addition(definition(of: column), to: table) + referenceIndex(on: column, of: table)
  }

  /// The change log.
  ///
  /// | Column | Meaning |
  /// |--------|---------|
  /// | `n`    | place in the log; grows as long as the newest entry is never removed |
  /// | `t`    | number of the table; 0 in a marker |
  /// | `k`    | `CaptureKind` |
  /// | `m`    | update: the changed columns, bit number − 1. Note of the same `id`: the columns where the row differs from the new one; note of another `id`: 0. Marker: the hub's sequence number |
  /// | `id`   | the row's text id |
  /// | `c`    | deletion and note: the case that the row was in, else NULL |
  /// | `at`   | UTC milliseconds of the writing connection's clock |
  /// | `tag`  | 64 random bits: the change's name beside its `n` |
  /// | `v`    | deletion and note: the row's old values, see ``CapturedValues``, so that an edit that the deletion swallowed keeps them |
  ///
  /// No constraint that can fail, not even a type: under an outer `OR IGNORE` the entry would be
  /// dropped without a word. No AUTOINCREMENT: it costs a fifth of a bulk insert.
  package static let changeLog = """
    CREATE TABLE "kreissync_log" (
      "n" INTEGER PRIMARY KEY, "t", "k", "m", "id", "c", "at", "tag", "v"
    );

    """

  private static func definition(of column: Column) -> String {
    DDL.column(column) + DDL.defaultClause(column)
      + (column.references.map(foreignKey) ?? "")
  }

  private static func referenceIndex(on column: Column, of table: Table) -> String {
    guard column.references != nil else { return "" }
    let name = "kreissync_reference_\(table.name)_\(column.name)"
    return DDL.index(name, of: table, on: column.name)
  }

  private static func foreignKey(to table: String) -> String {
    " REFERENCES \(SQLText.name(table)) (\"id\") DEFERRABLE INITIALLY DEFERRED"
  }
}
