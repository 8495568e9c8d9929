import CaseloadSchema
import GRDB
import SQLiteAccess
package import SyncCore

/// What a session found and mended before it began: the contract's `events`.
package enum ReplicaEvent: String, Sendable {
  case triggersRepaired = "triggers_repaired"
  case scrubFound = "scrub_found"
  case schemaUpdated = "schema_updated"
  /// A table or column was gone, and was made anew; its rows come back from the hub.
  case tableRebuilt = "table_rebuilt"
  /// The file's pages are damaged.
  case corrupt
  /// All rows were written anew from a snapshot of the hub's.
  case reloaded
}

extension ReplicaFile {
  /// Compares every domain table and its triggers with what they must be, repairs them, scrubs the
  /// tables where writes may have passed unseen: triggers were gone or changed, the table was
  /// rebuilt, or a unique index came up through which rows could be evicted without a note.
  ///
  /// GUI tools and ORMs rebuild tables without their triggers, so this runs before every session.
  package func installCapture(at now: Milliseconds) throws -> [ReplicaEvent] {
    // Nothing to write is the rule: looking first spares the neighbour a write lock.
    let (version, isDamaged) = try read { database in
      let version = try Query(database, "PRAGMA schema_version").first { $0.integer(0) }
      guard version != soundSchemaVersion else { return (version, false) }
      let isDamaged =
        try !TableRepair(file: self, database: database).findings().isEmpty
        || !findDamage(in: database).isEmpty
      return (version, isDamaged)
    }
    guard isDamaged else {
      soundSchemaVersion = version
      return []
    }
    return try write { try mendCapture(at: now, in: $0) }
  }

  func mendCapture(at now: Milliseconds, in database: Database) throws -> [ReplicaEvent] {
    var events: [ReplicaEvent] = []
    let tables = TableRepair(file: self, database: database)
    var rebuilt: Set<Int> = []
    for finding in try tables.findings() {
      try tables.mend(finding)
      rebuilt.insert(finding.table.number)
    }
    if !rebuilt.isEmpty { events.append(.tableRebuilt) }
    let damage = try findDamage(in: database)
    for finding in damage {
      // A table that is new has no triggers yet.
      if finding.lacksTriggers && !rebuilt.contains(finding.table.number) {
        events.append(.triggersRepaired)
      }
      try reinstall(finding, in: database)
    }
    let scrub = Scrub(file: self, database: database, now: now)
    let found = try scrub.run(over: damage.map(\.table))
    if found > 0 { events.append(.scrubFound) }
    // Rows with unsent work are not scrubbed: all are read when their case is proved next.
    if !damage.isEmpty {
      try Query(database, "UPDATE kreissync_case_state SET digest = NULL").run()
    }
    return events
  }

  /// Makes the triggers of tables that have grown anew.
  func renewTriggers(in database: Database) throws {
    for finding in try findDamage(in: database) { try reinstall(finding, in: database) }
  }

  private struct Finding {
    let table: Table
    let wanted: [CaptureTrigger]
    let present: [String]
    /// A trigger of ours is gone or says something else; otherwise only a unique index came or
    /// went.
    let lacksTriggers: Bool
  }

  private func findDamage(in database: Database) throws -> [Finding] {
    try schema.tables.compactMap { table in
      let wanted = ReplicaSQL.triggers(
        for: table, uniqueIndexes: try uniqueIndexes(on: table, in: database))
      let present = try Query(
        database,
        """
        SELECT name, sql FROM sqlite_schema
        WHERE type = 'trigger' AND tbl_name = ? AND name GLOB 'kreissync_*' ORDER BY name
        """
      ).all(.text(table.name)) { ($0.text(0), $0.text(1)) }
      let wantedTexts = wanted.map { [$0.name, $0.sql] }.sorted { $0[0] < $1[0] }
      guard present.map({ [$0.0, $0.1] }) != wantedTexts else { return nil }
      // Notes depend on indexes; the others on nothing.
      let captures = wanted.filter { !$0.name.hasPrefix("kreissync_note_") }
      let isComplete =
        Set(wanted.map(\.name)).isSubset(of: present.map(\.0))
        && captures.allSatisfy { capture in
          present.contains { $0.0 == capture.name && $0.1 == capture.sql }
        }
      return Finding(
        table: table, wanted: wanted, present: present.map(\.0), lacksTriggers: !isComplete)
    }
  }

  private func reinstall(_ finding: Finding, in database: Database) throws {
    for name in finding.present { try database.execute(sql: "DROP TRIGGER \(quoted(name))") }
    for trigger in finding.wanted {
      // A tool that rebuilt the table may have left the old one, and our trigger on it.
      try database.execute(sql: "DROP TRIGGER IF EXISTS \(quoted(trigger.name))")
      try database.execute(sql: trigger.sql)
    }
  }

  /// Unique indexes over plain columns of all rows that somebody added to the key's.
  private func uniqueIndexes(on table: Table, in database: Database) throws -> [UniqueIndex] {
    let names: [String] = try Query(
      database,
      """
      SELECT name FROM pragma_index_list(?)
      WHERE "unique" AND origin <> 'pk' AND NOT partial ORDER BY name
      """
    ).all(.text(table.name)) { $0.text(0) }
    return try names.compactMap { name in
      var keys: [UniqueIndex.Key] = []
      var isPlain = true
      try Query(
        database, "SELECT name, coll FROM pragma_index_xinfo(?) WHERE key ORDER BY seqno"
      ).forEach(.text(name)) { row in
        if row.isNull(0) { isPlain = false }
        keys.append(UniqueIndex.Key(column: row.text(0), collation: row.text(1)))
      }
      return isPlain ? UniqueIndex(keys: keys) : nil
    }
  }
}
