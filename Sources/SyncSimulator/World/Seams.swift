package import HubStorage
package import ReplicaAgent
package import ReplicaStorage
package import SyncCore
package import SyncProtocol

/// What stands between the product's parts in a run. As it is: nothing. The variants of the bug
/// bank put a wrong part in the place of a right one, at the ports that the product has anyway.
///
/// One object serves one run, in one thread.
package class Seams {
  package init() {}

  /// The hub's store, as the service gets it; asked again after each restart of the hub.
  ///
  /// - Parameter disk: where its file lies; nil for an engine in memory.
  package func store(_ engine: any HubStore, on disk: SimulatedDisk?) -> any HubStore { engine }

  /// A site's replica, as its session gets it; asked at the beginning of each session.
  package func replica(_ file: ReplicaFile, on disk: SimulatedDisk) -> any ReplicaStore { file }

  /// A site's sidecar, as its session gets it; asked at the beginning of each session.
  package func sidecars(_ sidecars: any SidecarStore) -> any SidecarStore { sidecars }

  /// A request as it leaves the site's session.
  package func sent(_ request: ProtocolRequest, from site: SiteID) -> ProtocolRequest { request }

  /// An answer as it leaves the hub's service.
  package func answered(
    _ response: ProtocolResponse, to request: ProtocolRequest, from site: SiteID
  ) -> ProtocolResponse { response }
}
