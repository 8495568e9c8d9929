/// The gates of cases while a batch is read in its order: consents of the batch count from their
/// place on, whatever becomes of them.
///
/// A hub that was restored may have forgotten a consent as well as its revocation, and each comes
/// back with its own site. So what a closed gate keeps out is not refused at once: it waits, and
/// goes when nobody brings anything any more.
package struct ReturnedGates {
  private let gates: (any TierGates)?
  private let table: Table?
  private let view: HubView
  private let author: SiteID
  /// The consents of a case as they stand at this place of the batch.
  private var consents: [CaseID: [RowID: RowState]] = [:]

  /// - Parameters:
  ///   - gates: nil for a domain without any: everything passes.
  ///   - view: with all consents of the cases whose gated columns are written.
  package init(_ gates: (any TierGates)?, view: HubView, schema: Schema, author: SiteID) {
    self.gates = gates
    self.view = view
    self.author = author
    table = gates?.gateTable(in: schema)
  }

  /// The tiers of a case that the hub may hold.
  private mutating func openTiers(of caseID: CaseID) -> TierSet {
    guard let gates, let table, caseID.isCase else { return .all }
    let rows = known(caseID, in: table).sorted { $0.key < $1.key }.map(\.value)
    return gates.openTiers(for: .county, rows: rows).union(.header)
  }

  private mutating func known(_ caseID: CaseID, in table: Table) -> [RowID: RowState] {
    if let known = consents[caseID] { return known }
    let keys = view.groups[RowGroup(table: table.number, caseID: caseID)] ?? []
    let rows = keys.compactMap { view.rows[$0] }.filter { $0.isAlive && $0.caseID == caseID }
    let states = rows.map {
      RowState(
        table: table, id: $0.key.id, caseID: caseID, writer: $0.writer, values: $0.values)
    }
    let found = Dictionary(states.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    consents[caseID] = found
    return found
  }

  /// What of the next change may pass, and what waits for its gate; nil for nothing.
  mutating func part(_ change: Change, in table: Table) -> (passing: Change?, closed: Change?) {
    guard gates != nil, change.caseID.isCase else { return (change, nil) }
    take(change, in: table)
    guard !table.gatedColumns.isEmpty else { return (change, nil) }
    let gated = GatedChange(change, in: table, open: openTiers(of: change.caseID))
    guard change.kind != .delete else {
      return (gated.passing ?? change.restricted(to: .empty), nil)
    }
    guard let passing = gated.passing else { return (nil, change) }
    let closed = ColumnMask(
      gated.closed.numbers.filter {
        change.kind == .update || change.cells[$0].map { !$0.isNull } ?? false
      })
    guard !closed.isEmpty else { return (passing, nil) }
    let rest = change.restricted(to: closed)
    return (
      passing,
      Change(
        id: rest.id, kind: .update, row: rest.row, caseID: rest.caseID, cells: rest.cells,
        base: rest.base, columnBases: rest.columnBases, editedAt: rest.editedAt,
        columnTimes: rest.columnTimes)
    )
  }

  /// Whether a value of a change, or that a row was deleted, may be kept.
  package mutating func admits(
    _ change: Change, column number: Int?, in schema: Schema
  ) -> Bool {
    guard let number, let column = schema.table(number: change.row.table)?.column(number: number)
    else { return true }
    return !change.caseID.isCase || openTiers(of: change.caseID).contains(column.tier)
  }

  private mutating func take(_ change: Change, in table: Table) {
    guard table.number == self.table?.number else { return }
    var rows = known(change.caseID, in: table)
    let before = rows[change.row.id]
    rows[change.row.id] =
      change.kind == .delete
      ? nil
      : RowState(
        table: table, id: change.row.id, caseID: change.caseID, writer: before?.writer ?? author,
        values: table.columns.enumerated().map { position, column in
          change.cells[column.number] ?? before?.values[position] ?? column.defaultValue
        })
    consents[change.caseID] = rows
  }
}
