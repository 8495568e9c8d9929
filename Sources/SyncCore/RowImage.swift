/// Some cells of a row, by column number.
package struct Cells: Hashable, Sendable {
  package private(set) var mask: ColumnMask
  /// In ascending order of their column numbers: one for each bit of `mask`.
  package private(set) var values: [Value]

  package static let empty = Cells(mask: .empty, values: [])

  /// - Precondition: as many values as the mask has columns.
  package init(mask: ColumnMask, values: [Value]) {
    precondition(mask.count == values.count)
    self.mask = mask
    self.values = values
  }

  /// The cells of a whole row, restricted to some columns.
  package init(of row: [Value], in table: Table, mask: ColumnMask) {
    self.mask = mask
    values = []
    values.reserveCapacity(mask.count)
    for (position, column) in table.columns.enumerated() where mask.contains(column.number) {
      values.append(row[position])
    }
  }

  package subscript(number: Int) -> Value? {
    guard mask.contains(number) else { return nil }
    let below = mask.bits & ((1 << UInt64(number - 1)) - 1)
    return values[below.nonzeroBitCount]
  }

  package func restricted(to other: ColumnMask) -> Cells {
    let kept = mask.intersection(other)
    return Cells(mask: kept, values: kept.numbers.map { self[$0]! })
  }
}

/// A row, or part of one, as it travels: the canonical row encoding of the wire, the log's payload
/// and the digest.
package struct RowImage: Hashable, Sendable {
  package let key: RowKey
  package let caseID: CaseID
  package let cells: Cells

  package init(key: RowKey, caseID: CaseID, cells: Cells) {
    self.key = key
    self.caseID = caseID
    self.cells = cells
  }

  /// The row with every travelling column of its table: what a whole row does not name is empty,
  /// for the site may not see it.
  package func completed(in table: Table) -> RowImage {
    let absent = ColumnMask(
      table.columns.lazy.filter { !$0.isRequired && cells[$0.number] == nil }.map(\.number)
    ).intersection(table.travellingColumns)
    guard !absent.isEmpty else { return self }
    let mask = cells.mask.union(absent)
    return RowImage(
      key: key, caseID: caseID,
      cells: Cells(mask: mask, values: mask.numbers.map { cells[$0] ?? .null }))
  }

  package func encode(into writer: inout ByteWriter) {
    writer.count(key.table)
    writer.text(key.id.text)
    writer.text(caseID.text)
    writer.varint(cells.mask.bits)
    for value in cells.values { writer.value(value) }
  }

  /// Reads one row without knowing its table: a column that this schema does not have is kept.
  package init(from reader: inout ByteReader) throws(DecodeError) {
    let start = reader.offset
    let table = try reader.number(upTo: RowLimit.tableNumberMax)
    guard table > 0 else { throw DecodeError(.unknownTable, at: start) }
    let id = try reader.identifier(RowID.self)
    let caseID = try reader.identifier(CaseID.self)
    let maskOffset = reader.offset
    let mask = ColumnMask(bits: try reader.varint())
    guard mask.bits >> UInt64(Column.numberMax) == 0 else {
      throw DecodeError(.unknownColumn, at: maskOffset)
    }
    var values: [Value] = []
    values.reserveCapacity(mask.count)
    for _ in 0..<mask.count { values.append(try reader.value()) }
    self.init(
      key: RowKey(table: table, id: id), caseID: caseID,
      cells: Cells(mask: mask, values: values))
  }
}

/// Digests of rows: what a replica and the hub compare to prove that they are equal.
///
/// A row's digest is the keyed SipHash of its canonical encoding with every travelling column that
/// is not empty, and no version: an added column that nobody has written changes nothing, and
/// neither does the path by which a value arrived. The default of a required column counts as
/// empty. A case's digest is the sum of its rows' modulo 2^128, a scope's the sum of its cases', so
/// either moves with the rows that change.
package struct RowDigester: Sendable {
  private let key: SipHash128Key
  private var writer = ByteWriter(capacity: 1_024)
  /// Of the tables that were digested for their tiers, by their numbers.
  private var tierViews: [Int: [TierView]] = [:]

  package init(key: SipHash128Key) {
    self.key = key
  }

  /// The digest of a row of which only the cells of its image are known, as they travel.
  package mutating func digest(of image: RowImage) -> Digest128 {
    writer.removeAll()
    RowImage(key: image.key, caseID: image.caseID, cells: image.cells.withoutEmpty)
      .encode(into: &writer)
    return sipHash128(writer.bytes, key: key)
  }

  /// The looks at a table that ``digests(of:caseID:row:in:)`` adds up.
  mutating func views(of table: Table) -> [TierView] {
    if let known = tierViews[table.number] { return known }
    let views = TierView.all(of: table)
    tierViews[table.number] = views
    return views
  }

  /// - Parameters:
  ///   - row: one value for each of the table's columns, in order.
  ///   - shown: the columns that count; nil for all that travel.
  package mutating func digest(
    of key: RowKey, caseID: CaseID, row: [Value], in table: Table, showing shown: ColumnMask? = nil
  ) -> Digest128 {
    var mask = ColumnMask.empty
    for (position, column) in table.columns.enumerated()
    where column.tier != .local && shown?.contains(column.number) ?? true
      && !column.travelling(row[position]).isNull
    {
      mask.insert(column.number)
    }
    writer.removeAll()
    writer.count(key.table)
    writer.text(key.id.text)
    writer.text(caseID.text)
    writer.varint(mask.bits)
    for (position, column) in table.columns.enumerated() where mask.contains(column.number) {
      writer.value(row[position])
    }
    return sipHash128(writer.bytes, key: self.key)
  }

  // MARK: Cell by cell

  /// Begins a row of which the bytes are at hand and no strings: those of its cells follow in the
  /// order of their columns, then ``end()``.
  ///
  /// - Parameter cells: the columns that travel and are not empty; see ``Column/travelling(_:)``.
  package mutating func begin(
    table: Int, id: UnsafeRawBufferPointer, caseID: CaseID, cells: ColumnMask
  ) {
    writer.removeAll()
    writer.count(table)
    writer.text(utf8: id)
    writer.text(caseID.text)
    writer.varint(cells.bits)
  }

  package mutating func add(_ number: Int64) { writer.value(.integer(number)) }

  /// - Precondition: the bytes are UTF-8.
  package mutating func add(utf8: UnsafeRawBufferPointer) {
    writer.byte(2)
    writer.text(utf8: utf8)
  }

  /// The digest of the row that was begun.
  package func end() -> Digest128 { sipHash128(writer.bytes, key: key) }
}
