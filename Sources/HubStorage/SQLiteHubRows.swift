import SQLiteAccess
import SyncCore

/// Rows, cases and grants of the embedded engine.
extension SQLiteHubTransaction {
  func rows(_ keys: [RowKey]) throws -> [RowKey: StoredRow] {
    let latest = try query(
      """
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row
      WHERE t = ? AND id = ? ORDER BY alive DESC, last_seq DESC LIMIT 1
      """)
    var found: [RowKey: StoredRow] = [:]
    for key in keys {
      found[key] = try latest.first(.integer(Int64(key.table)), Parameter(key.id), body: meta)
        .flatMap(filled)
    }
    return found
  }

  func rows(of caseID: CaseID, after: RowKey?, limit: Int) throws -> [StoredRow] {
    try query(
      """
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row
      WHERE case_id = ? AND (t, id) > (?, ?) ORDER BY t, id LIMIT ?
      """
    ).all(
      Parameter(caseID), .integer(Int64(after?.table ?? 0)), .text(after?.id.string ?? ""),
      .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  func rows(ofTableBehind key: RowKey, limit: Int) throws -> [StoredRow] {
    try query(
      """
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row
      WHERE t = ? AND id > ? AND alive = 1 ORDER BY id LIMIT ?
      """
    ).all(
      .integer(Int64(key.table)), Parameter(key.id), .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  func changedRows(
    for site: SiteID, in range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [StoredRow] {
    // Rows of a case that was granted later come whole with their case.
    try query(
      """
      SELECT t, id, case_id, alive, writer, last_seq, versions FROM kreissync_row AS r
      WHERE last_seq BETWEEN ?1 AND ?2
        AND (case_id = '' OR EXISTS (
          SELECT 1 FROM kreissync_grant AS g
          WHERE g.case_id = r.case_id AND g.site = ?3 AND g.until_seq IS NULL
            AND (g.from_seq <= ?4 OR g.held_already)))
      ORDER BY last_seq LIMIT ?5
      """
    ).all(
      .integer(range.lowerBound), .integer(range.upperBound), Parameter(site),
      .integer(heldAt), .integer(Int64(limit)), body: meta
    ).compactMap(filled)
  }

  /// A row's record without its values.
  private func meta(_ row: ResultRow) throws -> StoredRow {
    let number = Int(row.integer(0))
    guard let table = schema.table(number: number) else {
      throw HubStoreError.unusable("a row names table \(number), which the schema does not have")
    }
    return StoredRow(
      key: RowKey(table: number, id: row.identifier(1)), caseID: row.identifier(2),
      isAlive: row.integer(3) == 1, writer: row.identifier(4),
      values: table.columns.map { _ in .null },
      versions: try VersionEncoding.decode(row.blob(6), count: table.columns.count),
      lastSeq: row.integer(5))
  }

  /// The record with its values from the domain table.
  private func filled(_ stored: StoredRow) throws -> StoredRow? {
    guard stored.isAlive, let table = schema.table(number: stored.key.table) else { return stored }
    let columns = table.columns.map { quoted($0.name) }.joined(separator: ", ")
    let values = try query("SELECT \(columns) FROM \(quoted(table.name)) WHERE id = ?").first(
      Parameter(stored.key.id)
    ) { row in table.columns.indices.map { row.value($0) ?? .null } }
    guard let values else {
      throw HubStoreError.unusable("table \(table.name) lacks a row that its versions name")
    }
    var row = stored
    row.values = values
    return row
  }

  func quoted(_ name: String) -> String {
    quotedName(name)
  }

  // MARK: Cases and grants

  func cases(_ ids: [CaseID]) throws -> [CaseID: StoredCase] {
    let select = try query(
      "SELECT lead, epoch, epoch_since, digest FROM kreissync_case WHERE case_id = ?")
    var found: [CaseID: StoredCase] = [:]
    for id in ids {
      found[id] = try select.first(Parameter(id)) {
        StoredCase(
          id: id, lead: $0.identifier(0), epoch: $0.integer(1), epochSince: $0.integer(2),
          digest: try digest($0, 3))
      }
    }
    return found
  }

  func digest(_ row: ResultRow, _ column: Int) throws -> Digest128 {
    guard let digest = Digest128(bytes: row.blob(column)) else {
      throw HubStoreError.unusable("a case has a digest that is none")
    }
    return digest
  }

  func roles(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: Role] {
    let select = try query(
      """
      SELECT role FROM kreissync_grant WHERE case_id = ? AND site = ? AND until_seq IS NULL
      ORDER BY from_seq DESC LIMIT 1
      """)
    var roles: [CaseID: Role] = [:]
    for id in cases {
      roles[id] = try select.first(Parameter(id), Parameter(site)) { $0.text(0) }
        .flatMap(Role.init)
    }
    return roles
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
      SELECT case_id FROM kreissync_grant AS g
      WHERE site = ?1 AND role = 'mention' AND until_seq IS NULL AND NOT EXISTS (
        SELECT 1 FROM kreissync_grant AS later
        WHERE later.case_id = g.case_id AND later.site = ?1 AND later.until_seq IS NULL
          AND later.from_seq > g.from_seq)
      ORDER BY case_id
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

  /// Neither the place of rows without a case nor a unit, which begins with ``CaseID/unitMark``.
  private static let isCase = "case_id <> '' AND substr(case_id, 1, 1) <> '\(CaseID.unitMark)'"

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

  func grants(of site: SiteID, openedIn range: ClosedRange<Int64>, limit: Int) throws
    -> [GrantedCase]
  {
    try query(
      """
      SELECT g.case_id, g.role, g.from_seq, g.held_already, c.lead, c.epoch
      FROM kreissync_grant AS g JOIN kreissync_case AS c USING (case_id)
      WHERE g.site = ? AND g.from_seq BETWEEN ? AND ? AND g.until_seq IS NULL
      ORDER BY g.from_seq LIMIT ?
      """
    ).all(
      Parameter(site), .integer(range.lowerBound), .integer(range.upperBound),
      .integer(Int64(limit))
    ) { row in
      GrantedCase(
        grant: Grant(
          caseID: row.identifier(0), site: site, role: try role(row, 1), fromSeq: row.integer(2),
          isHeldAlready: row.integer(3) == 1),
        lead: row.identifier(4), epoch: row.integer(5))
    }
  }

  func caseDigests(for site: SiteID, above seq: Int64) throws -> [CaseDigest] {
    try query(
      """
      SELECT c.case_id, c.digest FROM kreissync_case AS c
      WHERE c.last_seq > ?1 AND (c.case_id = '' OR EXISTS (
        SELECT 1 FROM kreissync_grant AS g
        WHERE g.case_id = c.case_id AND g.site = ?2 AND g.until_seq IS NULL))
      UNION
      SELECT c.case_id, c.digest FROM kreissync_grant AS g JOIN kreissync_case AS c USING (case_id)
      WHERE g.site = ?2 AND g.from_seq > ?1 AND g.until_seq IS NULL
      ORDER BY 1
      """
    ).all(.integer(seq), Parameter(site)) {
      CaseDigest(caseID: $0.identifier(0), digest: try digest($0, 1))
    }
  }

  func scopeDigest(for site: SiteID) throws -> Digest128 {
    var sum = Digest128.zero
    try query(
      """
      SELECT digest FROM kreissync_case WHERE case_id = '' OR case_id IN (
        SELECT case_id FROM kreissync_grant WHERE site = ? AND until_seq IS NULL)
      """
    ).forEach(Parameter(site)) { sum += try digest($0, 0) }
    return sum
  }
}
