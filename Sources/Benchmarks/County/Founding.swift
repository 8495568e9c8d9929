import Caseload
import CaseloadSchema
import Foundation
package import HubStorage
import HubService
package import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// How a measured county comes to a hub and to sites.
protocol Founding: AnyObject {
  /// The county's database.
  var hubPath: String { get }
  /// The hub's process, where it has one of its own.
  var hubProcess: Int32? { get }
  /// A site that has joined, with an empty replica.
  func site(_ name: String, kind: SiteKind) throws -> MeasuredSite
}

/// A hub in this very process, asked without HTTP.
final class LocalFounding: Founding {
  let hubPath: String
  let hubProcess: Int32? = nil
  private let directory: String
  private let stage: Stage
  private let county: CountyRecord
  private let hub: SQLiteHub
  private let service: CountyService

  init(in directory: String, stage: Stage) throws {
    self.directory = directory
    self.stage = stage
    hubPath = "\(directory)/08118.sqlite"
    county = CountyRecord(
      key: CountyKey("08118"), name: "Landkreis der Messungen", history: HistoryID("history"),
      digestKey: stage.hub.random(SipHash128Key.byteCount), schemaText: CaseloadSchema.shipped)
    hub = try SQLiteHub.create(at: hubPath, county: county, now: stage.now)
    service = CountyService(
      store: hub, environment: stage.hub, rules: CaseloadRules(),
      snapshots: SnapshotShelf(
        builder: hub, directory: "\(directory)/snapshots", environment: stage.hub))
  }

  func site(_ name: String, kind: SiteKind) throws -> MeasuredSite {
    let administration = CountyAdministration(
      store: hub, environment: stage.hub, rules: CaseloadRules())
    let added = try administration.add(
      CountyAdministration.NewSite(
        name: name, kind: kind, areas: [MeasuredCounty.area], url: "https://127.0.0.1:1",
        joinURL: "https://127.0.0.1:1"))
    _ = try service.redeem(
      tokenHash: JoinToken.hash(added.token), keyHash: stage.hub.random(32),
      certificateExpiresAt: .max)
    let path = "\(directory)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try ReplicaFile.create(
      at: path + "/caseload.sqlite",
      origin: ReplicaOrigin(
        county: county.key, countyName: county.name, site: added.site.id, siteName: name,
        schemaText: county.schemaText, digestKey: county.digestKey, history: county.history,
        incarnation: IncarnationID("incarnation-\(name)")))
    return MeasuredSite(
      name: name, directory: path,
      link: CountedLink { [service] (request) throws(LinkFailure) in
        service.answer(request, from: added.site.id)
      }, stage: stage)
  }
}

/// A hub in a process of its own, behind HTTPS on this machine: the composition root brings it.
package protocol ServedHub: AnyObject {
  var databasePath: String { get }
  var processID: Int32 { get }
  /// Lets a new site join: key, certificate and settings stand in the directory, no replica yet.
  func enrol(_ name: String, kind: SiteKind, area: String, in directory: String) throws
  /// Gets the replica of a site that was enrolled, as `site join` does.
  ///
  /// - Parameter isCompressed: as on a link; on this machine nothing is by itself.
  /// - Returns: whether it came as a ready file.
  func completeFirstLoad(in directory: String, isCompressed: Bool) throws -> Bool
  /// A line of the site's, which dials with its first request.
  func connect(_ directory: String) throws -> any HubLink
  /// Ends the process and waits for it.
  func stop()
}

/// A hub in a process of its own, asked by HTTPS as sites do.
final class ServedFounding: Founding {
  let hub: any ServedHub
  private let directory: String
  private let stage: Stage

  var hubPath: String { hub.databasePath }
  var hubProcess: Int32? { hub.processID }

  init(in directory: String, stage: Stage) throws {
    self.directory = directory
    self.stage = stage
    hub = try stage.served(in: "\(directory)/hub")
  }

  func site(_ name: String, kind: SiteKind) throws -> MeasuredSite {
    let site = try enrolled(name, kind: kind)
    guard try !hub.completeFirstLoad(in: site.directory, isCompressed: false) else {
      throw BenchmarkError("\(name) has got a ready file where it should begin empty")
    }
    return site
  }

  /// A site without a replica yet.
  func enrolled(_ name: String, kind: SiteKind) throws -> MeasuredSite {
    let path = "\(directory)/\(name)"
    try hub.enrol(name, kind: kind, area: MeasuredCounty.area, in: path)
    return try dialled(name, in: path)
  }

  /// A site that is there, with a line that is not dialled yet.
  func again(_ site: MeasuredSite) throws -> MeasuredSite {
    try dialled(site.name, in: site.directory)
  }

  private func dialled(_ name: String, in path: String) throws -> MeasuredSite {
    let line = try hub.connect(path)
    return MeasuredSite(
      name: name, directory: path,
      link: CountedLink { (request) throws(LinkFailure) in try line.exchange(request) },
      stage: stage)
  }
}
