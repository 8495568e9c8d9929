import GRDBSQLite
package import SyncCore

/// The other program on a replica: SQLite's C interface and nothing of KreisSync.
package final class PlainClient {
  private var connection: OpaquePointer?
  /// Prepared queries, by their text.
  private var queries: [String: OpaquePointer] = [:]

  /// Opens the file as a stranger would, with a busy timeout of five seconds. One thread uses it.
  package init(path: String, pragmas: [String] = []) throws {
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
    guard sqlite3_open_v2(path, &connection, flags, nil) == SQLITE_OK else {
      throw PlainClientError(code: sqlite3_errcode(connection), message: "cannot open", sql: path)
    }
    sqlite3_busy_timeout(connection, 5_000)
    for pragma in pragmas { try run("PRAGMA \(pragma)") }
  }

  deinit {
    for query in queries.values { sqlite3_finalize(query) }
    sqlite3_close(connection)
  }

  package func run(_ sql: String) throws {
    guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw failure(sql) }
  }

  /// All rows as values; text whose bytes are not UTF-8 is repaired.
  ///
  /// - Parameter texts: what stands for the query's question marks.
  package func rows(_ sql: String, _ texts: String...) throws -> [[Value]] {
    let statement = try prepared(sql)
    defer { sqlite3_reset(statement) }
    // SQLite copies the bytes: they are gone after the call.
    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    for (position, text) in texts.enumerated() {
      sqlite3_bind_text(statement, Int32(position + 1), text, -1, transient)
    }
    var rows: [[Value]] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append((0..<sqlite3_column_count(statement)).map { value(statement, $0) })
      case SQLITE_DONE:
        return rows
      default:
        throw failure(sql)
      }
    }
  }

  private func prepared(_ sql: String) throws -> OpaquePointer {
    if let query = queries[sql] { return query }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK, let statement
    else { throw failure(sql) }
    queries[sql] = statement
    return statement
  }

  private func value(_ statement: OpaquePointer?, _ column: Int32) -> Value {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_NULL: .null
    case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
    default: .text(String(cString: sqlite3_column_text(statement, column)))
    }
  }

  private func failure(_ sql: String) -> PlainClientError {
    PlainClientError(
      code: sqlite3_errcode(connection), message: String(cString: sqlite3_errmsg(connection)),
      sql: sql)
  }
}

/// What SQLite said to the other program.
package struct PlainClientError: Error, Sendable {
  /// SQLite's primary result code.
  package let code: Int32
  package let message: String
  package let sql: String
}

extension Value {
  /// The value as an SQL literal.
  package var sql: String {
    switch self {
    case .null: "NULL"
    case .integer(let number): String(number)
    case .text(let text):
      text.string.utf8.contains(UInt8(ascii: "'"))
        ? "'" + text.string.replacing("'", with: "''") + "'" : "'\(text.string)'"
    }
  }
}
