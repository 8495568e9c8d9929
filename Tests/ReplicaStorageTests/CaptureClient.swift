import CaseloadSchema
import Foundation
import GRDBSQLite
import SyncCore
import Testing

/// How some other program opens the replica: nothing of it is ours to choose.
struct ClientSetting: Sendable, CustomTestStringConvertible {
  var journalMode = "WAL"
  var synchronous = "NORMAL"
  var foreignKeys = false
  var recursiveTriggers = false

  var testDescription: String {
    "\(journalMode), synchronous \(synchronous), foreign keys \(foreignKeys ? "on" : "off"), "
      + "recursive triggers \(recursiveTriggers ? "on" : "off")"
  }

  /// What a REPLACE leaves in the log beside its notes.
  func evictions(_ entries: String...) -> [String] { recursiveTriggers ? entries : [] }

  /// All 48.
  static let all = ["WAL", "DELETE", "TRUNCATE", "PERSIST"].flatMap { journalMode in
    ["OFF", "NORMAL", "FULL"].flatMap { synchronous in
      [false, true].flatMap { foreignKeys in
        [false, true].map { recursiveTriggers in
          ClientSetting(
            journalMode: journalMode, synchronous: synchronous, foreignKeys: foreignKeys,
            recursiveTriggers: recursiveTriggers)
        }
      }
    }
  }
}

/// A failure as SQLite reports it to the other program.
struct ClientError: Error, CustomStringConvertible {
  let code: Int32
  let description: String
}

/// Another program on the replica: SQLite's C interface and nothing of KreisSync.
final class Client {
  private let connection: OpaquePointer

  init(path: String, setting: ClientSetting) throws {
    var opened: OpaquePointer?
    let code = sqlite3_open(path, &opened)
    connection = try #require(opened)
    guard code == SQLITE_OK else { throw failure(code) }
    let mode = try rows("PRAGMA journal_mode = \(setting.journalMode)")
    #expect(mode == [[setting.journalMode.lowercased()]])
    try run("PRAGMA synchronous = \(setting.synchronous)")
    try run("PRAGMA foreign_keys = \(setting.foreignKeys)")
    try run("PRAGMA recursive_triggers = \(setting.recursiveTriggers)")
  }

  deinit {
    sqlite3_close_v2(connection)
  }

  /// Runs one or several statements.
  func run(_ sql: String) throws {
    let code = sqlite3_exec(connection, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code) }
  }

  /// The rows of a query as text, an empty text for NULL.
  func rows(_ sql: String) throws -> [[String]] {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v2(connection, sql, -1, &statement, nil)
    guard code == SQLITE_OK else { throw failure(code) }
    defer { sqlite3_finalize(statement) }
    var rows: [[String]] = []
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return rows }
      guard code == SQLITE_ROW else { throw failure(code) }
      rows.append(
        (0..<sqlite3_column_count(statement)).map { column in
          sqlite3_column_text(statement, column).map { String(cString: $0) } ?? ""
        })
    }
  }

  func count(_ sql: String) throws -> Int {
    try #require(Int(rows(sql)[0][0]))
  }

  private func failure(_ code: Int32) -> ClientError {
    ClientError(code: code, description: String(cString: sqlite3_errmsg(connection)))
  }
}

/// A replica with two cases and a client that has just opened it.
///
/// Case `c1` has the persons `p1` (Muster, phone 1, e-mail one@example.org) and `p2` (Probe, phone
/// 2, e-mail two@example.org); case `c2` has none. The log is empty.
final class CaptureFixture {
  let client: Client
  let schema: Schema
  let path: String
  private let directory: URL
  private let startedAt = CaptureFixture.now

