import HubStorage
import SyncCore

// Rows that belong to no case reach too many, or too few.

/// Who hears of a row by a mention is shown all of it.
final class MentionShowsAll: HubTap {
  override func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    try super.terms(of: site, in: cases).mapValues { $0.role == .mention ? .shared : $0 }
  }

  override func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [GrantedCase] {
    try super.grants(of: site, openedIn: range, heldAt: heldAt, limit: limit).map { granted in
      let grant = granted.grant
      guard grant.role == .mention else { return granted }
      return GrantedCase(
        grant: Grant(
          caseID: grant.caseID, site: grant.site, role: .reader, tiers: .all,
          fromSeq: grant.fromSeq, isHeldAlready: grant.isHeldAlready), lead: granted.lead,
        epoch: granted.epoch)
    }
  }
}

/// Nobody is told whom a case mentions.
final class MentionsForgotten: HubTap {
  override func holders(of cases: [CaseID]) throws -> [CaseID: [SiteID: Role]] {
    try super.holders(of: cases.filter(\.isUnit))
  }
}

/// All sites of the county are told whom a case mentions.
final class MentionsForAll: HubTap {
  override func holders(of cases: [CaseID]) throws -> [CaseID: [SiteID: Role]] {
    var holders = try super.holders(of: cases)
    for id in cases where id.isCase {
      for site in try sites where holders[id]?[site.id] == nil {
        holders[id, default: [:]][site.id] = .contributor
      }
    }
    return holders
  }
}

/// A unit that a site only hears of is compared by all of it.
final class MentionsComparedWhole: HubTap {
  override func mentionedUnits(of site: SiteID) throws -> [CaseID] { [] }
}
