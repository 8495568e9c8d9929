/// Writes the primitives of the canonical encoding. `schemas/README.md` specifies every one of
/// them.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  package mutating func byte(_ value: UInt8) {
    bytes.append(value)
  }

  /// Seven bits a byte, least significant first, the high bit set on all bytes but the last.
  package mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  package mutating func count(_ value: Int) {
    precondition(value >= 0)
    varint(UInt64(value))
  }

  /// Zigzag: small numbers of either sign stay short.
  package mutating func signed(_ value: Int64) {
    varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  package mutating func fixed64(_ value: UInt64) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func raw(_ value: some Collection<UInt8>) {
    bytes.append(contentsOf: value)
  }

  /// The length in bytes, then the UTF-8 bytes as they are.
  package mutating func text(_ value: ByteText) {
    var string = value.string
    string.withUTF8 { utf8 in
      count(utf8.count)
      bytes.append(contentsOf: utf8)
    }
  }

  /// As ``text(_:)`` for bytes that are known to be UTF-8.
  package mutating func text(utf8: UnsafeRawBufferPointer) {
    count(utf8.count)
    bytes.append(contentsOf: utf8)
  }

  package mutating func blob(_ value: [UInt8]) {
    count(value.count)
    bytes.append(contentsOf: value)
  }

  /// A cell: tag 0 empty, 1 number, 2 text.
  package mutating func value(_ value: Value) {
    switch value {
    case .null:
      byte(0)
    case .integer(let number):
      byte(1)
      signed(number)
    case .text(let text):
      byte(2)
      self.text(text)
    }
  }
}

/// Why bytes are not what they should be. Carries a place, never a value.
package struct DecodeError: Error, Equatable, Sendable {
  /// What is wrong with the bytes.
  package enum Cause: String, Sendable {
    case truncated
    case overlongNumber
    case invalidText
    case overLimit
    case unknownTag
    case unknownTable
    case unknownColumn
    case trailingBytes
    case wrongFormat
  }

  package let cause: Cause
  /// Offset of the first byte that could not be read.
  package let offset: Int

  package init(_ cause: Cause, at offset: Int) {
    self.cause = cause
    self.offset = offset
  }
}

/// Reads what ``ByteWriter`` wrote. Every length is checked against the bytes that are there before
/// anything is allocated.
package struct ByteReader: Sendable {
  private let bytes: [UInt8]
  package private(set) var offset: Int
  private let end: Int

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    offset = 0
    end = bytes.count
  }

  private init(bytes: [UInt8], offset: Int, end: Int) {
    self.bytes = bytes
    self.offset = offset
    self.end = end
  }

  package var isAtEnd: Bool { offset == end }
  package var remaining: Int { end - offset }

  package mutating func byte() throws(DecodeError) -> UInt8 {
    guard offset < end else { throw DecodeError(.truncated, at: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// A number of up to 64 bits, in its one shortest form.
  package mutating func varint() throws(DecodeError) -> UInt64 {
    let start = offset
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      // One number has one encoding: no padding with empty groups, nothing above 64 bits.
      if shift == 63 && next > 1 || shift > 63 || (next == 0 && shift > 0) {
        throw DecodeError(.overlongNumber, at: start)
      }
      value |= UInt64(next & 0x7F) << shift
      if next & 0x80 == 0 { return value }
      shift += 7
    }
  }

  /// A number of things of at least `byteCount` bytes each, so that no count exceeds what is there.
  package mutating func count(ofAtLeast byteCount: Int = 1) throws(DecodeError) -> Int {
    let start = offset
    let value = try varint()
    guard value <= UInt64(remaining / max(byteCount, 1)) else {
      throw DecodeError(.truncated, at: start)
    }
    return Int(value)
  }

  /// A small number: a table, a role, a version.
  package mutating func number(upTo limit: Int) throws(DecodeError) -> Int {
    let start = offset
    let value = try varint()
    guard value <= UInt64(limit) else { throw DecodeError(.overLimit, at: start) }
    return Int(value)
  }

  package mutating func signed() throws(DecodeError) -> Int64 {
    let raw = try varint()
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }

  /// A sequence number, time or counter: never negative.
  package mutating func natural() throws(DecodeError) -> Int64 {
    let start = offset
    guard let value = Int64(exactly: try varint()) else {
      throw DecodeError(.overlongNumber, at: start)
    }
    return value
  }

  package mutating func fixed64() throws(DecodeError) -> UInt64 {
    try raw(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  package mutating func raw(_ byteCount: Int) throws(DecodeError) -> ArraySlice<UInt8> {
    guard byteCount <= remaining else { throw DecodeError(.truncated, at: offset) }
    defer { offset += byteCount }
    return bytes[offset..<offset + byteCount]
  }

  /// A text that is UTF-8 and no longer than allowed.
  package mutating func text(byteCountMax: Int) throws(DecodeError) -> ByteText {
    let start = offset
    let length = try count()
    guard length <= byteCountMax else { throw DecodeError(.overLimit, at: start) }
    guard let string = String(validating: try raw(length), as: UTF8.self) else {
      throw DecodeError(.invalidText, at: start)
    }
    return ByteText(string)
  }

  /// An identifier of at most ``RowLimit/identifierByteCountMax`` bytes.
  package mutating func identifier<ID: TextIdentifier>(_: ID.Type = ID.self)
    throws(DecodeError) -> ID
  {
    ID(text: try text(byteCountMax: RowLimit.identifierByteCountMax))
  }

  package mutating func blob() throws(DecodeError) -> [UInt8] {
    let length = try count()
    return Array(try raw(length))
  }

  /// A cell: tag 0 empty, 1 number, 2 text.
  package mutating func value() throws(DecodeError) -> Value {
    let start = offset
    switch try byte() {
    case 0: return .null
    case 1: return .integer(try signed())
    case 2: return .text(try text(byteCountMax: RowLimit.textByteCountMax))
    default: throw DecodeError(.unknownTag, at: start)
    }
  }

  /// A reader of the next length-prefixed part alone; this reader moves past it.
  package mutating func part() throws(DecodeError) -> ByteReader {
    let length = try count()
    defer { offset += length }
    return ByteReader(bytes: bytes, offset: offset, end: offset + length)
  }

  package func expectEnd() throws(DecodeError) {
    guard isAtEnd else { throw DecodeError(.trailingBytes, at: offset) }
  }
}

/// Limits of what one row may hold. What is longer is parked at its site with its case.
package enum RowLimit {
  /// One cell: longer than any note of a consultation, far below a batch.
  package static let textByteCountMax = 256 << 10
  /// The texts of one row: an eighth of a body's hard limit, so a page always has room for one.
  package static let rowByteCountMax = 1 << 20
  /// One identifier (row, case, site): a UUID has 36.
  package static let identifierByteCountMax = 128
  /// Numbers of tables: far above the product's 18.
  package static let tableNumberMax = 1_000
}
