import HubService
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// Who is shown what waits for a person, who decides it, and what becomes of it at every site.
@Suite("Proposals")
struct ProposalTests {
  private let county: LocalCounty
  /// It leads the case `c`, in which `office` contributes.
  private let town: LocalSite
  private let office: LocalSite
  private let stranger: LocalSite

  init() throws {
    county = try LocalCounty(seed: 11)
    town = try county.addSite("town", kind: .municipality)
    office = try county.addSite("office", kind: .county, areas: [])
    stranger = try county.addSite("stranger", kind: .municipality, areas: ["08118001"])
    try town.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-01');
      INSERT INTO sample (id, case_id, by_lead, by_latest) VALUES ('r', 'c', 'first', 'phone');
      """)
    try syncAll()
  }

  /// The line of one site, without a session around it.
  private final class Line: HubLink {
    private let county: LocalCounty
    private let site: LocalSite
    private(set) var requestCount = 0

    init(_ county: LocalCounty, _ site: LocalSite) {
      self.county = county
      self.site = site
    }

    func exchange(_ request: ProtocolRequest) throws(LinkFailure) -> ProtocolResponse {
      requestCount += 1
      return county.answer(request, from: site.id)
    }
  }

  /// As it is under the number of the site's last session.
  private func desk(_ site: LocalSite, over line: Line? = nil) throws -> LedProposals {
    LedProposals(link: line ?? Line(county, site), session: try site.file.record().session)
  }

  private func syncAll() throws {
    for site in [town, office, stranger, town, office] {
      #expect(try site.sync().digestEqual, "\(site.name)")
    }
  }

  /// Both change the same cells without knowing of each other; the lead is first.
  private func cross(_ sql: (String) -> String) throws {
    try town.client.run(sql("town"))
    try office.client.run(sql("office"))
    try syncAll()
  }

  private func code(of work: () throws -> DecideResponse) -> String? {
    do {
      _ = try work()
      return nil
    } catch SessionError.refused(let code, _, _) {
      return code
    } catch {
      return "\(error)"
    }
  }

  private func column(_ site: LocalSite, _ name: String) throws -> [Value] {
    try site.client.rows("SELECT \(name) FROM sample ORDER BY id").map { $0[0] }
  }

  private func news(_ site: LocalSite) throws -> [[Value]] {
    try site.client.rows(
      """
      SELECT column_name, verdict, reason, your_value, kept_value FROM kreissync_notice
      WHERE reason LIKE 'proposal_%' ORDER BY at
      """)
  }

  @Test func `a proposal is shown to the lead, and to nobody else does it exist`() throws {
    try cross { "UPDATE sample SET by_lead = '\($0)'" }
    let shown = try desk(town).list()
    try #require(shown.count == 1)
    #expect(shown[0].kept.value.value == "town" && shown[0].proposed.value.value == "office")
    #expect(shown[0].stands?.value.value == "town")
    #expect(shown[0].case == "c" && shown[0].proposed.site == office.id.string)
    #expect(try town.file.waitingProposalCount() == 1)
    for site in [office, stranger] {
      #expect(try desk(site).list().isEmpty, "\(site.name)")
      #expect(try site.file.waitingProposalCount() == 0, "\(site.name)")
      for id in [shown[0].id, "no such id"] {
        #expect(
          code { try desk(site).decide(id, .accepted) } == "proposal_unknown", "\(site.name)")
      }
    }
    #expect(try desk(town).list() == shown, "nothing was decided by that")
  }

  @Test func `what the lead accepts stands everywhere, and its author is told once`() throws {
    try cross { "UPDATE sample SET by_lead = '\($0)'" }
    let id = try #require(try desk(town).list().first?.id)
    let decided = try desk(town).decide(id, .accepted)
    #expect(decided.state == .accepted)
    #expect(try desk(town).decide(id, .accepted) == decided, "a repeat gets the same answer")
    #expect(code { try desk(town).decide(id, .rejected) } == "proposal_decided")
    #expect(try desk(town).list().isEmpty)
    try syncAll()
    for site in [town, office] { #expect(try column(site, "by_lead") == ["office"]) }
    #expect(try news(office) == [["by_lead", "applied", "proposal_accepted", "office", "office"]])
    #expect(try news(town).isEmpty && news(stranger).isEmpty)
    #expect(try town.file.waitingProposalCount() == 0)
    try syncAll()
    #expect(try news(office).count == 1)
    let ledger = try county.hub.read { try $0.ledger(LedgerFilter(caseID: CaseID("c"))) }
    try #require(ledger.map(\.entry.lost.value) == ["town"])
    #expect(ledger[0].entry.lost.site == town.id)
  }

  @Test func `what the lead rejects stays in the ledger, and its author is told`() throws {
    try cross { "UPDATE sample SET by_lead = '\($0)'" }
    _ = try desk(town).decide(#require(try desk(town).list().first?.id), .rejected)
    try syncAll()
    for site in [town, office] { #expect(try column(site, "by_lead") == ["town"]) }
    #expect(
      try news(office) == [["by_lead", "overridden", "proposal_rejected", "office", "town"]])
    let ledger = try county.hub.read { try $0.ledger(LedgerFilter(caseID: CaseID("c"))) }
    try #require(ledger.map(\.entry.lost.value) == ["office"])
    #expect(ledger[0].entry.lost.site == office.id && ledger[0].entry.kept.value == "town")
  }

  @Test func `a value that stood until the lead's edit arrived is told as lost, once`() throws {
    try office.client.run("UPDATE sample SET by_lead = 'office', by_max = 3")
    try town.client.run("UPDATE sample SET by_lead = 'town', by_max = 5")
    for site in [office, town, office, office] { try site.sync() }
    let told = """
      SELECT column_name, verdict, reason, your_value, kept_value FROM kreissync_notice
      ORDER BY column_name
      """
    #expect(
      try office.client.rows(told) == [
        ["by_lead", "overridden", "lead_wins", "office", "town"],
        ["by_max", "overridden", "greater_wins", 3, 5],
      ])
    // What lost when it was sent was told with its verdict, and is not told again.
    try office.client.run("UPDATE sample SET by_max = 6")
    try town.client.run("UPDATE sample SET by_max = 7")
    for site in [town, office, office, town] { try site.sync() }
    #expect(try office.client.rows("SELECT count(*) FROM kreissync_notice") == [[3]])
    #expect(try town.client.rows("SELECT count(*) FROM kreissync_notice") == [[0]])
  }

  // MARK: What changes hands

  /// Writes what a plan says of the case `c`, as an administrator's command does.
  private func change(_ fill: (inout Plan, StoredCase, Int64) -> Void) throws {
    try county.hub.write { writer in
      var plan = Plan()
      let held = try writer.cases([CaseID("c")])[CaseID("c")]!
      fill(&plan, held, try writer.counter.seq)
      try writer.write(plan, at: Self.now) { count in
        (0..<count).map { _ in UInt8.random(in: .min ... .max) }
      }
    }
  }

  private static let now: Milliseconds = 1_900_000_000_000

  private func handOver(to site: LocalSite, _ tiers: TierSet) throws {
    try change { plan, held, head in
      plan.handOver(
        [held], to: site.id, tiers: tiers, effectiveAt: Self.now, handover: "h", headSeq: head,
        now: Self.now)
    }
  }

  @Test func `what waits goes with the case to its new lead`() throws {
    try cross { "UPDATE sample SET by_lead = '\($0)'" }
    let id = try #require(try desk(town).list().first?.id)
    try handOver(to: office, .all)
    #expect(try desk(town).list().isEmpty)
    #expect(code { try desk(town).decide(id, .accepted) } == "proposal_unknown")
    #expect(try desk(office).list().map(\.id) == [id])
    for site in [town, office] { try site.sync() }
    #expect(try town.file.waitingProposalCount() == 0 && office.file.waitingProposalCount() == 1)
    #expect(try desk(office).decide(id, .accepted).state == .accepted)
  }

  @Test func `a lead of the header alone is shown nothing of the tiers that it may not see`() throws
  {
    try cross { "UPDATE sample SET by_lead = '\($0)'; UPDATE case_file SET staff_id = '\($0)'" }
    let both = try desk(town).list()
    #expect(both.count == 2)
    try handOver(to: stranger, .header)
    try stranger.sync()
    #expect(try stranger.file.waitingProposalCount() == 1)
    let shown = try desk(stranger).list()
    try #require(shown.map(\.row.id) == ["c"])
    #expect(shown[0].proposed.value.value == "office")
    let hidden = try #require(both.first { $0.row.id == "r" }?.id)
    #expect(code { try desk(stranger).decide(hidden, .accepted) } == "proposal_unknown")
    #expect(try desk(stranger).decide(shown[0].id, .accepted).state == .accepted)
  }

  @Test func `a site whose grant has ended is not told that its value lost afterwards`() throws {
    try office.client.run("UPDATE sample SET by_lead = 'office'")
    try office.sync()
    try town.client.run("UPDATE sample SET by_lead = 'town'")
    try change { plan, held, head in
      plan.end([held.id], of: office.id, headSeq: head, now: Self.now)
    }
    try town.sync()
    #expect(
      try county.hub.read { try $0.replacedValues(of: office.id, above: 0, limit: 9) }.count == 1)
    try office.sync()
    #expect(try office.client.rows("SELECT count(*) FROM kreissync_notice") == [[0]])
    #expect(try office.client.rows("SELECT count(*) FROM sample") == [[0]])
  }

  @Test func `a decision of an older session is refused`() throws {
    try cross { "UPDATE sample SET by_lead = '\($0)'" }
    let before = try desk(town)
    let id = try #require(try before.list().first?.id)
    try town.sync()
    #expect(code { try before.decide(id, .accepted) } == "fenced")
    #expect(throws: SessionError.self) { try before.list() }
    #expect(try desk(town).list().count == 1)
  }

  @Test func `an edit of a deleted row, once accepted, brings it back as it was`() throws {
    try town.client.run("DELETE FROM sample")
    try office.client.run("UPDATE sample SET by_max = 7")
    try syncAll()
    let waiting = try desk(town).list()
    try #require(waiting.map(\.rule) == ["row_deleted"])
    #expect(waiting[0].stands == nil)
    _ = try desk(town).decide(waiting[0].id, .accepted)
    try syncAll()
    for site in [town, office] {
      #expect(
        try site.client.rows("SELECT by_lead, by_latest, by_max FROM sample")
          == [["first", "phone", 7]], "\(site.name)")
    }
  }

  @Test func `a long list comes in parts, and whole`() throws {
    try town.client.run(
      (0..<5).map { "INSERT INTO sample (id, case_id) VALUES ('long\($0)', 'c')" }
        .joined(separator: ";"))
    try syncAll()
    // Kept, proposed and standing value of two are more than an answer's text.
    let length = ProposalsRequest.textByteCountTarget / 4
    try cross { "UPDATE sample SET by_lead = hex(zeroblob(\(length / 2))) || '\($0)' || id" }
    let line = Line(county, town)
    let waiting = try desk(town, over: line).list()
    #expect(line.requestCount == 3)
    #expect(
      waiting.map(\.row.id).sorted() == ["long0", "long1", "long2", "long3", "long4", "r"])
    #expect(try town.file.waitingProposalCount() == 6)
  }

  @Test func `the county puts a value of the ledger back at every site, as its own edit`() throws {
    try town.client.run("UPDATE sample SET pair_from = 'a', pair_to = 'b'")
    try town.client.run("UPDATE kreissync_log SET at = at - 3600000")
    try office.client.run("UPDATE sample SET pair_from = 'c', pair_to = 'd'")
    try syncAll()
    let ledger = try county.hub.read { try $0.ledger(LedgerFilter(caseID: CaseID("c"))) }
    try #require(ledger.map(\.entry.lost.value) == ["a", "b"])
    let administration = CountyAdministration(
      store: county.hub,
      environment: HubEnvironment(
        now: { Self.now },
        random: { (0..<$0).map { _ in UInt8.random(in: .min ... .max) } }))
    let restored = try administration.restore(ledger[0].id, revives: false)
    #expect(Set(restored.entries.map(\.id)) == Set(ledger.map(\.id)))
    try syncAll()
    for site in [town, office] {
      #expect(
        try site.client.rows("SELECT pair_from, pair_to FROM sample") == [["a", "b"]],
        "\(site.name)")
    }
    #expect(throws: AdministrationError.self) {
      try administration.restore(ledger[0].id, revives: false)
    }
    let after = try county.hub.read { try $0.ledger(LedgerFilter(caseID: CaseID("c"))) }
    #expect(Set(after.map(\.entry.lost.value)) == ["a", "b", "c", "d"])
  }
}
