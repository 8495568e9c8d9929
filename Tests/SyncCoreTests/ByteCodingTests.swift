import SyncCore
import Testing

@Suite("Primitives of the canonical encoding")
struct ByteCodingTests {
  /// Every power of two with its neighbours.
  private static let edges: [UInt64] = (UInt64(0)..<64).flatMap { shift -> [UInt64] in
    let power: UInt64 = 1 << shift
    return [power - 1, power, power + 1, ~power]
  }

  @Test("every unsigned number reads back, in the fewest bytes of seven bits")
  func varint() throws {
    var random = SeededGenerator(seed: 1)
    for number in Self.edges + (0..<2_000).map({ _ in random.anyWidth() }) {
      let bytes = written { $0.varint(number) }
      let bitCount = max(UInt64.bitWidth - number.leadingZeroBitCount, 1)
      #expect(bytes.count == (bitCount + 6) / 7)
      #expect(try read(bytes) { reader throws(DecodeError) in try reader.varint() } == number)
    }
  }

  @Test("every signed number reads back, and its size does not depend on its sign")
  func signed() throws {
    var random = SeededGenerator(seed: 2)
    for pattern in Self.edges + (0..<2_000).map({ _ in random.anyWidth() }) {
      let number = Int64(bitPattern: pattern)
      let bytes = written { $0.signed(number) }
      #expect(bytes.count == written { $0.signed(~number) }.count)
      #expect(try read(bytes) { reader throws(DecodeError) in try reader.signed() } == number)
    }
  }

  @Test("a fixed number takes eight bytes, the most significant first")
  func fixed() throws {
    for number in Self.edges {
      let bytes = written { $0.fixed64(number) }
      #expect(bytes.count == 8)
      #expect(bytes.first == UInt8(number >> 56))
      #expect(try read(bytes) { reader throws(DecodeError) in try reader.fixed64() } == number)
    }
  }

  @Test(
    "a number has one encoding only: padding and more than 64 bits are refused at its first byte",
    arguments: [
      [0x80, 0x00], [0xFF, 0x00], [0x80, 0x80, 0x00],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
      [UInt8](repeating: 0xFF, count: 30),
    ] as [[UInt8]])
  func overlong(bytes: [UInt8]) {
    var reader = ByteReader([7] + bytes)
    #expect(throws: Never.self) { try reader.byte() }
    #expect(throws: DecodeError(.overlongNumber, at: 1)) { try reader.varint() }
  }

  @Test("what stands for a sequence number or a counter is never negative")
  func natural() throws {
    let largest = written { $0.varint(UInt64(Int64.max)) }
    #expect(try read(largest) { reader throws(DecodeError) in try reader.natural() } == .max)
    var reader = ByteReader(written { $0.varint(UInt64(Int64.max) + 1) })
    #expect(throws: DecodeError(.overlongNumber, at: 0)) { try reader.natural() }
  }

  @Test("every cell reads back")
  func values() throws {
    let values: [Value] = [
      .null, .integer(0), .integer(.min), .integer(.max), .text(""), .text("\u{0}"),
      .text("e\u{301}"), .text("\u{E9}"), .text(String(repeating: "ä", count: 200)),
    ]
    for value in values {
      let bytes = written { $0.value(value) }
      #expect(try read(bytes) { reader throws(DecodeError) in try reader.value() } == value)
    }
    var reader = ByteReader([3])
    #expect(throws: DecodeError(.unknownTag, at: 0)) { try reader.value() }
  }

  @Test(
    "a text that is no UTF-8 is refused, never repaired",
    arguments: [
      [0x80], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
    ] as [[UInt8]])
  func invalidText(utf8: [UInt8]) {
    var reader = ByteReader([UInt8(utf8.count)] + utf8)
    #expect(throws: DecodeError(.invalidText, at: 0)) { try reader.text(byteCountMax: 10) }
  }

  @Test("a text above its reader's limit is refused, and one at the limit is not")
  func textLimit() throws {
    let bytes = written { $0.text(ByteText("ää")) }
    #expect(
      try read(bytes) { reader throws(DecodeError) in try reader.text(byteCountMax: 4) }
        == ByteText("ää"))
    var reader = ByteReader(bytes)
    #expect(throws: DecodeError(.overLimit, at: 0)) { try reader.text(byteCountMax: 3) }
  }

  @Test("a count is believed only as far as there are bytes for it")
  func counts() throws {
    let bytes = written { $0.count(3) } + [UInt8](repeating: 0, count: 8)
    #expect(
      try count(in: bytes, ofAtLeast: 2) == 3)
    #expect(throws: DecodeError(.truncated, at: 0)) { try count(in: bytes, ofAtLeast: 3) }
    #expect(throws: DecodeError(.truncated, at: 0)) {
      try count(in: written { $0.varint(.max) }, ofAtLeast: 1)
    }
  }

  @Test("a part ends where its length says, for its reader and for the one around it")
  func parts() throws {
    var reader = ByteReader(written { $0.blob([1, 2]) } + [9])
    var part = try reader.part()
    #expect(part.remaining == 2)
    #expect(try part.byte() == 1)
    #expect(throws: DecodeError(.trailingBytes, at: 2)) { try part.expectEnd() }
    #expect(try part.byte() == 2)
    #expect(throws: DecodeError(.truncated, at: 3)) { try part.byte() }
    #expect(try reader.byte() == 9)
    #expect(throws: Never.self) { try reader.expectEnd() }
  }

  @Test("a writer that was emptied writes as a new one does")
  func reuse() {
    var writer = ByteWriter()
    writer.text(ByteText("before"))
    writer.removeAll()
    writer.byte(5)
    #expect(writer.bytes == [5])
  }

  private func count(in bytes: [UInt8], ofAtLeast byteCount: Int) throws -> Int {
    var reader = ByteReader(bytes)
    return try reader.count(ofAtLeast: byteCount)
  }

  private func written(_ write: (inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    write(&writer)
    return writer.bytes
  }

  private func read<Element>(
    _ bytes: [UInt8], _ read: (inout ByteReader) throws(DecodeError) -> Element
  ) throws(DecodeError) -> Element {
    var reader = ByteReader(bytes)
    let element = try read(&reader)
    try reader.expectEnd()
    return element
  }
}

extension SeededGenerator {
  /// A number of which every bit length is as likely as any other, so that short encodings come
  /// too.
  mutating func anyWidth() -> UInt64 {
    next() >> UInt64.random(in: 0..<64, using: &self)
  }
}
