import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// A ready file of the site's scope, if that is how its first load should come.
  func snapshot(_ request: SnapshotRequest, for id: SiteID) throws -> SnapshotResponse {
    guard request.protocolVersion == protocolVersion else {
      throw ProtocolError(
        .unsupportedVersion, "the site speaks protocol version \(request.protocolVersion)",
        hint: "this hub speaks version \(protocolVersion)")
    }
    _ = try store.read { try served(id, in: $0) }
    return SnapshotResponse(
      snapshot: try snapshots?.offer(
        to: id, forReload: request.reload ?? false))
  }

  /// Some bytes of it.
  func part(_ request: SnapshotPartRequest, for id: SiteID) throws -> [UInt8] {
    _ = try store.read { try served(id, in: $0) }
    guard let snapshots else { throw SnapshotShelf.unknown }
    return try snapshots.part(of: request.id, for: id, from: request.offset)
  }
}
