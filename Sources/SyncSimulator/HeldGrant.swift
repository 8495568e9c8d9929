import HubStorage
import SyncCore

/// One site's grant on the case that has it.
struct HeldGrant: Sendable {
  let holder: Int
  let grant: Grant
  /// Its own, or that of the grants whose place it took and that covered the same.
  let heldFrom: Int64
  let isHeldAlready: Bool
  var end: GrantEnd?
  /// The entry that told the site to purge something; nil for none, or once it is void.
  var purgeSeq: Int64?
  var purgedAt: Milliseconds?

  var isOpen: Bool { end == nil }

  func covers(_ seq: Int64) -> Bool { heldFrom <= seq || isHeldAlready }
}

extension Grant {
  /// The same grant as the port tells it to a site.
  func asHeld(_ isHeld: Bool, handover ended: String?? = nil) -> Grant {
    Grant(
      caseID: caseID, site: site, role: role, tiers: tiers, fromSeq: fromSeq,
      isHeldAlready: isHeld, effectiveAt: effectiveAt, handover: ended ?? handover)
  }
}
