/// What an entry of a replica's change log says, as the triggers write it.
package enum CaptureKind: Int, Sendable, CaseIterable {
  case insert = 1
  case update = 2
  case delete = 3
  /// A row that a statement may be about to evict: a deletion only if the row is gone later.
  case note = 4
  /// Written by the agent: what follows was written by people who had seen the hub's log up to
  /// the marker's number.
  case marker = 5
}

/// One entry of the change log with the base that holds for it.
package struct CapturedEntry: Hashable, Sendable {
  package let id: EntryID
  /// Never `marker`: markers become the bases of the entries behind them.
  package let kind: CaptureKind
  package let row: RowKey
  /// Set where the row itself may be gone: deletions and notes.
  package let caseID: CaseID?
  /// The changed columns of an update.
  package let mask: ColumnMask
  /// The row's values before a deletion or eviction, one for each column in order.
  package let oldValues: [Value]?
  package let at: Milliseconds
  package let base: Int64

  package init(
    id: EntryID, kind: CaptureKind, row: RowKey, caseID: CaseID?, mask: ColumnMask,
    oldValues: [Value]?, at: Milliseconds, base: Int64
  ) {
    self.id = id
    self.kind = kind
    self.row = row
    self.caseID = caseID
    self.mask = mask
    self.oldValues = oldValues
    self.at = at
    self.base = base
  }
}

/// A row as it stands in the replica when a batch is built.
package struct LocalRow: Hashable, Sendable {
  package let caseID: CaseID
  /// One for each of the table's columns, in order.
  package let values: [Value]

  package init(caseID: CaseID, values: [Value]) {
    self.caseID = caseID
    self.values = values
  }
}

/// Why a row cannot be sent. Its case is held until somebody mends it; everything else flows.
package enum ParkReason: String, Sendable, Codable {
  case identifierTooLong = "identifier_too_long"
  case textTooLong = "text_too_long"
  case rowTooLong = "row_too_long"
  case textNotUTF8 = "text_not_utf8"
  case valueNotAllowed = "value_not_allowed"
}