  init(
    _ setting: ClientSetting = ClientSetting(), uniqueIndexes: [UniqueIndex] = []
  ) throws {
    schema = try CaseloadSchema.read(toml: CaseloadSchema.shipped, file: "caseload.toml")
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    let isThere = FileManager.default.fileExists(atPath: memory.path)
    directory = (isThere ? memory : FileManager.default.temporaryDirectory)
      .appending(path: "kreissync-capture-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    path = directory.appending(path: "caseload.sqlite").path
    client = try Client(path: path, setting: setting)
    try client.run("BEGIN;" + ReplicaSQL.script(schema) + CaptureFixture.rows + "COMMIT")
    for index in uniqueIndexes { try add(index) }
    try client.run("DELETE FROM kreissync_log")
  }

  deinit {
    try? FileManager.default.removeItem(at: directory)
  }

  /// Adds a unique index to `person` and makes its triggers anew, as the agent does before a
  /// session.
  private func add(_ index: UniqueIndex) throws {
    let person = try #require(schema.table(named: "person"))
    let keys = index.keys.map { "\($0.column) COLLATE \($0.collation)" }.joined(separator: ", ")
    let name = "own_" + index.keys.map(\.column).joined(separator: "_")
    try client.run("CREATE UNIQUE INDEX \(name) ON person (\(keys))")
    known.append(index)
    for trigger in ReplicaSQL.triggers(for: person, uniqueIndexes: known) {
      try client.run("DROP TRIGGER \(trigger.name); \(trigger.sql)")
    }
  }
  private var known: [UniqueIndex] = []

  /// The log, one line for each entry: kind, table unless it is `person`, id, `[changed columns]`,
  /// `in` case, `was` old values that are not NULL.
  var log: [String] {
    get throws {
      var tags: Set<String> = []
      let lines = try client.rows(
        """
        SELECT t, k, m, id, c, at, tag, v, typeof(t) || typeof(k) || typeof(m) || typeof(id)
          || typeof(at) || typeof(tag) FROM kreissync_log ORDER BY n
        """)
      return try lines.map { line in
        #expect(line[8] == "integerintegerintegertextintegerinteger")
        #expect(tags.insert(line[6]).inserted, "a tag stands there twice")
        let at = try #require(Int64(line[5]))
        #expect((startedAt...CaptureFixture.now).contains(at))
        let table = try #require(Int(line[0]).flatMap(schema.table(number:)))
        let kind = try #require(Int(line[1]).flatMap(CaptureKind.init(rawValue:)))
        let mask = ColumnMask(bits: try #require(UInt64(line[2])))
        let changed = mask.numbers.map { table.column(number: $0)?.name ?? "?" }
        return [
          kind.letter, table.name == "person" ? nil : table.name, line[3],
          changed.isEmpty ? nil : "[\(changed.joined(separator: " "))]",
          line[4].isEmpty ? nil : "in \(line[4])", try was(line[7], of: table),
        ].compactMap { $0 }.joined(separator: " ")
      }
    }
  }

  private func was(_ text: String, of table: Table) throws -> String? {
    guard !text.isEmpty else { return nil }
    let values = try #require(CapturedValues.read(text, of: table), "\(text)")
    let shown = zip(table.columns, values).compactMap { column, value -> String? in
      switch value {
      case .null: nil
      case .integer(let number): "\(column.name)=\(number)"
      case .text(let text): "\(column.name)=\(text)"
      }
    }
    return "was " + shown.joined(separator: " ")
  }

  private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  private static let rows = """
    INSERT INTO case_file (id, opened_on) VALUES ('c1', '2025-01-01'), ('c2', '2025-01-02');
    INSERT INTO person (id, case_id, family_name, phone, email) VALUES
      ('p1', 'c1', 'Muster', '1', 'one@example.org'), ('p2', 'c1', 'Probe', '2', 'two@example.org');

    """
}

/// What `p1` and `p2` hold at first, as the log shows it.
let muster = "in c1 was family_name=Muster phone=1 email=one@example.org"
let probe = "in c1 was family_name=Probe phone=2 email=two@example.org"

extension CaptureKind {
  /// As in the table at `ReplicaSQL.triggers(for:uniqueIndexes:)`.
  fileprivate var letter: String {
    switch self {
    case .insert: "i"
    case .update: "u"
    case .delete: "d"
    case .note: "e"
    case .marker: "b"
    }
  }
}
