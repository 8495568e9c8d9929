import SQLiteAccess
import SyncCore

/// Digests of rows straight from SQLite's memory.
///
/// A session digests every row of each case that it touched, and a comparison every row there is.
/// Strings and values made of all their cells, only to be written into the digest's bytes, took
/// three quarters of that time.
extension RowDigester {
  /// The digest of the row that a query stands on, as ``digest(of:caseID:row:in:)`` makes it of the
  /// row's values.
  ///
  /// - Parameters:
  ///   - id: the result's column with the row's id.
  ///   - first: the result's column with the table's first one; the others follow in order.
  ///   - shown: the columns that count; nil for all that travel.
  /// - Returns: nil for a row with a cell of which a digest needs a value made: text that is not
  ///   UTF-8, or a type that no domain table has.
  mutating func digest(
    of row: ResultRow, id: Int, caseID: CaseID, cellsFrom first: Int, in table: Table,
    showing shown: ColumnMask? = nil
  ) -> Digest128? {
    guard let id = row.utf8(id) else { return nil }
    return digest(of: row, id: id, caseID: caseID, cellsFrom: first, in: table, showing: shown)
  }

  /// As above for a row whose id the query was asked for.
  mutating func digest(
    of row: ResultRow, id: RowID, caseID: CaseID, cellsFrom first: Int, in table: Table
  ) -> Digest128? {
    var text = id.string
    return text.withUTF8 {
      digest(
        of: row, id: UnsafeRawBufferPointer($0), caseID: caseID, cellsFrom: first, in: table,
        showing: nil)
    }
  }

  private mutating func digest(
    of row: ResultRow, id: UnsafeRawBufferPointer, caseID: CaseID, cellsFrom first: Int,
    in table: Table, showing shown: ColumnMask?
  ) -> Digest128? {
    var mask = ColumnMask.empty
    for (position, column) in table.columns.enumerated()
    where column.tier != .local && shown?.contains(column.number) ?? true {
      switch row.kind(first + position) {
      case .null: continue
      case .foreign: return nil
      case .integer, .text:
        // The default of a required column is its emptiness.
        let isEmpty = column.isRequired && row.value(first + position) == column.defaultValue
        if !isEmpty { mask.insert(column.number) }
      }
    }
    begin(table: table.number, id: id, caseID: caseID, cells: mask)
    for (position, column) in table.columns.enumerated() where mask.contains(column.number) {
      guard row.kind(first + position) == .text else {
        add(row.integer(first + position))
        continue
      }
      guard let bytes = row.utf8(first + position) else { return nil }
      add(utf8: bytes)
    }
    return end()
  }
}
