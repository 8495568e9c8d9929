import Caseload
import CaseloadSchema
import Foundation
import GRDBSQLite
import SyncCore
import Testing

/// The SQL from which a file of domain tables is made.
enum FileKind: CaseIterable {
  case replica
  case hub

  var sql: String {
    switch self {
    case .replica: ReplicaSQL.tables(RuleBench.schema)
    case .hub: HubSQL.tables(RuleBench.schema)
    }
  }
}

/// A small file of domain tables, written by plain SQL, looked at on 2025-07-01.
final class WarningBench {
  static let today = CalendarDay(parsing: "2025-07-01")!

  private let directory: String
  private let handle: OpaquePointer

  private var path: String { directory + "/caseload.sqlite" }

  /// - Parameter sql: the tables; those of the shipped schema if it is left out.
  init(_ kind: FileKind = .replica, sql: String? = nil) throws {
    directory = NSTemporaryDirectory() + "/warnings-" + UUID().uuidString
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    var handle: OpaquePointer?
    try #require(sqlite3_open(directory + "/caseload.sqlite", &handle) == SQLITE_OK)
    self.handle = handle!
    try execute(sql ?? kind.sql)
  }

  deinit {
    sqlite3_close(handle)
    try? FileManager.default.removeItem(atPath: directory)
  }

  func execute(_ sql: String) throws {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    try #require(code == SQLITE_OK, "\(String(cString: sqlite3_errmsg(handle))): \(sql)")
  }

  /// Adds a case that was opened on 2025-06-01, unless said otherwise.
  func open(_ id: String, _ columns: [String: String] = [:]) throws {
    try insert(
      "case_file", ["id": id, "phase": "open", "opened_on": "2025-06-01"].merging(columns) { $1 })
  }

  func insert(_ table: String, _ columns: [String: String?]) throws {
    let names = columns.keys.sorted()
    let values = names.map { name in columns[name]!.map { "'\($0)'" } ?? "NULL" }
    try execute(
      "INSERT INTO \(table) (\(names.joined(separator: ", "))) "
        + "VALUES (\(values.joined(separator: ", ")))")
  }

  func warnings() throws -> [CaseloadWarning] {
    try CaseloadFile(path: path).warnings(asOf: Self.today)
  }

  /// What a site that leads the given cases counts from the first of the year until today.
  func counts(of report: CountedReport, leading cases: [String]) throws -> Counts {
    try execute("CREATE TABLE IF NOT EXISTS kreissync_case (case_id TEXT, own_role TEXT)")
    try execute("DELETE FROM kreissync_case")
    for id in cases { try execute("INSERT INTO kreissync_case VALUES ('\(id)', 'lead')") }
    return try CaseloadFile(path: path).counts(
      of: report, from: Self.today.startOfYear, to: Self.today)
  }

  /// The ids of the rows that a warning lists; none where it is not due.
  func rows(_ code: String) throws -> [String] {
    try warnings().first { $0.code == code }?.rows.map(\.id.string) ?? []
  }
}
