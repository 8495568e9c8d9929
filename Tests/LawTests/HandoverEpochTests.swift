import HubService
import HubStorage
import ReplicaAgent
import SyncCore
import SyncSimulator
import Testing

/// Hand-overs that meet others, dates that lie elsewhere, and parts that end.
@Suite("Hand-over: epochs and dates")
struct HandoverEpochTests {
  private let world: HandoverCounty
  private var county: LocalCounty { world.county }

  init() throws {
    world = try HandoverCounty()
  }

  @Test(arguments: [true, false])
  func `H7: two carriers at one case, the epoch decides, and both's work is there`(
    formerFirst: Bool
  ) throws {
    let second = try county.addSite("second", kind: .carrier, areas: [])
    try world.open("c", at: world.town)
    try world.syncAll()
    try world.agree(["c"], to: world.carrier, at: world.midnight())
    try world.syncAll()
    #expect(
      try world.cases(world.carrier).map { $0[2...] } == [
        ["lead", 2, "header,personal,special,notes"]
      ])
    // Two decisions on one state of the case: only one of them can be.
    let date = world.midnight()
    let rival = try world.propose(["c"], to: world.other, at: date)
    try world.agree(["c"], to: second, at: date)
    try world.carrier.client.run("UPDATE plan_goal SET step_owner = 'first'")
    try second.sync()
    try second.client.run("UPDATE plan_goal SET step_owner = 'second'")
    for site in formerFirst ? [world.carrier, second] : [second, world.carrier] { try site.sync() }
    _ = try world.administration.accept(rival)
    try world.syncAll()

