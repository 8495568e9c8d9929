import HubService
import HubStorage
import ReplicaAgent
import SyncCore
import SyncSimulator
import Testing

/// The scenarios of DOMAIN.md section 4 with both sides offline around the effective date. What is
/// written here before ``HandoverCounty/midnight()`` is written before the date.
@Suite("Hand-over: both sides offline around the date")
struct HandoverLawTests {
  private let world: HandoverCounty
  private var county: LocalCounty { world.county }

  init() throws {
    world = try HandoverCounty()
  }

  @Test(arguments: [true, false])
  func `H1: a carrier's last talks count, what it writes after the date waits for the county`(
    carrierFirst: Bool
  ) throws {
    try world.open("c", at: world.carrier)
    try world.syncAll()
    try world.carrier.client.run(
      """
      INSERT INTO consultation (id, case_id, on_date, kind)
        VALUES ('january', 'c', '2024-12-30', 'closing');
      UPDATE person SET phone = 'before', given_names = 'Before';
      """)
    let date = world.midnight()
    try world.carrier.client.run(
      """
      INSERT INTO consultation (id, case_id, minutes, kind) VALUES ('march', 'c', 61, 'other');
      UPDATE plan_goal SET area = 'housing', step_owner = 'carrier';
      """)
    try world.office.client.run(
      """
      UPDATE person SET given_names = 'County';
      UPDATE plan_goal SET area = 'labour';
      """)
    let id = try world.agree(["c"], to: world.office, at: date)
    for site in carrierFirst ? [world.carrier, world.office] : [world.office, world.carrier] {
      try site.sync()
    }
    // The new lead's session proves what it holds: the old one's behind it gives the last receipt.
    #expect(try world.state(id) == (carrierFirst ? .effective : .closed))
    #expect(
      try world.hub("SELECT id FROM consultation ORDER BY id") == [["c-talk"], ["january"]])
    #expect(try world.hub("SELECT phone FROM person") == [["before"]])
    #expect(try world.hub("SELECT step_owner FROM plan_goal") == [[.null]])
    // No value is gone: each stands, waits for the lead, or lies in the ledger.
    let kept = Set(try world.hub("SELECT given_names FROM person").joined())
      .union(try world.hub("SELECT area FROM plan_goal").joined())
    let waiting = try world.proposed()
    let lost = try world.lost()
    for value in ["Before", "County", "housing", "labour"] as [Value] {
      #expect(kept.union(waiting).union(lost).contains(value), "\(value)")
    }
    #expect(waiting.isSuperset(of: ["housing", "carrier", 61]))
    #expect(kept.contains("labour"), "a late edit never wins over the new lead's")

