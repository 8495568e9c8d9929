import CaseloadSchema
import Foundation
import GRDB
package import SQLiteAccess
package import SyncCore
import Synchronization

/// The hub's embedded engine: one county in one SQLite file.
///
/// WAL with `synchronous=FULL`: a commit is durable when it returns. Every write begins with `BEGIN
/// IMMEDIATE`, which is the lock on the county's counter: SQLite has one writer, so the counter
/// that the body reads is the one that its commit moves.
package struct SQLiteHub: HubStore {
  private let pool: DatabasePool
  /// What SQLite is given to open the file.
  let name: String
  private let schema = KnownSchema()

  /// Five seconds: longer than any transaction of the hub, shorter than a site's patience.
  static let busyMilliseconds = 5_000

  /// Creates a county's file.
  ///
  /// - Throws: ``HubStoreError/unusable(_:)`` if something stands at `path` already.
  package static func create(
    at path: String, county: CountyRecord, now: Milliseconds
  ) throws -> SQLiteHub {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw HubStoreError.unusable("\(path) exists already; a county is never created twice")
    }
    let schema = try CaseloadSchema.read(
      toml: county.schemaText, file: "schema of county \(county.key)")
    let pool = try open(path)
    try pool.write { database in
      try database.execute(
        sql: HubTables.sql + HubSQL.tables(schema) + """
          PRAGMA application_id = \(HubTables.applicationID);
          PRAGMA user_version = \(HubTables.format);
          """)
      try Query(database, "INSERT INTO kreissync_county VALUES (1, ?, ?, ?, ?, ?, ?)").run(
        .text(county.key.string), .text(county.name), .text(county.history.string),
        .blob(county.digestKey), .text(county.schemaText), .integer(Int64(schema.version)))
      try Query(database, "INSERT INTO kreissync_counter VALUES (1, 0, 0, ?)").run(
        .blob(TreeHead.empty.root.bytes))
      try Query(database, "INSERT INTO kreissync_case VALUES ('', ?, 1, 0, ?, 0)").run(
        Parameter(SiteID.hub), .blob(TierDigests.zero.bytes))
    }
    return SQLiteHub(pool: pool, name: path)
  }

  /// Opens an existing county's file.
  ///
  /// - Parameter fileSystem: where `path` lies.
  /// - Throws: ``HubStoreError/unusable(_:)`` if it is missing, no county's file, or newer.
  package static func open(
    at path: String, on fileSystem: FileSystem = .ofTheSystem
  ) throws -> SQLiteHub {
    guard fileSystem.holds(path) else {
      throw HubStoreError.unusable("\(path) is missing; `kreissync hub init` creates a county")
    }
    let name = fileSystem.name(of: path)
    try translatingErrors { try check(name) }
    let store = SQLiteHub(pool: try translatingErrors { try open(name) }, name: name)
    // One that cannot be read is told now, not by the first request.
    _ = try store.read { $0.schema }
    return store
  }

  /// Whose file this is, found out without writing to it.
  ///
  /// - Throws: ``HubStoreError/unusable(_:)`` if it is no county's, damaged or of another format.
  package static func county(ofFileAt path: String) throws -> CountyKey {
    try translatingErrors {
      try check(path)
      var configuration = configuration
      configuration.readonly = true
      return try DatabaseQueue(path: path, configuration: configuration).read { database in
        let flaws = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
        guard flaws == ["ok"] else {
          throw HubStoreError.unusable("its pages are damaged")
        }
        return try Query(database, "SELECT key FROM kreissync_county").first {
          $0.identifier(0)
        } ?? CountyKey("")
      }
    }
  }

  /// Closes all connections now; the store cannot be used any more.
  package func close() throws {
    try Self.translatingErrors { try pool.close() }
  }

  /// Whether it is a county's file, found out without writing: a pool turns WAL on, which changes
  /// the file, and this one may belong to another program.
  static func check(_ path: String) throws {
    var configuration = configuration
    configuration.readonly = true
    do {
      try DatabaseQueue(path: path, configuration: configuration).read { database in
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id")
        guard application == HubTables.applicationID else {
          throw HubStoreError.unusable("\(path) is not the database of a county")
        }
        let format = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard format == HubTables.format else {
          throw HubStoreError.unusable(
            "\(path) has format \(format), this program knows \(HubTables.format); "
              + "run the version that wrote it")
        }
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB {
      throw HubStoreError.unusable("\(path) is not the database of a county")
    }
  }

  private static var configuration: Configuration {
    Connection.configuration(
      synchronous: "FULL", busyMilliseconds: busyMilliseconds, firesTriggers: true)
  }

  /// A county's share of the hub's threads, and those that look up who calls: nobody ever waits for
  /// a reader, for that would make one county wait for another.
  private static let readerCountMax = 8

  /// A batch of a thousand changes touches some ten thousand pages, index and table, of which the
  /// next batch needs most again; SQLite's own 2 MiB write them to the WAL and read them back in
  /// the middle of a transaction.
  private static let writerCacheKibibytes = 32 << 10

  /// 128 MiB: what several batches write to the same page goes into the file once. With SQLite's
  /// own 4 MiB every batch waits for a checkpoint.
  private static let checkpointPageCount = 32_768

  private static func open(_ path: String) throws -> DatabasePool {
    var configuration = configuration
    configuration.maximumReaderCount = readerCountMax
    let pool = try DatabasePool(path: path, configuration: configuration)
    // NB: GRDB turns WAL on after it has configured the connection, and sets NORMAL with it.
    try pool.writeWithoutTransaction {
      try $0.execute(
        sql: """
          PRAGMA synchronous = FULL;
          PRAGMA cache_size = -\(writerCacheKibibytes);
          PRAGMA wal_autocheckpoint = \(checkpointPageCount);
          """)
    }
    return pool
  }

  package func read<Result: Sendable>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try reading { try body($0) }
  }

  /// As ``read(_:)``, for what only this engine is asked.
  func reading<Result: Sendable>(_ body: (SQLiteHubTransaction) throws -> Result) throws -> Result {
    try Self.translatingErrors {
      try pool.read {
        try body(SQLiteHubTransaction(database: $0, words: schema.current(in: $0)))
      }
    }
  }

  /// Runs `body` over one consistent state, with the file at `path` attached as `snapshot`. Nothing
  /// but that file may be written.
  func copying<Result>(into path: String, _ body: (SQLiteHubTransaction) throws -> Result) throws
    -> Result
  {
    try Self.translatingErrors {
      let queue = try DatabaseQueue(path: name, configuration: SnapshotFile.configuration)
      let result = try queue.inDatabase { database in
        try SnapshotFile.attach(path, to: database)
        var result: Result?
        try database.inTransaction(.deferred) {
          result = try body(
            SQLiteHubTransaction(database: database, words: schema.current(in: database)))
          return .commit
        }
        return result!
      }
      try queue.close()
      return result
    }
  }

  package func write<Result: Sendable>(_ body: (any HubWriter) throws -> Result) throws -> Result {
    try write(isDurable: true, body)
  }

  package func writeUnsynced<Result: Sendable>(
    _ body: (any HubWriter) throws -> Result
  ) throws -> Result {
    try write(isDurable: false, body)
  }

  /// - Parameter isDurable: false for a commit that the WAL's next one makes durable: in WAL mode
  ///   each with `synchronous=FULL` syncs all before it.
  private func write<Result: Sendable>(
    isDurable: Bool, _ body: (any HubWriter) throws -> Result
  ) throws -> Result {
    try Self.translatingErrors {
      try pool.writeWithoutTransaction { database in
        // Compiled each time: SQLite obeys this one while it compiles it.
        try database.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
        var result: Result?
        let mark = ForgettingMark()
        try database.inTransaction(.immediate) {
          result = try body(
            SQLiteHubTransaction(
              database: database, words: schema.current(in: database), forgetting: mark))
          return .commit
        }
        // What was overwritten still stands in the WAL. A reader that keeps it leaves that to the
        // next one, or to ``clear()``.
        if mark.isSet {
          _ = try Query(database, "PRAGMA wal_checkpoint(TRUNCATE)").first { $0.integer(0) }
        }
        return result!
      }
    }
  }

  static func translatingErrors<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_FULL: throw HubStoreError.full
      // The shared memory of the WAL is a file, too.
      case .SQLITE_IOERR where errno == ENOSPC: throw HubStoreError.full
      case .SQLITE_BUSY: throw HubStoreError.busy
      case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG: throw HubStoreError.unfit
      case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_READONLY, .SQLITE_CANTOPEN:
        throw HubStoreError.unusable("the county's database: \(error.resultCode)")
      default: throw error
      }
    }
  }
}

/// Whether a transaction has forgotten something. Not shared: a transaction runs on one thread.
final class ForgettingMark {
  var isSet = false
}

/// The county's schema as this process read it last.
///
/// An administrator's command may let it grow beside a hub that serves, so each transaction looks
/// at the version that its state of the file has, and reads the text only where that is another.
final class KnownSchema: Sendable {
  private let known = Mutex<WordedSchema?>(nil)

  func current(in database: Database) throws -> WordedSchema {
    let version = try Query(database, "SELECT schema_version FROM kreissync_county").first {
      $0.integer(0)
    }
    if let known = known.withLock({ $0 }), version == Int64(known.schema.version) { return known }
    let text = try Query(database, "SELECT schema FROM kreissync_county").first { $0.text(0) }
    let schema = WordedSchema(
      try CaseloadSchema.read(toml: text ?? "", file: "schema of the county"))
    known.withLock { $0 = schema }
    return schema
  }
}
