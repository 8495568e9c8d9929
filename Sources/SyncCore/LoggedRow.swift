/// What an entry of the hub's log says of a row, read back from its payload.
package struct LoggedRow: Hashable, Sendable {
  package let kind: ChangeKind
  /// The columns that changed, with their new values.
  package let image: RowImage

  /// - Returns: nil for an entry that is about no row.
  /// - Throws: ``DecodeError`` for bytes that no log has.
  package init?(decoding payload: [UInt8]) throws(DecodeError) {
    var reader = ByteReader(payload)
    // Sequence number, author, its replica's log, origin, base and times: see `encodedPayload()`.
    _ = try reader.natural()
    _ = try reader.identifier(SiteID.self)
    _ = try reader.identifier(IncarnationID.self)
    _ = try reader.natural()
    _ = try reader.fixed64()
    _ = try reader.natural()
    _ = try reader.signed()
    _ = try reader.signed()
    guard let kind = ChangeKind(rawValue: try reader.byte()) else { return nil }
    self.kind = kind
    image = try RowImage(from: &reader)
    try reader.expectEnd()
  }
}

/// A row as the log tells it, entry by entry: what a deleted row held.
package struct RowHistory: Sendable {
  private let table: Table
  private let key: RowKey
  private let caseID: CaseID
  /// Nil before the first entry.
  private var values: [Value]?

  package init(of key: RowKey, in caseID: CaseID, table: Table) {
    self.table = table
    self.key = key
    self.caseID = caseID
  }

  /// The next entry of the log; what is about another row, or another case, is ignored.
  package mutating func append(_ logged: LoggedRow) {
    guard logged.image.key == key, logged.image.caseID == caseID else { return }
    switch logged.kind {
    case .insert:
      values = table.columns.map { logged.image.cells[$0.number] ?? $0.valueOfOlderRows }
    case .update:
      guard var values else { return }
      for (number, value) in zip(logged.image.cells.mask.numbers, logged.image.cells.values) {
        if let position = table.position(ofColumn: number) { values[position] = value }
      }
      self.values = values
    case .delete: break
    }
  }

  /// What it held when it was there last; nil where the log does not begin with its insertion.
  package var lastValues: [Value]? { values }
}
