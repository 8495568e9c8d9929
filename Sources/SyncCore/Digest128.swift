/// A keyed fingerprint of rows: an element of the integers modulo 2^128.
///
/// A case's digest is the sum of its rows' digests, a scope's the sum of its cases'. Addition does
/// not depend on the order of rows and is undone by subtraction, so a changed row costs one
/// subtraction and one addition. Exclusive or would lose a row that is counted twice.
package struct Digest128: Hashable, Sendable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  /// The digest of nothing.
  package static let zero = Digest128(high: 0, low: 0)

  package static let byteCount = 16

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads what ``bytes`` wrote; nil unless there are exactly 16 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    high = UInt64(bigEndianBytes: bytes.prefix(8))
    low = UInt64(bigEndianBytes: bytes.dropFirst(8))
  }

  /// As ``init(bytes:)`` straight from memory: thousands of cases are added up at once.
  package init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.byteCount else { return nil }
    high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  /// Reads what ``text`` wrote; nil unless it is exactly 32 lower-case hexadecimal digits.
  package init?(text: String) {
    guard let bytes = Hexadecimal.bytes(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// 16 bytes, most significant first.
  package var bytes: [UInt8] { high.bigEndianBytes + low.bigEndianBytes }

  /// 32 lower-case hexadecimal digits.
  package var text: String { Hexadecimal.text(bytes) }

  package var description: String { text }

  /// The sum modulo 2^128.
  package static func + (left: Digest128, right: Digest128) -> Digest128 {
    let (low, carry) = left.low.addingReportingOverflow(right.low)
    return Digest128(high: left.high &+ right.high &+ (carry ? 1 : 0), low: low)
  }

  /// The difference modulo 2^128: what `+` added, taken away again.
  package static func - (left: Digest128, right: Digest128) -> Digest128 {
    let (low, borrow) = left.low.subtractingReportingOverflow(right.low)
    return Digest128(high: left.high &- right.high &- (borrow ? 1 : 0), low: low)
  }

  /// Adds modulo 2^128.
  package static func += (left: inout Digest128, right: Digest128) {
    left = left + right
  }

  /// Subtracts modulo 2^128.
  package static func -= (left: inout Digest128, right: Digest128) {
    left = left - right
  }
}
