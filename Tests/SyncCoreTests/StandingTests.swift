import SyncCore
import Testing

/// The table in `DecideRole.swift`, cell by cell: an edit of a site whose part in the case ended at
/// entry 60, which took effect at the time 700.
///
/// Unaware is a base of 50, aware one of 60; in time is written at 500, too late at 700.
@Suite("Decisions: who was responsible")
struct StandingTests {
  private static let person = CountySample.person.key("p")
  private static let former = CountySample.contributor

  /// What became of an edit of a column in which only the lead wins at once.
  private enum Fate: Equatable {
    case applied(as: Role)
    case proposal
    case refused(Rule)
  }

  private static func periods(_ role: Role, then open: Role?) -> [GrantPeriod] {
    [GrantPeriod(role: role, fromSeq: 5, untilSeq: 60, endedAt: 700)]
      + (open.map { [GrantPeriod(role: $0, fromSeq: 60, untilSeq: nil, endedAt: 0)] } ?? [])
  }

  /// Somebody changed the worker at 95: the lead's edit replaces that, a contributor's is a
  /// proposal.
  private func fate(
    _ role: Role, then open: Role?, base: Int64, at: Milliseconds, isClockSteady: Bool = true
  ) -> Fate {
    var hub = HubSample()
    hub.put(
      Self.person, ["name": "n", "worker": "other"],
      versions: ["worker": .by(CountySample.county, 95)])
    let plan = hub.decide(
      [.of(.update, Self.person, ["worker": "mine"], base: base, at: at)],
      by: Self.former, as: open,
      in: CountySample.context(Self.former, isClockSteady: isClockSteady),
      formerly: Self.periods(role, then: open))
    let answer = plan.answers[0]
    switch answer.verdict {
    case .applied: return .applied(as: .lead)
    case .proposal where plan.proposals[0].rule == .leadDecides: return .applied(as: .contributor)
    case .proposal: return .proposal
    default: return .refused(answer.rule!)
    }
  }

  @Test("unaware and in time: in the role of then", arguments: [Role.formerLead, .reader, nil])
  func unawareInTime(open: Role?) {
    #expect(fate(.lead, then: open, base: 50, at: 500) == .applied(as: .lead))
    #expect(fate(.contributor, then: open, base: 50, at: 500) == .applied(as: .contributor))
  }

  @Test("unaware and too late: a proposal", arguments: [Role.formerLead, .reader, nil])
  func unawareTooLate(open: Role?) {
    #expect(fate(.lead, then: open, base: 50, at: 700) == .proposal)
    #expect(fate(.contributor, then: open, base: 59, at: 900) == .proposal)
  }

  @Test("aware and too late: refused", arguments: [Role.formerLead, .reader, nil])
  func awareTooLate(open: Role?) {
    #expect(fate(.lead, then: open, base: 60, at: 700) == .refused(.handedOver))
    #expect(fate(.contributor, then: open, base: 80, at: 900) == .refused(.handedOver))
  }

  @Test("aware and in time: in the role of then", arguments: [Role.formerLead, .reader, nil])
  func awareInTime(open: Role?) {
    #expect(fate(.lead, then: open, base: 60, at: 699) == .applied(as: .lead))
    #expect(fate(.contributor, then: open, base: 60, at: 699) == .applied(as: .contributor))
  }

  @Test("who may write still acts as what it is; as lead only unaware and in time")
  func stillWrites() {
    #expect(fate(.lead, then: .contributor, base: 50, at: 500) == .applied(as: .lead))
    #expect(fate(.lead, then: .contributor, base: 50, at: 700) == .applied(as: .contributor))
    #expect(fate(.lead, then: .contributor, base: 60, at: 500) == .applied(as: .contributor))
    #expect(fate(.contributor, then: .lead, base: 50, at: 900) == .applied(as: .lead))
  }

  @Test("who never had a part is refused, a reader too")
  func stranger() {
    for role in [Role.reader, nil] {
      let plan = HubSample().decide(
        [.of(.insert, Self.person, ["name": "n"])], by: CountySample.reader, as: role)
      #expect(plan.answers[0].rule == .notGranted)
    }
    #expect(fate(.reader, then: nil, base: 50, at: 500) == .refused(.notGranted))
  }

