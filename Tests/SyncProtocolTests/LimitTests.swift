import SyncCore
import SyncProtocol
import Testing

@Suite("Limits of messages")
struct LimitTests {
  @Test("a batch has at most as many changes as its reader allows, counted before they are read")
  func changeCount() throws {
    var random = RandomMessages(seed: 7)
    let limit = ProtocolLimit.batchChangeCountMax
    let full = batch(of: (0..<limit).map { _ in random.change() })
    #expect(try Batch(decoding: full.encoded(), changeCountMax: limit) == full)
    let over = batch(of: full.changes + [random.change()]).encoded()
    let error = #expect(throws: DecodeError.self) {
      try Batch(decoding: over, changeCountMax: limit)
    }
    #expect(error?.cause == .overLimit)
  }

  @Test("a full batch of long rows is far below the limit of a body")
  func fullBatch() {
    let note = Value.text(String(repeating: "x", count: RowLimit.textByteCountMax))
    let longest = RowLimit.rowByteCountMax / RowLimit.textByteCountMax
    let row = Sample.image(
      5, "t1", in: "c1", Dictionary(uniqueKeysWithValues: (1...longest).map { ($0, note) }))
    let change = Sample.change(EntryID(n: 1, tag: 0), .insert, row, base: 0, editedAt: 0)
    let byteCount = batch(of: [change]).encoded().count
    #expect(
      byteCount + ProtocolLimit.batchByteCountTarget < ProtocolLimit.bodyByteCountMax)
  }

  @Test("a cell holds 256 KiB, not a byte more")
  func text() throws {
    let limit = RowLimit.textByteCountMax
    #expect(limit == ProtocolLimit.textByteCountMax)
    for (length, fits) in [(limit, true), (limit + 1, false)] {
      let row = Sample.image(
        5, "t1", in: "c1", [9: .text(String(repeating: "x", count: length))])
      expect(row, fits: fits, otherwise: .overLimit)
    }
  }

  @Test("an identifier has 128 bytes, not one more")
  func identifier() throws {
    let limit = RowLimit.identifierByteCountMax
    #expect(limit == ProtocolLimit.identifierByteCountMax)
    for (length, fits) in [(limit, true), (limit + 1, false)] {
      let id = String(repeating: "x", count: length)
      expect(Sample.image(5, id, in: "c1", [:]), fits: fits, otherwise: .overLimit)
      expect(Sample.image(5, "t1", in: id, [:]), fits: fits, otherwise: .overLimit)
    }
  }

  @Test("a table has a number from 1 to 1,000")
  func table() throws {
    expect(Sample.image(0, "r", in: "", [:]), fits: false, otherwise: .unknownTable)
    expect(Sample.image(1, "r", in: "", [:]), fits: true, otherwise: .unknownTable)
    expect(Sample.image(1_000, "r", in: "", [:]), fits: true, otherwise: .overLimit)
    expect(Sample.image(1_001, "r", in: "", [:]), fits: false, otherwise: .overLimit)
  }

  @Test("a column has a number from 1 to 62", arguments: [62, 63])
  func column(bit: UInt64) throws {
    var writer = ByteWriter()
    writer.count(2)
    writer.text(ByteText("r"))
    writer.text(ByteText(""))
    writer.varint(1 << bit)
    writer.value(.null)
    var reader = ByteReader(writer.bytes)
    #expect(throws: DecodeError(.unknownColumn, at: 4)) { try RowImage(from: &reader) }
  }

  @Test("the base of a column that cannot be is refused", arguments: [0, 63])
  func columnBase(number: Int) throws {
    let change = Sample.change(
      EntryID(n: 1, tag: 0), .update, Sample.part, base: 5, [ColumnBase(column: number, base: 4)],
      editedAt: 0)
    let error = #expect(throws: DecodeError.self) {
      try Batch(decoding: batch(of: [change]).encoded(), changeCountMax: 1)
    }
    #expect(error?.cause == .unknownColumn)
  }

  @Test("a count that promises more than there is room for is refused before anything is made")
  func promises() throws {
    for count in [UInt64(1) << 20, UInt64(Int64.max), .max] {
      var writer = ByteWriter()
      writer.raw(Array("KSB1".utf8))
      writer.text(ByteText("i"))
      writer.varint(1)
      writer.text(ByteText("h"))
      writer.raw(Hash256.zero.bytes)
      writer.varint(count)
      #expect(throws: DecodeError(.truncated, at: writer.bytes.count - length(of: count))) {
        try Batch(decoding: writer.bytes, changeCountMax: 1_000)
      }
    }
  }

  @Test("what does not belong to a batch, a session or a page has a number that is too large")
  func negativeNumbers() throws {
    var writer = ByteWriter()
    writer.varint(UInt64(Int64.max) + 1)
    #expect(throws: DecodeError(.overlongNumber, at: 0)) { try PushBody.decode(writer.bytes) }
  }

  @Test("tags of kinds that do not exist are refused")
  func tags() throws {
    let kind = try offset(of: "change.insert", in: "batch.first") + 9
    for tag: UInt8 in [0, 4, 16, 255] {
      var bytes = try Vectors.bytes("batch.first")
      bytes[kind] = tag
      #expect(throws: DecodeError(.unknownTag, at: kind)) {
        try Batch(decoding: bytes, changeCountMax: 3)
      }
    }
  }

  private func batch(of changes: [Change]) -> Batch {
    Batch(
      incarnation: Sample.incarnation, number: 1, history: Sample.history, previous: .zero,
      coalesced: [], changes: changes)
  }

  private func expect(
    _ row: RowImage, fits: Bool, otherwise cause: DecodeError.Cause,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    var writer = ByteWriter()
    row.encode(into: &writer)
    var reader = ByteReader(writer.bytes)
    let result = Result { () throws(DecodeError) in try RowImage(from: &reader) }
    switch result {
    case .success(let read):
      #expect(fits && read == row, sourceLocation: sourceLocation)
    case .failure(let error):
      #expect(!fits && error.cause == cause, sourceLocation: sourceLocation)
    }
  }

  private func length(of number: UInt64) -> Int {
    var writer = ByteWriter()
    writer.varint(number)
    return writer.bytes.count
  }

  private func offset(of part: String, in whole: String) throws -> Int {
    let part = try Vectors.bytes(part)
    let whole = try Vectors.bytes(whole)
    return try #require(
      whole.indices.first { whole[$0...].starts(with: part) })
  }
}
