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

  /// A change whose bytes say whose it is and nothing that can be read.
  package struct UnreadableChange: Equatable, Sendable {
    package let id: EntryID
    package let reason: DecodeError
  }

  /// - Parameter changeCountMax: more changes than this are refused before they are read.
  package init(decoding bytes: [UInt8], changeCountMax: Int) throws(DecodeError) {
    let (batch, unreadable) = try Self.reading(bytes, changeCountMax: changeCountMax)
    if let first = unreadable.first { throw first.reason }
    self = batch
  }

  /// As ``init(decoding:changeCountMax:)``, but a change that cannot be read does not stop its
  /// batch: each stands behind its own length, so those behind it are found all the same.
  package static func reading(
    _ bytes: [UInt8], changeCountMax: Int
  ) throws(DecodeError) -> (batch: Batch, unreadable: [UnreadableChange]) {
    var reader = ByteReader(bytes)
    guard try reader.raw(Self.magic.count).elementsEqual(Self.magic) else {
      throw DecodeError(.wrongFormat, at: 0)
    }
    let incarnation: IncarnationID = try reader.identifier()
    let number = try reader.natural()
    let history: HistoryID = try reader.identifier()
    let previous = Hash256(bytes: Array(try reader.raw(32)))!
    let coalesced = try coalesced(from: &reader)
    let countOffset = reader.offset
    let changeCount = try reader.count(ofAtLeast: 16)
    guard changeCount <= changeCountMax else { throw DecodeError(.overLimit, at: countOffset) }
    var changes: [Change] = []
    var unreadable: [UnreadableChange] = []
    changes.reserveCapacity(changeCount)
    for _ in 0..<changeCount {
      var part = try reader.part()
      var beginning = part
      let id = try EntryID(from: &beginning)
      do {
        let change = try Change(from: &part)
        try part.expectEnd()
        changes.append(change)
      } catch {
        unreadable.append(UnreadableChange(id: id, reason: error))
      }
    }
    try reader.expectEnd()
    let batch = Batch(
      incarnation: incarnation, number: number, history: history, previous: previous,
      coalesced: coalesced, changes: changes)
    return (batch, unreadable)
  }

  private static func coalesced(from reader: inout ByteReader) throws(DecodeError) -> [EntryID] {
    let offset = reader.offset
    let count = try reader.count(ofAtLeast: 9)
    guard count <= coalescedCountMax else { throw DecodeError(.overLimit, at: offset) }
    var entries: [EntryID] = []
    entries.reserveCapacity(count)
    for _ in 0..<count { entries.append(try EntryID(from: &reader)) }
    return entries
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
