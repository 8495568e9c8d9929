/// A grant that opens. It takes the place of the one that its site had on the case: a site has at
/// most one open grant on each.
package struct Grant: Hashable, Sendable {
  package let caseID: CaseID
  package let site: SiteID
  package let role: Role
  package let tiers: TierSet
  package let fromSeq: Int64
  /// The site holds the case already, because it opened it: a pull need not bring the whole.
  package let isHeldAlready: Bool
  /// When it took effect for people: 00:00 of a hand-over's date, or when it was recorded. What its
  /// predecessor's holder wrote before that was written in time.
  package let effectiveAt: Milliseconds
  /// The accepted hand-over that asked for it: what it takes from a site need not wait for a
  /// release.
  package let handover: String?
  /// The site has to say that nothing of what it held beyond these tiers is left, also where the
  /// grant covers what the one before did: what it keeps of its own past is meant, too.
  package let asksReceipt: Bool

  /// - Parameter tiers: nil for what the role has by itself.
  package init(
    caseID: CaseID, site: SiteID, role: Role, tiers: TierSet? = nil, fromSeq: Int64,
    isHeldAlready: Bool, effectiveAt: Milliseconds = 0, handover: String? = nil,
    asksReceipt: Bool = false
  ) {
    self.asksReceipt = asksReceipt
    self.caseID = caseID
    self.site = site
    self.role = role
    self.tiers = tiers ?? role.tiers
    self.fromSeq = fromSeq
    self.isHeldAlready = isHeldAlready
    self.effectiveAt = effectiveAt
    self.handover = handover
  }

  package var terms: GrantTerms { GrantTerms(role, tiers) }
}

/// The end of a site's open grant on a case: the site purges what it holds of it.
package struct GrantEnd: Hashable, Sendable {
  package let caseID: CaseID
  package let site: SiteID
  package let seq: Int64
  /// As ``Grant/effectiveAt``.
  package let effectiveAt: Milliseconds
  /// As ``Grant/handover``.
  package let handover: String?

  package init(
    caseID: CaseID, site: SiteID, seq: Int64, effectiveAt: Milliseconds, handover: String? = nil
  ) {
    self.caseID = caseID
    self.site = site
    self.seq = seq
    self.effectiveAt = effectiveAt
    self.handover = handover
  }
}

/// One of a site's grants on a case as it was: what the site could know and do between two entries.
package struct GrantPeriod: Hashable, Sendable {
  package let role: Role
  package let fromSeq: Int64
  /// The entry that ended it; nil while it is open.
  package let untilSeq: Int64?
  /// ``Grant/effectiveAt`` of what ended it; 0 while it is open.
  package let endedAt: Milliseconds
  /// What the site could see in the meantime.
  package let tiers: TierSet

  /// - Parameter tiers: nil for what the role has by itself.
  package init(
    role: Role, fromSeq: Int64, untilSeq: Int64?, endedAt: Milliseconds, tiers: TierSet? = nil
  ) {
    self.role = role
    self.tiers = tiers ?? role.tiers
    self.fromSeq = fromSeq
    self.untilSeq = untilSeq
    self.endedAt = endedAt
  }
}

/// What the hub itself writes about scope and responsibility: one entry of the log for each case
/// and site, behind those that the plan has already.
///
/// `headSeq` is the head of the log before the plan.
extension Plan {
  /// Grants a site a role in cases that exist, in place of what it has there.
  ///
  /// - Parameters:
  ///   - tiers: nil for what the role has by itself; one of ``TierSet/digested``.
  ///   - effectiveAt: nil for now.
  package mutating func grant(
    _ cases: [CaseID], to site: SiteID, as role: Role, tiers: TierSet? = nil,
    handover: String? = nil, effectiveAt: Milliseconds? = nil, asksReceipt: Bool = false,
    headSeq: Int64, now: Milliseconds
  ) {
    let terms = GrantTerms(role, tiers)
    for caseID in cases {
      let seq = append(.grant(caseID, site, terms), headSeq: headSeq, now: now)
      grants.append(
        Grant(
          caseID: caseID, site: site, role: role, tiers: terms.tiers, fromSeq: seq,
          isHeldAlready: false, effectiveAt: effectiveAt ?? now, handover: handover,
          asksReceipt: asksReceipt))
    }
  }

