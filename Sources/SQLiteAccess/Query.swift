package import GRDB
import GRDBSQLite
package import SyncCore

/// A prepared statement, bound and stepped through SQLite's C interface.
///
/// GRDB prepares and caches it; its own binding and row types cost two to nine times as much per
/// row (measured: 410,000 rows a second this way, 157,000 with `execute(arguments:)`, 46,000 with
/// records), and they fold text into Swift strings before anyone could look at its bytes.
///
/// Not `Sendable`: it lives inside one database access. Parameters and columns count from 1 and 0,
/// as in SQLite.
package struct Query {
  private let statement: Statement
  private let connection: OpaquePointer
  private var handle: OpaquePointer { statement.sqliteStatement }

  /// The connection's cached statement for this text.
  package init(_ database: Database, _ sql: String) throws {
    statement = try database.cachedStatement(sql: sql)
    connection = database.sqliteConnection!
    reset()
  }

  private func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  /// Runs a statement that returns no rows, with these parameters.
  package func run(_ parameters: Parameter...) throws {
    reset()
    try bind(parameters)
    while try step() {}
    sqlite3_reset(handle)
  }

  /// As ``run(_:)`` for a list made at run time.
  package func run(_ parameters: [Parameter]) throws {
    reset()
    try bind(parameters)
    while try step() {}
    sqlite3_reset(handle)
  }

  /// Calls `body` once for each row. The row is valid inside the call only.
  package func forEach(_ parameters: Parameter..., body: (ResultRow) throws -> Void) throws {
    reset()
    try bind(parameters)
    defer { reset() }
    while try step() { try body(ResultRow(handle: handle)) }
  }

  /// The first row's result, or nil without rows.
  package func first<Result>(_ parameters: Parameter..., body: (ResultRow) throws -> Result) throws
    -> Result?
  {
    reset()
    try bind(parameters)
    defer { reset() }
    return try step() ? try body(ResultRow(handle: handle)) : nil
  }

  /// All rows' results, in order.
  package func all<Result>(_ parameters: Parameter..., body: (ResultRow) throws -> Result) throws
    -> [Result]
  {
    try all(parameters, body: body)
  }

  /// As ``all(_:body:)`` for a list made at run time.
  package func all<Result>(_ parameters: [Parameter], body: (ResultRow) throws -> Result) throws
    -> [Result]
  {
    reset()
    try bind(parameters)
    defer { reset() }
    var results: [Result] = []
    while try step() { results.append(try body(ResultRow(handle: handle))) }
    return results
  }

  private func step() throws -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    let failure = DatabaseError(
      resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
      message: String(cString: sqlite3_errmsg(connection)), sql: statement.sql)
    sqlite3_reset(handle)
    throw failure
  }

  private func bind(_ parameters: [Parameter]) throws {
    precondition(parameters.count == Int(sqlite3_bind_parameter_count(handle)))
    for (position, parameter) in parameters.enumerated() {
      parameter.bind(to: handle, at: Int32(position + 1))
    }
  }
}

/// What a statement's parameter may hold.
package enum Parameter {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])

  // SQLite copies the bytes: they are a Swift string's own and gone after the call.
  private static var transient: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  package init(_ value: Value) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .text(let text): self = .text(text.string)
    }
  }

  package init(_ id: some TextIdentifier) {
    self = .text(id.string)
  }

  package init(_ number: Int64?) {
    self = number.map(Parameter.integer) ?? .null
  }

  package init(_ string: String?) {
    self = string.map(Parameter.text) ?? .null
  }

  fileprivate func bind(to statement: OpaquePointer, at index: Int32) {
    switch self {
    case .null:
      sqlite3_bind_null(statement, index)
    case .integer(let number):
      sqlite3_bind_int64(statement, index, number)
    case .text(var string):
      string.withUTF8 { utf8 in
        utf8.withMemoryRebound(to: CChar.self) { bytes in
          // An empty buffer has no address, and SQLite takes that for NULL.
          if let address = bytes.baseAddress {
            _ = sqlite3_bind_text64(
              statement, index, address, UInt64(bytes.count), Parameter.transient,
              UInt8(SQLITE_UTF8))
          } else {
            _ = sqlite3_bind_text(statement, index, "", 0, Parameter.transient)
          }
        }
      }
    case .blob(let bytes):
      if bytes.isEmpty {
        sqlite3_bind_zeroblob(statement, index, 0)
      } else {
        bytes.withUnsafeBytes {
          _ = sqlite3_bind_blob64(
            statement, index, $0.baseAddress, UInt64($0.count), Parameter.transient)
        }
      }
    }
  }
}

/// The current row of a running statement.
package struct ResultRow {
  fileprivate let handle: OpaquePointer

  package func integer(_ column: Int) -> Int64 {
    sqlite3_column_int64(handle, Int32(column))
  }

  package func optionalInteger(_ column: Int) -> Int64? {
    isNull(column) ? nil : integer(column)
  }

  package func isNull(_ column: Int) -> Bool {
    sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL
  }

  /// The text of a column that only the agent or the hub writes.
  package func text(_ column: Int) -> String {
    guard let start = sqlite3_column_text(handle, Int32(column)) else { return "" }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  }

  package func optionalText(_ column: Int) -> String? {
    isNull(column) ? nil : text(column)
  }

  package func identifier<ID: TextIdentifier>(_ column: Int, _: ID.Type = ID.self) -> ID {
    ID(text(column))
  }

  package func blob(_ column: Int) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, Int32(column)) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, Int32(column)))
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// The bytes of a blob, valid until the query goes on.
  package func bytes(_ column: Int) -> UnsafeRawBufferPointer {
    guard let start = sqlite3_column_blob(handle, Int32(column)) else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return UnsafeRawBufferPointer(
      start: start, count: Int(sqlite3_column_bytes(handle, Int32(column))))
  }

  /// A cell that any program may have written; nil where its text is not UTF-8 or its type is none
  /// that a domain table has.
  package func value(_ column: Int) -> Value? {
    let index = Int32(column)
    switch sqlite3_column_type(handle, index) {
    case SQLITE_NULL: return .null
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, index))
    case SQLITE_TEXT:
      guard let start = sqlite3_column_text(handle, index) else { return nil }
      let bytes = UnsafeBufferPointer(
        start: start, count: Int(sqlite3_column_bytes(handle, index)))
      return String(validating: bytes, as: UTF8.self).map { .text(ByteText($0)) }
    default: return nil
    }
  }

  /// What SQLite holds in a cell, for whoever reads its bytes where they are.
  package enum Kind {
    case null, integer, text
    /// A number with a point, or a blob: nothing that a domain table has.
    case foreign
  }

  /// What the cell holds, without reading it.
  package func kind(_ column: Int) -> Kind {
    switch sqlite3_column_type(handle, Int32(column)) {
    case SQLITE_NULL: .null
    case SQLITE_INTEGER: .integer
    case SQLITE_TEXT: .text
    default: .foreign
    }
  }

  /// The bytes of a text, valid until the query goes on; nil where they are not UTF-8.
  package func utf8(_ column: Int) -> UnsafeRawBufferPointer? {
    guard let start = sqlite3_column_text(handle, Int32(column)) else { return nil }
    let bytes = UnsafeBufferPointer(
      start: start, count: Int(sqlite3_column_bytes(handle, Int32(column))))
    do {
      _ = try UTF8Span(validating: bytes.span)
      return UnsafeRawBufferPointer(bytes)
    } catch {
      return nil
    }
  }
}
