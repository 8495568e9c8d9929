import CaseloadSchema
import SyncCore

/// What a newer schema adds to a county, or added.
package struct SchemaUpdate: Sendable, Equatable {
  /// A column of a table that stands.
  package struct AddedColumn: Sendable, Equatable {
    package let table: String
    package let column: String
  }

  /// The versions before and after; equal where there was nothing to do.
  package let from: Int
  package let to: Int
  package let tables: [String]
  package let columns: [AddedColumn]

  package var isNothing: Bool { from == to }

  /// Lets a county's schema grow, in one durable transaction; also beside a hub that serves.
  ///
  /// - Parameters:
  ///   - text: the newer `caseload.toml`; the one in use is nothing to do.
  ///   - file: its name, for the messages.
  ///   - isDryRun: only says what would be added.
  /// - Throws: ``SchemaError`` with everything that is not an addition.
  package static func run(
    on store: any HubStore, to text: String, file: String, isDryRun: Bool
  ) throws -> SchemaUpdate {
    let newer = try CaseloadSchema.read(toml: text, file: file)
    return try store.write { writer in
      let older = writer.schema
      try CaseloadSchema.check(newer, extends: older, file: file)
      let update = SchemaUpdate(from: older, to: newer)
      if !update.isNothing && !isDryRun { try writer.grow(to: newer, text: text) }
      return update
    }
  }

  private init(from older: Schema, to newer: Schema) {
    from = older.version
    to = newer.version
    tables = newer.tables.filter { older.table(number: $0.number) == nil }.map(\.name)
    columns = newer.tables.flatMap { table in
      guard let known = older.table(number: table.number) else { return [AddedColumn]() }
      return table.columns.filter { known.column(number: $0.number) == nil }
        .map { AddedColumn(table: table.name, column: $0.name) }
    }
  }
}
