import CaseloadSchema
import GRDB
import SQLiteAccess
package import SyncCore

/// Why a replica stays with the schema that it has. Stable codes, shown by the status.
package enum SchemaProblem: String, Sendable {
  /// What the hub offers cannot be read: it is newer than this program.
  case unreadable = "schema_unreadable"
  /// It does not only add to the replica's.
  case notAnAddition = "schema_not_an_addition"
  /// A table or column of a name that it adds is there already, made by a local program.
  case nameTaken = "schema_name_taken"
  /// SQLite did not let a table grow: it is not as it was made.
  case tableDamaged = "schema_table_damaged"
  /// Another program holds the replica, or its disk is full: the next session tries again.
  case deferred = "schema_deferred"
  /// The hub did not hand it out: the next session tries again.
  case notOffered = "schema_not_offered"
}

extension ReplicaFile {
  /// Makes a newer schema of the county the replica's own, in one transaction: tables and columns
  /// are added, triggers made anew, and what was kept of them as unknown moves into its place.
  ///
  /// The SQL is made from the parsed schema; no text of the network is executed. Rows that stand
  /// hold ``Column/valueOfOlderRows`` in the new columns. Programs that have the file open go on:
  /// SQLite prepares their statements anew.
  ///
  /// - Returns: why the replica keeps the schema that it has, unchanged; nil if it has grown.
  package func grow(toSchema text: String, at now: Milliseconds) throws -> SchemaProblem? {
    let older = schema
    let newer: Schema
    do {
      newer = try CaseloadSchema.read(toml: text, file: "schema of the county")
    } catch {
      return .unreadable
    }
    do {
      try CaseloadSchema.check(newer, extends: older, file: "schema of the county")
    } catch {
      return .notAnAddition
    }
    guard newer.version > older.version else { return .notAnAddition }
    do {
      return try write { database in
        let growth = Growth(older: older, newer: newer, file: self, database: database, now: now)
        return try growth.run(text)
      }
    } catch {
      schema = older
      switch error {
      case ReplicaError.locked, ReplicaError.storageFull: return .deferred
      case is DatabaseError: return .tableDamaged
      default: throw error
      }
    }
  }
}

/// One growth, in its transaction.
private struct Growth {
  let older: Schema
  let newer: Schema
  let file: ReplicaFile
  let database: Database
  let now: Milliseconds

  /// - Postcondition: the file object has the newer schema, unless a problem is returned.
  func run(_ text: String) throws -> SchemaProblem? {
    guard try !isAnyNameTaken() else { return .nameTaken }
    // Writes that passed unseen are found by the triggers that should have seen them.
    _ = try file.mendCapture(at: now, in: database)
    for table in newer.tables {
      if let known = older.table(number: table.number) {
        try add(table.columns.filter { known.column(number: $0.number) == nil }, to: table)
      } else {
        try database.execute(
          sql: ReplicaSQL.table(table, in: newer) + ReplicaSQL.indexes(of: table))
      }
    }
    try Query(database, "UPDATE kreissync_replica SET schema = ?").run(.text(text))
    file.schema = newer
    file.soundSchemaVersion = nil
    try file.renewTriggers(in: database)
    try settleUnknown()
    return nil
  }

  private func add(_ columns: [Column], to table: Table) throws {
    for column in columns {
      try database.execute(sql: ReplicaSQL.addition(of: column, to: table))
      guard column.defaultValue != column.valueOfOlderRows else { continue }
      // SQLite fills the rows that stand with the default, which nobody has written there.
      try Query(
        database, "UPDATE \(file.quoted(table.name)) SET \(file.quoted(column.name)) = NULL"
      ).run()
    }
  }

  /// What was kept is written as a pull would write it now: unsent work stays on top, and what the
  /// local program's constraints refuse is asked for again. The cases are compared anew.
  private func settleUnknown() throws {
    try Query(
      database,
      """
      UPDATE kreissync_case_state SET digest = NULL
      WHERE case_id IN (SELECT case_id FROM kreissync_unknown)
      """
    ).run()
    var application = try Application(file: file, database: database, now: now, isGrowth: true)
    var place = UnknownCells.Place()
    while let images = try application.unknown.takeOut(behind: &place) {
      for image in images {
        if older.table(number: image.key.table) == nil {
          try application.write(image, isWhole: true)
        } else if case .there(let row) = try file.lookup(image.key, in: database),
          row.caseID == image.caseID
        {
          try application.write(image, isWhole: false)
        }
      }
    }
  }

  private func isAnyNameTaken() throws -> Bool {
    for table in newer.tables {
      guard let known = older.table(number: table.number) else {
        let names = try names("SELECT name FROM sqlite_schema WHERE name <> ?", of: "")
        if names.contains(table.name) { return true }
        continue
      }
      let added = table.columns.filter { known.column(number: $0.number) == nil }.map(\.name)
      let names = try names("SELECT name FROM pragma_table_info(?)", of: table.name)
      if !names.isDisjoint(with: added) { return true }
    }
    return false
  }

  /// In lower case, as the schema's own are: to SQLite `Email` and `email` are one name.
  private func names(_ sql: String, of table: String) throws -> Set<String> {
    Set(try Query(database, sql).all(.text(table)) { $0.text(0).lowercased() })
  }
}
