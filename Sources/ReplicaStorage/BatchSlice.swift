import SyncCore

/// What goes into one batch: changes, each with the entries that were folded into it.
///
/// A hub that loses its memory may know one batch and not the next. The site withdraws what was
/// never answered and folds its entries anew, so an insertion must not be in another batch than the
/// change that came of it: without it the rest would be an update of a row that nobody knows.
struct BatchSlice {
  private(set) var changes: [Change] = []
  private(set) var coalesced: [EntryID] = []
  private var byteCount = 0

  /// Nothing for no changes: entries that came to nothing are settled at the site.
  static func slices(
    of changes: [Change], with coalescing: Coalescing, limit: BatchLimit
  ) -> [BatchSlice] {
    guard !changes.isEmpty else { return [] }
    var slices: [BatchSlice] = []
    var slice = BatchSlice()
    var tied: Set<Int64> = []
    for change in changes {
      let entries = coalescing.folded[change.id.n] ?? []
      if !slice.hasRoom(for: change, entries.count, limit) {
        slices.append(slice)
        slice = BatchSlice()
      }
      slice.add(change)
      slice.fill(with: entries, moving: &slices)
      for entry in entries { tied.insert(entry.n) }
    }
    slice.fill(with: coalescing.coalesced.filter { !tied.contains($0.n) }, moving: &slices)
    return slices + [slice]
  }

  private func hasRoom(for change: Change, _ entryCount: Int, _ limit: BatchLimit) -> Bool {
    guard !changes.isEmpty || !coalesced.isEmpty else { return true }
    return changes.count < limit.changeCount
      && byteCount + Self.byteCount(of: change) <= limit.byteCount
      && coalesced.count + entryCount <= Batch.coalescedCountMax
  }

  private mutating func add(_ change: Change) {
    changes.append(change)
    byteCount += Self.byteCount(of: change)
  }

  /// Adds entries. A row that was edited very often needs more batches than one for them: the
  /// oldest, with the insertion, go with the change. Later ones alone are an update that the row
  /// already shows.
  private mutating func fill(with entries: [EntryID], moving slices: inout [BatchSlice]) {
    var rest = entries[...]
    while !rest.isEmpty {
      if coalesced.count == Batch.coalescedCountMax {
        slices.append(self)
        self = BatchSlice()
      }
      let part = rest.prefix(Batch.coalescedCountMax - coalesced.count)
      coalesced += part
      rest = rest.dropFirst(part.count)
    }
  }

  private static func byteCount(of change: Change) -> Int {
    change.cells.values.reduce(128) { $0 + ($1.text?.utf8.count ?? 8) }
  }
}
