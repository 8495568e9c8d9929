import CaseloadSchema
import Foundation
import HubService
import HubStorage
import ReplicaAgent
import SyncCore
import SyncSimulator
import Testing

/// A county whose cases change hands: the county's own field service, a carrier, and two towns that
/// share no area. Replicas are edited by plain SQL.
final class HandoverCounty {
  let county: LocalCounty
  let office: LocalSite
  let carrier: LocalSite
  let town: LocalSite
  let other: LocalSite

  init(seed: UInt64 = 6) throws {
    county = try LocalCounty(seed: seed, schemaText: CaseloadSchema.shipped)
    office = try county.addSite("office", kind: .county, areas: [])
    carrier = try county.addSite("carrier", kind: .carrier, areas: [])
    town = try county.addSite("town", kind: .municipality, areas: ["08118027"])
    other = try county.addSite("other", kind: .municipality, areas: ["08118001"])
  }

  var administration: CountyAdministration { county.administration }

  /// Opens a case with a person, a talk and a plan with one goal, whose ids begin with the case's.
  func open(_ id: String, at site: LocalSite) throws {
    try site.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('\(id)', '2024-05-02');
      INSERT INTO person (id, case_id, family_name, given_names)
        VALUES ('\(id)-person', '\(id)', 'Muster', 'Ada');
      INSERT INTO consultation (id, case_id, on_date, kind, note)
        VALUES ('\(id)-talk', '\(id)', '2024-05-02', 'first', 'geheim');
      INSERT INTO plan (id, case_id) VALUES ('\(id)-plan', '\(id)');
      INSERT INTO plan_goal (id, case_id, plan_id, text, area)
        VALUES ('\(id)-goal', '\(id)', '\(id)-plan', 'B1', 'language');
      """)
  }

  /// Everybody syncs until all have seen all, and all are proved equal.
  func syncAll(sourceLocation: SourceLocation = #_sourceLocation) throws {
    for site in county.sites + county.sites + county.sites {
      let report = try site.sync()
      #expect(report.digestEqual, "\(site.name)", sourceLocation: sourceLocation)
    }
  }

  /// 00:00 of the date, a moment of the test's own: what was captured before this call was written
  /// before it, what is captured after it is not.
  func midnight() -> Milliseconds {
    func now() -> Milliseconds { Milliseconds(Date().timeIntervalSince1970 * 1_000) }
    let date = now() + 1
    while now() <= date {}
    return date
  }

  func propose(
    _ cases: [String], to site: LocalSite, at date: Milliseconds,
    kind: Handover.Kind = .handover, decision: String? = nil
  ) throws -> HandoverID {
    try administration.propose(
      Handover.Terms(
        to: site.id, kind: kind, effectiveOn: "2025-01-01", effectiveAt: date, decision: decision),
      .cases(cases.map { CaseID($0) })
    ).handover.id
  }

  /// Proposes, and the receiver accepts, an hour before the date; the sites hear of neither.
  @discardableResult
  func agree(
    _ cases: [String], to site: LocalSite, at date: Milliseconds,
    kind: Handover.Kind = .handover
  ) throws -> HandoverID {
    county.clockOffset = -3_600_000
    defer { county.clockOffset = 0 }
    let id = try propose(cases, to: site, at: date, kind: kind)
    #expect(try administration.accept(id, by: site.id).state == .accepted)
    return id
  }

  func state(_ id: HandoverID) throws -> Handover.State? {
    try county.hub.read { try $0.handover(id)?.state }
  }

  // MARK: What became of it

  /// The site's own view of its cases: case, lead, role, epoch and tiers.
  func cases(_ site: LocalSite) throws -> [[Value]] {
    try site.client.rows(
      "SELECT case_id, lead_site, own_role, epoch, tiers FROM kreissync_case ORDER BY case_id")
  }

  func hub(_ sql: String) throws -> [[Value]] { try county.hubClient().rows(sql) }

  /// The values that wait for the lead.
  func proposed() throws -> Set<Value> {
    Set(
      try county.hub.read { try $0.proposals(ProposalFilter(state: .open)) }
        .map(\.proposal.proposed.value))
  }

  /// The values that lost, in the ledger.
  func lost() throws -> Set<Value> {
    Set(try county.hub.read { try $0.ledger(LedgerFilter()) }.map(\.entry.lost.value))
  }
}
