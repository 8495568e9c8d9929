import SyncCore
import SyncProtocol

/// The keys by which a site knows its hub: the one that it was told when it joined, or those that
/// the hub has announced since, over a connection to one of them.
///
/// They stand beside `site.toml`, which belongs to people. What was announced counts only as long
/// as `site.toml` names the key that it was announced under: a new join, or a person, overrides it.
package struct HubPins: Codable, Sendable, Equatable {
  /// The pin of `site.toml`, base64url.
  package var configured: String
  /// The announced pins, base64url.
  package var pins: [String]

  package init(configured: [UInt8], pins: [[UInt8]]) {
    self.configured = Base64URL.encode(configured)
    self.pins = pins.map(Base64URL.encode)
  }

  /// The keys that may answer for a hub which is configured by `pin`.
  package func accepted(configured pin: [UInt8]) -> [[UInt8]] {
    let announced = pins.prefix(ProtocolLimit.pinCountMax).compactMap { text in
      Base64URL.decode(text).flatMap { $0.count == JoinString.pinByteCount ? $0 : nil }
    }
    return Base64URL.decode(configured) == pin && !announced.isEmpty ? announced : [pin]
  }
}

/// The announced pins as a file in the site's directory.
package struct HubPinsFile {
  package static let name = "pins.json"
  /// Four pins have some 250 bytes.
  private static let byteCountMax = 64 << 10
  private let path: String

  /// - Parameter directory: the site's directory.
  package init(directory: String) {
    path = directory + "/" + Self.name
  }

  /// The pins; nil before the hub announced any.
  package func read() throws -> HubPins? {
    guard let bytes = try DurableFile.read(path, byteCountMax: Self.byteCountMax) else {
      return nil
    }
    return try DamagedFile.decode(
      bytes, of: path, cure: "remove it: the pin in site.toml counts, and the hub tells the others")
  }

  /// Durable when it returns; what stands there already is not written again.
  package func write(_ pins: HubPins) throws {
    let bytes = try WireJSON.encode(pins)
    guard try DurableFile.read(path, byteCountMax: Self.byteCountMax) != bytes else { return }
    try DurableFile.write(bytes, to: path)
  }
}
