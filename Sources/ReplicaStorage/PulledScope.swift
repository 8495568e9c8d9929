package import SyncCore

/// What a pull brings: the scope at one position of the hub's log.
///
/// Its pages are one state only together, and together they may be a whole county: they are given
/// one after the other, and what comes from one is forgotten before the next.
package struct PulledScope {
  /// A case that the site may hold, with its part in it; or one that it may hold no more.
  package struct CaseState: Sendable {
    package let caseID: CaseID
    package let lead: SiteID
    /// Without tiers for a case that the site may hold no more.
    package let terms: GrantTerms
    package let epoch: Int64
    /// All rows of the case come in this pull, on this page or behind it.
    package let isDeliveredWhole: Bool
    /// An accepted hand-over names what is to be purged: it need not wait for a release.
    package let isHandedOver: Bool
    /// It was erased, or its consent revoked: not even free pages, and nothing of the site's own
    /// past, may hold what goes.
    package let isErased: Bool
    /// The case is restricted: what goes from the replica stands at the hub, and comes back with
    /// the end of the restriction.
    package let isRestricted: Bool

    package init(
      caseID: CaseID, lead: SiteID, terms: GrantTerms, epoch: Int64, isDeliveredWhole: Bool,
      isHandedOver: Bool = false, isErased: Bool = false, isRestricted: Bool = false
    ) {
      self.isErased = isErased
      self.isRestricted = isRestricted
      self.caseID = caseID
      self.lead = lead
      self.terms = terms
      self.epoch = epoch
      self.isDeliveredWhole = isDeliveredWhole
      self.isHandedOver = isHandedOver
    }
  }

  /// One row as the hub sent it.
  package enum Item: Sendable {
    case whole(RowImage)
    case part(RowImage)
    case gone(RowKey, CaseID?)
  }

  /// One stretch of the pull.
  package struct Page: Sendable {
    package var cases: [CaseState]
    package var items: [Item]
    package var digests: [(caseID: CaseID, digest: Digest128)]

    package init(
      cases: [CaseState] = [], items: [Item] = [],
      digests: [(caseID: CaseID, digest: Digest128)] = []
    ) {
      self.cases = cases
      self.items = items
      self.digests = digests
    }
  }

  package let checkpoint: Position
  package var scopeDigest: Digest128
  package var pages: any PulledPages
  /// What became of the site's own earlier edits, and what waits for it.
  package var news = EditNews()
  /// The digests are those of the whole scope: what they do not name is not in it.
  package var tellsAllDigests = false

  package init(checkpoint: Position, scopeDigest: Digest128, pages: any PulledPages) {
    self.checkpoint = checkpoint
    self.scopeDigest = scopeDigest
    self.pages = pages
  }
}

/// The pages of a pull in their order, wherever they wait.
package protocol PulledPages {
  /// Calls `body` with each page; the same pages each time.
  func forEach(_ body: (PulledScope.Page) throws -> Void) throws
}

extension [PulledScope.Page]: PulledPages {}
