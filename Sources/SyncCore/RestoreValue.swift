/// A value of the ledger put back: an ordinary new edit of the hub.
///
/// | the row now      | what is written                                                       |
/// |------------------|-----------------------------------------------------------------------|
/// | is there         | the value, and those of its column's group that lost with it; what they replace goes to the ledger |
/// | is gone          | only if whoever restores it says so: the row as it was before it was deleted, with these values |
/// | lives elsewhere  | ``SettlementObstacle/rowElsewhere``                                   |
///
/// The hard rules judge it as any edit.
package struct Restoration: Sendable {
  package let change: Change
  /// Whose the row is that it may bring back.
  package let writer: SiteID
  /// Those whose values it puts back.
  package private(set) var entries: [LedgerEntry]
  private let row: SettledRow
  private let moment: SettlementMoment

  /// - Parameters:
  ///   - chosen: the entry whose lost value is to stand again.
  ///   - recorded: the ledger's entries that were recorded together with it.
  ///   - revives: whether a row that is gone comes back.
  package static func of(
    _ chosen: LedgerEntry, recordedWith recorded: [LedgerEntry], about row: SettledRow,
    revives: Bool, at moment: SettlementMoment
  ) throws(SettlementObstacle) -> Restoration {
    guard !row.isElsewhere else { throw .rowElsewhere }
    guard row.living != nil || revives else { throw .rowGone }
    let group = row.table.widenedToGroups(ColumnMask([chosen.column]))
    var entries = [chosen]
    for other in recorded
    where other.row == chosen.row && other.caseID == chosen.caseID && other.rule == chosen.rule
      && other.lost.site == chosen.lost.site && group.contains(other.column)
      && !entries.contains(where: { $0.column == other.column })
    {
      entries.append(other)
    }
    if row.living != nil {
      entries = entries.filter { row.standing(inColumn: $0.column).value != $0.lost.value }
      guard !entries.isEmpty else { throw .standsAlready }
    }
    var values: [Int: Value] = [:]
    for entry in entries { values[entry.column] = entry.lost.value }
    return Restoration(
      change: try row.edit(putting: values, at: moment),
      writer: row.writer(else: chosen.lost.site), entries: entries, row: row, moment: moment)
  }

  /// Adds what the restored values replace to the ledger.
  ///
  /// - Parameter plan: that of the edit, as decided.
  package func complete(_ plan: inout Plan) {
    guard row.living != nil, let seq = plan.seq(ofEditOf: row.key) else { return }
    for entry in entries {
      let standing = row.standing(inColumn: entry.column)
      guard !standing.value.isNull else { continue }
      plan.ledger.append(
        LedgerEntry(
          caseID: row.caseID, row: row.key, column: entry.column, base: moment.headSeq, seq: seq,
          policy: row.table.column(number: entry.column)?.policy, rule: .restored,
          epoch: moment.epoch, role: .lead,
          kept: Contender(
            value: entry.lost.value, site: moment.decider, editedAt: moment.now),
          lost: standing))
    }
  }
}
