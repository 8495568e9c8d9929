import Foundation
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// Whom a county has revoked, kept beside its database: an empty file for each site, named by its
/// id.
///
/// A database that went back to a backup, or was rebuilt from replicas, does not know of it, and
/// nobody may come back by that. The files lie with the county's authority, without which no hub
/// can be restored or rebuilt either; where they are lost with it, so are all certificates.
struct RevokedSites {
  /// Of one county.
  let path: String

  /// Notes a site that is revoked in the database; durable when it returns, and repeatable.
  func note(_ id: SiteID) throws {
    try DurableFile.makeDirectory(path)
    try DurableFile.write([], to: file(of: id))
  }

  /// The site may join again; durable when it returns.
  func forget(_ id: SiteID) throws {
    guard try noted().contains(id) else { return }
    try DurableFile.remove(file(of: id))
  }

  /// Revokes, in a database that has forgotten it, every site that was noted.
  ///
  /// - Returns: the sites that were revoked by it, in order of their ids; those that the database
  ///   does not have cannot call anyway.
  func revoke(in store: some HubStore) throws -> [SiteRecord] {
    let administration = CountyAdministration(store: store, environment: Surroundings.hub)
    return try noted().compactMap { id in
      guard let site = try store.read({ try $0.site(id) }), site.state != .revoked else {
        return nil
      }
      return try administration.revoke(id)
    }
  }

  private func file(of id: SiteID) -> String { "\(path)/\(id)" }

  private func noted() throws -> [SiteID] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
      isDirectory.boolValue
    else { return [] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path).map { SiteID($0) }.sorted()
    } catch {
      throw FileFailure(.read, path)
    }
  }
}
