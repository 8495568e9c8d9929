import SQLiteAccess
import SyncCore

/// Cases, grants and digests of the embedded engine.
extension SQLiteHubTransaction {
  func cases(_ ids: [CaseID]) throws -> [CaseID: StoredCase] {
    let select = try query(
      "SELECT lead, epoch, epoch_since, digests FROM kreissync_case WHERE case_id = ?")
    var found: [CaseID: StoredCase] = [:]
    for id in ids {
      found[id] = try select.first(Parameter(id)) {
        StoredCase(
          id: id, lead: $0.identifier(0), epoch: $0.integer(1), epochSince: $0.integer(2),
          digests: try digests($0, 3))
      }
    }
    return found
  }

  private func digests(_ row: ResultRow, _ column: Int) throws -> TierDigests {
    guard let digests = TierDigests(bytes: row.blob(column)) else {
      throw HubStoreError.unusable("a case has digests that are none")
    }
    return digests
  }

  /// The digest of what a site holds of a case: an expression over a case's digests and a grant's
  /// tiers.
  static func coveredDigest(of digests: String, tiers: String) -> String {
    let size = Digest128.byteCount
    return """
      iif(\(tiers) & \(TierSet.header.rawValue),
        substr(\(digests), 1 + \(size) * (\(tiers) >> 1), \(size)), zeroblob(\(size)))
      """
  }

  func digest(_ row: ResultRow, _ column: Int) throws -> Digest128 {
    guard let digest = Digest128(bytes: row.bytes(column)) else {
      throw HubStoreError.unusable("a case has digests that are none")
    }
    return digest
  }

  func roles(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: Role] {
    try terms(of: site, in: cases).mapValues(\.role)
  }