    let left = try county.hub.read { try $0.cases(of: rival) }
    #expect(left.map(\.fate) == [.leftOut(.epochMoved)])
    #expect(try world.state(rival) == .closed)
    #expect(try world.hub("SELECT step_owner FROM plan_goal") == [["second"]])
    #expect(try world.proposed() == ["first"])
    #expect(try world.cases(second).map { $0[2...3] } == [["lead", 3]])
    #expect(try world.cases(world.other).isEmpty)
  }

  @Test
  func `H7: back and forth while all are offline gives each stretch an epoch of its own`() throws {
    try world.open("c", at: world.town)
    try world.syncAll()
    try world.agree(["c"], to: world.other, at: world.midnight())
    _ = try world.administration.takeDueEffects()
    try world.agree(["c"], to: world.town, at: world.midnight())
    _ = try world.administration.takeDueEffects()
    try world.town.client.run("UPDATE plan_goal SET step_owner = 'town'")
    try world.syncAll()
    #expect(try world.hub("SELECT step_owner FROM plan_goal") == [["town"]])
    #expect(
      try world.cases(world.town)
        == [["c", .text(world.town.id.text), "lead", 3, "header,personal,special,notes"]])
    #expect(try world.town.client.rows("SELECT id FROM person") == [["c-person"]])
    #expect(
      try world.hub("SELECT epoch, state FROM responsibility ORDER BY epoch")
        == [[2, "closed"], [3, "closed"]])
  }

  @Test
  func `H8: a programme that ends and is prolonged makes no late edit a loss`() throws {
    try world.open("c", at: world.town)
    try world.syncAll()
    // The site that goes on is the lead already: there is nothing to hand over.
    #expect(throws: HandoverRefusal.leadsAlready(CaseID("c"))) {
      try world.propose(["c"], to: world.town, at: world.midnight())
    }
    try world.town.client.run(
      "INSERT INTO consultation (id, case_id, minutes) VALUES ('gap', 'c', 44)")
    #expect(try world.town.sync().verdicts == [.applied: 1])
    #expect(try world.cases(world.town).map { $0[2...3] } == [["lead", 1]])
  }

  @Test
  func `H9: two towns merge: both keep writing, the same person stands twice until linked`() throws
  {
    let merged = try county.addSite("merged", kind: .municipality, areas: ["08118099"])
    try world.open("a", at: world.town)
    try world.open("b", at: world.other)
    try world.syncAll()
    try world.town.client.run("UPDATE plan_goal SET step_owner = 'town'")
    let date = world.midnight()
    try world.other.client.run("UPDATE plan_goal SET step_owner = 'other'")
    let id = try world.administration.propose(
      Handover.Terms(
        to: merged.id, kind: .handover, effectiveOn: "2025-01-01", effectiveAt: date),
      .all(of: [world.town.id, world.other.id])
    ).handover.id
    _ = try world.administration.accept(id, by: merged.id)
    for site in [world.other, merged, world.town] { try site.sync() }
    try world.syncAll()
    #expect(try world.state(id) == .closed)
    #expect(try world.cases(merged).map { $0[2] } == ["lead", "lead"])
    #expect(try merged.client.rows("SELECT family_name FROM person").count == 2)
    #expect(
      try merged.client.rows("SELECT step_owner FROM plan_goal ORDER BY id") == [["town"], [.null]])
    #expect(try world.proposed() == ["other"])
    for site in [world.town, world.other] {
      #expect(try site.client.rows("SELECT id FROM person").isEmpty)
      #expect(try world.cases(site).map { $0[2] } == ["former_lead"])
    }
    #expect(
      try world.hub("SELECT purged_at IS NOT NULL FROM kreissync_handover_case") == [[1], [1]])
  }

  @Test
  func `H11: what a deputy writes behind the end of its time is a proposal`() throws {
    try world.open("c", at: world.town)
    try world.syncAll()
    _ = try world.administration.participate(world.carrier.id, in: CaseID("c"), as: .contributor)
    try world.syncAll()
    try world.carrier.client.run("UPDATE person SET phone = 'in time'")
    #expect(try world.carrier.sync().verdicts == [.applied: 1])
    try world.carrier.client.run("UPDATE plan_goal SET step_owner = 'before'")
    _ = world.midnight()
    let head = try county.hub.read { try $0.counter.seq }
    #expect(try world.administration.participate(world.carrier.id, in: CaseID("c"), as: nil) > head)
    _ = world.midnight()
    try world.carrier.client.run(
      "INSERT INTO consultation (id, case_id, minutes) VALUES ('late', 'c', 55)")
    #expect(try world.carrier.sync().verdicts == [.applied: 1, .proposal: 1])
    try world.syncAll()
    #expect(try world.hub("SELECT phone FROM person") == [["in time"]])
    #expect(try world.hub("SELECT step_owner FROM plan_goal") == [["before"]])
    #expect(try world.proposed().contains(55))
    #expect(try world.cases(world.carrier).isEmpty)
    #expect(try world.carrier.client.rows("SELECT id FROM consultation").isEmpty)
    #expect(throws: ParticipationRefusal.leads(CaseID("c"))) {
      try world.administration.participate(world.town.id, in: CaseID("c"), as: nil)
    }
  }

  @Test
  func `H12: a decision for a date behind re-runs no merge and lists what to look at`() throws {
    try world.open("c", at: world.town)
    try world.syncAll()
    try world.town.client.run("UPDATE plan_goal SET step_owner = 'before'")
    try world.town.sync()
    let date = world.midnight()
    try world.town.client.run("UPDATE person SET phone = 'behind'")
    #expect(try world.town.sync().verdicts == [.applied: 1])
    let before = try world.hub("SELECT * FROM person")
    let id = try world.propose(["c"], to: world.office, at: date, decision: "KT 9/2024")
    #expect(try world.administration.accept(id, answer: "KT 9/2024").state == .effective)
    #expect(try world.hub("SELECT * FROM person") == before)
    let report = try world.administration.report(on: id)
    #expect(report.lateCells.map(\.column) == ["phone"])
    #expect(report.lateCells.map(\.row) == [RowID("c-person")])
    #expect(report.lateCellCount == 1)
    try world.syncAll()
    #expect(try world.hub("SELECT phone FROM person") == [["behind"]])
    #expect(
      try world.hub("SELECT decision_ref, effective_on FROM responsibility")
        == [["KT 9/2024", "2025-01-01"]])
  }

  @Test
  func `H12: the list names what was emptied, and no cell that nobody ever filled`() throws {
    try world.open("c", at: world.town)
    try world.town.client.run("UPDATE person SET phone = 'before'")
    try world.syncAll()
    let date = world.midnight()
    try world.town.client.run("UPDATE person SET phone = NULL")
    try world.town.client.run(
      "INSERT INTO consultation (id, case_id, minutes) VALUES ('late', 'c', 33)")
    try world.town.sync()
    let id = try world.propose(["c"], to: world.office, at: date, decision: "KT 9/2024")
    _ = try world.administration.accept(id, answer: "KT 9/2024")
    let report = try world.administration.report(on: id)
    #expect(Set(report.lateCells.map(\.column)) == ["phone", "minutes"])
    #expect(report.lateCellCount == 2)
  }

  @Test
  func `a date that lies ahead is announced to who holds the case, and nothing moves before it`()
    throws
  {
    try world.open("c", at: world.town)
    try world.syncAll()
    let id = try world.propose(["c"], to: world.other, at: world.midnight() + 7_200_000)
    try world.syncAll()
    #expect(try world.town.client.rows("SELECT id FROM responsibility").isEmpty)
    _ = try world.administration.accept(id, by: world.other.id)
    try world.syncAll()
    #expect(
      try world.town.client.rows("SELECT epoch, state FROM responsibility") == [[2, "accepted"]])
    #expect(try world.cases(world.other).isEmpty)
    try world.town.client.run("UPDATE plan_goal SET step_owner = 'town'")
    #expect(try world.town.sync().verdicts == [.applied: 1])
    county.clockOffset = 7_200_000 + 1_000
    // The town has not heard of the effect, and its clock says that the date has not come.
    try world.town.client.run("UPDATE plan_goal SET text = 'B2'")
    #expect(try world.town.sync().verdicts == [.applied: 1])
    #expect(try world.state(id) == .effective)
    try world.syncAll()
    #expect(try world.other.client.rows("SELECT text FROM plan_goal") == [["B2"]])
    #expect(
      try world.other.client.rows("SELECT epoch, state FROM responsibility") == [[2, "closed"]])
  }

  @Test
  func `an accepted hand-over that is taken back by a decision never happens`() throws {
    try world.open("c", at: world.town)
    try world.syncAll()
    let id = try world.propose(["c"], to: world.other, at: world.midnight() + 7_200_000)
    _ = try world.administration.accept(id, by: world.other.id)
    #expect(throws: HandoverRefusal.accepted) { try world.administration.withdraw(id) }
    #expect(try world.administration.withdraw(id, answer: "KT 10").state == .withdrawn)
    county.clockOffset = 8_000_000
    try world.syncAll()
    #expect(try world.cases(world.town).map { $0[2...3] } == [["lead", 1]])
    #expect(
      try world.town.client.rows("SELECT state FROM responsibility") == [["withdrawn"]])
  }

  @Test
  func `the new lead, and a deputy, see the name of the case's worker and nothing else of him`()
    throws
  {
    try world.town.client.run(
      "INSERT INTO worker (id, display_name, role) VALUES ('w', 'Ada Muster', 'coordinator')")
    try world.open("c", at: world.town)
    try world.town.client.run("UPDATE case_file SET worker_id = 'w'")
    try world.syncAll()
    try world.agree(["c"], to: world.other, at: world.midnight())
    try world.syncAll()
    _ = try world.administration.participate(world.carrier.id, in: CaseID("c"), as: .reader)
    try world.syncAll()
    for site in [world.other, world.carrier] {
      #expect(
        try site.client.rows("SELECT display_name, role FROM worker") == [["Ada Muster", .null]])
    }
  }
}
