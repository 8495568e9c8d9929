import CaseloadSchema
import Foundation
import GRDB
import Glibc
package import SQLiteAccess
package import SyncCore

/// A site's replica: the SQLite file that any program may read and write, opened by the agent.
///
/// The agent writes on a connection whose triggers are off, so that what it applies is not captured
/// again, at `synchronous=EXTRA`: what it commits survives a power cut in every journal mode. It
/// never touches the file by plain file calls, because closing such a handle would drop the locks
/// that SQLite holds.
package final class ReplicaFile: ReplicaStore {
  package internal(set) var schema: Schema {
    didSet { statements = TableStatements.all(of: schema) }
  }
  /// On the tables of the schema, by their numbers.
  private(set) var statements: [Int: TableStatements]
  package let path: String
  let queue: DatabaseQueue
  /// The key of the county's digests.
  package let digestKey: SipHash128Key
  /// What the domain says of who may know what; nil where all but `local` columns leave the site.
  package var gates: (any TierGates)?
  /// Up to so many touched cases are read whole to be proved, more are added up from what is known
  /// of their rows. Few are read in the sessions of a day; before a night's the scrub has read all.
  package var readCaseCountMax = 100
  /// SQLite's number of the schema in which all triggers were found sound: every change of a table,
  /// index or trigger, by whomever, counts it on.
  var soundSchemaVersion: Int64?

  /// Longer than a program's own transactions, shorter than a person's patience; a replica that is
  /// locked for minutes defers the session.
  private static let busyMilliseconds = 10_000

  init(path: String, schema: Schema, queue: DatabaseQueue, digestKey: SipHash128Key) {
    self.path = path
    self.schema = schema
    statements = TableStatements.all(of: schema)
    self.queue = queue
    self.digestKey = digestKey
  }

  /// Creates an empty replica with its tables, triggers and views.
  ///
  /// Built beside its place and renamed, so that `path` never holds half a replica.
  package static func create(at path: String, origin: ReplicaOrigin) throws {
    guard access(path, F_OK) != 0 else { throw ReplicaError.alreadyThere(path: path) }
    try refuseNetworkFileSystem(path)
    let schema = try CaseloadSchema.read(toml: origin.schemaText, file: "schema of the county")
    let unfinished = path + ".new"
    for suffix in ["", "-journal", "-wal", "-shm"] {
      guard unlink(unfinished + suffix) == 0 || errno == ENOENT else {
        throw ReplicaError.readOnly
      }
    }
    try translatingErrors {
      let queue = try open(unfinished, busyMilliseconds: busyMilliseconds)
      try queue.inDatabase { database in
        try database.execute(sql: "PRAGMA journal_mode = DELETE")
        try database.inTransaction(.immediate) {
          try database.execute(sql: ReplicaTables.script(schema))
          try insertRecord(origin, schema, in: database)
          return .commit
        }
        // The journal mode that serves a neighbouring program best; whoever prefers another one
        // may choose it.
        try database.execute(sql: "PRAGMA journal_mode = WAL")
      }
      try queue.close()
    }
    guard rename(unfinished, path) == 0 else { throw ReplicaError.readOnly }
  }

  private static func insertRecord(
    _ origin: ReplicaOrigin, _ schema: Schema, in database: Database
  ) throws {
    let sql = """
      INSERT INTO kreissync_replica VALUES (
        1, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, 0, NULL, 0, ?, NULL, NULL, NULL, ?, NULL,
        0, NULL, NULL, NULL, 0)
      """
    try Query(database, sql).run(
      Parameter(origin.county), .text(origin.countyName), Parameter(origin.site),
      .text(origin.siteName), .text(origin.schemaText), .blob(origin.digestKey),
      Parameter(origin.incarnation), Parameter(origin.history),
      .blob(TreeHead.empty.root.bytes), .blob(Digest128.zero.bytes),
      .integer(Int64(schema.version)))
    try Query(
      database, "INSERT INTO kreissync_case_state VALUES ('', ?, 'reader', ?, 1, NULL, ?, 0)"
    ).run(
      Parameter(SiteID.hub), .integer(Int64(GrantTerms.shared.tiers.rawValue)),
      .blob(Digest128.zero.bytes))
  }

  /// Opens a replica that is there.
  ///
  /// - Parameters:
  ///   - fileSystem: where `path` lies.
  ///   - busyMilliseconds: how long to wait for another program's lock; nil for the usual.
  /// - Throws: ``ReplicaError``; nothing is created.
  package static func open(
    at path: String, on fileSystem: FileSystem = .ofTheSystem, busyMilliseconds: Int? = nil
  ) throws -> ReplicaFile {
    guard fileSystem.holds(path) else { throw ReplicaError.missing(path: path) }
    try refuseNetworkFileSystem(path)
    return try translatingErrors(at: path) {
      let queue: DatabaseQueue
      do {
        queue = try open(
          fileSystem.name(of: path), busyMilliseconds: busyMilliseconds ?? Self.busyMilliseconds)
        return try queue.inDatabase { database in
          let application = try Int64.fetchOne(database, sql: "PRAGMA application_id")
          guard application == ReplicaTables.applicationID else {
            throw ReplicaError.notAReplica(path: path)
          }
          let format = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
          guard format <= ReplicaTables.format else {
            throw ReplicaError.newerFormat(path: path, format: format)
          }
          let (text, key) =
            try Query(
              database, "SELECT schema, digest_key FROM kreissync_replica"
            ).first { ($0.text(0), $0.blob(1)) } ?? ("", [])
          guard let digestKey = SipHash128Key(bytes: key) else { throw ReplicaError.corrupt }
          return ReplicaFile(
            path: path, schema: try storedSchema(text, file: path), queue: queue,
            digestKey: digestKey)
        }
      } catch let error as DatabaseError where error.resultCode == .SQLITE_NOTADB {
        throw ReplicaError.notAReplica(path: path)
      }
    }
  }

  /// The schema was read before it was stored: one that cannot be read now is damaged.
  private static func storedSchema(_ text: String, file: String) throws -> Schema {
    do {
      return try CaseloadSchema.read(toml: text, file: file)
    } catch {
      throw ReplicaError.corrupt
    }
  }

  /// What a session of some thousand changes touches: with SQLite's own 2 MiB pages are read twice,
  /// and written to the WAL in the middle of the transaction.
  private static let cacheKibibytes = 16 << 10

  static func open(_ path: String, busyMilliseconds: Int) throws -> DatabaseQueue {
    var configuration = Connection.configuration(
      synchronous: "EXTRA", busyMilliseconds: busyMilliseconds, firesTriggers: false)
    configuration.prepareDatabase { database in
      // One checkpoint after a session instead of one in the middle of somebody's write.
      try database.execute(
        sql: """
          PRAGMA wal_autocheckpoint = 0;
          PRAGMA cache_size = -\(cacheKibibytes);
          """)
    }
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// SQLite's locks do not hold on NFS, SMB and their like.
  private static func refuseNetworkFileSystem(_ path: String) throws {
    let directory = (path as NSString).deletingLastPathComponent
    if FileSystem.isRemote(directory.isEmpty ? "." : directory) {
      throw ReplicaError.networkFileSystem(path: path)
    }
  }

  /// Closes the file now; the replica cannot be used any more.
  package func close() throws {
    try Self.translatingErrors { try queue.close() }
  }

  // MARK: Transactions

  /// Reads one consistent state.
  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try Self.translatingErrors(at: path) {
      try queue.inDatabase { database in
        var result: Result?
        try database.inTransaction(.deferred) {
          result = try body(database)
          return .commit
        }
        return result!
      }
    }
  }

  /// Writes durably, or nothing.
  func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try Self.translatingErrors(at: path) {
      try queue.inDatabase { database in
        var result: Result?
        try database.inTransaction(.immediate) {
          result = try body(database)
          return .commit
        }
        return result!
      }
    }
  }

  /// Whether another program keeps the replica from being written, beyond the patience with which
  /// it was opened.
  package func isLocked() throws -> Bool {
    do {
      try write { _ in }
      return false
    } catch ReplicaError.locked {
      return true
    } catch ReplicaError.readOnly {
      // Whoever may only read meets no lock.
      return false
    }
  }

  /// Moves the WAL into the file, as far as other programs' readers allow; once after a session.
  package func checkpoint() throws {
    try Self.translatingErrors {
      try queue.inDatabase { database in
        try database.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)")
      }
    }
  }

  /// - Parameter path: the replica's, to tell a disk without room from one that fails.
  static func translatingErrors<Result>(at path: String? = nil, _ body: () throws -> Result) throws
    -> Result
  {
    do {
      return try body()
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_BUSY, .SQLITE_LOCKED: throw ReplicaError.locked
      case .SQLITE_FULL: throw ReplicaError.storageFull
      case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: throw ReplicaError.readOnly
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: throw ReplicaError.corrupt
      case .SQLITE_IOERR where errno == ENOSPC || path.map(FileSystem.isFull) == true:
        throw ReplicaError.storageFull
      default: throw error
      }
    }
  }
}

