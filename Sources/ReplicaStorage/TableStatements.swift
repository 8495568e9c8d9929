import SQLiteAccess
import SyncCore

/// The statements on one domain table, worded once for a schema: to put a statement's text together
/// for each row costs as much as to run it.
struct TableStatements: Sendable {
  /// Case id (or the row's id again), then every column in order, of the row with an id.
  let select: String
  /// Id, then every column in order, of the rows of a case or unit: what stands for the question
  /// mark is the table's scope's business.
  let selectUnit: String
  /// Id, case id where there is one, then every column that travels, in order.
  let insert: String

  static func all(of schema: Schema) -> [Int: TableStatements] {
    Dictionary(uniqueKeysWithValues: schema.tables.map { ($0.number, TableStatements($0)) })
  }

  private init(_ table: Table) {
    let name = quotedName(table.name)
    let columns = table.columns.map { ", " + quotedName($0.name) }.joined()
    let isOfCase = table.scope == .ofCase
    select = "SELECT \(isOfCase ? "case_id" : "id")\(columns) FROM \(name) WHERE id = ?"
    let place =
      switch table.scope {
      case .ofCase: "case_id = ?"
      case .caseRoot, .ofSite: "id = ?"
      case .global: "? = ''"
      }
    selectUnit = "SELECT id\(columns) FROM \(name) WHERE \(place)"
    let names =
      (isOfCase ? ["id", "case_id"] : ["id"])
      + table.columns.filter { $0.tier != .local }.map { quotedName($0.name) }
    let marks = Array(repeating: "?", count: names.count).joined(separator: ", ")
    insert = "INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(marks))"
  }
}
