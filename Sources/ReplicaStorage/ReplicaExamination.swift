import CaseloadSchema
import Foundation
import GRDB
import SQLiteAccess
import SyncCore

/// A replica as somebody finds it who looks why it does not work. Looking changes nothing, works on
/// a file that is damaged or locked, and never throws.
package struct ReplicaExamination: Sendable {
  /// Why it cannot be read, or not to its end; nil for nothing.
  package private(set) var problem: ReplicaError?
  /// Whether it lies on a network file system, where SQLite's locks do not hold.
  package private(set) var isRemote = false
  /// What SQLite finds wrong with its pages; nil for nothing.
  package private(set) var flaw: String?
  /// As SQLite names it; nil where it cannot be told.
  package private(set) var journalMode: String?
  /// The bytes of the WAL beside it; 0 where there is none.
  package private(set) var walByteCount: Int64 = 0
  package private(set) var byteCount: Int64 = 0
  package private(set) var record: ReplicaRecord?
  /// Domain tables that are gone.
  package private(set) var missingTables: [String] = []
  /// Domain tables on which a capture trigger is gone or says something else.
  package private(set) var uncapturedTables: [String] = []
  /// Triggers of other programs on domain tables, as `table.trigger`.
  package private(set) var foreignTriggers: [String] = []
  /// Unique indexes of other programs on domain tables, as `table.index`.
  package private(set) var foreignUniqueIndexes: [String] = []

  /// A lock that lasts longer is one that a session meets.
  private static let busyMilliseconds = 2_000

  private init() {}

  /// Looks at the replica at `path`.
  package static func of(_ path: String) -> ReplicaExamination {
    var found = ReplicaExamination()
    found.isRemote = FileSystem.isRemote((path as NSString).deletingLastPathComponent)
    guard FileSystem.ofTheSystem.holds(path) else {
      found.problem = .missing(path: path)
      return found
    }
    found.byteCount = length(path) ?? 0
    let wal = length(path + "-wal")
    found.walByteCount = wal ?? 0
    // Without locks that hold not even looking is safe.
    guard !found.isRemote else {
      found.problem = .networkFileSystem(path: path)
      return found
    }
    do {
      try ReplicaFile.translatingErrors {
        do {
          let queue = try DatabaseQueue(
            path: path,
            configuration: Connection.looking(
              busyMilliseconds: busyMilliseconds, leavesWAL: wal != nil))
          try queue.inDatabase { try found.look(at: $0, path) }
          try queue.close()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB {
          throw ReplicaError.notAReplica(path: path)
        }
      }
    } catch let error as ReplicaError {
      found.problem = error
    } catch {
      found.problem = .corrupt
    }
    return found
  }

  private static func length(_ path: String) -> Int64? {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : nil
  }

  private mutating func look(at database: Database, _ path: String) throws {
    let application = try Int64.fetchOne(database, sql: "PRAGMA application_id")
    guard application == ReplicaTables.applicationID else {
      throw ReplicaError.notAReplica(path: path)
    }
    let format = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard format <= ReplicaTables.format else {
      throw ReplicaError.newerFormat(path: path, format: format)
    }
    journalMode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
    // Before the pages: what is damaged there may keep the rest from being read.
    record = try ReplicaFile.record(in: database)
    let text = try Query(database, "SELECT schema FROM kreissync_replica").first { $0.text(0) }
    let schema = try CaseloadSchema.read(toml: text ?? "", file: path)
    for table in schema.tables { try look(at: table, in: database) }
    flaw = try FileCopy.flaw(in: database)
  }

  private mutating func look(at table: Table, in database: Database) throws {
    let isThere =
      try Query(database, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
      .first(.text(table.name)) { _ in true } ?? false
    guard isThere else {
      missingTables.append(table.name)
      return
    }
    let indexes = try Query(
      database,
      """
      SELECT name FROM pragma_index_list(?) WHERE "unique" AND origin <> 'pk' ORDER BY name
      """
    ).all(.text(table.name)) { $0.text(0) }
    foreignUniqueIndexes += indexes.map { "\(table.name).\($0)" }
    var present: [String: String] = [:]
    try Query(
      database, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?"
    ).forEach(.text(table.name)) { present[$0.text(0)] = $0.text(1) }
    foreignTriggers += present.keys.filter { !$0.hasPrefix("kreissync_") }.sorted()
      .map { "\(table.name).\($0)" }
    let isCaptured = ReplicaSQL.triggers(for: table, uniqueIndexes: []).allSatisfy { wanted in
      // Notes say more where somebody added a unique index.
      let mayDiffer = !indexes.isEmpty && wanted.name.hasPrefix("kreissync_note_")
      return present[wanted.name] == wanted.sql || mayDiffer && present[wanted.name] != nil
    }
    if !isCaptured { uncapturedTables.append(table.name) }
  }
}
