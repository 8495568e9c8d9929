import ArgumentParser
import Caseload
import CaseloadSchema
import Foundation
import Hub
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// The hub's directory: counties' databases, authorities, the server's key.
struct HubDirectory {
  let path: String

  func databasePath(of county: CountyKey) -> String { "\(path)/\(county).sqlite" }

  /// Where ready files for the first loads of a county's sites are kept for some hours.
  func snapshotsPath(of county: CountyKey) -> String { "\(path)/snapshots/\(county)" }

  /// Whom the county has revoked, beside its database.
  func revokedSites(of county: CountyKey) -> RevokedSites {
    RevokedSites(path: "\(path)/revoked/\(county)")
  }

  /// Where a serving hub keeps the backups that it makes by itself.
  var backupsPath: String { "\(path)/backups" }

  /// Held by the hub that serves this directory, as long as it runs.
  var servingLockPath: String { "\(path)/serving.lock" }

  /// Takes the directory as the one hub that serves it, or for what no hub may serve beside.
  ///
  /// - Throws: a deferred failure `hub_serving` while another process has it.
  func alone() throws -> ProcessLock {
    guard let lock = try ProcessLock(servingLockPath) else {
      throw CommandFailure(
        .deferred, "hub_serving", "a hub serves \(path)",
        hint: "stop `kreissync hub serve` first; nothing was changed")
    }
    return lock
  }

  /// The counties whose databases stand here, in ascending order.
  func counties() throws -> [CountyKey] {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw CommandFailure(
        .failed, "hub_missing", "there is no hub at \(path)",
        hint: "check --data; `kreissync hub init` makes a hub")
    }
    return names.filter { $0.hasSuffix(".sqlite") }.map { CountyKey(String($0.dropLast(7))) }
      .filter(\.isWellFormed).sorted()
  }

  /// The county that a command means: named, or the only one.
  func county(named key: String?) throws -> CountyKey {
    let counties = try counties()
    if let key {
      let county = CountyKey(key)
      guard counties.contains(county) else {
        throw CommandFailure(
          .failed, "unknown_county", "the hub at \(path) has no county \(key)",
          hint: "it has: \(counties.map(\.string).joined(separator: ", "))")
      }
      return county
    }
    guard let only = counties.first, counties.count == 1 else {
      throw CommandFailure(
        .usage, "county_needed", "the hub at \(path) has \(counties.count) counties",
        hint: "say which with --county KEY")
    }
    return only
  }

  func open(_ county: CountyKey) throws -> SQLiteHub {
    try SQLiteHub.open(at: databasePath(of: county))
  }

  func service(_ county: CountyKey) throws -> CountyService {
    let store = try open(county)
    return CountyService(store: store, environment: Surroundings.hub, rules: CaseloadRules())
  }

  func administration(_ county: CountyKey) throws -> CountyAdministration {
    let store = try open(county)
    return CountyAdministration(
      store: store, environment: Surroundings.hub, rules: CaseloadRules())
  }

  /// A join string for a site that waits.
  func joinString(for site: SiteRecord, token: [UInt8], county: CountyKey) throws -> JoinString {
    JoinString(
      county: county, hubURL: try HubURL(parsing: site.url),
      joinURL: try HubURL(parsing: site.joinURL),
      pin: try ServerIdentity.load(directory: path).pin, token: token)
  }
}

/// Options of every command on one county.
struct CountyOptions: ParsableArguments {
  @Option(name: .customLong("data"), help: "The hub's directory.")
  var path: String

  @Option(help: "The county's key; may be left out where the hub has one county.")
  var county: String?

  var directory: HubDirectory { HubDirectory(path: path) }

  func key() throws -> CountyKey { try directory.county(named: county) }
}
