import HubStorage
import SyncCore

// Cases change hands, and somebody is left with what is not his. Other systems did each of these.

/// Who led a case until now goes on leading it beside the new lead.
final class TwoLeads: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    plan.grants.removeAll { $0.role == .formerLead && $0.tiers == .all }
    try super.write(plan, at: now, random: random)
  }
}

/// A hand-over is written down, and the case stays with its old lead.
final class LeadDoesNotMove: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    let before = try cases(plan.cases.map(\.id))
    plan.cases = plan.cases.map { changed in
      guard let known = before[changed.id], known.lead != changed.lead else { return changed }
      return known
    }
    try super.write(plan, at: now, random: random)
  }
}

/// The epoch stays, although responsibility moved: nobody can tell who knew of it.
final class EpochStays: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    let before = try cases(plan.cases.map(\.id))
    plan.cases = plan.cases.map { changed in
      var changed = changed
      if let known = before[changed.id] {
        changed.epoch = known.epoch
        changed.epochSince = known.epochSince
      }
      return changed
    }
    try super.write(plan, at: now, random: random)
  }
}

/// The former lead is not told that it keeps the header only.
final class NarrowingNotTold: HubTap {
  override func grants(
    of site: SiteID, openedIn range: ClosedRange<Int64>, heldAt: Int64, limit: Int
  ) throws -> [GrantedCase] {
    try super.grants(of: site, openedIn: range, heldAt: heldAt, limit: limit)
      .filter { $0.grant.role != .formerLead || $0.grant.tiers == .all }
  }
}

/// The former lead goes on seeing everything that is written in a case after it was narrowed.
final class NarrowingNotKept: HubTap {
  override func terms(of site: SiteID, in cases: [CaseID]) throws -> [CaseID: GrantTerms] {
    try super.terms(of: site, in: cases).mapValues {
      isWriting || $0.role != .formerLead ? $0 : GrantTerms($0.role, .all)
    }
  }
}