    try world.syncAll()
    #expect(try world.state(id) == .closed)
    #expect(
      try world.cases(world.office) == [
        ["c", .text(world.office.id.text), "lead", 2, "header,personal,special,notes"]
      ])
    #expect(
      try world.cases(world.carrier) == [
        ["c", .text(world.office.id.text), "former_lead", 2, "header"]
      ])
    #expect(try world.carrier.client.rows("SELECT id FROM person").isEmpty)
    #expect(
      try world.carrier.client.rows("SELECT id, note FROM consultation ORDER BY id")
        == [["c-talk", .null], ["january", .null]])
    #expect(
      try world.office.client.rows("SELECT note FROM consultation WHERE id = 'c-talk'")
        == [["geheim"]])
  }

  @Test
  func `H1: what the old lead writes when it knows is refused, and stays readable there`() throws {
    try world.open("c", at: world.carrier)
    try world.syncAll()
    let id = try world.agree(["c"], to: world.office, at: world.midnight())
    try world.syncAll()
    #expect(try world.state(id) == .closed)
    try world.carrier.client.run(
      "INSERT INTO consultation (id, case_id, minutes) VALUES ('late', 'c', 62)")
    let report = try world.carrier.sync()
    #expect(report.verdicts == [.refused: 1])
    try world.syncAll()
    #expect(try world.hub("SELECT id FROM consultation") == [["c-talk"]])
    #expect(try world.proposed().isEmpty)
    let notices = try world.carrier.client.rows(
      """
      SELECT verdict, reason, your_value FROM kreissync_notice
      WHERE row_id = 'late' AND column_name = 'minutes'
      """)
    #expect(notices == [["refused", "handed_over", 62]])
  }

  @Test
  func `H2: a hand-over that the council declines changes nothing, edits in parallel count`() throws
  {
    try world.open("c", at: world.office)
    try world.syncAll()
    _ = try world.administration.participate(world.town.id, in: CaseID("c"), as: .contributor)
    try world.syncAll()
    let id = try world.propose(["c"], to: world.town, at: world.midnight())
    try world.town.client.run("UPDATE person SET phone = '0711 1'")
    try world.office.client.run("UPDATE person SET email = 'a@example.org'")
    let declined = try world.administration.decline(id, by: world.town.id, answer: "GR 42/2024")
    #expect(declined.state == .declined && declined.progress.answer == "GR 42/2024")
    let head = try county.hub.read { try $0.counter.seq }
    #expect(try world.administration.takeDueEffects().effective.isEmpty)
    #expect(try county.hub.read { try $0.counter.seq } == head)
    try world.syncAll()
    #expect(try world.hub("SELECT phone, email FROM person") == [["0711 1", "a@example.org"]])
    for site in [world.office, world.town] {
      #expect(try world.cases(site).map { $0[1] } == [.text(world.office.id.text)])
      #expect(try world.cases(site).map { $0[3] } == [1])
    }
    #expect(try world.hub("SELECT id FROM responsibility").isEmpty, "it was never agreed")
    #expect(throws: HandoverRefusal.over(.declined)) {
      try world.administration.accept(id, by: world.town.id)
    }
  }

  @Test
  func `H3: closed cases that are opened again around New Year keep one lead and all edits`() throws
  {
    for (site, id) in [(world.town, "a"), (world.other, "b"), (world.carrier, "d")] {
      try world.open(id, at: site)
    }
    try world.town.client.run("UPDATE case_file SET phase = 'closed' WHERE id = 'a'")
    try world.syncAll()
    try world.town.client.run("UPDATE case_file SET phase = 'open' WHERE id = 'a'")
    try world.other.client.run("UPDATE plan_goal SET step_owner = 'other' WHERE id = 'b-goal'")
    let date = world.midnight()
    try world.carrier.client.run("UPDATE plan_goal SET step_owner = 'carrier'")
    try world.office.client.run("UPDATE case_file SET priority = 1")
    let id = try world.agree(["a", "b", "d"], to: world.office, at: date)
    for site in [world.office, world.carrier, world.other, world.town] { try site.sync() }
    try world.syncAll()
    #expect(try world.state(id) == .closed)
    #expect(
      try world.hub("SELECT lead, epoch FROM kreissync_case WHERE case_id IN ('a', 'b', 'd')")
        == Array(repeating: [.text(world.office.id.text), 2], count: 3))
    #expect(try world.hub("SELECT step_owner FROM plan_goal WHERE id = 'b-goal'") == [["other"]])
    #expect(try world.proposed().contains("carrier"))
    #expect(try world.hub("SELECT DISTINCT priority FROM case_file") == [[1]])
    let phase = try #require(try world.hub("SELECT phase FROM case_file WHERE id = 'a'").first?[0])
    let isKept = try phase == "open" || world.lost().contains("open")
    #expect(isKept, "a later state absorbs the edit, and the ledger keeps it")
  }

  @Test
  func `H4: county to town: figures and posts that both change at once stay side by side`() throws {
    try world.open("c", at: world.office)
    try world.office.client.run(
      """
      INSERT INTO grant_allocation (id, recipient_site, executing_site, amount_cents, mode)
        VALUES ('g', '\(world.office.id)', '\(world.town.id)', 100, 'forwarded');
      """)
    try world.syncAll()
    try world.town.client.run(
      """
      INSERT INTO worker (id, display_name) VALUES ('w', 'Ada Muster');
      INSERT INTO position (id, worker_id, grant_id, fte_thousandths) VALUES ('p', 'w', 'g', 500);
      """)
    try world.syncAll()
    try world.office.client.run("UPDATE grant_allocation SET amount_cents = 200")
    try world.town.client.run("UPDATE position SET fte_thousandths = 750")
    let date = world.midnight()
    try world.office.client.run("UPDATE plan_goal SET step_owner = 'office'")
    let id = try world.agree(["c"], to: world.town, at: date)
    try world.town.sync()
    try world.office.sync()
    try world.syncAll()
    #expect(try world.state(id) == .closed)
    #expect(try world.hub("SELECT amount_cents FROM grant_allocation") == [[200]])
    #expect(try world.hub("SELECT fte_thousandths FROM position") == [[750]])
    #expect(try world.proposed() == ["office"])
    #expect(try world.cases(world.town).map { $0[2] } == ["lead"])
    #expect(try world.cases(world.office).map { $0[2...] } == [["former_lead", 2, "header"]])
    #expect(try world.office.client.rows("SELECT id FROM person").isEmpty)
    #expect(
      try world.office.client.rows("SELECT amount_cents FROM grant_allocation") == [[200]],
      "money is no part of a case")
  }

  @Test
  func `H5: talks on the day of the move, and a second case at the new place, are all there`()
    throws
  {
    try world.open("c", at: world.town)
    try world.syncAll()
    try world.town.client.run(
      "INSERT INTO consultation (id, case_id, minutes) VALUES ('morning', 'c', 11)")
    let date = world.midnight()
    try world.town.client.run(
      "INSERT INTO consultation (id, case_id, minutes) VALUES ('evening', 'c', 22)")
    try world.open("n", at: world.other)
    let id = try world.agree(["c"], to: world.other, at: date, kind: .move)
    try world.other.sync()
    try world.town.sync()
    _ = try world.administration.link(CaseID("n"), to: CaseID("c"))
    try world.syncAll()
    #expect(try world.state(id) == .closed)
    #expect(
      try world.other.client.rows("SELECT id FROM consultation ORDER BY id")
        == [["c-talk"], ["morning"], ["n-talk"]])
    #expect(try world.proposed().contains(22))
    #expect(try world.cases(world.other).map { $0[0] } == ["c", "n"])
    #expect(try world.cases(world.town).map { $0[0] } == ["c"], "the second case is not its own")
    #expect(
      try world.other.client.rows("SELECT id, continues_case_id FROM case_file ORDER BY id")
        == [["c", .null], ["n", "c"]])
    #expect(try world.hub("SELECT kind, state FROM responsibility") == [["move", "closed"]])
  }

  @Test
  func `H5: a case is linked only where its holders hold both, and never in a circle`() throws {
    for id in ["c", "d", "e"] { try world.open(id, at: world.town) }
    try world.open("n", at: world.other)
    try world.syncAll()
    let desk = world.administration
    #expect(throws: LinkRefusal.notHeld(CaseID("c"), by: world.other.id)) {
      try desk.link(CaseID("n"), to: CaseID("c"))
    }
    #expect(throws: AdministrationError.unknownCase(CaseID("x"))) {
      try desk.link(CaseID("c"), to: CaseID("x"))
    }
    #expect(throws: LinkRefusal.continuesItself(CaseID("c"))) {
      try desk.link(CaseID("c"), to: CaseID("c"))
    }
    _ = try desk.link(CaseID("d"), to: CaseID("c"))
    #expect(throws: LinkRefusal.continuesItself(CaseID("d"))) {
      try desk.link(CaseID("e"), to: CaseID("d"))
    }
    _ = try desk.link(CaseID("d"), to: nil)
    _ = try desk.link(CaseID("e"), to: CaseID("d"))
    try world.syncAll()
    #expect(
      try world.town.client.rows("SELECT id, continues_case_id FROM case_file ORDER BY id")
        == [["c", .null], ["d", .null], ["e", "d"]])
  }

  @Test
  func `H6: late edits of a case that was closed for a move away are addenda`() throws {
    try world.open("c", at: world.town)
    try world.syncAll()
    try world.office.client.run(
      "INSERT INTO consultation (id, case_id, minutes) VALUES ('late', 'c', 33)")
    try world.town.client.run(
      "UPDATE case_file SET phase = 'closed', close_reason = 'moved_away', closed_on = '2025-01-01'"
    )
    try world.town.sync()
    #expect(try world.office.sync().verdicts == [.applied: 1])
    try world.syncAll()
    #expect(
      try world.office.client.rows("SELECT phase, close_reason FROM case_file")
        == [["closed", "moved_away"]])
    #expect(try world.cases(world.town).map { $0[2] } == ["lead"])
  }
}