  @Test("a clock that was set is no witness: nothing is in time, and nothing unaware is lost")
  func setClock() {
    #expect(fate(.lead, then: nil, base: 50, at: 500, isClockSteady: false) == .proposal)
    #expect(
      fate(.lead, then: nil, base: 60, at: 500, isClockSteady: false) == .refused(.handedOver))
  }

  @Test("the corrected clock decides, not the site's own")
  func skew() {
    var hub = HubSample()
    hub.put(Self.person, ["name": "n"])
    func verdict(_ skew: Milliseconds) -> Verdict {
      hub.decide(
        [.of(.update, Self.person, ["worker": "mine"], at: 650)], by: Self.former, as: nil,
        in: CountySample.context(Self.former, clockSkew: skew),
        formerly: Self.periods(.lead, then: nil)
      ).answers[0].verdict
    }
    #expect(verdict(0) == .applied)
    // Its clock goes behind by 100: it was 750 in truth.
    #expect(verdict(-100) == .proposal)
  }

  @Test("case (b) keeps every kind of change whole for a person and changes no row")
  func nothingIsDropped() {
    var hub = HubSample()
    hub.put(Self.person, ["name": "n", "worker": "w"])
    let changes: [Change] = [
      .of(.update, Self.person, ["worker": "mine"], n: 1, at: 900),
      .of(.insert, CountySample.person.key("q"), ["name": "new"], n: 2, at: 900),
      .of(.delete, Self.person, n: 3, at: 900),
    ]
    let plan = hub.decide(
      changes, by: Self.former, as: .formerLead, formerly: Self.periods(.lead, then: .formerLead))
    #expect(plan.answers.map(\.verdict) == [.proposal, .proposal, .proposal])
    #expect(plan.proposals.map(\.rule) == [.handedOver, .handedOver, .handedOver])
    #expect(plan.rows.isEmpty && plan.log.isEmpty)
    // What stands there already is nothing to decide.
    let same = hub.decide(
      [.of(.update, Self.person, ["worker": "w"], at: 900)], by: Self.former, as: nil,
      formerly: Self.periods(.lead, then: nil))
    #expect(same.answers.map(\.verdict) == [.applied] && same.hasNoEffect)
  }

  @Test("an edit from before keeps its standing when the row is edited again afterwards")
  func columnByColumn() {
    var hub = HubSample()
    hub.put(
      Self.person, ["name": "n", "worker": "other"],
      versions: ["worker": .by(CountySample.county, 95)])
    func plan(
      _ change: Edits, _ kind: ChangeKind = .update, _ row: RowKey = Self.person
    ) -> Plan {
      hub.decide(
        [
          .of(
            kind, row, change.values, base: 60, bases: change.bases, at: 900, times: change.times)
        ],
        by: Self.former, as: .formerLead, formerly: Self.periods(.lead, then: .formerLead))
    }
    // The worker before and unaware, the area after and unaware, the goal after and aware.
    let mixed = plan(
      Edits(
        values: ["worker": "mine", "area": "north", "goal": "work"],
        bases: ["worker": 50, "area": 50], times: ["worker": 500]))
    let worker = CountySample.person.number("worker")
    #expect(mixed.rows.map { $0.values[worker - 1] } == ["mine"])
    #expect(mixed.ledger.map(\.lost.value) == ["other"])
    #expect(mixed.proposals.map(\.proposed.value) == ["north"])
    #expect(mixed.answers.map(\.verdict) == [.refused])
    #expect(
      mixed.answers[0].columns.map(\.verdict) == [.proposal, .refused]
        && mixed.answers[0].columns.map(\.rule) == [.handedOver, .handedOver])

    // A person entered before, its worker named after: the row is there, the worker is proposed.
    let entered = plan(
      Edits(
        values: ["name": "new", "worker": "late"], bases: ["name": 50, "worker": 50],
        times: ["name": 500]), .insert, CountySample.person.key("q"))
    #expect(entered.rows.map { $0.values[worker - 1] } == [.null])
    #expect(entered.proposals.map(\.proposed.value) == ["late"])
    #expect(entered.answers.map(\.verdict) == [.proposal])
    // Without its name it would be no row: then all of it waits.
    let nameless = plan(
      Edits(
        values: ["name": "new", "worker": "early"], bases: ["name": 50, "worker": 50],
        times: ["worker": 500]), .insert, CountySample.person.key("q"))
    #expect(nameless.rows.isEmpty && nameless.proposals.count == 2)
    // What belongs together is judged together, by its latest time.
    let stay = plan(
      Edits(
        values: ["from": "a", "to": "b", "worker": "mine"],
        bases: ["from": 50, "to": 50, "worker": 50], times: ["from": 500, "worker": 500]))
    #expect(stay.proposals.map(\.proposed.value) == ["a", "b"])
  }

  /// A change whose last edit was made at 900, knowing of entry 60.
  private struct Edits {
    let values: [String: Value]
    let bases: [String: Int64]
    let times: [String: Milliseconds]
  }

  @Test("of a part that was narrowed and one that ended later, the one that it believed in counts")
  func twoParts() {
    var hub = HubSample()
    hub.put(Self.person, ["name": "n"])
    let periods = [
      GrantPeriod(role: .lead, fromSeq: 5, untilSeq: 40, endedAt: 300),
      GrantPeriod(role: .lead, fromSeq: 55, untilSeq: 60, endedAt: 700),
    ]
    func verdict(base: Int64, at: Milliseconds) -> Verdict {
      hub.decide(
        [.of(.update, Self.person, ["worker": "mine"], base: base, at: at)], by: Self.former,
        as: nil, formerly: periods
      ).answers[0].verdict
    }
    // From before the first end: A to B to A while it was away all that time.
    #expect(verdict(base: 30, at: 299) == .applied)
    #expect(verdict(base: 30, at: 500) == .proposal)
    #expect(verdict(base: 50, at: 500) == .applied)
    #expect(verdict(base: 60, at: 800) == .refused)
  }

  @Test("what an author could not see when it wrote it has not seen, whatever its base")
  func unseen() {
    var hub = HubSample()
    hub.put(
      Self.person, ["name": "n", "worker": "other"],
      versions: ["worker": .by(CountySample.county, 70)])
    let led = [
      GrantPeriod(role: .lead, fromSeq: 5, untilSeq: 60, endedAt: 700),
      GrantPeriod(role: .lead, fromSeq: 90, untilSeq: nil, endedAt: 0),
    ]
    // In between the case had left its scope, or it saw no column of this tier.
    let narrowed = GrantPeriod(
      role: .formerLead, fromSeq: 60, untilSeq: 90, endedAt: 800, tiers: [])
    for periods in [led, [led[0], narrowed, led[1]]] {
      func lost(_ change: Change) -> [Value] {
        hub.decide([change], by: Self.former, as: .lead, formerly: periods).ledger.map(\.lost.value)
      }
      #expect(lost(.of(.update, Self.person, ["worker": "mine"], base: 80)) == ["other"])
      #expect(lost(.of(.update, Self.person, ["worker": "mine"], base: 95)).isEmpty)
      #expect(lost(.of(.delete, Self.person, base: 80)).contains("other"))
      #expect(lost(.of(.delete, Self.person, base: 95)).isEmpty)
      // What no site sends to any other is nothing that one of them could lack.
      let plan = hub.decide(
        [.of(.delete, Self.person, base: 95)], by: Self.former, as: .contributor, formerly: periods)
      #expect(plan.answers.map(\.verdict) == [.applied])
    }
  }

  @Test("an answer tells no value of a tier that its reader may not see")
  func keptValues() {
    var hub = HubSample()
    hub.put(
      Self.person, ["name": "n", "level": "barred"],
      versions: ["level": .by(CountySample.county, 55)])
    func kept(_ tiers: TierSet?) -> Value? {
      hub.decide(
        [.of(.update, Self.person, ["level": "free"], base: 50)], by: Self.former,
        as: .contributor, seeing: tiers
      ).answers[0].columns.first?.kept
    }
    #expect(kept(nil) == "barred")
    #expect(kept([]) == .null)
  }
}
