import Replica
import SyncCore
import SyncProtocol

/// `site.toml`: where the hub stands, by which key it is known, and when the daemon calls it.
///
/// Every key may be overridden in the environment: `KREISSYNC_HUB`, `KREISSYNC_PIN`,
/// `KREISSYNC_SCHEDULE`. See ``ConfigurationFile``.
struct SiteConfiguration: Equatable {
  let hub: HubURL
  /// SHA-256 of the hub key's SubjectPublicKeyInfo.
  let pin: [UInt8]
  /// For `site run`; `site sync` needs none.
  let schedule: SiteSchedule
  /// Whether the replica takes over newer schemas of the county. Off for a local program that does
  /// not bear new columns; the site keeps what it does not know.
  let takesSchemas: Bool

  private static let keys = ["hub", "pin", "schedule", "schema_updates"]

  var text: String {
    """
    # Where the county's hub stands, and the SHA-256 of its key. Written by `kreissync site join`.
    hub = "\(hub.text)"
    pin = "\(Base64URL.encode(pin))"
    # When `kreissync site run` calls: "nightly", or for example "every 15m".
    schedule = "\(schedule.text)"

    """
  }

  init(
    hub: HubURL, pin: [UInt8], schedule: SiteSchedule = .nightly, takesSchemas: Bool = true
  ) {
    self.hub = hub
    self.pin = pin
    self.schedule = schedule
    self.takesSchemas = takesSchemas
  }

  static func read(_ path: String, environment: [String: String]) throws -> SiteConfiguration {
    guard let file = try ConfigurationFile(path, keys: keys, environment: environment) else {
      throw CommandFailure(
        .failed, "configuration_missing", "there is no \(path)",
        hint: "`kreissync site join` writes it")
    }
    let hub: HubURL
    do {
      hub = try HubURL(parsing: required("hub", in: file))
    } catch let error as HubURLError {
      throw file.wrong("hub", error.description, "for example https://hub.example:8443")
    }
    guard let pin = Base64URL.decode(try required("pin", in: file)),
      pin.count == JoinString.pinByteCount
    else { throw file.wrong("pin", "is not a SHA-256 in base64url", "join again") }
    guard let schedule = SiteSchedule(text: try file.text("schedule") ?? "nightly") else {
      throw file.wrong(
        "schedule", "is no schedule",
        "write \"nightly\", or \"every\" with a number of s, m or h from 5s to 24h")
    }
    return SiteConfiguration(
      hub: hub, pin: pin, schedule: schedule,
      takesSchemas: try file.flag("schema_updates") ?? true)
  }

  private static func required(_ key: String, in file: ConfigurationFile) throws -> String {
    guard let text = try file.text(key) else {
      throw file.wrong(key, "is missing", "add \(key) = \"…\"")
    }
    return text
  }
}

extension SiteSchedule {
  var text: String {
    switch self {
    case .nightly: "nightly"
    case .every(let interval): "every \(interval / 1_000)s"
    }
  }

  /// Reads `nightly` or `every 15m`; nil for anything else.
  init?(text: String) {
    if text == "nightly" {
      self = .nightly
      return
    }
    let units: [Character: Milliseconds] = ["s": 1_000, "m": 60_000, "h": 3_600_000]
    guard let amount = text.wholeMatch(of: /every ([0-9]{1,5})([smh])/),
      let number = Milliseconds(amount.1), let unit = amount.2.first.flatMap({ units[$0] }),
      Self.intervalRange.contains(number * unit)
    else { return nil }
    self = .every(number * unit)
  }
}
