/// Folds the captured entries of each row into as few changes as say the same.
///
/// Triggers log which row changed, not its values: those are read now. What one row's entries fold
/// into depends on whether the row still stands, and in which case:
///
/// | entries of the row                  | row now            | becomes                             |
/// |-------------------------------------|--------------------|-------------------------------------|
/// | updates                             | there              | one update of all changed columns   |
/// | insert, then any                    | there              | one insert of the whole row         |
/// | deletion or eviction, then insert   | there, same case   | one update of the columns that differ (REPLACE) |
/// | deletion, then insert               | there, other case  | a deletion, then an insert          |
/// | any, then deletion                  | gone               | one deletion with the unsent values |
/// | note of an eviction                 | gone               | one deletion                        |
/// | note of an eviction                 | there              | nothing: the statement evicted nobody |
/// | updates or insert                   | gone, no deletion  | nothing: the row is asked for again |
///
/// Bases: a column's base is the oldest base of the entries that changed it, or its pin where that
/// is older. A deletion's base is that of the entry that deleted.
package struct Coalescing: Sendable {
  /// In the order in which they must be sent: a case's root before its rows.
  package private(set) var changes: [Change] = []
  /// Entries folded into a change of the same row.
  package private(set) var coalesced: [EntryID] = []
  /// Entries that touch only columns that may not leave the site.
  package private(set) var withheld: [EntryID] = []
  /// Entries that stay undecided, with the case that is held.
  package private(set) var parked: [(id: EntryID, caseID: CaseID, reason: ParkReason)] = []
  /// Notes of evictions that did not happen: they were never changes.
  package private(set) var void: [EntryID] = []
  /// Rows that are missing without a logged deletion.
  package private(set) var missing: [RowKey] = []

  /// - Parameters:
  ///   - entries: in log order.
  ///   - reachesEnd: no later entry of the log was left out, so a row that is gone has its deletion
  ///     here or has none.
  ///   - pins: the pinned bases of columns that do not show the hub's value yet.
  ///   - row: what stands in the replica now; a reason where it cannot be sent.
  package init(
    _ entries: [CapturedEntry], schema: Schema, reachesEnd: Bool, pins: [RowKey: [ColumnBase]],
    row: (RowKey) throws -> LocalRowLookup
  ) rethrows {
    var order: [RowKey] = []
    var byRow: [RowKey: [CapturedEntry]] = [:]
    for entry in entries {
      if byRow[entry.row] == nil { order.append(entry.row) }
      byRow[entry.row, default: []].append(entry)
    }
    var folds: [Fold] = []
    for key in order {
      guard let table = schema.table(number: key.table) else { continue }
      folds.append(
        Fold(
          byRow[key]!, table: table, now: try row(key), reachesEnd: reachesEnd,
          pins: pins[key] ?? []))
    }
    collect(folds)
  }

  private mutating func collect(_ folds: [Fold]) {
    var heldCases: [CaseID: ParkReason] = [:]
    for fold in folds {
      if let reason = fold.parkReason { heldCases[fold.caseID] = reason }
    }
    var firstOfCase: [CaseID: Int64] = [:]
    for fold in folds {
      firstOfCase[fold.caseID] = min(firstOfCase[fold.caseID] ?? .max, fold.first)
    }
    var placed: [(place: Int64, isRoot: Bool, fold: Fold)] = []
    for fold in folds {
      void += fold.void
      if let reason = heldCases[fold.caseID] {
        parked += fold.entries.map { ($0, fold.caseID, reason) }
        continue
      }
      withheld += fold.withheld
      coalesced += fold.coalesced
      missing += fold.isMissing ? [fold.key] : []
      let place = fold.isRoot ? firstOfCase[fold.caseID]! : fold.first
      placed.append((place, fold.isRoot, fold))
    }
    placed.sort { ($0.place, $0.isRoot ? 0 : 1) < ($1.place, $1.isRoot ? 0 : 1) }
    changes = placed.flatMap(\.fold.changes)
  }
}

/// What a look at a row in the replica yields.
package enum LocalRowLookup: Sendable {
  case there(LocalRow)
  case gone
  case unfit(CaseID, ParkReason)
}

/// The entries of one row, folded.
private struct Fold {
  let key: RowKey
  let isRoot: Bool
  let caseID: CaseID
  let first: Int64
  private(set) var parkReason: ParkReason?
  private(set) var changes: [Change] = []
  private(set) var coalesced: [EntryID] = []
  private(set) var withheld: [EntryID] = []
  private(set) var void: [EntryID] = []
  private(set) var isMissing = false

  /// Every entry that counts as captured.
  var entries: [EntryID] { coalesced + withheld + changes.map(\.id) + parkedEntries }
  private var parkedEntries: [EntryID] = []

