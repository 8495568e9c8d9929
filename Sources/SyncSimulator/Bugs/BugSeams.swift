import HubStorage
import ReplicaStorage

/// Puts taps around the hub's store and the sites' replicas.
final class TapSeams: Seams {
  private var hub: HubTap.Type?
  private var site: ReplicaTap.Type?
  /// By the names of the sites' disks.
  private var notebooks: [String: SiteNotebook] = [:]

  convenience init(hub: HubTap.Type?, site: ReplicaTap.Type?) {
    self.init()
    self.hub = hub
    self.site = site
  }

  override func store(_ engine: any HubStore, on disk: SimulatedDisk?) -> any HubStore {
    guard let hub else { return engine }
    return TappedStore(engine, hub)
  }

  override func replica(_ file: ReplicaFile, on disk: SimulatedDisk) -> any ReplicaStore {
    guard let site else { return file }
    let notebook = notebooks[disk.name] ?? SiteNotebook()
    notebooks[disk.name] = notebook
    return site.init(file, on: disk, notebook)
  }
}
