import Foundation
import Hub
import SyncCore

/// `hub.toml`: what a county may choose. The file may be missing; every key may be.
///
/// Every key may be overridden in the environment: `KREISSYNC_CERTIFICATE_DAYS`,
/// `KREISSYNC_PIN_OVERLAP_DAYS`. See ``ConfigurationFile``.
struct HubSettings: Equatable {
  /// How long a site's certificate is valid. Sites renew at two thirds of it.
  let certificateDays: Int
  /// How long sites are told of the hub's next key before it takes over.
  let pinOverlapDays: Int

  private static let keys = ["certificate_days", "pin_overlap_days"]
  /// From a day, below which a site that syncs nightly could miss the last third, to a year.
  private static let certificateDaysRange = 1...366
  private static let pinOverlapDaysRange = 1...366
  /// A site that is closed for its summer holidays has its chance.
  private static let pinOverlapDaysUsual = 30

  /// The settings of the hub in this directory.
  static func read(directory: String) throws -> HubSettings {
    let path = "\(directory)/hub.toml"
    let environment = ProcessInfo.processInfo.environment
    let file =
      try ConfigurationFile(path, keys: keys, environment: environment)
      ?? ConfigurationFile(withoutFileAt: path, environment: environment)
    return HubSettings(
      certificateDays: try file.integer("certificate_days", in: certificateDaysRange)
        ?? CertificateAuthority.lifetimeDaysDefault,
      pinOverlapDays: try file.integer("pin_overlap_days", in: pinOverlapDaysRange)
        ?? pinOverlapDaysUsual)
  }

  /// How long before its end a certificate should have been renewed long ago: a person looks.
  var expiryWarning: Milliseconds {
    min(14 * BerlinTime.day, Milliseconds(certificateDays) * BerlinTime.day / 6)
  }
}
