import SQLiteAccess
import SyncCore

/// The ledger in the embedded engine.
extension SQLiteHubTransaction {
  /// - Parameter replacedSeq: ``Plan/replacement(of:)``
  func write(
    _ entry: LedgerEntry, replacedSeq: Int64?, at now: Milliseconds, random: (Int) -> [UInt8]
  ) throws {
    let marks = Array(repeating: "?", count: 19).joined(separator: ", ")
    try query("INSERT INTO kreissync_ledger VALUES (\(marks))").run(
      .text(UUIDv7.text(milliseconds: now, random: random(UUIDv7.randomByteCount))),
      .integer(now), Parameter(entry.caseID), .integer(Int64(entry.row.table)),
      Parameter(entry.row.id), .integer(Int64(entry.column)), .integer(entry.base),
      .integer(entry.seq), Parameter(entry.policy?.rawValue), .text(entry.rule.rawValue),
      .integer(entry.epoch), .text(entry.role.rawValue), Parameter(entry.kept.value),
      Parameter(entry.kept.site), .integer(entry.kept.editedAt), Parameter(entry.lost.value),
      Parameter(entry.lost.site), .integer(entry.lost.editedAt), Parameter(replacedSeq))
  }

  func ledger(_ filter: LedgerFilter) throws -> [StoredLedgerEntry] {
    try query(
      """
      \(Self.selection) WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR case_id = ?2)
      ORDER BY recorded_at, id
      """
    ).all(Parameter(filter.id), Parameter(filter.caseID?.string), body: entry)
  }

  func replacedValues(of site: SiteID, above seq: Int64, limit: Int) throws
    -> [StoredLedgerEntry]
  {
    try query(
      """
      \(Self.selection) WHERE lost_site = ? AND replaced_seq > ? AND replaced_seq IS NOT NULL
      ORDER BY replaced_seq DESC, column_number DESC LIMIT ?
      """
    ).all(Parameter(site), .integer(seq), .integer(Int64(limit)), body: entry).reversed()
  }

  private static let selection = """
    SELECT id, recorded_at, case_id, t, row_id, column_number, base, seq, policy, rule, epoch,
      role, kept_value, kept_site, kept_edited_at, lost_value, lost_site, lost_edited_at,
      replaced_seq
    FROM kreissync_ledger
    """

  private func entry(_ row: ResultRow) throws -> StoredLedgerEntry {
    guard let rule = Rule(rawValue: row.text(9)), let role = Role(rawValue: row.text(11)) else {
      throw HubStoreError.unusable("ledger entry \(row.text(0)) has an unknown rule or role")
    }
    return StoredLedgerEntry(
      id: row.text(0), recordedAt: row.integer(1),
      entry: LedgerEntry(
        caseID: row.identifier(2),
        row: RowKey(table: Int(row.integer(3)), id: row.identifier(4)),
        column: Int(row.integer(5)), base: row.integer(6), seq: row.integer(7),
        policy: row.optionalText(8).flatMap(Policy.init), rule: rule, epoch: row.integer(10),
        role: role, kept: contender(row, at: 12), lost: contender(row, at: 15)),
      replacedSeq: row.optionalInteger(18))
  }

  func contender(_ row: ResultRow, at column: Int) -> Contender {
    Contender(
      value: row.value(column) ?? .null, site: row.identifier(column + 1),
      editedAt: row.integer(column + 2))
  }
}
