/// What a captured write did to its row.
package enum ChangeKind: UInt8, Sendable {
  case insert = 1
  case update = 2
  case delete = 3
}

/// Names one entry of a replica's change log: `n` within its incarnation, and a random tag that
/// survives any number of restores.
package struct EntryID: Hashable, Sendable {
  package let n: Int64
  package let tag: Int64

  package init(n: Int64, tag: Int64) {
    self.n = n
    self.tag = tag
  }
}

/// One captured write to one row, ready to be sent: the entries of the change log that concern the
/// row, folded into one.
package struct Change: Hashable, Sendable {
  /// The last of the folded entries.
  package let id: EntryID
  package let kind: ChangeKind
  package let row: RowKey
  package let caseID: CaseID
  /// The changed columns with their values when the batch was built; for a deletion the values of
  /// edits that nobody has seen yet.
  package let cells: Cells
  /// The hub's sequence number that the author had seen, for every column without one of its own.
  package let base: Int64
  /// Older bases of single columns, by column number in ascending order.
  package let columnBases: [ColumnBase]
  /// The author's clock at the last of the folded entries, uncorrected.
  package let editedAt: Milliseconds
  /// Earlier times of single columns, by column number in ascending order: an old edit must not
  /// take the time of a later edit to another column of its row.
  package let columnTimes: [ColumnTime]

  package init(
    id: EntryID, kind: ChangeKind, row: RowKey, caseID: CaseID, cells: Cells, base: Int64,
    columnBases: [ColumnBase] = [], editedAt: Milliseconds, columnTimes: [ColumnTime] = []
  ) {
    self.id = id
    self.kind = kind
    self.row = row
    self.caseID = caseID
    self.cells = cells
    self.base = base
    self.columnBases = columnBases
    self.editedAt = editedAt
    self.columnTimes = columnTimes
  }

  package func editedAt(ofColumn number: Int) -> Milliseconds {
    columnTimes.first { $0.column == number }?.editedAt ?? editedAt
  }

  package func base(ofColumn number: Int) -> Int64 {
    columnBases.first { $0.column == number }?.base ?? base
  }

  /// The oldest of all its bases: what its author had seen at least.
  package var oldestBase: Int64 {
    columnBases.reduce(base) { min($0, $1.base) }
  }
}

/// A column that was edited before its change's last entry.
package struct ColumnTime: Hashable, Sendable {
  package let column: Int
  package let editedAt: Milliseconds

  package init(column: Int, editedAt: Milliseconds) {
    self.column = column
    self.editedAt = editedAt
  }
}

/// A column whose base differs from its change's.
package struct ColumnBase: Hashable, Sendable {
  package let column: Int
  package let base: Int64

  package init(column: Int, base: Int64) {
    self.column = column
    self.base = base
  }
}

/// Changes that are sent together. Durable in the outbox before they are sent; a resend sends the
/// same bytes.
package struct Batch: Hashable, Sendable {
  package let incarnation: IncarnationID
  /// 1 for the first batch of an incarnation, dense.
  package let number: Int64
  /// The history in which the changes' bases were seen.
  package let history: HistoryID
  /// SHA-256 of the previous batch's bytes; all zero before the first.
  package let previous: Hash256
  /// Entries folded into one of `changes`, of this batch or another: answered with it.
  package let coalesced: [EntryID]
  package let changes: [Change]

  package init(
    incarnation: IncarnationID, number: Int64, history: HistoryID, previous: Hash256,
    coalesced: [EntryID], changes: [Change]
  ) {
    self.incarnation = incarnation
    self.number = number
    self.history = history
    self.previous = previous
    self.coalesced = coalesced
    self.changes = changes
  }

  /// The same batch with other changes.
  package func with(_ changes: [Change]) -> Batch {
    Batch(
      incarnation: incarnation, number: number, history: history, previous: previous,
      coalesced: coalesced, changes: changes)
  }
}