  /// Ends the site's open grant on each case.
  package mutating func end(
    _ cases: [CaseID], of site: SiteID, handover: String? = nil, headSeq: Int64, now: Milliseconds
  ) {
    for caseID in cases {
      let seq = append(.end(caseID, site), headSeq: headSeq, now: now)
      ends.append(
        GrantEnd(caseID: caseID, site: site, seq: seq, effectiveAt: now, handover: handover))
    }
  }

  /// Orders a site to purge what it holds of a case that the hub does not know it to hold: a grant
  /// of nothing that counts as held before, and its end.
  package mutating func orderPurge(
    of caseID: CaseID, at site: SiteID, handover: String? = nil, headSeq: Int64, now: Milliseconds
  ) {
    let seq = append(
      .grant(caseID, site, GrantTerms(.reader, .nothing)), headSeq: headSeq, now: now)
    grants.append(
      Grant(
        caseID: caseID, site: site, role: .reader, tiers: .nothing, fromSeq: seq,
        isHeldAlready: true, effectiveAt: now, handover: handover))
    end([caseID], of: site, handover: handover, headSeq: headSeq, now: now)
  }

  /// Deletes a living row as the hub itself: its time is over. What it held goes nowhere.
  package mutating func deleteForGood(_ row: StoredRow, headSeq: Int64, now: Milliseconds) {
    let image = RowImage(
      key: row.key, caseID: row.caseID, cells: Cells(mask: .empty, values: []))
    var dead = row
    dead.isAlive = false
    dead.values = row.values.map { _ in .null }
    dead.lastSeq = append(.row(.delete, image), headSeq: headSeq, now: now)
    rows.append(dead)
  }

  /// The effect of a hand-over: responsibility moves, with a new epoch for each case.
  ///
  /// The former lead keeps all that it holds until the closing, when a grant narrows it to the
  /// header: by then the new lead has proved that it has the case.
  ///
  /// - Parameters:
  ///   - stored: the cases as they stand, none led by `site`.
  ///   - tiers: what the new lead may hold: all, or the header where nobody has consented.
  ///   - effectiveAt: 00:00 of the hand-over's date.
  package mutating func handOver(
    _ stored: [StoredCase], to site: SiteID, tiers: TierSet, effectiveAt: Milliseconds,
    handover: String, headSeq: Int64, now: Milliseconds
  ) {
    for var changed in stored where changed.lead != site {
      let former = changed.lead
      let epoch = changed.epoch + 1
      let seq = append(.lead(changed.id, site, epoch: epoch), headSeq: headSeq, now: now)
      changed.lead = site
      changed.epoch = epoch
      changed.epochSince = seq
      cases.append(changed)
      grant(
        [changed.id], to: former, as: .formerLead, tiers: .all, handover: handover,
        effectiveAt: effectiveAt, headSeq: headSeq, now: now)
      grant(
        [changed.id], to: site, as: .lead, tiers: tiers, handover: handover,
        effectiveAt: effectiveAt, headSeq: headSeq, now: now)
    }
  }

  private mutating func append(
    _ content: LogEntry.Content, headSeq: Int64, now: Milliseconds
  ) -> Int64 {
    let seq = (log.last?.seq ?? headSeq) + 1
    log.append(
      LogEntry(
        seq: seq, content: content, site: .hub, incarnation: IncarnationID(""),
        origin: EntryID(n: 0, tag: 0), base: 0, editedAt: now, recordedAt: now))
    return seq
  }
}
