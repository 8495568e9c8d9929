/// Step 3 of a decision: what the hub may not hold it does not take, whoever sends it.
///
/// | the change …                                    | becomes                                     |
/// |-------------------------------------------------|---------------------------------------------|
/// | carries only what may pass                      | goes on                                     |
/// | carries some columns behind a closed gate       | goes on without them; they are refused `gate_closed` |
/// | writes a row of which nothing may pass          | refused `gate_closed`                       |
/// | deletes a row, with values that may not pass    | goes on without them                        |
///
/// A site withholds all that by itself, so this is met by what was under way when a gate closed.
/// The author keeps its values and offers them when the gate opens.
extension Decision {
  /// The change as it may be decided, and the columns that it loses; nil for a refusal.
  func admitted(_ change: Change, in table: Table) -> (change: Change, closed: ColumnMask)? {
    guard let gates = context.gates, change.caseID.isCase, !table.gatedColumns.isEmpty,
      let gateTable = gates.gateTable(in: context.schema)
    else { return (change, .empty) }
    var rows = DomainView(schema: context.schema, view: draft.view).rows(
      gateTable.name, in: change.caseID)
    // What a consent says of itself passes through the gate that it opens.
    if table.number == gateTable.number {
      rows.removeAll { $0.id == change.row.id }
      rows += written(change, in: table).map { [$0] } ?? []
    }
    let gated = GatedChange(
      change, in: table, open: gates.openTiers(for: .county, rows: rows))
    if let passing = gated.passing { return (passing, gated.closed) }
    // The hub holds no such row: there is nothing to delete, and the rules for rows say so.
    return change.kind == .delete ? (change.restricted(to: .empty), .empty) : nil
  }

  /// The row as the change would leave it; nil for a deletion.
  private func written(_ change: Change, in table: Table) -> RowState? {
    guard change.kind != .delete else { return nil }
    let standing = draft.view.rows[change.row].flatMap { $0.isAlive ? $0 : nil }
    return RowState(
      table: table, id: change.row.id, caseID: change.caseID,
      writer: standing?.writer ?? context.author.site,
      values: table.columns.enumerated().map { position, column in
        change.cells[column.number] ?? standing?.values[position] ?? column.defaultValue
      })
  }
}

extension Answer {
  /// The same answer to a change of which some columns were not taken.
  func refusing(_ columns: ColumnMask, of change: Change) -> Answer {
    let refused = columns.numbers.filter { change.cells[$0].map { !$0.isNull } ?? false }
    guard !refused.isEmpty else { return self }
    return Answer(
      id: id, verdict: max(verdict, .refused), rule: rule ?? .gateClosed,
      columns: self.columns
        + refused.map {
          ColumnOutcome(column: $0, verdict: .refused, rule: .gateClosed, kept: .null)
        })
  }
}
