/// Ids that sort by the time of their making (RFC 9562, section 5.7), as the default of every
/// domain table's `id` builds them in SQL.
package enum UUIDv7 {
  /// Random bytes that one id takes.
  package static let randomByteCount = 10

  /// The id in its 36-character lower-case form.
  ///
  /// Of the time only the low 48 bits count, so a clock that stands before 1970 still gives a
  /// well-formed id. Six bits of the randomness give way to the version and the variant.
  ///
  /// - Precondition: `random` has ``randomByteCount`` bytes.
  package static func text(milliseconds: Milliseconds, random: [UInt8]) -> String {
    precondition(random.count == randomByteCount)
    var bytes = Array(UInt64(bitPattern: milliseconds).bigEndianBytes.dropFirst(2)) + random
    bytes[6] = bytes[6] & 0x0F | 0x70
    bytes[8] = bytes[8] & 0x3F | 0x80
    return [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
      .map { Hexadecimal.text($0) }
      .joined(separator: "-")
  }
}
