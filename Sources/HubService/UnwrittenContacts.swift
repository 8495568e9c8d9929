import HubStorage
import SyncCore
import Synchronization

/// What sites' sessions have left behind while the hub's disk had no room: a hub that cannot write
/// is still read from.
///
/// In memory: a restart forgets it, and a site that used a number which nobody remembers simply
/// gets another one. What is written later, by whomever, outdates what waits here.
package final class UnwrittenContacts: Sendable {
  private struct Waiting {
    /// What the store held when there was no room to write.
    let stored: SiteContact
    let contact: SiteContact
  }

  private let contacts = Mutex<[SiteID: Waiting]>([:])

  package init() {}

  /// The site's contact as it is: what waits, unless the store has gone on since.
  func present(of site: SiteRecord) -> SiteContact {
    contacts.withLock { contacts in
      guard let waiting = contacts[site.id], waiting.stored == site.contact else {
        return site.contact
      }
      return waiting.contact
    }
  }

  func keep(_ contact: SiteContact, over stored: SiteContact, of site: SiteID) {
    contacts.withLock { $0[site] = Waiting(stored: stored, contact: contact) }
  }
}

extension CountyService {
  /// Changes what the hub knows of a site's sessions; in memory only where the disk has no room.
  ///
  /// Nobody waits for the disk: a hub that was cut off from its power and has forgotten the last
  /// contacts takes the numbers that the sites show for the ones it gave.
  ///
  /// - Parameter change: runs again where the disk turns out to be full; it writes nothing itself.
  func changeContact<Result: Sendable>(
    of id: SiteID, _ change: (inout SiteRecord, any HubReader) throws -> Result
  ) throws -> Result {
    do {
      return try store.writeUnsynced { writer in
        var site = try served(id, in: writer)
        let result = try change(&site, writer)
        try writer.put(site)
        return result
      }
    } catch HubStoreError.full {
      return try store.read { reader in
        var site = try served(id, in: reader)
        let result = try change(&site, reader)
        if let stored = try reader.site(id)?.contact {
          unwritten.keep(site.contact, over: stored, of: id)
        }
        return result
      }
    }
  }
}
