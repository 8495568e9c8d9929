package import SyncCore

/// Compares a replica with its hub by plain SQL: shares nothing with digests or encodings.
package enum PlainComparison {
  /// What differs, in words; empty if the replica holds exactly what the hub holds of the given
  /// cases, in every column that travels.
  package static func differences(
    hub: PlainClient, replica: PlainClient, schema: Schema, cases: Set<String>
  ) throws -> [String] {
    var differences: [String] = []
    for table in schema.tables {
      let sql = sql(of: table)
      let theirs = try hub.rows(sql).filter {
        cases.contains($0[1].text ?? "") || table.scope == .global
      }
      let ours = try replica.rows(sql)
      guard theirs != ours else { continue }
      let missing = theirs.filter { !ours.contains($0) }.map { "hub has \($0)" }
      let extra = ours.filter { !theirs.contains($0) }.map { "replica has \($0)" }
      differences += (missing + extra).map { "\(table.name): \($0)" }
    }
    return differences
  }

  /// All rows of a table, in order of ids: id, case (empty for none), then the columns that travel.
  package static func sql(of table: Table) -> String {
    let columns = table.columns.filter { $0.tier != .local }.map { "\"\($0.name)\"" }
    let place =
      switch table.scope {
      case .caseRoot: "id"
      case .ofCase: "case_id"
      case .ofSite: "'\(table.unit(of: RowID("")))' || \"id\""
      case .global: "''"
      }
    return
      "SELECT id, \(place), \(columns.joined(separator: ", ")) FROM \"\(table.name)\" ORDER BY id"
  }
}
