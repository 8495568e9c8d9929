import Caseload
import Foundation
import SyncCore

/// A program at a site that works on the replica and knows nothing of KreisSync.
protocol ReplicaProgram {
  /// What it is, for the story.
  var title: String { get }
  /// How it has set SQLite, where that is not SQLite's own choice.
  var settings: String? { get }

  /// Runs statements; gives back the first cell of the first row, if one of them returns any.
  func ask(_ sql: String) throws -> String?

  /// Writes rows in one transaction.
  func write(_ rows: [SyntheticRow]) throws
}

/// A specialist application (Fachverfahren) with SQLite inside.
struct LibraryProgram: ReplicaProgram {
  let title = "a program with SQLite inside"
  let settings: String?
  private let client: PlainClient

  init(path: String, settings: [String]) throws {
    self.settings = settings.joined(separator: ", ")
    client = try PlainClient(path: path, settings: settings)
  }

  func write(_ rows: [SyntheticRow]) throws { try client.write(rows) }

  func ask(_ sql: String) throws -> String? {
    guard sql.contains("RETURNING") else {
      try client.run(sql)
      return nil
    }
    guard case .text(let bytes) = try client.rows(sql).first?.first else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The `sqlite3` shell, as a person or a script would use it.
struct ShellProgram: ReplicaProgram {
  let title = "the sqlite3 shell"
  let settings: String? = nil
  private let program: String
  private let path: String
  private let children: ChildPrograms

  /// One argument of a program may have 128 KiB; a statement of the demo has less than one.
  private static let argumentByteCountMax = 100 << 10

  init(program: String, path: String, children: ChildPrograms) {
    self.program = program
    self.path = path
    self.children = children
  }

  /// - Throws: if no `sqlite3` stands in one of the directories of PATH.
  static func find() throws -> String {
    let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for directory in directories {
      let path = "\(directory)/sqlite3"
      if FileManager.default.isExecutableFile(atPath: path) { return path }
    }
    throw CommandFailure(
      .failed, "sqlite3_missing", "the demo needs the sqlite3 shell, and PATH has none",
      hint: "install it, on Debian with `apt install sqlite3`, and repeat the demo")
  }

  func write(_ rows: [SyntheticRow]) throws {
    let statements = rows.map(\.insertStatement).joined(separator: "\n")
    _ = try ask("BEGIN IMMEDIATE;\n\(statements)\nCOMMIT;")
  }

  func ask(_ sql: String) throws -> String? {
    precondition(sql.utf8.count < Self.argumentByteCountMax)
    let end = try children.end(
      of: try children.start(
        program,
        ["-batch", "-bail", "-init", "/dev/null", "-cmd", ".timeout 5000", path, sql]))
    try children.checkInterrupted()
    guard end.exit == 0 else {
      throw CommandFailure(
        .failed, "sqlite3_shell", "the sqlite3 shell ended with \(end.exit) on \(path)",
        hint: "repeat with --directory DIR --keep and look at DIR/demo.log")
    }
    return String(decoding: end.output, as: UTF8.self).split(separator: "\n").first.map(String.init)
  }
}

extension SyntheticRow {
  var insertStatement: String {
    insert(([Value.text(id)] + cells.map(\.value)).map(\.literal)) + ";"
  }

  /// With a parameter for the id and one for each cell.
  var parameterisedInsert: String { insert(["?"] + cells.map { _ in "?" }) }

  private func insert(_ values: [String]) -> String {
    let columns = (["id"] + cells.map(\.column)).map { "\"\($0)\"" }.joined(separator: ", ")
    return "INSERT INTO \"\(table)\" (\(columns)) VALUES (\(values.joined(separator: ", ")))"
  }
}

extension Value {
  /// As SQL writes it.
  var literal: String {
    switch self {
    case .null: "NULL"
    case .integer(let number): String(number)
    case .text(let text): quoted(text.string)
    }
  }
}

/// A text as SQL writes it. Byte by byte: a combining mark behind a quote must not hide it.
func quoted(_ text: String) -> String {
  let quote = UInt8(ascii: "'")
  let bytes = text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
  return "'\(String(decoding: bytes, as: UTF8.self))'"
}
