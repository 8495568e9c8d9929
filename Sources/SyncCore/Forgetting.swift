/// What the hub is to forget for good of one case, past and present: values in rows, in the log's
/// payloads, in the ledger, in proposals, in what waits and in stored answers.
///
/// What it holds of the case beside values stays: its record, its grants, its places in the log's
/// tree. They are ids, and say whom to tell.
package struct Forgetting: Hashable, Sendable {
  /// How much of the case.
  package enum Extent: Hashable, Sendable {
    /// Every row, living and deleted, and all that was ever said of one.
    case wholeCase
    /// These columns, by the numbers of their tables. The rows of a table of which all travelling
    /// columns are named go; what is left of deleted ones, ids alone, stays.
    case columns([Int: ColumnMask])
  }

  package let caseID: CaseID
  package let extent: Extent

  package init(_ extent: Extent, of caseID: CaseID) {
    self.extent = extent
    self.caseID = caseID
  }

  /// What is beyond these tiers: columns are emptied, and the rows of tables without a column of
  /// them go, as ``Table/isVisible(to:)`` says.
  package init(allBut tiers: TierSet, of caseID: CaseID, in schema: Schema) {
    var closed: [Int: ColumnMask] = [:]
    for table in schema.tables where table.scope == .ofCase || table.scope == .caseRoot {
      let columns = table.columns.filter { $0.tier != .local && !tiers.contains($0.tier) }
      guard !columns.isEmpty else { continue }
      closed[table.number] = ColumnMask(columns.lazy.map(\.number))
    }
    self.init(.columns(closed), of: caseID)
  }

  private func closed(in table: Int) -> ColumnMask {
    guard case .columns(let masks) = extent else { return .empty }
    return masks[table] ?? .empty
  }

  // MARK: What is left

  /// What is left of a row of the case; nil where it goes.
  package func remainder(of row: StoredRow, in table: Table) -> StoredRow? {
    guard extent != .wholeCase else { return nil }
    guard row.isAlive else { return row }
    let closed = closed(in: table.number)
    guard !table.travellingColumns.subtracting(closed).isEmpty || closed.isEmpty else { return nil }
    var left = row
    for (position, column) in table.columns.enumerated() where closed.contains(column.number) {
      left.values[position] = .null
      left.versions[position] = .unwritten
    }
    return left
  }

  /// What is left of a change of the case that waits; nil for nothing.
  package func remainder(of change: Change) -> Change? {
    guard change.caseID == caseID else { return change }
    guard extent != .wholeCase else { return nil }
    let closed = closed(in: change.row.table)
    let open = change.cells.mask.subtracting(closed)
    guard open != change.cells.mask else { return change }
    guard !open.isEmpty else { return nil }
    return Change(
      id: change.id, kind: change.kind, row: change.row, caseID: change.caseID,
      cells: Cells(mask: open, values: open.numbers.map { change.cells[$0] ?? .null }),
      base: change.base, columnBases: change.columnBases, editedAt: change.editedAt,
      columnTimes: change.columnTimes)
  }

  // MARK: What is meant

  /// Whether a value of this cell is to be forgotten.
  ///
  /// - Parameter column: nil for what is said of a whole row without a value.
  package func concerns(_ row: RowKey, column: Int?) -> Bool {
    guard extent != .wholeCase else { return true }
    return column.map { closed(in: row.table).contains($0) } ?? false
  }

  /// Whether an entry of the log holds a value that is to be forgotten.
  package func concerns(_ logged: LoggedRow) -> Bool {
    extent == .wholeCase
      || !logged.image.cells.mask.intersection(closed(in: logged.image.key.table)).isEmpty
  }
}
