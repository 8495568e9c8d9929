import SQLiteAccess
import SyncCore

/// What happened in a site's scope, in the embedded engine.
///
/// Two ways lead to it: through what happened in the county, and through the cases that the site
/// holds. In a night in which a thousand municipalities write, the first is a thousand times too
/// long for each of them; for the county's own office, which holds everything, the second is.
extension SQLiteHubTransaction {
  /// Entries of the county that are looked at before it is known how many are the site's.
  private static let probeCount: Int64 = 2_000
  /// A site to whom less than this part of the entries belongs is served through its cases. One
  /// that is found through a case costs as much as some entries that are passed over: the row's
  /// neighbours in the case are read, too.
  private static let sparsePart = 16

  func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    var found: [StoredRow] = []
    var start = range.lowerBound
    while start <= range.upperBound, found.count < limit {
      let end = min(range.upperBound, start + Self.probeCount - 1)
      found += try rowsByEntries(
        for: site, in: start...end, heldAt: heldAt, limit: limit - found.count)
      start = end + 1
      let isSparse = Int64(found.count * Self.sparsePart) < start - range.lowerBound
      if isSparse && start <= range.upperBound {
        return try found
          + rowsByCases(
            for: site, in: start...range.upperBound, heldAt: heldAt, limit: limit - found.count)
      }
    }
    return found
  }

  private func rowsByEntries(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    // Rows of a case that was granted later come whole with their case.
    try changedRows(
      """
      SELECT \(Self.metaColumns) FROM kreissync_row AS r
      WHERE last_seq BETWEEN ?1 AND ?2
        AND (case_id = '' OR EXISTS (
          SELECT 1 FROM kreissync_grant AS g
          WHERE g.case_id = r.case_id AND g.site = ?3 AND g.until_seq IS NULL
            AND (g.held_from <= ?4 OR g.held_already)))
      ORDER BY last_seq LIMIT ?5
      """, of: site, range, heldAt, limit)
  }

  private func rowsByCases(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    // A case's own number is never less than that of any of its rows.
    let columns = Self.metaColumns.split(separator: ", ").map { "r.\($0)" }
      .joined(separator: ", ")
    return try changedRows(
      """
      SELECT \(columns) FROM kreissync_grant AS g INDEXED BY kreissync_grant_opened
      CROSS JOIN kreissync_case AS c ON c.case_id = g.case_id AND c.last_seq >= ?1
      CROSS JOIN kreissync_row AS r INDEXED BY kreissync_row_case
        ON r.case_id = g.case_id AND r.last_seq BETWEEN ?1 AND ?2
      WHERE g.site = ?3 AND g.case_id <> '' AND g.until_seq IS NULL
        AND (g.held_from <= ?4 OR g.held_already)
      UNION ALL
      SELECT \(columns) FROM kreissync_case AS c
      CROSS JOIN kreissync_row AS r INDEXED BY kreissync_row_case
        ON r.case_id = '' AND r.last_seq BETWEEN ?1 AND ?2
      WHERE c.case_id = '' AND c.last_seq >= ?1
      ORDER BY 6 LIMIT ?5
      """, of: site, range, heldAt, limit)
  }

  private func changedRows(
    _ sql: String, of site: SiteID, _ range: ClosedRange<Int64>, _ heldAt: Int64, _ limit: Int
  ) throws -> [StoredRow] {
    try query(sql).all(
      .integer(range.lowerBound), .integer(range.upperBound), Parameter(site), .integer(heldAt),
      .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  func caseDigests(for site: SiteID, above seq: Int64) throws -> [CaseDigest] {
    let covered = Self.coveredDigest(of: "c.digests", tiers: "g.tiers")
    let whole = Self.coveredDigest(of: "digests", tiers: "\(TierSet.all.rawValue)")
    let changed =
      try seq > 0 && holdsMany(site)
      ? """
      kreissync_case AS c INDEXED BY kreissync_case_changed CROSS JOIN kreissync_grant AS g
        ON g.case_id = c.case_id AND g.site = ?2 AND g.until_seq IS NULL
      """
      : """
      kreissync_grant AS g CROSS JOIN kreissync_case AS c
        ON c.case_id = g.case_id AND g.site = ?2 AND g.until_seq IS NULL
      """
    return try query(
      """
      SELECT case_id, \(whole) FROM kreissync_case WHERE last_seq > ?1 AND case_id = ''
      UNION
      SELECT c.case_id, \(covered) FROM \(changed)
      WHERE c.last_seq > ?1
      UNION
      SELECT c.case_id, \(covered)
      FROM kreissync_grant AS g JOIN kreissync_case AS c USING (case_id)
      WHERE g.site = ?2 AND g.from_seq > ?1 AND g.until_seq IS NULL
      ORDER BY 1
      """
    ).all(.integer(seq), Parameter(site)) {
      CaseDigest(caseID: $0.identifier(0), digest: try digest($0, 1))
    }
  }

  /// Whether a site has held more cases than are looked through in a millisecond or two.
  private func holdsMany(_ site: SiteID) throws -> Bool {
    let count = try query(
      "SELECT count(*) FROM (SELECT 1 FROM kreissync_grant WHERE site = ? LIMIT ?)"
    ).first(Parameter(site), .integer(Self.manyCount)) { $0.integer(0) }
    return count == Self.manyCount
  }

  private static let manyCount: Int64 = 1_000
}
