internal import Crypto

/// A SHA-256 hash.
package struct Hash256: Hashable, Sendable, CustomStringConvertible {
  // Words instead of an array: a log has millions of hashes, and none of them allocates. They hold
  // the bytes in memory's order and are never used as numbers.
  private let words: Words

  package static let byteCount = 32

  /// What stands in place of a hash where there is nothing to hash yet.
  package static let zero = Hash256(bytes: [UInt8](repeating: 0, count: byteCount))!

  /// Reads what ``bytes`` wrote; nil unless there are exactly 32 bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    words = bytes.withUnsafeBytes { $0.loadUnaligned(as: Words.self) }
  }

  /// Reads what ``text`` wrote; nil unless it is exactly 64 lower-case hexadecimal digits.
  package init?(text: String) {
    guard let bytes = Hexadecimal.bytes(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// The hash of the bytes.
  package init(sha256Of bytes: [UInt8]) {
    self.init { hasher in
      bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    }
  }

  /// The hash of one byte and what follows it.
  init(sha256OfPrefix prefix: UInt8, _ bytes: [UInt8]) {
    self.init { hasher in
      withUnsafeBytes(of: prefix) { hasher.update(bufferPointer: $0) }
      bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    }
  }

  /// The hash of one byte and two hashes.
  init(sha256OfPrefix prefix: UInt8, _ left: Hash256, _ right: Hash256) {
    self.init { hasher in
      withUnsafeBytes(of: prefix) { hasher.update(bufferPointer: $0) }
      withUnsafeBytes(of: left.words) { hasher.update(bufferPointer: $0) }
      withUnsafeBytes(of: right.words) { hasher.update(bufferPointer: $0) }
    }
  }

  private init(_ update: (inout SHA256) -> Void) {
    var hasher = SHA256()
    update(&hasher)
    self.init(hasher)
  }

  fileprivate init(_ hasher: SHA256) {
    words = hasher.finalize().withUnsafeBytes { $0.loadUnaligned(as: Words.self) }
  }

  /// The 32 bytes, in the order in which SHA-256 writes them.
  package var bytes: [UInt8] {
    withUnsafeBytes(of: words) { Array($0) }
  }

  /// 64 lower-case hexadecimal digits.
  package var text: String { Hexadecimal.text(bytes) }

  package var description: String { text }

  private struct Words: BitwiseCopyable, Hashable, Sendable {
    let first: UInt64
    let second: UInt64
    let third: UInt64
    let fourth: UInt64
  }
}

/// The hash of bytes that come piece by piece.
package struct RunningHash256: Sendable {
  private var hasher = SHA256()

  package init() {}

  package mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
  }

  /// The hash of everything that was appended.
  package var value: Hash256 { Hash256(hasher) }
}
