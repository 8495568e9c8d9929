import SQLiteAccess
import SyncCore

/// What a pull may say of rows and columns behind a closed gate.
extension Application {
  /// Whether the hub may not have the row at all, because its gate is closed: then what it says of
  /// it is about the site's rights, and not about the row.
  func isHeldHereOnly(_ key: RowKey, in table: Table) throws -> Bool {
    guard table.scope == .ofCase, !unsent.isWithholdingNothing,
      try unsent.touches(key) || WithheldCells(file: file, database: database).isOwn(key),
      case .there(let row) = try file.lookup(key, in: database)
    else { return false }
    return !table.isVisible(to: GrantTerms(.contributor, try grantedTiers(of: row.caseID)))
  }

  private func grantedTiers(of caseID: CaseID) throws -> TierSet {
    if let known = tiers[caseID] { return known }
    return try Query(
      database, "SELECT tiers FROM kreissync_case_state WHERE case_id = ?"
    ).first(Parameter(caseID)) { TierSet(rawValue: UInt8(truncatingIfNeeded: $0.integer(0))) }
      ?? .all
  }

  /// The columns of a whole row that the hub does not show to this site: what stands there is not
  /// for the hub to say.
  mutating func hiddenColumns(of image: RowImage, in table: Table) throws -> ColumnMask {
    guard image.caseID.isCase, !table.gatedColumns.isEmpty else { return .empty }
    let granted = try grantedTiers(of: image.caseID)
    tiers[image.caseID] = granted
    return table.travellingColumns.subtracting(
      table.columns(visibleTo: GrantTerms(.contributor, granted)))
  }
}
