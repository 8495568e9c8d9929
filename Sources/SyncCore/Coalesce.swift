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
/// | the same, of a row that never fitted | gone              | nothing that may leave the site     |
/// | note of an eviction                 | gone               | one deletion                        |
/// | note of an eviction                 | there              | nothing: the statement evicted nobody |
/// | updates or insert                   | gone, no deletion  | nothing: the row is asked for again |
///
/// Which columns an insertion in place of a deleted row wrote is told by ``LoggedWrite``.
///
/// A row that moved several times is deleted from the case in which the hub knows it: that of the
/// first deletion. It is parked with that case as with the one in which it stands.
///
/// Bases: a column's base is the oldest base of the entries that changed it or its group, or its
/// pin where that is older. A deletion's base is that of the entry that deleted.
package struct Coalescing: Sendable {
  /// In the order in which they must be sent: see ``SendOrder``.
  package private(set) var changes: [Change] = []
  /// Entries folded into a change of the same row.
  package private(set) var coalesced: [EntryID] = []
  /// Of these the ones that ended in a change, by that change's number, oldest first: they have to
  /// go in its batch, for a batch that is withdrawn is read again with what was folded into it.
  package private(set) var folded: [Int64: [EntryID]] = [:]
  /// Entries that touch only what may not, or cannot, leave the site.
  package private(set) var withheld: [EntryID] = []
  /// Entries that stay undecided, with the case that is held.
  package private(set) var parked: [(id: EntryID, caseID: CaseID, reason: ParkReason)] = []
  /// Notes of evictions that did not happen: they were never changes.
  package private(set) var void: [EntryID] = []
  /// Rows that are missing without a logged deletion.
  package private(set) var missing: [RowKey] = []
  /// What an apply has to do to the log before it writes to a row.
  package private(set) var settlements: [RowKey: Settlement] = [:]

  /// The same as the row's entries, said without comparing values: afterwards the row may be
  /// written without logging, and neither the hub's values count as written here nor what was
  /// written here as the hub's.
  package struct Settlement: Hashable, Sendable {
    /// An entry that becomes an update: an insertion that replaced a row, or, of no column, the
    /// deletion before it.
    package struct Update: Hashable, Sendable {
      package let id: EntryID
      package let columns: ColumnMask
    }

    package let updates: [Update]
    /// Notes of evictions that did not happen: they go, for they would show old values to a later
    /// insertion.
    package let void: [EntryID]
  }

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
    collect(folds, in: SendOrder(schema: schema))
  }

  private mutating func collect(_ folds: [Fold], in order: SendOrder) {
    var heldCases: [CaseID: ParkReason] = [:]
    for fold in folds {
      if let reason = fold.parkReason { heldCases[fold.caseID] = reason }
    }
    var sent: [SendOrder.Item] = []
    for fold in folds {
      void += fold.void
      if let held = fold.cases.first(where: { heldCases[$0] != nil }) {
        parked += fold.entries.map { ($0, held, heldCases[held]!) }
        continue
      }
      withheld += fold.withheld
      coalesced += fold.coalesced
      folded.merge(fold.folded) { $0 + $1 }
      missing += fold.isMissing ? [fold.key] : []
      settlements[fold.key] = fold.settlement
      guard !fold.changes.isEmpty else { continue }
      sent.append(
        SendOrder.Item(
          key: fold.key, first: fold.first, cases: fold.cases, changes: fold.changes))
    }
    changes = order.positions(of: sent).flatMap { sent[$0].changes }
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
  /// Where the row stands, or stood when it was deleted.
  let caseID: CaseID
  /// The case that it left, if it moved.
  private var leftCase: CaseID?
  let first: Int64
  private(set) var parkReason: ParkReason?
  private(set) var changes: [Change] = []
  private(set) var coalesced: [EntryID] = []
  private(set) var folded: [Int64: [EntryID]] = [:]
  private(set) var withheld: [EntryID] = []
  private(set) var void: [EntryID] = []
  private(set) var isMissing = false
  private(set) var settlement: Coalescing.Settlement?

  var cases: [CaseID] { [caseID] + (leftCase.map { [$0] } ?? []) }

  /// Every entry that counts as captured.
  var entries: [EntryID] { coalesced + withheld + changes.map(\.id) + parkedEntries }
  private var parkedEntries: [EntryID] = []

  init(
    _ all: [CapturedEntry], table: Table, now: LocalRowLookup, reachesEnd: Bool,
    pins: [ColumnBase]
  ) {
    key = all[0].row
    first = all[0].id.n
    let voids = Fold.voidNotes(all, isGone: { if case .gone = now { true } else { false } }())
    void = voids.sorted().map { all[$0].id }
    let standing: [Value]? = if case .there(let row) = now { row.values } else { nil }
    let real = LoggedWrite.writes(of: all, in: table, now: standing, isVoid: voids.contains)
    let lastDeletion = real.lastIndex(where: \.isDeletion)
    let knownCase = real.first(where: \.isDeletion)?.entry.caseID
    let builder = ChangeBuilder(table: table, pins: pins)
    switch now {
    case .unfit(let caseID, let reason):
      self.caseID = caseID
      // A row that nobody wrote holds nothing.
      guard !real.isEmpty else { return }
      parkReason = reason
      parkedEntries = real.map(\.entry.id)
    case .gone:
      caseID = knownCase ?? Fold.place(of: key, in: table)
      guard let lastDeletion else {
        isMissing = reachesEnd && !real.isEmpty
        coalesced = real.map(\.entry.id)
        return
      }
      let folded = Array(real[...lastDeletion])
      settle(folded, into: builder.deletion(of: folded, caseID: caseID))
      coalesced += real[(lastDeletion + 1)...].map(\.entry.id)
    case .there(let row):
      caseID = row.caseID
      let oldCase = knownCase ?? row.caseID
      // Behind the last departure it only stood where it stands, whatever replaced it there.
      let departure = real.lastIndex { $0.isDeletion && $0.entry.caseID != row.caseID }
      guard let departure, oldCase != row.caseID else {
        if !real.isEmpty { settle(real, into: builder.writing(real, now: row)) }
        settlement = Fold.settlement(of: real, void: void)
        return
      }
      leftCase = oldCase
      let left = Array(real[...departure])
      settle(left, into: builder.deletion(of: left, caseID: oldCase))
      let rest = Array(real[(departure + 1)...])
      if !rest.isEmpty { settle(rest, into: builder.insertion(rest, now: row)) }
    }
  }

  private mutating func settle(_ writes: [LoggedWrite], into change: Change?) {
    guard let last = writes.last else { return }
    let earlier = writes.dropLast().map(\.entry.id)
    coalesced += earlier
    guard let change else { return withheld.append(last.entry.id) }
    changes.append(change)
    if !earlier.isEmpty { folded[change.id.n] = earlier }
  }

  /// Nothing for a row that is unsent as a whole: an apply leaves it alone.
  private static func settlement(of writes: [LoggedWrite], void: [EntryID])
    -> Coalescing.Settlement?
  {
    guard !writes.contains(where: \.isOfNewRow) else { return nil }
    let updates = writes.filter { $0.entry.kind != .update }.map {
      Coalescing.Settlement.Update(id: $0.entry.id, columns: $0.columns)
    }
    return updates.isEmpty && void.isEmpty
      ? nil : Coalescing.Settlement(updates: updates, void: void)
  }

  /// A note is an eviction if the row was inserted again behind it, or if nothing else explains why
  /// the row is gone. With recursive triggers the deletion that they log says the same.
  ///
  /// - Returns: the positions of the other notes.
  private static func voidNotes(_ all: [CapturedEntry], isGone: Bool) -> Set<Int> {
    var evictions: Set<Int> = []
    // Notes behind which the row was neither inserted nor deleted. Updates explain nothing: a
    // foreign trigger's may be logged before the insertion of its own row.
    var open: [Int] = []
    for (position, entry) in all.enumerated() {
      switch entry.kind {
      case .note: open.append(position)
      case .insert:
        // NB: of several notes for one eviction one counts. The last tells the time of the
        // eviction; the first that knew no less of the hub has seen all that was written here
        // since.
        if let last = open.last, let note = open.first(where: { all[$0].base == all[last].base }) {
          evictions.insert(note)
        }
        open = []
      case .delete: open = []
      case .update, .marker: break
      }
    }
    if isGone && all.last?.kind == .note { evictions.insert(all.count - 1) }
    return Set(all.indices.filter { all[$0].kind == .note && !evictions.contains($0) })
  }

  private static func place(of key: RowKey, in table: Table) -> CaseID {
    table.place(of: key.id, stored: .none)
  }
}

