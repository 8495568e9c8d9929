import CaseloadSchema
import Replica
import SyncProtocol
import TOMLKit

/// `site.toml`: where the hub stands and by which key it is known.
///
/// Every key may be overridden in the environment (`KREISSYNC_HUB`, `KREISSYNC_PIN`). Neither is a
/// secret. Unknown keys and wrong types are refused: a misspelt key would silently do nothing.
struct SiteConfiguration: Equatable {
  let hub: HubURL
  /// SHA-256 of the hub key's SubjectPublicKeyInfo.
  let pin: [UInt8]

  private static let keys = ["hub", "pin"]
  private static let byteCountMax = 64 << 10

  var text: String {
    """
    # Where the county's hub stands, and the SHA-256 of its key. Written by `kreissync site join`.
    hub = "\(hub.text)"
    pin = "\(Base64URL.encode(pin))"

    """
  }

  init(hub: HubURL, pin: [UInt8]) {
    self.hub = hub
    self.pin = pin
  }

  static func read(_ path: String, environment: [String: String]) throws -> SiteConfiguration {
    guard let bytes = try DurableFile.read(path, byteCountMax: byteCountMax) else {
      throw CommandFailure(
        .failed, "configuration_missing", "there is no \(path)",
        hint: "`kreissync site join` writes it")
    }
    let content = String(decoding: bytes, as: UTF8.self)
    if let flaw = TOMLText.flaw(in: content) {
      throw wrong(path, "line \(flaw.line)", flaw.fact, flaw.cure)
    }
    let table: TOMLTable
    do {
      table = try TOMLTable(string: content)
    } catch let error as TOMLParseError {
      throw wrong(path, "line \(error.source.begin.line)", "is not TOML", "correct the line")
    }
    for key in table.keys where !keys.contains(key) {
      throw wrong(path, "key \(key)", "is unknown", "known keys: hub, pin")
    }
    func text(_ key: String) throws -> String {
      if let override = environment["KREISSYNC_" + key.uppercased()] { return override }
      guard let value = table[key] else {
        throw wrong(path, "key \(key)", "is missing", "add \(key) = \"…\"")
      }
      guard let text = value.string else {
        throw wrong(path, "key \(key)", "is not text", "write \(key) = \"…\"")
      }
      return text
    }
    let hub: HubURL
    do {
      hub = try HubURL(parsing: text("hub"))
    } catch let error as HubURLError {
      throw wrong(path, "key hub", error.description, "for example https://hub.example:8443")
    }
    guard let pin = Base64URL.decode(try text("pin")), pin.count == JoinString.pinByteCount else {
      throw wrong(path, "key pin", "is not a SHA-256 in base64url", "join again")
    }
    return SiteConfiguration(hub: hub, pin: pin)
  }

  private static func wrong(_ path: String, _ place: String, _ fact: String, _ cure: String)
    -> CommandFailure
  {
    CommandFailure(.failed, "configuration", "\(path): \(place): \(fact)", hint: cure)
  }
}
