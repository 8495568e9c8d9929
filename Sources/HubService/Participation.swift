import HubStorage
package import SyncCore

/// Who may hold a case beside its lead.
extension CountyAdministration {
  /// Gives a site a role in a case, another one instead of the one that it has, or none.
  ///
  /// - Parameter role: contributor or reader; nil ends what the site has, and its replica purges
  ///   the case at its next session.
  /// - Returns: the head of the log behind it; unchanged where nothing was to do.
  /// - Throws: ``ParticipationRefusal``; ``AdministrationError`` for a case or site that is not
  ///   there.
  package func participate(_ site: SiteID, in caseID: CaseID, as role: Role?) throws -> Int64 {
    precondition(role == nil || role == .contributor || role == .reader, "no role to give away")
    let now = environment.now()
    return try store.write { writer in
      guard let record = try writer.site(site) else { throw AdministrationError.unknownSite(site) }
      guard caseID.isCase, let known = try writer.livingCases([caseID])[caseID] else {
        throw AdministrationError.unknownCase(caseID)
      }
      guard known.lead != site else { throw ParticipationRefusal.leads(caseID) }
      let head = try writer.counter.seq
      let present = try writer.terms(of: site, in: [caseID])[caseID]?.role
      guard present != role else { return head }
      var plan = Plan()
      if let role {
        guard record.state != .revoked else {
          throw AdministrationError.notPossible(site, state: record.state)
        }
        plan.grant([caseID], to: site, as: role, headSeq: head, now: now)
        plan.grant(
          try writer.units(mentionedIn: [caseID], unknownTo: site), to: site, as: .mention,
          headSeq: head, now: now)
      } else if try writer.sitesOwingPurge(of: caseID).contains(site) {
        // What it was told to purge before, and may have sent, goes with its part.
        plan.orderPurge(of: caseID, at: site, headSeq: head, now: now)
      } else {
        plan.end([caseID], of: site, headSeq: head, now: now)
      }
      try writer.writeGated(plan, by: rules, at: now, random: environment.random)
      return try writer.counter.seq
    }
  }
}

/// Why a site's part in a case stays as it is.
package enum ParticipationRefusal: Error, Equatable, Sendable {
  /// The site leads the case: only a hand-over changes that.
  case leads(CaseID)
}
