import GRDB
import SQLiteAccess
import SyncCore

/// Digests the rows of a replica that has just been loaded, and keeps their baseline.
///
/// A first load leaves every case to be digested at once. Case by case that is a search for each
/// row, and a place for its baseline somewhere in two trees that no cache holds. Table by table, in
/// the order of ids, the baseline is written from one end to the other; its index is made behind
/// that, from sorted entries.
struct FirstDigests {
  let digests: CaseDigests
  private var database: Database { digests.database }

  /// A case that waits for its digest, as far as it is added up.
  private struct Sum {
    let terms: GrantTerms?
    let theirs: [UInt8]
    var ours = Digest128.zero
  }

  private var sums: [CaseID: Sum] = [:]

  init(_ digests: CaseDigests) {
    self.digests = digests
  }

  /// Whether the replica has no baseline yet, and nothing but rows of its own schema.
  static func areDue(in database: Database) throws -> Bool {
    try Query(
      database,
      """
      SELECT NOT EXISTS (SELECT 1 FROM kreissync_baseline)
        AND NOT EXISTS (SELECT 1 FROM kreissync_unknown)
      """
    ).first { $0.integer(0) == 1 } ?? false
  }

  /// Adds up these cases and notes their digests; the rows of those that are equal to the hub's
  /// become the baseline.
  mutating func run(over waiting: [CaseDigests.Waiting], digester: inout RowDigester) throws {
    for entry in waiting {
      sums[entry.caseID] = Sum(terms: entry.terms, theirs: entry.theirs)
    }
    let index = "kreissync_baseline_case"
    guard
      let sql = try Query(database, "SELECT sql FROM sqlite_schema WHERE name = ?").first(
        .text(index), body: { $0.text(0) })
    else { throw ReplicaError.corrupt }
    try database.execute(sql: "DROP INDEX \(index)")
    for table in digests.file.schema.tables { try scan(table, &digester) }
    try database.execute(sql: sql)
    let note = try Query(
      database, "UPDATE kreissync_case_state SET digest = ? WHERE case_id = ?")
    let drop = try Query(database, "DELETE FROM kreissync_baseline WHERE case_id = ?")
    for entry in waiting {
      guard let sum = sums[entry.caseID] else { continue }
      try note.run(.blob(sum.ours.bytes), Parameter(entry.caseID))
      if sum.ours.bytes != sum.theirs { try drop.run(Parameter(entry.caseID)) }
    }
  }

  private mutating func scan(_ table: Table, _ digester: inout RowDigester) throws {
    let place = table.scope == .ofCase ? "case_id" : "id"
    let columns = table.columns.map { ", " + digests.file.quoted($0.name) }.joined()
    let insert = try Query(database, "INSERT INTO kreissync_baseline VALUES (?, ?, ?, ?)")
    let name = digests.file.quoted(table.name)
    try Query(database, "SELECT id, \(place)\(columns) FROM \(name) ORDER BY id").forEach { row in
      let key = RowKey(table: table.number, id: row.identifier(0))
      let caseID = table.place(of: key.id, stored: row.identifier(1))
      guard let sum = sums[caseID] else { return }
      let digest = CaseDigests.digest(
        of: row, key: key, caseID: caseID, cellsFrom: 2, in: table, seenBy: sum.terms, &digester)
      if digest.isShared { sums[caseID]!.ours += digest.digest }
      guard let known = digest.known else { return }
      try insert.run(
        .integer(Int64(key.table)), Parameter(key.id), Parameter(caseID), .blob(known.bytes))
    }
  }
}
