/// One entry of a row's log that says what became of the row, with the columns that it wrote.
///
/// Updates and insertions of new rows tell their columns. A row that was deleted or evicted and
/// inserted again was edited in the columns in which it differs from what stood there, as by an
/// UPDATE. The log keeps the values of what was deleted, but not of what was inserted: those are
/// what the row shows at its next note or deletion, or now, but for columns that were updated in
/// between.
///
/// NB: so nothing but what is logged may write to the row in between. An apply settles the entries
/// of each row before it writes there (``Coalescing/settlements``): otherwise a value of the hub
/// would count as written here, or what was written here as the hub's.
struct LoggedWrite {
  let entry: CapturedEntry
  /// A deletion writes none.
  let columns: ColumnMask
  /// An insertion of a row that did not stand here before, or that is offered whole.
  let isOfNewRow: Bool
  /// An insertion behind which nothing counts that was written before and never sent.
  let isFresh: Bool

  var isDeletion: Bool { entry.isDeletion }

  /// - Parameters:
  ///   - all: every entry of one row, in log order.
  ///   - isVoid: a note of an eviction that did not happen.
  ///   - now: what stands there after the last entry; nil where nothing does.
  /// - Returns: the entries that are not void.
  static func writes(
    of all: [CapturedEntry], in table: Table, now: [Value]?, isVoid: (Int) -> Bool
  ) -> [LoggedWrite] {
    var writes: [LoggedWrite] = []
    // The deletion that the next insertion takes back.
    var open: CapturedEntry?
    for (position, entry) in all.enumerated() where !isVoid(position) {
      var columns = entry.mask
      var isOfNewRow = false
      var isFresh = false
      switch entry.kind {
      case .update: break
      case .delete, .note, .marker:
        columns = .empty
        open = entry
      case .insert:
        isOfNewRow = open == nil
        isFresh = open?.kind != .note
        columns =
          open.map { difference(from: $0, to: all[(position + 1)...], in: table, now: now) }
          ?? table.allColumns
        open = nil
      }
      writes.append(
        LoggedWrite(entry: entry, columns: columns, isOfNewRow: isOfNewRow, isFresh: isFresh))
    }
    return writes
  }

  /// The columns in which an insertion differs from what stood there; all where the log's values
  /// cannot be read.
  private static func difference(
    from deletion: CapturedEntry, to later: ArraySlice<CapturedEntry>, in table: Table,
    now: [Value]?
  ) -> ColumnMask {
    let next = later.firstIndex(where: \.isDeletion)
    guard let before = deletion.oldValues, let after = next.map({ later[$0].oldValues }) ?? now
    else { return table.allColumns }
    let updated = later[..<(next ?? later.endIndex)].reduce(ColumnMask.empty) {
      $1.kind == .update ? $0.union($1.mask) : $0
    }
    return ColumnMask(
      table.columns.indices.lazy.filter { before[$0] != after[$0] }
        .map { table.columns[$0].number }
    ).subtracting(updated)
  }
}

extension CapturedEntry {
  /// It says what stood there before.
  var isDeletion: Bool { kind == .delete || kind == .note }
}
