/// The bytes of a batch, as `schemas/README.md` specifies them under "Batch".
extension Batch {
  private static let magic: [UInt8] = Array("KSB1".utf8)

  /// Folded entries in one batch: what the hub records in about the time of a batch's changes.
  package static let coalescedCountMax = 20_000

  /// The bytes that are hashed, kept in the outbox and sent.
  package func encoded() -> [UInt8] {
    var writer = ByteWriter(capacity: 64 + changes.count * 96)
    writer.raw(Self.magic)
    writer.text(incarnation.text)
    writer.varint(UInt64(number))
    writer.text(history.text)
    writer.raw(previous.bytes)
    writer.count(coalesced.count)
    for entry in coalesced { entry.encode(into: &writer) }
    writer.count(changes.count)
    var part = ByteWriter(capacity: 512)
    for change in changes {
      part.removeAll()
      change.encode(into: &part)
      writer.blob(part.bytes)
    }
    return writer.bytes
  }

  /// - Parameter changeCountMax: more changes than this are refused before they are read.
  package init(decoding bytes: [UInt8], changeCountMax: Int) throws(DecodeError) {
    var reader = ByteReader(bytes)
    guard try reader.raw(Self.magic.count).elementsEqual(Self.magic) else {
      throw DecodeError(.wrongFormat, at: 0)
    }
    incarnation = try reader.identifier()
    number = try reader.natural()
    history = try reader.identifier()
    previous = Hash256(bytes: Array(try reader.raw(32)))!
    let coalescedOffset = reader.offset
    let coalescedCount = try reader.count(ofAtLeast: 9)
    guard coalescedCount <= Self.coalescedCountMax else {
      throw DecodeError(.overLimit, at: coalescedOffset)
    }
    var coalesced: [EntryID] = []
    coalesced.reserveCapacity(coalescedCount)
    for _ in 0..<coalescedCount { coalesced.append(try EntryID(from: &reader)) }
    let countOffset = reader.offset
    let changeCount = try reader.count(ofAtLeast: 16)
    guard changeCount <= changeCountMax else { throw DecodeError(.overLimit, at: countOffset) }
    var changes: [Change] = []
    changes.reserveCapacity(changeCount)
    for _ in 0..<changeCount {
      var part = try reader.part()
      changes.append(try Change(from: &part))
      try part.expectEnd()
    }
    try reader.expectEnd()
    self.coalesced = coalesced
    self.changes = changes
  }
}

extension EntryID {
  fileprivate func encode(into writer: inout ByteWriter) {
    writer.varint(UInt64(n))
    writer.fixed64(UInt64(bitPattern: tag))
  }

  fileprivate init(from reader: inout ByteReader) throws(DecodeError) {
    self.init(n: try reader.natural(), tag: Int64(bitPattern: try reader.fixed64()))
  }
}

extension Change {
  fileprivate func encode(into writer: inout ByteWriter) {
    id.encode(into: &writer)
    writer.byte(kind.rawValue)
    writer.signed(editedAt)
    writer.varint(UInt64(base))
    writer.count(columnBases.count)
    for exception in columnBases {
      writer.count(exception.column)
      writer.varint(UInt64(exception.base))
    }
    writer.count(columnTimes.count)
    for exception in columnTimes {
      writer.count(exception.column)
      writer.signed(exception.editedAt)
    }
    RowImage(key: row, caseID: caseID, cells: cells).encode(into: &writer)
  }

  fileprivate init(from reader: inout ByteReader) throws(DecodeError) {
    let id = try EntryID(from: &reader)
    let kindOffset = reader.offset
    guard let kind = ChangeKind(rawValue: try reader.byte()) else {
      throw DecodeError(.unknownTag, at: kindOffset)
    }
    let editedAt = try reader.signed()
    let base = try reader.natural()
    var columnBases: [ColumnBase] = []
    for _ in 0..<(try reader.count(ofAtLeast: 2)) {
      let column = try Self.column(&reader)
      columnBases.append(ColumnBase(column: column, base: try reader.natural()))
    }
    var columnTimes: [ColumnTime] = []
    for _ in 0..<(try reader.count(ofAtLeast: 2)) {
      let column = try Self.column(&reader)
      columnTimes.append(ColumnTime(column: column, editedAt: try reader.signed()))
    }
    let image = try RowImage(from: &reader)
    self.init(
      id: id, kind: kind, row: image.key, caseID: image.caseID, cells: image.cells, base: base,
      columnBases: columnBases, editedAt: editedAt, columnTimes: columnTimes)
  }

  private static func column(_ reader: inout ByteReader) throws(DecodeError) -> Int {
    let offset = reader.offset
    let column = try reader.varint()
    guard (1...UInt64(Column.numberMax)).contains(column) else {
      throw DecodeError(.unknownColumn, at: offset)
    }
    return Int(column)
  }
}
