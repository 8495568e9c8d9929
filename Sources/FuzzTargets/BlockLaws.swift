import HubStorage
import SyncCore
import SyncProtocol

/// Laws of what travels in the canonical encoding. One value has one encoding, so what was read is
/// written as it stood.
enum BlockLaws {
  static func batch(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let batch: Batch
    do {
      batch = try Batch(decoding: bytes, changeCountMax: ProtocolLimit.batchChangeCountMax)
    } catch {
      try requireReasons(for: error, in: bytes)
      return try refused(error, of: bytes)
    }
    try require(batch.encoded() == bytes, "a batch that was read is written as it stood")
    try require(
      batch.changes.count <= ProtocolLimit.batchChangeCountMax
        && batch.coalesced.count <= Batch.coalescedCountMax, "a batch keeps its limits")
    for change in batch.changes {
      try requireLimits(key: change.row, caseID: change.caseID, cells: change.cells)
      try require(
        change.oldestBase >= 0 && change.columnBases.allSatisfy { $0.base >= 0 },
        "a base is no negative number")
    }
    return .read
  }

  /// A batch is refused as a whole, or for changes that the hub refuses one by one.
  private static func requireReasons(
    for error: DecodeError, in bytes: [UInt8]
  ) throws(BrokenLaw) {
    let sound: Batch
    let unreadable: [Batch.UnreadableChange]
    do {
      (sound, unreadable) = try Batch.reading(
        bytes, changeCountMax: ProtocolLimit.batchChangeCountMax)
    } catch let whole {
      return try require(whole == error, "a batch that is refused as a whole has one reason")
    }
    try require(unreadable.first?.reason == error, "a batch is refused for its first bad change")
    try require(
      sound.changes.count + unreadable.count <= ProtocolLimit.batchChangeCountMax,
      "a batch keeps its limits, also where it is bad")
  }

  static func logPayload(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let logged: LoggedRow?
    do {
      logged = try LoggedRow(decoding: bytes)
    } catch {
      return try refused(error, of: bytes)
    }
    guard let image = logged?.image else { return .read }
    var writer = ByteWriter()
    image.encode(into: &writer)
    try require(
      bytes.suffix(writer.bytes.count).elementsEqual(writer.bytes),
      "a row that was read from a payload is written as it stood")
    return .read
  }

  static func push(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let body: (session: Int64, batch: [UInt8])
    do {
      body = try PushBody.decode(bytes)
    } catch {
      return try refused(error, of: bytes)
    }
    try require(body.session >= 0, "a session has no negative number")
    try require(
      PushBody.encode(session: body.session, batch: body.batch) == bytes,
      "a push that was read is written as it stood")
    return try batch(body.batch)
  }

  static func page(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let page: PullPage
    do {
      page = try PullPage(decoding: bytes)
    } catch let error as DecodeError {
      return try refused(error, of: bytes)
    } catch let error as ProtocolError {
      try require(error.code == .badRequest, "a wrong head is a bad request")
      return .refused
    } catch {
      throw BrokenLaw("a page is refused by DecodeError or ProtocolError")
    }
    for record in page.cases { try require(record.epoch >= 0, "an epoch is no negative number") }
    for item in page.rows {
      switch item {
      case .whole(let image), .part(let image):
        try requireLimits(key: image.key, caseID: image.caseID, cells: image.cells)
      case .gone(let row):
        try requireLimits(key: row.key, caseID: row.caseID ?? .none, cells: .empty)
      }
    }
    // Its JSON head may stand there in any spelling; the second writing is the one.
    do {
      let written = try page.encoded()
      let again = try PullPage(decoding: written)
      try require(again == page, "a page that was written is read as the same")
      try require(try again.encoded() == written, "a page has one encoding")
    } catch let error as BrokenLaw {
      throw error
    } catch {
      throw BrokenLaw("a page that was read can be written and read again")
    }
    return .read
  }

  static func row(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    var reader = ByteReader(bytes)
    let image: RowImage
    do {
      image = try RowImage(from: &reader)
      try reader.expectEnd()
    } catch {
      return try refused(error, of: bytes)
    }
    var writer = ByteWriter()
    image.encode(into: &writer)
    try require(writer.bytes == bytes, "a row that was read is written as it stood")
    try requireLimits(key: image.key, caseID: image.caseID, cells: image.cells)
    return .read
  }

  /// Columns of the table whose row is read: more than a short blob holds, so that the rest is
  /// filled in.
  private static let columnCount = 12

  static func versions(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let versions: [ColumnVersion]
    do {
      versions = try VersionEncoding.decode(bytes, count: columnCount)
    } catch {
      return try refused(error, of: bytes)
    }
    try require(versions.count >= columnCount, "every column has a version")
    let again: [ColumnVersion]
    do {
      again = try VersionEncoding.decode(VersionEncoding.encode(versions), count: columnCount)
    } catch {
      throw BrokenLaw("versions that were read can be written and read again")
    }
    try require(again == versions, "versions that were written are read as the same")
    return .read
  }

  /// Far more than a frame of the longest tried input honestly holds, far less than a bomb.
  private static let inflatedByteCountMax = 1 << 20

  static func inflated(_ bytes: [UInt8]) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    let inflated: [UInt8]
    do {
      inflated = try Zstd.inflate(bytes, byteCountMax: inflatedByteCountMax)
    } catch {
      try require(error != .outOfMemory, "a frame is refused for what it is")
      return .refused
    }
    try require(inflated.count <= inflatedByteCountMax, "no frame inflates beyond the bound")
    let again: [UInt8]
    do {
      again = try Zstd.inflate(Zstd.compress(inflated), byteCountMax: inflated.count)
    } catch {
      throw BrokenLaw("what was inflated can be compressed and inflated, to its own length")
    }
    try require(again == inflated, "what was compressed is inflated as the same")
    return .read
  }

  /// A refusal names a place inside the bytes, or their end.
  private static func refused(
    _ error: DecodeError, of bytes: [UInt8]
  ) throws(BrokenLaw) -> FuzzedDecoder.Outcome {
    try require((0...bytes.count).contains(error.offset), "a refusal names a place in the bytes")
    return .refused
  }

  private static func requireLimits(
    key: RowKey, caseID: CaseID, cells: Cells
  ) throws(BrokenLaw) {
    try require(
      (1...RowLimit.tableNumberMax).contains(key.table)
        && key.id.string.utf8.count <= RowLimit.identifierByteCountMax
        && caseID.string.utf8.count <= RowLimit.identifierByteCountMax,
      "a row's place keeps its limits")
    try require(
      cells.mask.numbers.allSatisfy { (1...Column.numberMax).contains($0) }
        && cells.values.allSatisfy { $0.text?.utf8.count ?? 0 <= RowLimit.textByteCountMax },
      "cells keep their limits")
  }
}
