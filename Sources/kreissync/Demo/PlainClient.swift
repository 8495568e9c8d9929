import Caseload
import GRDBSQLite
import SyncCore

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

  /// Writes rows in one transaction, as a program does that prepares its statements.
  func write(_ rows: [SyntheticRow]) throws {
    var statements: [String: OpaquePointer] = [:]
    defer { for statement in statements.values { sqlite3_finalize(statement) } }
    try run("BEGIN IMMEDIATE")
    for row in rows {
      let sql = row.parameterisedInsert
      var statement = statements[sql]
      if statement == nil {
        guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK else {
          throw failure()
        }
        statements[sql] = statement
      }
      for (place, value) in ([.text(row.id)] + row.cells.map(\.value)).enumerated() {
        bind(value, at: Int32(place + 1), of: statement)
      }
      guard sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
      sqlite3_reset(statement)
    }
    try run("COMMIT")
  }

  private func bind(_ value: Value, at place: Int32, of statement: OpaquePointer?) {
    // SQLite copies the bytes: they are gone after the call.
    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch value {
    case .null: sqlite3_bind_null(statement, place)
    case .integer(let number): sqlite3_bind_int64(statement, place, number)
    case .text(let text): sqlite3_bind_text(statement, place, text.string, -1, transient)
    }
  }

  /// Adds texts to a table with the one column `id`; those that stand there already stay.
  func insert(_ ids: Set<PlainCell>, into table: String) throws {
    try run("BEGIN")
    for id in ids {
      try run("INSERT OR IGNORE INTO \(table) VALUES (\(quoted(id.string)))")
    }
    try run("COMMIT")
  }

  /// Lets go of an attached file. If that fails, the next of the same name cannot be attached,
  /// which tells.
  func detach(_ name: String) {
    sqlite3_exec(connection, "DETACH \(name)", nil, nil, nil)
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

  /// The text; empty where there is none.
  var string: String {
    if case .text(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { "" }
  }

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