  func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    let select = try query(
      """
      SELECT role, tiers FROM kreissync_grant
      WHERE case_id = ? AND site = ? AND until_seq IS NULL
      """)
    var found: [CaseID: GrantTerms] = [:]
    for id in cases {
      found[id] = try select.first(Parameter(id), Parameter(site)) { try terms($0, 0) }
    }
    return found
  }

  func periods(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: [GrantPeriod]] {
    let select = try query(
      """
      SELECT role, from_seq, until_seq, ended_at, tiers FROM kreissync_grant
      WHERE case_id = ? AND site = ? ORDER BY from_seq
      """)
    var found: [CaseID: [GrantPeriod]] = [:]
    for id in cases {
      let periods = try select.all(Parameter(id), Parameter(site)) { row in
        GrantPeriod(
          role: try role(row, 0), fromSeq: row.integer(1), untilSeq: row.optionalInteger(2),
          endedAt: row.optionalInteger(3) ?? 0,
          tiers: TierSet(rawValue: UInt8(truncatingIfNeeded: row.integer(4))))
      }
      if periods.contains(where: { $0.untilSeq != nil }) { found[id] = periods }
    }
    return found
  }

  func unpurged(at site: SiteID) throws -> [CaseID] {
    try query(
      """
      SELECT DISTINCT case_id FROM kreissync_grant
      WHERE site = ? AND purge_seq IS NOT NULL AND purged_at IS NULL ORDER BY case_id
      """
    ).all(Parameter(site)) { $0.identifier(0) }
  }

  func holders(of cases: [CaseID]) throws -> [CaseID: [SiteID: Role]] {
    let select = try query(
      """
      SELECT site, role FROM kreissync_grant WHERE case_id = ? AND until_seq IS NULL
      ORDER BY from_seq
      """)
    var holders: [CaseID: [SiteID: Role]] = [:]
    for id in cases {
      try select.forEach(Parameter(id)) { row in
        holders[id, default: [:]][row.identifier(0)] = try role(row, 1)
      }
    }
    return holders
  }

  func mentionedUnits(of site: SiteID) throws -> [CaseID] {
    try query(
      """
      SELECT case_id FROM kreissync_grant
      WHERE site = ? AND role = 'mention' AND until_seq IS NULL ORDER BY case_id
      """
    ).all(Parameter(site)) { $0.identifier(0) }
  }

  func cases(mentioning row: RowKey) throws -> [CaseID] {
    guard let root = schema.caseRoot, let table = schema.table(number: row.table) else { return [] }
    var found: Set<CaseID> = []
    for column in root.columns where column.mentions == table.name {
      try query(
        "SELECT id FROM \(quoted(root.name)) WHERE \(quoted(column.name)) = ?"
      ).forEach(Parameter(row.id)) { found.insert($0.identifier(0)) }
    }
    return found.sorted()
  }

  private func terms(_ row: ResultRow, _ column: Int) throws -> GrantTerms {
    GrantTerms(
      try role(row, column), TierSet(rawValue: UInt8(truncatingIfNeeded: row.integer(column + 1))))
  }

  private func role(_ row: ResultRow, _ column: Int) throws -> Role {
    guard let role = Role(rawValue: row.text(column)) else {
      throw HubStoreError.unusable("a grant has a role that is none")
    }
    return role
  }

  var caseCount: Int {
    get throws {
      Int(
        try query("SELECT count(*) FROM kreissync_case WHERE \(Self.isCase)").first {
          $0.integer(0)
        }!)
    }
  }

  /// Neither the place of rows without a case nor a unit, which begins with ``CaseID/unitMark``,
  /// nor what is left of one that was erased.
  private static let isCase = """
    case_id <> '' AND substr(case_id, 1, 1) <> '\(CaseID.unitMark)'
      AND NOT EXISTS (
        SELECT 1 FROM kreissync_erasure AS e WHERE e.case_id = kreissync_case.case_id)
    """

  func caseIDs(ledBy leads: [SiteID]?) throws -> [CaseID] {
    guard let leads else {
      return try query("SELECT case_id FROM kreissync_case WHERE \(Self.isCase) ORDER BY case_id")
        .all { $0.identifier(0) }
    }
    let select = try query(
      "SELECT case_id FROM kreissync_case WHERE lead = ? AND \(Self.isCase) ORDER BY case_id")
    return try leads.flatMap { lead in
      try select.all(Parameter(lead)) { $0.identifier(0, CaseID.self) }
    }
    .sorted()
  }

  func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [GrantedCase] {
    try query(
      """
      SELECT g.case_id, g.role, g.tiers, g.from_seq, g.held_already OR g.held_from <= ?4,
        g.effective_at, g.handover, c.lead, c.epoch, NULL, g.from_seq AS place
      FROM kreissync_grant AS g JOIN kreissync_case AS c USING (case_id)
      WHERE g.site = ?1 AND g.from_seq BETWEEN ?2 AND ?3 AND g.until_seq IS NULL
      UNION ALL
      SELECT g.case_id, g.role, g.tiers, g.from_seq, 0, g.effective_at, g.ended_by, c.lead,
        c.epoch, g.until_seq, g.until_seq
      FROM kreissync_grant AS g JOIN kreissync_case AS c USING (case_id)
      WHERE g.site = ?1 AND g.until_seq BETWEEN ?2 AND ?3
        AND NOT EXISTS (
          SELECT 1 FROM kreissync_grant AS later
          WHERE later.case_id = g.case_id AND later.site = ?1 AND later.from_seq >= g.until_seq)
        AND EXISTS (
          SELECT 1 FROM kreissync_grant AS held
          WHERE held.case_id = g.case_id AND held.site = ?1 AND held.until_seq > ?4
            AND (held.from_seq <= ?4 OR held.held_already))
      ORDER BY place LIMIT ?5
      """
    ).all(
      Parameter(site), .integer(range.lowerBound), .integer(range.upperBound), .integer(heldAt),
      .integer(Int64(limit))
    ) { row in
      let terms = try terms(row, 1)
      return GrantedCase(
        grant: Grant(
          caseID: row.identifier(0), site: site, role: terms.role, tiers: terms.tiers,
          fromSeq: row.integer(3), isHeldAlready: row.integer(4) == 1,
          effectiveAt: row.integer(5), handover: row.optionalText(6)),
        lead: row.identifier(7), epoch: row.integer(8), endedSeq: row.optionalInteger(9))
    }
  }

  func scopeDigest(for site: SiteID) throws -> Digest128 {
    let covered = Self.coveredDigest(of: "c.digests", tiers: "g.tiers")
    let whole = Self.coveredDigest(of: "digests", tiers: "\(TierSet.all.rawValue)")
    var sum = Digest128.zero
    try query(
      """
      SELECT \(whole) FROM kreissync_case WHERE case_id = ''
      UNION ALL
      SELECT \(covered) FROM kreissync_grant AS g JOIN kreissync_case AS c USING (case_id)
      WHERE g.site = ? AND g.until_seq IS NULL
      """
    ).forEach(Parameter(site)) { sum += try digest($0, 0) }
    return sum
  }

  // MARK: Writing

  /// Opens and ends grants. A new grant takes the place of the open one, and goes on from it where
  /// it covers the same; where it covers less, or a grant ends, the site has something to purge.
  func write(_ grants: [Grant], ends: [GrantEnd]) throws {
    for grant in grants {
      let former = try end(
        grant.caseID, at: grant.site, grant.fromSeq, grant.effectiveAt, by: grant.handover)
      let goesOn = former?.tiers == grant.tiers
      let isNarrower = former.map { !grant.tiers.isSuperset(of: $0.tiers) } ?? false
      // A grant that covers it again makes an older order void.
      try query("UPDATE kreissync_grant SET purge_seq = NULL WHERE case_id = ? AND site = ?").run(
        Parameter(grant.caseID), Parameter(grant.site))
      try query(
        "INSERT INTO kreissync_grant VALUES (?, ?, ?, ?, ?, NULL, ?, ?, ?, NULL, ?, NULL, ?, NULL)"
      ).run(
        Parameter(grant.caseID), Parameter(grant.site), .text(grant.role.rawValue),
        .integer(Int64(grant.tiers.rawValue)), .integer(grant.fromSeq),
        .integer(grant.isHeldAlready || goesOn && former!.isHeldAlready ? 1 : 0),
        .integer(goesOn ? former!.heldFrom : grant.fromSeq), .integer(grant.effectiveAt),
        Parameter(grant.handover),
        Parameter(
          isNarrower || grant.asksReceipt || former?.purgeSeq != nil && goesOn
            ? grant.fromSeq : nil))
    }
    for ending in ends {
      let former = try end(
        ending.caseID, at: ending.site, ending.seq, ending.effectiveAt, by: ending.handover)
      guard former != nil else { continue }
      try query(
        """
        UPDATE kreissync_grant SET purge_seq = until_seq, purged_at = NULL
        WHERE case_id = ? AND site = ? AND until_seq = ?
        """
      ).run(Parameter(ending.caseID), Parameter(ending.site), .integer(ending.seq))
    }
  }

  private struct Former {
    let tiers: TierSet
    let isHeldAlready: Bool
    let heldFrom: Int64
    let purgeSeq: Int64?
  }

  private func end(
    _ caseID: CaseID, at site: SiteID, _ seq: Int64, _ at: Milliseconds, by handover: String?
  ) throws -> Former? {
    // Columns alone, no expression: of a table without rowid SQLite 3.40 returns NULL for one.
    try query(
      """
      UPDATE kreissync_grant SET until_seq = ?, ended_at = ?, ended_by = ?
      WHERE case_id = ? AND site = ? AND until_seq IS NULL
      RETURNING tiers, held_already, held_from, purge_seq, purged_at
      """
    ).first(
      .integer(seq), .integer(at), Parameter(handover), Parameter(caseID), Parameter(site)
    ) { row in
      Former(
        tiers: TierSet(rawValue: UInt8(truncatingIfNeeded: row.integer(0))),
        isHeldAlready: row.integer(1) == 1, heldFrom: row.integer(2),
        purgeSeq: row.isNull(4) ? row.optionalInteger(3) : nil)
    }
  }

  func recordReceipt(
    of site: SiteID, through seq: Int64, except pending: [CaseID], at now: Milliseconds
  ) throws {
    let pending = Set(pending)
    let update = try query(
      """
      UPDATE kreissync_grant SET purged_at = ?
      WHERE case_id = ? AND site = ? AND purge_seq <= ? AND purged_at IS NULL
      """)
    for caseID in try unpurged(at: site) where !pending.contains(caseID) {
      try update.run(.integer(now), Parameter(caseID), Parameter(site), .integer(seq))
    }
  }
}
