package import SyncCore

/// What an office pastes to join: where the hub stands, by which key it is known, and the right to
/// join once.
///
/// Its text is `kreissync1.` and base64url of, in this order: county key (5 bytes), pin (32), token
/// (16), the hub's and the join listener's address (each two bytes of length, big-endian, then
/// ASCII), and a CRC-32 of all that (4). The check sum is there because people copy this text by
/// hand: without it a slip in the pin would look like an attack.
package struct JoinString: Hashable, Sendable {
  package let county: CountyKey
  package let hubURL: HubURL
  package let joinURL: HubURL
  /// SHA-256 of the DER of the server key's SubjectPublicKeyInfo: the hub's identity.
  package let pin: [UInt8]
  /// Secret: whoever has it may join in the site's place until it is used or expires.
  package let token: [UInt8]

  package static let prefix = "kreissync1."
  package static let pinByteCount = 32
  package static let tokenByteCount = 16
  private static let countyByteCount = 5
  private static let checkByteCount = 4
  /// Two longest addresses and the fixed fields are 621 bytes, 828 characters in base64url.
  package static let characterCountMax = 1_024

  package init(
    county: CountyKey, hubURL: HubURL, joinURL: HubURL, pin: [UInt8], token: [UInt8]
  ) {
    precondition(county.isWellFormed)
    precondition(pin.count == Self.pinByteCount)
    precondition(token.count == Self.tokenByteCount)
    self.county = county
    self.hubURL = hubURL
    self.joinURL = joinURL
    self.pin = pin
    self.token = token
  }

  /// The text to hand over, by a way that only the site reads.
  package var text: String {
    var bytes = Array(county.string.utf8) + pin + token
    for url in [hubURL, joinURL] {
      let address = Array(url.text.utf8)
      bytes += [UInt8(address.count >> 8), UInt8(address.count & 0xFF)] + address
    }
    return Self.prefix + Base64URL.encode(bytes + Self.checkSum(of: bytes[...]))
  }

  /// Reads ``text``; white space around it, as pasting leaves it, is ignored.
  package init(parsing input: String) throws(JoinStringError) {
    let text = input.drop(while: \.isWhitespace)
    let end = text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? text.startIndex
    let trimmed = text[..<end]
    guard trimmed.utf8.count <= Self.characterCountMax else { throw .tooLong }
    guard trimmed.hasPrefix(Self.prefix) else { throw .wrongPrefix }
    let encoded = trimmed.dropFirst(Self.prefix.count)
    guard let bytes = Base64URL.decode(String(encoded)) else {
      // Within the alphabet only a cut leaves bits that no byte uses.
      throw encoded.utf8.allSatisfy(Base64URL.isDigit) ? .truncated : .damaged
    }
    var reader = FieldReader(rest: bytes[...])
    let county = CountyKey(Self.ascii(try reader.take(Self.countyByteCount)))
    let pin = Array(try reader.take(Self.pinByteCount))
    let token = Array(try reader.take(Self.tokenByteCount))
    let hub = Self.ascii(try reader.takeCounted())
    let join = Self.ascii(try reader.takeCounted())
    let checkSum = Array(try reader.take(Self.checkByteCount))
    guard reader.rest.isEmpty else { throw .wrongLength }
    guard checkSum == Self.checkSum(of: bytes.dropLast(Self.checkByteCount)) else {
      throw .damaged
    }
    guard county.isWellFormed else { throw .wrongCounty }
    self.init(
      county: county, hubURL: try Self.address(hub), joinURL: try Self.address(join), pin: pin,
      token: token)
  }

  private static func address(_ text: String) throws(JoinStringError) -> HubURL {
    do {
      return try HubURL(parsing: text)
    } catch {
      throw .wrongAddress(error)
    }
  }

  private static func ascii(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  /// CRC-32 as in zip (reflected, polynomial 0xEDB88320), big-endian.
  private static func checkSum(of bytes: ArraySlice<UInt8>) -> [UInt8] {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      remainder ^= UInt32(byte)
      for _ in 0..<8 {
        remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
    let sum = ~remainder
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
  }
}

private struct FieldReader {
  var rest: ArraySlice<UInt8>

  mutating func take(_ byteCount: Int) throws(JoinStringError) -> ArraySlice<UInt8> {
    guard rest.count >= byteCount else { throw .truncated }
    defer { rest = rest.dropFirst(byteCount) }
    return rest.prefix(byteCount)
  }

  mutating func takeCounted() throws(JoinStringError) -> ArraySlice<UInt8> {
    let byteCount = try take(2).reduce(0) { $0 << 8 | Int($1) }
    return try take(byteCount)
  }
}

/// Why a text is no join string. Repeats nothing of it: it holds a secret.
package enum JoinStringError: Error, Sendable, Equatable, CustomStringConvertible {
  case tooLong
  case wrongPrefix
  case truncated
  case wrongLength
  case damaged
  case wrongCounty
  case wrongAddress(HubURLError)

  package var description: String {
    switch self {
    case .tooLong: "the join string is too long; paste it alone"
    case .wrongPrefix: "a join string begins with \(JoinString.prefix); copy it from the county"
    case .truncated: "the join string is cut off; copy it whole, on one line"
    case .wrongLength: "the join string has more behind its end; copy it alone"
    case .damaged: "a character of the join string is wrong; copy it again"
    case .wrongCounty: "the join string names no county key; ask the county for a new one"
    case .wrongAddress(let reason): "the join string holds a wrong address: \(reason)"
    }
  }
}