extension ReplicaFile {
  /// Where the replica stands.
  package func record() throws -> ReplicaRecord {
    try read { try Self.record(in: $0) }
  }

  static func record(in database: Database) throws -> ReplicaRecord {
    let sql = """
      SELECT county, site, site_name, incarnation, history, seq, tree_size, tree_root, batched_n,
        batched_base, batch_number, batch_hash, head, scope_digest, digest_equal, last_success,
        last_error, hub_schema_version, schema_problem, session, restored_at,
        former_places, return_after
      FROM kreissync_replica
      """
    let record = try Query(database, sql).first { row -> ReplicaRecord? in
      guard let root = Hash256(bytes: row.blob(7)), let scope = Digest128(bytes: row.blob(13))
      else { return nil }
      return ReplicaRecord(
        county: row.identifier(0), site: row.identifier(1), siteName: row.text(2),
        incarnation: row.identifier(3),
        position: Position(
          history: row.identifier(4), seq: row.integer(5),
          treeHead: TreeHead(size: row.integer(6), root: root)),
        batchedThrough: row.integer(8), batchedBase: row.integer(9), batchNumber: row.integer(10),
        batchHash: row.isNull(11) ? nil : Hash256(bytes: row.blob(11)), head: row.integer(12),
        scopeDigest: scope, digestEqual: row.optionalInteger(14).map { $0 == 1 },
        lastSuccess: row.optionalInteger(15), lastError: row.optionalText(16),
        hubSchemaVersion: Int(row.integer(17)),
        schemaProblem: row.optionalText(18).flatMap(SchemaProblem.init),
        session: row.integer(19), restoredAt: row.optionalInteger(20),
        formerPlaces: ReplicaRecord.places(in: row.optionalText(21)),
        returnAfter: row.optionalInteger(22))
    }
    guard let record = record ?? nil else { throw ReplicaError.corrupt }
    return record
  }

