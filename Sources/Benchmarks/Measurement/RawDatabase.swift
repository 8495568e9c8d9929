import CSQLite
import GRDBSQLite

/// SQLite's C interface and nothing between: the baselines, and the local program that writes into
/// replicas.
final class RawDatabase {
  private let handle: OpaquePointer

  /// Opens or creates a file in WAL mode.
  ///
  /// - Parameters:
  ///   - synchronous: FULL makes each commit durable.
  ///   - firesTriggers: off as on the agent's own connection.
  init(_ path: String, synchronous: String = "FULL", firesTriggers: Bool = true) throws {
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
    guard sqlite3_open_v2(path, &opened, flags, nil) == SQLITE_OK, let opened else {
      sqlite3_close(opened)
      throw BenchmarkError("cannot open \(path)")
    }
    handle = opened
    sqlite3_busy_timeout(handle, 10_000)
    _ = kreissync_sqlite_configure(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, firesTriggers ? 1 : 0)
    try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = \(synchronous)")
  }

  deinit { sqlite3_close_v2(handle) }

  func execute(_ sql: String) throws {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
  }

  func prepare(_ sql: String) throws -> RawStatement {
    var statement: OpaquePointer?
    guard
      sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        == SQLITE_OK, let statement
    else { throw failure(sql) }
    return RawStatement(statement, of: self)
  }

  /// The first column of all rows, as text.
  func texts(_ sql: String) throws -> [String] {
    let statement = try prepare(sql)
    var texts: [String] = []
    while try statement.step() {
      texts.append(sqlite3_column_text(statement.handle, 0).map { String(cString: $0) } ?? "")
    }
    return texts
  }

  func integer(_ sql: String) throws -> Int64 {
    let statement = try prepare(sql)
    return try statement.step() ? sqlite3_column_int64(statement.handle, 0) : 0
  }

  /// Runs `body` in one transaction.
  func transaction(_ body: () throws -> Void) throws {
    try execute("BEGIN IMMEDIATE")
    try body()
    try execute("COMMIT")
  }

  /// Moves the WAL into the file, so that no later measurement pays for an earlier one.
  func checkpoint() throws {
    try execute("PRAGMA wal_checkpoint(TRUNCATE)")
  }

  /// Bytes of the database, without its WAL.
  func byteCount() throws -> Int64 {
    try integer("PRAGMA page_count") * integer("PRAGMA page_size")
  }

  /// What `body` writes, as the session extension records it.
  func changeset(of body: () throws -> Void) throws -> Changeset {
    guard let recorder = kreissync_changeset_record(handle) else {
      throw failure("the session extension")
    }
    let outcome = Result(catching: body)
    var byteCount: Int32 = 0
    let bytes = kreissync_changeset_take(recorder, &byteCount)
    try outcome.get()
    guard let bytes else { throw failure("the session extension") }
    return Changeset(bytes, byteCount)
  }

  /// Applies what another file's connection has written.
  ///
  /// - Throws: where a row is not as it was there.
  func apply(_ changeset: Changeset) throws {
    guard kreissync_changeset_apply(handle, changeset.byteCount, changeset.bytes) == SQLITE_OK
    else { throw failure("a changeset") }
  }

  fileprivate func failure(_ sql: String) -> BenchmarkError {
    BenchmarkError("\(String(cString: sqlite3_errmsg(handle))), in: \(sql.prefix(100))")
  }
}

/// What the session extension recorded.
final class Changeset {
  fileprivate let bytes: UnsafeMutableRawPointer
  fileprivate let byteCount: Int32

  fileprivate init(_ bytes: UnsafeMutableRawPointer, _ byteCount: Int32) {
    self.bytes = bytes
    self.byteCount = byteCount
  }

  deinit { sqlite3_free(bytes) }
}

/// A prepared statement.
final class RawStatement {
  fileprivate let handle: OpaquePointer
  private let database: RawDatabase

  fileprivate init(_ handle: OpaquePointer, of database: RawDatabase) {
    self.handle = handle
    self.database = database
  }

  deinit { sqlite3_finalize(handle) }

  /// Binds without copying: the cells' texts outlive the step.
  func run(_ cells: UnsafeBufferPointer<Cell>) throws {
    for (position, cell) in cells.enumerated() {
      let index = Int32(truncatingIfNeeded: position + 1)
      switch cell {
      case .null: sqlite3_bind_null(handle, index)
      case .integer(let number): sqlite3_bind_int64(handle, index, number)
      case .text(let start, let count): sqlite3_bind_text(handle, index, start, count, nil)
      }
    }
    guard sqlite3_step(handle) == SQLITE_DONE else { throw database.failure("a prepared write") }
    sqlite3_reset(handle)
  }

  /// Whether there is a row, or another one.
  func step() throws -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw database.failure("a query")
    }
  }

  /// Looks at each cell of each row, as a reader must that wants all of them.
  func scan() throws -> Int {
    let count = sqlite3_column_count(handle)
    var sum = 0
    while try step() {
      for column in 0..<count {
        if sqlite3_column_type(handle, column) == SQLITE_INTEGER {
          sum &+= Int(sqlite3_column_int64(handle, column))
        } else if let text = sqlite3_column_text(handle, column) {
          sum &+= Int(text[0]) &+ Int(sqlite3_column_bytes(handle, column))
        }
      }
    }
    sqlite3_reset(handle)
    return sum
  }
}
