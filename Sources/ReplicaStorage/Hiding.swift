import GRDB
import SQLiteAccess
import SyncCore

/// A restriction of processing (Art. 18 GDPR) at a site that works on a case and does not lead it.
///
/// What came from others goes, as when a gate closes (``ScopePurge``): but here the hub still holds
/// everything, also what this site wrote. So nothing is offered anew when the mark goes; the case
/// comes whole, and replaces what stands here. An edit that was made meanwhile, of a row that this
/// site wrote, has not seen what others did to it: its base stays where the column was last shown.
struct Hiding {
  private let file: ReplicaFile
  private let database: Database
  private let cursor: Int64

  /// - Parameter cursor: up to which the columns that are about to be hidden were shown.
  init(_ file: ReplicaFile, _ database: Database, cursor: Int64) {
    self.file = file
    self.database = database
    self.cursor = cursor
  }

  /// Pins the columns of a case that the site is shown no more, of the rows that stay here.
  func pinHidden(_ caseID: CaseID, but terms: GrantTerms) throws {
    for table in file.schema.tables where table.scope == .ofCase || table.scope == .caseRoot {
      let visible = table.columns(visibleTo: terms)
      for number in table.gatedColumns.subtracting(visible).numbers {
        try pin(number, of: table, in: caseID, ownOnly: visible.isEmpty)
      }
    }
  }

  private func pin(
    _ column: Int, of table: Table, in caseID: CaseID, ownOnly: Bool
  ) throws {
    let place = table.scope == .ofCase ? "case_id" : "id"
    let own = """
       AND EXISTS (SELECT 1 FROM kreissync_gated AS g WHERE g.t = ?1 AND g.id = x.id AND g.own = 1)
      """
    try Query(
      database,
      """
      INSERT INTO kreissync_pin
      SELECT ?1, x.id, ?2, ?3 FROM \(file.quoted(table.name)) AS x
      WHERE x.\(place) = ?4\(ownOnly ? own : "")
      ON CONFLICT DO UPDATE SET base = min(base, excluded.base)
      """
    ).run(
      .integer(Int64(table.number)), .integer(Int64(column)), .integer(cursor),
      Parameter(caseID))
  }
}

extension ReplicaFile {
  /// Whether a restriction hides a case here: its root bears the mark, and the site works on it
  /// without leading it.
  ///
  /// - Parameter isDisputed: somebody here has written the mark, which is not for this site to do:
  ///   until the hub has answered the case counts as restricted.
  func isHidden(
    _ caseID: CaseID, isDisputed: Bool = false, in database: Database
  ) throws -> Bool {
    guard caseID.isCase, let root = schema.caseRoot, let mark = root.restrictingColumn else {
      return false
    }
    return try Query(
      database,
      """
      SELECT 1 FROM \(quoted(root.name)) AS r JOIN kreissync_case_state AS s ON s.case_id = r.id
      WHERE r.id = ? AND (r.\(quoted(mark.name)) IS NOT NULL OR ?) AND s.role = ?
      """
    ).first(
      Parameter(caseID), .integer(isDisputed ? 1 : 0), .text(Role.contributor.rawValue)
    ) { _ in true } ?? false
  }
}