  init(
    _ all: [CapturedEntry], table: Table, now: LocalRowLookup, reachesEnd: Bool,
    pins: [ColumnBase]
  ) {
    key = all[0].row
    isRoot = table.scope == .caseRoot
    first = all[0].id.n
    let evictions = Fold.split(all, isGone: { if case .gone = now { true } else { false } }())
    void = evictions.void.map(\.id)
    let real = evictions.real
    let lastDeletion = real.lastIndex { $0.kind == .delete || $0.kind == .note }
    let builder = ChangeBuilder(table: table, pins: pins)
    switch now {
    case .unfit(let caseID, let reason):
      self.caseID = caseID
      parkReason = reason
      parkedEntries = real.map(\.id)
    case .gone:
      caseID = lastDeletion.flatMap { real[$0].caseID } ?? Fold.place(of: key, in: table)
      guard let lastDeletion else {
        isMissing = reachesEnd && !real.isEmpty
        coalesced = real.map(\.id)
        return
      }
      let folded = Array(real[...lastDeletion])
      settle(folded, into: builder.deletion(of: folded, caseID: caseID))
      coalesced += real[(lastDeletion + 1)...].map(\.id)
    case .there(let row):
      caseID = row.caseID
      guard let lastDeletion else {
        settle(real, into: builder.writing(real, now: row))
        return
      }
      let oldCase = real[lastDeletion].caseID ?? row.caseID
      if oldCase == row.caseID {
        settle(real, into: builder.replacement(real, now: row))
      } else {
        let left = Array(real[...lastDeletion])
        settle(left, into: builder.deletion(of: left, caseID: oldCase))
        let rest = Array(real[(lastDeletion + 1)...])
        if !rest.isEmpty { settle(rest, into: builder.insertion(rest, now: row)) }
      }
    }
  }

  private mutating func settle(_ entries: [CapturedEntry], into change: Change?) {
    guard let last = entries.last else { return }
    guard let change else {
      withheld.append(last.id)
      coalesced += entries.dropLast().map(\.id)
      return
    }
    changes.append(change)
    coalesced += entries.dropLast().map(\.id)
  }

  /// A note is an eviction if the row was inserted again behind it, or if nothing else explains why
  /// the row is gone. With recursive triggers the deletion that they log says the same.
  private static func split(_ all: [CapturedEntry], isGone: Bool)
    -> (real: [CapturedEntry], void: [CapturedEntry])
  {
    var real: [CapturedEntry] = []
    var void: [CapturedEntry] = []
    for (position, entry) in all.enumerated() {
      guard entry.kind == .note else {
        real.append(entry)
        continue
      }
      let behind = all[(position + 1)...].first { $0.kind != .note }
      let isEviction =
        switch behind?.kind {
        case .insert: true
        case nil: isGone
        default: false
        }
      // NB: of several notes for one eviction only the last counts.
      let isLastNote = position + 1 == all.count || all[position + 1].kind != .note
      if isEviction && isLastNote { real.append(entry) } else { void.append(entry) }
    }
    return (real, void)
  }

  private static func place(of key: RowKey, in table: Table) -> CaseID {
    table.scope == .caseRoot ? CaseID(text: key.id.text) : .none
  }
}

/// Builds the one change that a row's entries fold into.
private struct ChangeBuilder {
  let table: Table
  let pins: [ColumnBase]

  func writing(_ entries: [CapturedEntry], now row: LocalRow) -> Change? {
    entries.contains { $0.kind == .insert }
      ? insertion(entries, now: row)
      : update(entries, mask: entries.reduce(.empty) { $0.union($1.mask) }, now: row)
  }

  func insertion(_ entries: [CapturedEntry], now row: LocalRow) -> Change? {
    change(.insert, entries, mask: table.travellingColumns, values: row.values, row.caseID)
  }

  /// A row that was deleted or evicted and inserted again: an update of the columns that differ
  /// from what stood there first, or an insert if this site wrote it and nobody has seen it.
  func replacement(_ entries: [CapturedEntry], now row: LocalRow) -> Change? {
    let firstEnd = entries.firstIndex { $0.kind == .delete || $0.kind == .note }!
    if entries[..<firstEnd].contains(where: { $0.kind == .insert }) {
      return insertion(entries, now: row)
    }
    var mask = entries.reduce(ColumnMask.empty) {
      $1.kind == .update ? $0.union($1.mask) : $0
    }
    for (position, column) in table.columns.enumerated()
    where entries[firstEnd].oldValues?[position] != row.values[position] {
      mask.insert(column.number)
    }
    return update(entries, mask: mask, now: row)
  }

  private func update(_ entries: [CapturedEntry], mask: ColumnMask, now row: LocalRow) -> Change? {
    let travelling = table.widenedToGroups(mask).intersection(table.travellingColumns)
    // Nothing but local columns: withheld. Nothing at all: a REPLACE by equal values, which has
    // its verdict like any other change.
    guard !travelling.isEmpty || mask.isEmpty else { return nil }
    return change(.update, entries, mask: travelling, values: row.values, row.caseID)
  }

  func deletion(of entries: [CapturedEntry], caseID: CaseID) -> Change? {
    let last = entries.last!
    var mask = entries.reduce(ColumnMask.empty) {
      $1.kind == .update ? $0.union($1.mask) : $0
    }
    if entries.contains(where: { $0.kind == .insert }) { mask = table.travellingColumns }
    let values = last.oldValues ?? table.columns.map { _ in .null }
    return change(
      .delete, entries, mask: mask.intersection(table.travellingColumns), values: values, caseID,
      base: last.base)
  }

  private func change(
    _ kind: ChangeKind, _ entries: [CapturedEntry], mask: ColumnMask, values: [Value],
    _ caseID: CaseID, base: Int64? = nil
  ) -> Change {
    let last = entries.last!
    let base = base ?? entries[0].base
    var exceptions: [ColumnBase] = []
    for number in table.allColumns.numbers where mask.contains(number) || kind == .delete {
      let written = entries.first { $0.kind != .update || $0.mask.contains(number) }?.base ?? base
      let pinned = pins.first { $0.column == number }?.base ?? .max
      let own = min(kind == .delete ? base : written, pinned)
      if own != base { exceptions.append(ColumnBase(column: number, base: own)) }
    }
    return Change(
      id: last.id, kind: kind, row: last.row, caseID: caseID,
      cells: Cells(of: values, in: table, mask: mask), base: base, columnBases: exceptions,
      editedAt: last.at)
  }
}
