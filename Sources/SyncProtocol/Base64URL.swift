/// The alphabet of RFC 4648, section 5, without padding. Reads only what it would write: one value
/// has one text.
package enum Base64URL {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  static func isDigit(_ character: UInt8) -> Bool {
    alphabet.contains(character)
  }

  /// The same bytes with the alphabet and the padding of RFC 4648, section 4.
  package static func encodeStandard(_ bytes: [UInt8]) -> String {
    let text = encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    return String(text) + String(repeating: "=", count: (3 - bytes.count % 3) % 3)
  }

  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 4 + 2) / 3)
    var held: UInt32 = 0
    var heldBitCount = 0
    for byte in bytes {
      held = held << 8 | UInt32(byte)
      heldBitCount += 8
      while heldBitCount >= 6 {
        heldBitCount -= 6
        text.append(alphabet[Int(held >> heldBitCount & 0x3F)])
      }
    }
    if heldBitCount > 0 {
      text.append(alphabet[Int(held << (6 - heldBitCount) & 0x3F)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil for a foreign character, padding, an impossible length or bits that no byte uses.
  package static func decode(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count * 3 / 4)
    var held: UInt32 = 0
    var heldBitCount = 0
    for character in text.utf8 {
      guard let digit = alphabet.firstIndex(of: character) else { return nil }
      held = held << 6 | UInt32(digit)
      heldBitCount += 6
      if heldBitCount >= 8 {
        heldBitCount -= 8
        bytes.append(UInt8(truncatingIfNeeded: held >> heldBitCount))
      }
    }
    let leftover = held & ((1 << heldBitCount) - 1)
    guard heldBitCount < 6, leftover == 0 else { return nil }
    return bytes
  }
}