extension RowLimit {
  fileprivate static func admits(_ identifier: some TextIdentifier) -> Bool {
    (1...identifierByteCountMax).contains(identifier.string.utf8.count)
  }
}

/// Builds the one change that a row's entries fold into.
private struct ChangeBuilder {
  let table: Table
  let pins: [ColumnBase]

  /// A row that the hub does not know, or that stands where the hub knows it: there a REPLACE is an
  /// update of the columns that differ.
  func writing(_ writes: [LoggedWrite], now row: LocalRow) -> Change? {
    writes.contains(where: \.isOfNewRow)
      ? insertion(writes, now: row)
      : update(writes, mask: writes.reduce(.empty) { $0.union($1.columns) }, now: row)
  }

  func insertion(_ writes: [LoggedWrite], now row: LocalRow) -> Change? {
    change(.insert, writes, mask: table.travellingColumns, values: row.values, row.caseID)
  }

  private func update(_ writes: [LoggedWrite], mask: ColumnMask, now row: LocalRow) -> Change? {
    let travelling = table.widenedToGroups(mask).intersection(table.travellingColumns)
    // Nothing but local columns: withheld. Nothing at all: a REPLACE by equal values, which has
    // its verdict like any other change.
    guard !travelling.isEmpty || mask.isEmpty else { return nil }
    return change(.update, writes, mask: travelling, values: row.values, row.caseID)
  }

