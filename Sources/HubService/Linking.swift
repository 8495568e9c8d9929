import HubStorage
package import SyncCore

/// Two cases of one person: somebody moved, and the new place opened a case before the old one was
/// handed over (DOMAIN.md section 4, H5). Both stay, with all that was written in them; the younger
/// one says which it continues.
extension CountyAdministration {
  /// The column of a case that names the one that it continues.
  private static let linkColumn = "continues_case_id"

  /// Writes into a case which older one it continues, as the county's own edit.
  ///
  /// - Parameter older: nil takes the link away.
  /// - Returns: the head of the log behind it.
  /// - Throws: ``LinkRefusal``; ``AdministrationError`` for a case that is not there.
  package func link(_ caseID: CaseID, to older: CaseID?) throws -> Int64 {
    try store.write { writer in
      guard let table = writer.schema.tables.first(where: { $0.scope == .caseRoot }),
        let column = table.column(named: Self.linkColumn)
      else { throw LinkRefusal.schemaTooOld }
      let cases = [caseID] + [older].compactMap(\.self)
      let known = try writer.cases(cases)
      for id in cases where !id.isCase || known[id] == nil {
        throw AdministrationError.unknownCase(id)
      }
      let roots = try writer.rows(cases.map { RowKey(table: table.number, id: RowID($0.string)) })
      func next(_ id: CaseID) -> CaseID? {
        let row = roots[RowKey(table: table.number, id: RowID(id.string))]
        let value = row?.values[table.position(ofColumn: column.number)!]
        return value?.text.map { CaseID($0) }
      }
      if let older {
        guard older != caseID, next(older) == nil else { throw LinkRefusal.continuesItself(older) }
        let holders = try writer.holders(of: cases)
        // The id of a case is not for a site that does not hold it.
        let unaware = (holders[caseID] ?? [:]).keys.filter { holders[older]?[$0] == nil }
        guard let first = unaware.min() else {
          return try write(link: older, into: caseID, table, column, in: writer)
        }
        throw LinkRefusal.notHeld(older, by: first)
      }
      return try write(link: nil, into: caseID, table, column, in: writer)
    }
  }

  private func write(
    link older: CaseID?, into caseID: CaseID, _ table: Table, _ column: Column,
    in writer: some HubWriter
  ) throws -> Int64 {
    let now = environment.now()
    let value = older.map { Value.text($0.text) } ?? .null
    let change = Change(
      id: EntryID(n: 0, tag: 0), kind: .update,
      row: RowKey(table: table.number, id: RowID(caseID.string)), caseID: caseID,
      cells: Cells(mask: ColumnMask([column.number]), values: [value]),
      base: try writer.counter.seq, editedAt: now)
    try write([change], at: now, in: writer)
    return try writer.counter.seq
  }
}

/// Why two cases are not linked.
package enum LinkRefusal: Error, Equatable, Sendable {
  /// The county's schema has no column for it yet.
  case schemaTooOld
  /// The case is the same one, or continues another itself.
  case continuesItself(CaseID)
  /// A site that holds the younger case does not hold the older one.
  case notHeld(CaseID, by: SiteID)
}