  /// Stores what a session changes of the record: all but the replica's origin.
  static func store(_ record: ReplicaRecord, in database: Database) throws {
    let sql = """
      UPDATE kreissync_replica SET history = ?, seq = ?, tree_size = ?, tree_root = ?,
        batched_n = ?, batched_base = ?, batch_number = ?, batch_hash = ?, head = ?,
        scope_digest = ?, digest_equal = ?, last_success = ?, last_error = ?,
        hub_schema_version = ?, schema_problem = ?, session = ?, restored_at = ?,
        former_places = ?, return_after = ?
      """
    try Query(database, sql).run(
      Parameter(record.position.history), .integer(record.position.seq),
      .integer(record.position.treeHead.size), .blob(record.position.treeHead.root.bytes),
      .integer(record.batchedThrough), .integer(record.batchedBase),
      .integer(record.batchNumber), record.batchHash.map { .blob($0.bytes) } ?? .null,
      .integer(record.head), .blob(record.scopeDigest.bytes),
      Parameter(record.digestEqual.map { $0 ? 1 : 0 }), Parameter(record.lastSuccess),
      Parameter(record.lastError), .integer(Int64(record.hubSchemaVersion)),
      Parameter(record.schemaProblem?.rawValue), .integer(record.session),
      Parameter(record.restoredAt), Parameter(ReplicaRecord.text(ofPlaces: record.formerPlaces)),
      Parameter(record.returnAfter))
  }

  /// Changes the record in a transaction of its own.
  package func updateRecord(_ change: (inout ReplicaRecord) -> Void) throws {
    try write { database in
      var record = try Self.record(in: database)
      change(&record)
      try Self.store(record, in: database)
    }
  }
}
