package import HubStorage
package import SyncCore
import SyncProtocol

/// A wave of purges that is larger than usual waits at its site for a person.
extension CountyAdministration {
  /// Lets the purges go that a site holds back, at its next contact; a later wave waits again.
  ///
  /// - Throws: ``PurgeReleaseRefusal``; ``AdministrationError`` for a site that is not there or
  ///   cannot call.
  package func release(_ id: SiteID) throws -> StoredInstruction {
    guard let site = try store.read({ try $0.site(id) }) else {
      throw AdministrationError.unknownSite(id)
    }
    guard site.contact.heldPurges > 0 else { throw PurgeReleaseRefusal.nothingHeld(id) }
    return try instruct(id, .release)
  }
}

/// Why there is nothing to release.
package enum PurgeReleaseRefusal: Error, Equatable, Sendable {
  /// At its last contact the site held no purge back.
  case nothingHeld(SiteID)
}
