package import SyncCore

/// The SQL of the hub's domain tables: the names and columns of the replica, without what serves
/// local programs only (triggers, foreign keys, ids and values by default).
///
/// A required column keeps its default, so that a row of a site whose schema did not have the
/// column yet can be stored.
package enum HubSQL {
  /// All of it for an empty file, as `schemas/hub.sql` shows it.
  package static func script(_ schema: Schema) -> String {
    """
    -- The hub: domain tables with the names and columns of the replica.
    -- Derived from caseload.toml, version \(schema.version). Renew this file with:
    --   kreissync schema sql --hub > schemas/hub.sql

    \(tables(schema))
    """
  }

  /// The domain tables with their indexes.
  package static func tables(_ schema: Schema) -> String {
    schema.tables.map { table($0) + DDL.caseIndex(of: $0) + mentionIndexes(of: $0) }
      .joined(separator: "\n")
  }

  /// One domain table without its index.
  package static func table(_ table: Table) -> String {
    var lines = ["\"id\" TEXT NOT NULL PRIMARY KEY"]
    if table.scope == .ofCase { lines.append("\"case_id\" TEXT NOT NULL") }
    lines += table.columns.map(definition)
    return DDL.table(table.name, lines)
  }

  /// Adds a column of a newer schema to a table that stands.
  package static func addition(of column: Column, to table: Table) -> String {
    DDL.addition(definition(of: column), to: table) + mentionIndex(on: column, of: table)
  }

  /// A new row is looked for among those that mention it already.
  private static func mentionIndexes(of table: Table) -> String {
    table.columns.map { mentionIndex(on: $0, of: table) }.joined()
  }

  private static func mentionIndex(on column: Column, of table: Table) -> String {
    guard column.mentions != nil else { return "" }
    return DDL.index("kreissync_mention_\(table.name)_\(column.name)", of: table, on: column.name)
  }

  private static func definition(of column: Column) -> String {
    DDL.column(column) + (column.isRequired ? DDL.defaultClause(column) : "")
  }
}
