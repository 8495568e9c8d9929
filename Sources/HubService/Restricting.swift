import HubStorage
package import SyncCore

/// Restriction of processing (Art. 18 GDPR) at the hub: a mark in the root of a case, which only
/// its lead sets and clears (``Column/restricts``).
///
/// It travels as any header column does. What it hides is told by ``CaseGates``; who is told, and
/// when, by ``HubWriter/regate(_:by:at:)``: a contributor's grant becomes narrower, its replica
/// purges and owes a receipt, and gets the case whole when the mark goes. What the hub holds stays.
extension HubReader {
  /// Whether a case is restricted, as its root stands.
  ///
  /// - Parameter written: the root as a plan is about to write it; nil where it does not.
  func isRestricted(_ caseID: CaseID, root written: StoredRow? = nil) throws -> Bool {
    guard let table = schema.caseRoot, let column = table.restrictingColumn,
      let position = table.position(ofColumn: column.number)
    else { return false }
    let key = RowKey(table: table.number, id: RowID(text: caseID.text))
    guard let root = try written ?? rows([key])[key], root.isAlive else { return false }
    return !root.values[position].isNull
  }
}

extension CountyAdministration {
  /// Those of these cases that are restricted.
  package func restricted(among cases: [CaseID]) throws -> Set<CaseID> {
    try store.read { reader in
      Set(try cases.filter { try $0.isCase && reader.isRestricted($0) })
    }
  }
}

extension Plan {
  /// The cases whose root gets another mark, or loses it.
  func casesMarked(in schema: Schema) -> [CaseID] {
    guard let root = schema.caseRoot, let mark = root.restrictingColumn else { return [] }
    return log.compactMap { entry in
      guard case .row(_, let image) = entry.content, image.key.table == root.number,
        image.cells.mask.contains(mark.number)
      else { return nil }
      return image.caseID
    }
  }

  /// The roots of cases as the plan writes them.
  func roots(in schema: Schema) -> [CaseID: StoredRow] {
    guard let root = schema.caseRoot?.number else { return [:] }
    return Dictionary(
      rows.lazy.filter { $0.key.table == root }.map { ($0.caseID, $0) },
      uniquingKeysWith: { $1 })
  }
}
