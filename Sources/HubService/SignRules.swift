package import HubStorage
package import SyncCore

/// What a county's records say about how its sites and its backups stand: what `hub status` shows
/// and `hub check` reports.
///
/// | reason | light | when |
/// |---|---|---|
/// | `never_synced`, `no_success_for_36_hours` | yellow | a joined site has not, or not since |
/// | `no_success_for_a_week` | red | likewise, for five working days |
/// | `fork`, `cloned`, … | red | the site is held |
/// | `digests_unequal` | red | at the end of its last session, or … |
/// | `awaits_others` | yellow | … while the restored hub waits for what sites return |
/// | `not_reported_since_restore` | yellow | the restored hub waits for this one |
/// | `purge_unanswered` | green | was told to purge something, and has not answered yet |
/// | `parked`, `purge_held`, `proposals_open` | yellow | something waits for a person |
/// | `restored` | green | a replica went on from a copy, within a week |
/// | `certificate_expires_soon`, `certificate_expired` | yellow | it renews with the next session |
/// | `certificate_lapsed` | red | it ran out too long ago for that |
/// | `never_backed_up`, `backup_overdue`, `backup_failed` | yellow | the county's backups |
package struct SignRules: Sendable {
  /// The hub's clock.
  package let now: Milliseconds
  /// How long before its end a certificate should have been renewed long ago.
  package let expiryWarning: Milliseconds
  /// How long after its end it may still be renewed.
  package let certificateGrace: Milliseconds
  /// How old a good backup may become.
  package let backupAgeMax: Milliseconds

  package init(
    now: Milliseconds, expiryWarning: Milliseconds, certificateGrace: Milliseconds,
    backupAgeMax: Milliseconds = BackupPlan.ageMax
  ) {
    self.now = now
    self.expiryWarning = expiryWarning
    self.certificateGrace = certificateGrace
    self.backupAgeMax = backupAgeMax
  }

  /// A site as the county's database has it at one moment.
  package struct Look: Sendable {
    package let site: SiteRecord
    /// The restored hub waits for what this site has to return.
    package let isAwaited: Bool
    /// It waits for this one or for others.
    package let isRecovering: Bool
    /// Proposals that wait for its decision.
    package let proposalCount: Int
    /// Cases of which it was told to purge something, and has not said that it did.
    package let unpurgedCount: Int
  }

  /// All sites of a county, in order of their names.
  package static func looks(in reader: some HubReader) throws -> [Look] {
    let isRecovering = try reader.isRecovering
    return try reader.sites.map { site in
      Look(
        site: site,
        isAwaited: try isRecovering
          && (site.isAwaited(in: reader) || site.mayReturn(to: reader)),
        isRecovering: isRecovering,
        proposalCount: try reader.proposals(waitingFor: site.id).count,
        unpurgedCount: try reader.unpurged(at: site.id).count)
    }
  }

  /// Why a person should look at a site.
  package func signs(of look: Look) -> [Sign] {
    let (site, contact) = (look.site, look.site.contact)
    var signs: [Sign] = []
    if site.state == .joined,
      let age = Sign.ofAge(lastSuccess: contact.lastSuccess, at: now)
    {
      signs.append(age)
    }
    if look.isAwaited { signs.append(Sign("not_reported_since_restore", .yellow)) }
    if let reason = site.heldBecause { signs.append(Sign(reason.rawValue, .red)) }
    if let at = contact.restoredAt, now - at < Sign.restoreShownFor {
      signs.append(Sign("restored", .green))
    }
    if contact.digestEqual == false {
      signs.append(
        look.isRecovering ? Sign("awaits_others", .yellow) : Sign("digests_unequal", .red))
    }
    if contact.parked > 0 { signs.append(Sign("parked", .yellow)) }
    if look.unpurgedCount > 0 { signs.append(Sign("purge_unanswered", .green)) }
    if contact.heldPurges > 0 { signs.append(Sign("purge_held", .yellow)) }
    if look.proposalCount > 0 { signs.append(Sign("proposals_open", .yellow)) }
    return signs + certificateSigns(of: site)
  }

  /// Why a person should look at a site's certificate.
  package func certificateSigns(of site: SiteRecord) -> [Sign] {
    guard site.state == .joined || site.state == .paused, let end = site.certificateExpiresAt
    else { return [] }
    if end + certificateGrace < now { return [Sign("certificate_lapsed", .red)] }
    if end <= now { return [Sign("certificate_expired", .yellow)] }
    return end - now <= expiryWarning ? [Sign("certificate_expires_soon", .yellow)] : []
  }

  /// Why a person should look at the county's backups.
  ///
  /// - Parameter seq: the head of its log: one without an entry needs no backup.
  package func signs(of backups: BackupRecord, seq: Int64) -> [Sign] {
    var signs: [Sign] = []
    if let secured = backups.secured {
      if now - secured.begunAt > backupAgeMax { signs.append(Sign("backup_overdue", .yellow)) }
    } else if seq > 0 {
      signs.append(Sign("never_backed_up", .yellow))
    }
    if backups.failure != nil { signs.append(Sign("backup_failed", .yellow)) }
    return signs
  }
}