  /// Nothing where the hub cannot know the row, because its id or its case's fits into no message.
  func deletion(of writes: [LoggedWrite], caseID: CaseID) -> Change? {
    let last = writes.last!.entry
    guard RowLimit.admits(last.row.id), caseID.isNone || RowLimit.admits(caseID) else {
      return nil
    }
    let mask = writes.reduce(ColumnMask.empty) { $0.union($1.columns) }
    let deleting = writes.last { $0.isDeletion && $0.entry.caseID == caseID }?.entry ?? last
    return change(
      .delete, writes,
      mask: table.widenedToGroups(mask).intersection(sendableColumns(of: last.oldValues)),
      values: last.oldValues ?? [], caseID, base: deleting.base)
  }

  /// The columns of a deleted row that a change can carry. Nobody can mend a row that is gone: what
  /// is too long is left out.
  private func sendableColumns(of values: [Value]?) -> ColumnMask {
    guard let values else { return .empty }
    let lengths = values.map { $0.text?.utf8.count ?? 0 }
    guard lengths.reduce(0, +) <= RowLimit.rowByteCountMax else { return .empty }
    return ColumnMask(
      table.columns.indices.lazy
        .filter { lengths[$0] <= RowLimit.textByteCountMax }.map { table.columns[$0].number }
    ).intersection(table.travellingColumns)
  }

  private func change(
    _ kind: ChangeKind, _ writes: [LoggedWrite], mask: ColumnMask, values: [Value],
    _ caseID: CaseID, base: Int64? = nil
  ) -> Change {
    let last = writes.last!.entry
    let base = base ?? writes[0].entry.base
    let written = written(by: writes, as: kind)
    var exceptions: [ColumnBase] = []
    var times: [ColumnTime] = []
    for number in table.allColumns.numbers where mask.contains(number) || kind == .delete {
      let first = written.firstIndex { $0.contains(number) }
      let oldest = first.map { writes[$0].entry.base } ?? base
      let pinned = pins.first { $0.column == number }?.base ?? .max
      let own = min(kind == .delete ? base : oldest, pinned)
      if own != base { exceptions.append(ColumnBase(column: number, base: own)) }
      let latest = written.lastIndex { $0.contains(number) }.map { writes[$0].entry.at } ?? last.at
      if kind != .delete && latest != last.at {
        times.append(ColumnTime(column: number, editedAt: latest))
      }
    }
    return Change(
      id: last.id, kind: kind, row: last.row, caseID: caseID,
      cells: Cells(of: values, in: table, mask: mask), base: base, columnBases: exceptions,
      editedAt: last.at, columnTimes: times)
  }

  /// The columns that each entry wrote, with those of their groups.
  private func written(by writes: [LoggedWrite], as kind: ChangeKind) -> [ColumnMask] {
    let insertions = writes.indices.filter { writes[$0].entry.kind == .insert }
    let start = kind == .insert ? insertions.last { writes[$0].isFresh } ?? insertions.first : nil
    return writes.enumerated().map { position, write in
      // Of a new row only what followed its last insertion ever was to leave the site.
      guard let start, position <= start else { return table.widenedToGroups(write.columns) }
      return position == start ? table.allColumns : .empty
    }
  }
}
