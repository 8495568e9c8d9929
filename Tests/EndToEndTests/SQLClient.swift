import Foundation
import GRDBSQLite

/// Any program that reads and writes a replica: plain SQLite, nothing of KreisSync.
final class SQLClient {
  private let handle: OpaquePointer

  struct Failure: Error, CustomStringConvertible {
    let code: Int32
    let message: String

    var description: String { "SQLite \(code): \(message)" }
  }

  init(_ path: String, isReadOnly: Bool = false, busyMilliseconds: Int32 = 10_000) throws {
    var handle: OpaquePointer?
    let flags = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      sqlite3_close(handle)
      throw Failure(code: code, message: "\(path) does not open")
    }
    self.handle = handle
    sqlite3_busy_timeout(handle, busyMilliseconds)
  }

  deinit {
    sqlite3_close_v2(handle)
  }

  /// Runs every statement of a script.
  func execute(_ sql: String) throws {
    var message: UnsafeMutablePointer<CChar>?
    let code = sqlite3_exec(handle, sql, nil, nil, &message)
    defer { sqlite3_free(message) }
    guard code == SQLITE_OK else {
      throw Failure(code: code, message: message.map { String(cString: $0) } ?? "")
    }
  }

  /// The rows of one statement, every cell as text; an empty cell is nil.
  @discardableResult
  func rows(_ sql: String, _ parameters: [String] = []) throws -> [[String?]] {
    var statement: OpaquePointer?
    try require(sqlite3_prepare_v2(handle, sql, -1, &statement, nil))
    defer { sqlite3_finalize(statement) }
    for (position, text) in parameters.enumerated() {
      // SQLITE_TRANSIENT is the number -1, which C casts too: SQLite copies and calls nobody.
      let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      try require(
        sqlite3_bind_text(
          statement, Int32(position + 1), text, Int32(text.utf8.count), transient))
    }
    var rows: [[String?]] = []
    while true {
      let code = sqlite3_step(statement)
      guard code == SQLITE_ROW else {
        try require(code == SQLITE_DONE ? SQLITE_OK : code)
        return rows
      }
      rows.append(
        (0..<sqlite3_column_count(statement)).map { column in
          sqlite3_column_text(statement, column).map { String(cString: $0) }
        })
    }
  }

  func column(_ sql: String, _ parameters: [String] = []) throws -> [String] {
    try rows(sql, parameters).map { $0[0] ?? "" }
  }

  func value(_ sql: String, _ parameters: [String] = []) throws -> String? {
    try rows(sql, parameters).first?[0]
  }

  private func require(_ code: Int32) throws {
    guard code == SQLITE_OK else {
      throw Failure(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
  }
}

extension SQLClient {
  /// The contract's four statements: a case with consent, person and first consultation.
  @discardableResult
  func openCase(of familyName: String = "Muster") throws -> String {
    guard
      let id = try value(
        "INSERT INTO case_file (opened_on) VALUES ('2025-01-15') RETURNING id")
    else { throw HarnessError("an INSERT returned no id") }
    try rows(
      """
      INSERT INTO consent (case_id, purpose, event, on_date)
      VALUES (?, 'casework', 'given', '2025-01-15')
      """, [id])
    try rows(
      "INSERT INTO person (case_id, family_name, given_names) VALUES (?, ?, 'Ada')",
      [id, familyName])
    try rows(
      "INSERT INTO consultation (case_id, on_date, kind) VALUES (?, '2025-01-20', 'first')", [id])
    return id
  }
}
