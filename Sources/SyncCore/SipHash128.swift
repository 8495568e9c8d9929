/// The secret of one county's digests. Without it nobody can make two different rows look equal.
package struct SipHash128Key: Hashable, Sendable {
  fileprivate let first: UInt64
  fileprivate let second: UInt64

  package static let byteCount = 16

  /// Nil unless there are exactly 16 bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    first = UInt64(bigEndianBytes: bytes.prefix(8)).byteSwapped
    second = UInt64(bigEndianBytes: bytes.dropFirst(8)).byteSwapped
  }
}

/// SipHash-2-4 with 128 bits of output, as in the reference implementation's `siphash` with
/// `outlen` 16 (https://github.com/veorq/SipHash). ``Digest128/bytes`` are the bytes that the
/// reference writes, in its order.
///
/// - Precondition: the memory stays valid and unchanged during the call.
package func sipHash128(_ bytes: UnsafeRawBufferPointer, key: SipHash128Key) -> Digest128 {
  var state = SipState(key)
  let wordsEnd = bytes.count & ~7
  var offset = 0
  while offset < wordsEnd {
    state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    offset += 8
  }
  // The last word holds what is left over and, on top, the length modulo 256.
  var last = UInt64(truncatingIfNeeded: bytes.count) &<< 56
  var shift: UInt64 = 0
  while offset < bytes.count {
    last |= UInt64(bytes[offset]) &<< shift
    shift += 8
    offset += 1
  }
  state.absorb(last)
  return state.finish()
}

/// The same over an array.
package func sipHash128(_ bytes: [UInt8], key: SipHash128Key) -> Digest128 {
  bytes.withUnsafeBytes { sipHash128($0, key: key) }
}

/// The four words of SipHash's state.
///
/// The constants are the reference's: the ASCII text `somepseudorandomlygeneratedbytes`, and 0xEE
/// and 0xDD, which tell the 128-bit variant from the 64-bit one.
private struct SipState {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  init(_ key: SipHash128Key) {
    v0 = 0x736f_6d65_7073_6575 ^ key.first
    v1 = 0x646f_7261_6e64_6f6d ^ key.second ^ 0xEE
    v2 = 0x6c79_6765_6e65_7261 ^ key.first
    v3 = 0x7465_6462_7974_6573 ^ key.second
  }

  @inline(__always)
  mutating func absorb(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  mutating func finish() -> Digest128 {
    v2 ^= 0xEE
    for _ in 0..<4 { round() }
    let firstWord = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xDD
    for _ in 0..<4 { round() }
    let secondWord = v0 ^ v1 ^ v2 ^ v3
    // The reference writes each word least significant byte first.
    return Digest128(high: firstWord.byteSwapped, low: secondWord.byteSwapped)
  }

  @inline(__always)
  private mutating func round() {
    v0 = v0 &+ v1
    v1 = rotate(v1, by: 13) ^ v0
    v0 = rotate(v0, by: 32)
    v2 = v2 &+ v3
    v3 = rotate(v3, by: 16) ^ v2
    v0 = v0 &+ v3
    v3 = rotate(v3, by: 21) ^ v0
    v2 = v2 &+ v1
    v1 = rotate(v1, by: 17) ^ v2
    v2 = rotate(v2, by: 32)
  }

  @inline(__always)
  private func rotate(_ word: UInt64, by count: UInt64) -> UInt64 {
    word &<< count | word &>> (64 - count)
  }
}
