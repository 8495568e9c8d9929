import HubStorage
import ReplicaStorage
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

/// A late edit of the old lead brings the case back to it.
final class LateEditReturnsCase: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    for late in plan.proposals where late.rule == .handedOver {
      let known = plan.cases.first { $0.id == late.caseID }
      guard var stored = try known ?? cases([late.caseID])[late.caseID] else { continue }
      stored.lead = late.proposed.site
      plan.cases.removeAll { $0.id == stored.id }
      plan.cases.append(stored)
    }
    try super.write(plan, at: now, random: random)
  }
}

/// What the old lead wrote too late is told that it waits, and is thrown away.
final class LateWorkDropped: HubTap {
  override func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    var plan = plan
    plan.proposals.removeAll { $0.rule == .handedOver }
    try super.write(plan, at: now, random: random)
  }
}

/// The new lead gets the case, and none of its rows.
final class ChildrenLeftBehind: HubTap {
  override func rows(of caseID: CaseID, after: RowKey?, limit: Int) throws -> [StoredRow] {
    let rows = try super.rows(of: caseID, after: after, limit: limit)
    let epoch = try cases([caseID])[caseID]?.epoch ?? 1
    return isWriting || epoch == 1 ? rows : rows.filter { $0.key.id.text == caseID.text }
  }
}

/// An edit is judged by what its author is when it arrives, not by what it was when it wrote.
final class JudgedAfterTheFact: HubTap {
  override func periods(of site: SiteID, in cases: [CaseID]) -> [CaseID: [GrantPeriod]] { [:] }
}

/// A clock that somebody has set is believed all the same.
final class SetClockBelieved: HubTap {
  override func site(_ id: SiteID) throws -> SiteRecord? {
    var site = try super.site(id)
    site?.contact.isClockSteady = true
    return site
  }
}

/// What is not the site's any more is purged at once, with what nobody has answered yet.
final class PurgedBeforePush: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    var statements: [String] = []
    try scope.pages.forEach { page in
      for state in page.cases where state.terms == GrantTerms(.formerLead, .header) {
        let id = Value.text(state.caseID.text).sql
        statements += ["sample", "entry"].map { "DELETE FROM \($0) WHERE case_id = \(id)" }
      }
    }
    try quietly(statements)
    return try super.apply(scope, at: now)
  }
}
