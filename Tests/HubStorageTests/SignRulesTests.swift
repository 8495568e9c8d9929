import HubService
import HubStorage
import SyncCore
import Testing

private let day: Milliseconds = 86_400_000
private let now: Milliseconds = 1_795_608_000_000

/// Why a person should look at a site or a county: each line of the table of `SignRules`.
@Suite("Signs of sites and counties")
struct SignRulesTests {
  private let rules = SignRules(now: now, expiryWarning: 5 * day, certificateGrace: 400 * day)

  /// A joined site with nothing to be said about it.
  private func good(_ change: (inout SiteRecord) -> Void = { _ in }) -> SiteRecord {
    var site = SiteRecord.sample("a", key: [1])
    site.state = .joined
    site.certificateExpiresAt = now + 20 * day
    site.contact.lastSuccess = now - day
    site.contact.digestEqual = true
    change(&site)
    return site
  }

  private func signs(_ site: SiteRecord, in store: any HubStore) throws -> [Sign] {
    try store.write { try $0.put(site) }
    let looks = try store.read { try SignRules.looks(in: $0) }
    return rules.signs(of: try #require(looks.first))
  }

  @Test("each state of a site has its sign, and one that is well has none")
  func sites() throws {
    let store = try HubEngine.sqlite.make()
    func expect(_ expected: [Sign], _ change: (inout SiteRecord) -> Void) throws {
      #expect(try signs(good(change), in: store) == expected)
    }
    try expect([]) { _ in }
    try expect([Sign("never_synced", .yellow)]) { $0.contact.lastSuccess = nil }
    try expect([Sign("no_success_for_36_hours", .yellow)]) {
      $0.contact.lastSuccess = now - 2 * day
    }
    try expect([Sign("no_success_for_a_week", .red)]) { $0.contact.lastSuccess = now - 8 * day }
    // Whoever pauses a site knows that it does not sync.
    try expect([]) {
      $0.state = .paused
      $0.contact.lastSuccess = nil
    }
    for reason in [HoldReason.fork, .cloned] {
      try expect([Sign(reason.rawValue, .red)]) {
        $0.state = .held
        $0.heldBecause = reason
      }
    }
    try expect([Sign("restored", .green)]) { $0.contact.restoredAt = now - 6 * day }
    try expect([]) { $0.contact.restoredAt = now - 8 * day }
    try expect([Sign("digests_unequal", .red)]) { $0.contact.digestEqual = false }
    try expect([Sign("parked", .yellow)]) { $0.contact.parked = 1 }
    try expect([Sign("purge_held", .yellow)]) { $0.contact.heldPurges = 1 }
  }

  @Test("a certificate is watched before its end, behind it, and behind the grace")
  func certificates() {
    func reasons(endingIn days: Milliseconds, _ state: SiteState = .joined) -> [Sign] {
      rules.certificateSigns(
        of: good {
          $0.state = state
          $0.certificateExpiresAt = now + days * day
        })
    }
    #expect(reasons(endingIn: 6) == [])
    #expect(reasons(endingIn: 5) == [Sign("certificate_expires_soon", .yellow)])
    #expect(reasons(endingIn: 0) == [Sign("certificate_expired", .yellow)])
    #expect(reasons(endingIn: -400) == [Sign("certificate_expired", .yellow)])
    #expect(reasons(endingIn: -401) == [Sign("certificate_lapsed", .red)])
    #expect(reasons(endingIn: -401, .paused) == [Sign("certificate_lapsed", .red)])
    for state in [SiteState.waiting, .held, .revoked] {
      #expect(reasons(endingIn: -401, state) == [])
    }
  }

  @Test("a restored hub waits for its sites, and what differs meanwhile is no alarm")
  func recovering() throws {
    let store = try HubEngine.sqlite.make()
    let administration = CountyAdministration(
      store: store,
      environment: HubEnvironment(now: { now }, random: { [UInt8](repeating: 7, count: $0) }))
    let unequal = good {
      $0.contact.digestEqual = false
      $0.contact.incarnation = "i"
    }
    #expect(try signs(unequal, in: store) == [Sign("digests_unequal", .red)])
    _ = try administration.beginHistory()
    #expect(
      try signs(unequal, in: store) == [
        Sign("not_reported_since_restore", .yellow), Sign("awaits_others", .yellow),
      ])
  }

  @Test("open proposals are their site's sign")
  func proposals() throws {
    let store = try HubEngine.sqlite.make()
    try store.fill()
    let looks = try store.read { try SignRules.looks(in: $0) }
    let open = looks.filter { rules.signs(of: $0).contains(Sign("proposals_open", .yellow)) }
    #expect(open.map(\.proposalCount) == [1] && looks.count == 2)
  }

  @Test("a county without a backup, with an old one or a failed one is yellow")
  func backups() {
    func reasons(_ record: BackupRecord, seq: Int64 = 5) -> [String] {
      rules.signs(of: record, seq: seq).map(\.reason)
    }
    func secured(_ age: Milliseconds) -> BackupRecord.Secured {
      BackupRecord.Secured(seq: 3, begunAt: now - age)
    }
    #expect(reasons(BackupRecord(), seq: 0) == [])
    #expect(reasons(BackupRecord()) == ["never_backed_up"])
    #expect(reasons(BackupRecord(secured: secured(BackupPlan.ageMax))) == [])
    #expect(reasons(BackupRecord(secured: secured(BackupPlan.ageMax + 1))) == ["backup_overdue"])
    let failure = BackupRecord.Failure(code: "disk_full", at: now)
    #expect(reasons(BackupRecord(secured: secured(0), failure: failure)) == ["backup_failed"])
    #expect(rules.signs(of: BackupRecord(), seq: 1).light == .yellow)
    let patient = SignRules(
      now: now, expiryWarning: 0, certificateGrace: 0, backupAgeMax: 100 * day)
    #expect(patient.signs(of: BackupRecord(secured: secured(99 * day)), seq: 5) == [])
  }
}
