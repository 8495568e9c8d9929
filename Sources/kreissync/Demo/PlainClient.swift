import GRDBSQLite

/// Another program on an SQLite file: the library's C interface, plain SQL, and nothing of
/// KreisSync.
final class PlainClient {
  private let path: String
  private var connection: OpaquePointer?

  /// The contract's promise to neighbours begins at a second.
  private static let busyMilliseconds: Int32 = 5_000

  /// - Parameter settings: pragmas of this program's own taste.
  init(path: String, isReader: Bool = false, settings: [String] = []) throws {
    self.path = path
    let flags = isReader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
    guard sqlite3_open_v2(path, &connection, flags, nil) == SQLITE_OK else { throw failure() }
    sqlite3_busy_timeout(connection, Self.busyMilliseconds)
    for setting in settings { try run("PRAGMA \(setting)") }
  }

  deinit { sqlite3_close(connection) }

  /// Runs one or more statements and ignores their rows.
  func run(_ sql: String) throws {
    guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw failure() }
  }

  /// Calls `body` with the cells of each row.
  func forEach(_ sql: String, _ body: ([PlainCell]) -> Void) throws {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else {
      throw failure()
    }
    defer { sqlite3_finalize(statement) }
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW: body((0..<sqlite3_column_count(statement)).map { cell(statement, $0) })
      case SQLITE_DONE: return
      default: throw failure()
      }
    }
  }

  func rows(_ sql: String) throws -> [[PlainCell]] {
    var rows: [[PlainCell]] = []
    try forEach(sql) { rows.append($0) }
    return rows
  }

  private func cell(_ statement: OpaquePointer?, _ column: Int32) -> PlainCell {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_NULL: .null
    case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: .real(bits: sqlite3_column_double(statement, column).bitPattern)
    case SQLITE_TEXT: .text(bytes(statement, column))
    default: .blob(bytes(statement, column))
    }
  }

  private func bytes(_ statement: OpaquePointer?, _ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(statement, column) else { return [] }
    let byteCount = Int(sqlite3_column_bytes(statement, column))
    return Array(UnsafeRawBufferPointer(start: start, count: byteCount))
  }

  private func failure() -> CommandFailure {
    CommandFailure(
      .failed, "plain_client",
      "a plain SQLite program failed on \(path): \(String(cString: sqlite3_errmsg(connection)))",
      hint: "no program beside kreissync should ever see one: report this as a defect")
  }
}

/// A cell as SQLite stores it; equal means the same type and the same bytes.
enum PlainCell: Hashable {
  case null
  case integer(Int64)
  case real(bits: UInt64)
  case text([UInt8])
  case blob([UInt8])

  static func text(_ string: String) -> PlainCell { .text(Array(string.utf8)) }

  /// For people.
  var display: String {
    switch self {
    case .null: "(empty)"
    case .integer(let number): String(number)
    case .real(let bits): String(Double(bitPattern: bits))
    case .text(let bytes): "'\(String(decoding: bytes, as: UTF8.self))'"
    case .blob(let bytes): "(\(bytes.count) bytes)"
    }
  }
}
