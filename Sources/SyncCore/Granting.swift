extension Plan {
  /// Grants a site a role in cases that exist: one entry of the log for each, behind those that the
  /// plan has already.
  ///
  /// - Parameter headSeq: the head of the log before this plan.
  package mutating func grant(
    _ cases: [CaseID], to site: SiteID, as role: Role, headSeq: Int64, now: Milliseconds
  ) {
    var seq = log.last?.seq ?? headSeq
    for caseID in cases {
      seq += 1
      grants.append(
        Grant(caseID: caseID, site: site, role: role, fromSeq: seq, isHeldAlready: false))
      log.append(
        LogEntry(
          seq: seq, content: .grant(caseID, site, role), site: .hub,
          incarnation: IncarnationID(""), origin: EntryID(n: 0, tag: 0), base: 0, editedAt: now,
          recordedAt: now))
    }
  }
}
