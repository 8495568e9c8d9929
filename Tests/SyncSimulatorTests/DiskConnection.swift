import GRDBSQLite
import SyncSimulator

/// SQLite's C interface on a file of a simulated disk.
final class DiskConnection {
  let connection: OpaquePointer?

  init(_ uri: String, pragmas: [String] = [], busyMilliseconds: Int32 = 0) throws {
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI
    let code = sqlite3_open_v2(uri, &opened, flags, nil)
    connection = opened
    guard code == SQLITE_OK else { throw DiskConnectionError(code: code, sql: uri) }
    sqlite3_busy_timeout(connection, busyMilliseconds)
    for pragma in pragmas { _ = try text("PRAGMA \(pragma)") }
  }

  deinit { sqlite3_close_v2(connection) }

  func run(_ sql: String) throws {
    let code = sqlite3_exec(connection, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw DiskConnectionError(code: code, sql: sql) }
  }

  func number(_ sql: String) throws -> Int64 {
    try first(sql) { sqlite3_column_int64($0, 0) } ?? 0
  }

  func text(_ sql: String) throws -> String {
    try first(sql) { sqlite3_column_text($0, 0).map { String(cString: $0) } ?? "" } ?? ""
  }

  private func first<Result>(_ sql: String, _ read: (OpaquePointer?) -> Result) throws -> Result? {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v2(connection, sql, -1, &statement, nil)
    guard code == SQLITE_OK else { throw DiskConnectionError(code: code, sql: sql) }
    defer { sqlite3_finalize(statement) }
    let step = sqlite3_step(statement)
    switch step {
    case SQLITE_ROW: return read(statement)
    case SQLITE_DONE: return nil
    default: throw DiskConnectionError(code: step, sql: sql)
    }
  }
}

struct DiskConnectionError: Error {
  let code: Int32
  let sql: String

  /// The code without its extension.
  var primaryCode: Int32 { code & 0xFF }
}
