import HubStorage
import SyncCore
import Synchronization

/// What sites' sessions have left behind while the hub's disk had no room: a hub that cannot write
/// is still read from.
///
/// In memory: a restart forgets it, and a site that used a number which nobody remembers simply
/// gets another one.
package final class UnwrittenContacts: Sendable {
  private let contacts = Mutex<[SiteID: SiteContact]>([:])

  package init() {}

  subscript(site: SiteID) -> SiteContact? {
    get { contacts.withLock { $0[site] } }
    set { contacts.withLock { $0[site] = newValue } }
  }
}

extension CountyService {
  /// Changes what the hub knows of a site's sessions: durably, or in memory where the disk has no
  /// room for it.
  ///
  /// - Parameter change: runs again where the disk turns out to be full; it writes nothing itself.
  func changeContact<Result: Sendable>(
    of id: SiteID, _ change: (inout SiteRecord, any HubReader) throws -> Result
  ) throws -> Result {
    do {
      let result = try store.write { writer in
        var site = try served(id, in: writer)
        let result = try change(&site, writer)
        try writer.put(site)
        return result
      }
      unwritten[id] = nil
      return result
    } catch HubStoreError.full {
      return try store.read { reader in
        var site = try served(id, in: reader)
        let result = try change(&site, reader)
        unwritten[id] = site.contact
        return result
      }
    }
  }
}
