import Foundation
import Hub
import HubService
import SyncCore

/// `hub.toml`: what a county may choose. The file may be missing; every key may be.
///
/// Every key may be overridden in the environment: `KREISSYNC_CERTIFICATE_DAYS`,
/// `KREISSYNC_EXPIRED_CERTIFICATE_DAYS`, `KREISSYNC_PIN_OVERLAP_DAYS`, `KREISSYNC_BACKUP_TIME`,
/// `KREISSYNC_BACKUPS_KEPT`. See ``ConfigurationFile``.
struct HubSettings: Equatable {
  /// How long a site's certificate is valid. Sites renew at two thirds of it.
  let certificateDays: Int
  /// How long after its end a site's certificate may still be renewed by the key that it names.
  let expiredCertificateDays: Int
  /// How long sites are told of the hub's next key before it takes over.
  let pinOverlapDays: Int
  /// When `hub serve` makes its backups.
  let backupSchedule: BackupSchedule
  /// How many of them are kept, of each county.
  let backupsKept: Int

  private static let keys = [
    "certificate_days", "expired_certificate_days", "pin_overlap_days", "backup_time",
    "backups_kept",
  ]
  /// From a day, below which a site that syncs nightly could miss the last third, to a year.
  private static let certificateDaysRange = 1...366
  /// None, or up to ten years.
  private static let expiredCertificateDaysRange = 0...3_660
  private static let pinOverlapDaysRange = 1...366
  /// A site that is closed for its summer holidays has its chance.
  private static let pinOverlapDaysUsual = 30
  private static let backupsKeptRange = 1...366
  /// Two weeks: damage that is noticed after a holiday is older than a few nights.
  private static let backupsKeptUsual = 14

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
      expiredCertificateDays: try file.integer(
        "expired_certificate_days", in: expiredCertificateDaysRange)
        ?? HubServer.Configuration.expiredCertificateDaysUsual,
      pinOverlapDays: try file.integer("pin_overlap_days", in: pinOverlapDaysRange)
        ?? pinOverlapDaysUsual,
      backupSchedule: try backupSchedule(in: file),
      backupsKept: try file.integer("backups_kept", in: backupsKeptRange) ?? backupsKeptUsual)
  }

  private static func backupSchedule(in file: ConfigurationFile) throws -> BackupSchedule {
    guard let text = try file.text("backup_time") else { return .usual }
    guard let schedule = BackupSchedule(text: text) else {
      throw file.wrong(
        "backup_time", "is no time of backups",
        "write \"05:00\", \"off\", or \"every\" with a number of s, m or h from 5s to 24h")
    }
    return schedule
  }

  /// How long after its end a certificate may still be renewed.
  private var certificateGrace: Milliseconds {
    Milliseconds(expiredCertificateDays) * BerlinTime.day
  }

  /// By what a person is asked to look at sites and backups.
  func rules(
    at now: Milliseconds, backupAgeMax: Milliseconds = BackupPlan.ageMax
  ) -> SignRules {
    SignRules(
      now: now, expiryWarning: expiryWarning, certificateGrace: certificateGrace,
      backupAgeMax: backupAgeMax)
  }

  /// How long before its end a certificate should have been renewed long ago: a person looks.
  private var expiryWarning: Milliseconds {
    min(14 * BerlinTime.day, Milliseconds(certificateDays) * BerlinTime.day / 6)
  }
}

extension BackupSchedule {
  /// Reads `05:00`, `off` or `every 6h`; nil for anything else.
  init?(text: String) {
    if text == "off" {
      self = .off
    } else if let time = text.wholeMatch(of: /([01][0-9]|2[0-3]):([0-5][0-9])/),
      let hours = Milliseconds(time.1), let minutes = Milliseconds(time.2)
    {
      self = .daily(DailyTime(hours * BerlinTime.hour + minutes * 60_000))
    } else if case .every(let interval)? = SiteSchedule(text: text) {
      self = .every(interval)
    } else {
      return nil
    }
  }
}
