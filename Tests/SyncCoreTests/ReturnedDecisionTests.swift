import SyncCore
import Testing

/// What a restored hub gets back: old numbers order it, not policies.
@Suite("Decisions on what comes back to a restored hub")
struct ReturnedDecisionTests {
  private static let person = CountySample.person.key("p")
  /// Both histories have the entries up to 40; the batch was answered at 60.
  private static let returned = ReturnedBatch(formerSeq: 60, sharedSeq: 40)

  private func decide(_ changes: [Change], on hub: HubSample) -> Plan {
    var context = CountySample.context(CountySample.contributor)
    context.returned = Self.returned
    return hub.decide(changes, by: CountySample.contributor, in: context)
  }

  private func hub(_ version: ColumnVersion, isAlive: Bool = true) -> HubSample {
    var hub = HubSample()
    hub.put(
      Self.person, ["name": "n", "worker": "w"], versions: ["worker": version], isAlive: isAlive)
    return hub
  }

  private static func version(_ seq: Int64, former: Int64? = nil) -> ColumnVersion {
    ColumnVersion(
      seq: seq, site: CountySample.lead, incarnation: CountySample.incarnation, isDirect: true,
      editedAt: 0, formerSeq: former)
  }

  @Test(
    "of two writes to a cell the later one stands, whoever leads",
    arguments: [
      (version(30), true), (version(40), true), (version(80, former: 59), true),
      (version(80, former: 61), false),
      // Written in the new history.
      (version(41), false), (version(80), false),
    ])
  func order(version: ColumnVersion, wins: Bool) {
    let plan = decide([.of(.update, Self.person, ["worker": "v"], base: 1_000)], on: hub(version))
    #expect(plan.value("worker", of: Self.person) == (wins ? "v" : nil))
    #expect(plan.ledger.map(\.rule) == (wins ? [] : [.laterInHistory]))
    #expect(plan.answers.map(\.verdict) == [wins ? .applied : .overridden])
    if wins {
      let row = plan.rows.first
      #expect(row?.versions[1].formerSeq == 60 && row?.versions[1].seq == 101)
    } else {
      #expect(plan.ledger.map(\.lost.value) == ["v"])
    }
  }

  @Test(
    "a deletion takes a row that nobody wrote to behind it",
    arguments: [(version(30), true), (version(80, former: 59), true), (version(80), false)])
  func deletion(version: ColumnVersion, deletes: Bool) throws {
    let plan = decide([.of(.delete, Self.person)], on: hub(version))
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(plan.rows.map(\.isAlive) == (deletes ? [false] : []))
    guard deletes else { return }
    // What came before it comes later: it stays dead.
    var after = HubSample()
    after.put(try #require(plan.rows.first))
    var context = CountySample.context(CountySample.lead, headSeq: 101)
    context.returned = ReturnedBatch(formerSeq: 55, sharedSeq: 40)
    for kind in [ChangeKind.insert, .update] {
      let earlier = after.decide(
        [.of(kind, Self.person, ["name": "n", "worker": "x"], base: 0)], by: CountySample.lead,
        as: .lead, in: context)
      #expect(earlier.answers.map(\.verdict) == [.applied] && earlier.hasNoEffect)
    }
    context.returned = ReturnedBatch(formerSeq: 65, sharedSeq: 40)
    let later = after.decide(
      [.of(.insert, Self.person, ["name": "n"], base: 0)], by: CountySample.lead, as: .lead,
      in: context)
    #expect(later.rows.map(\.isAlive) == [true])
  }

  @Test("a row that was deleted in the new history is not brought back")
  func deletedSince() {
    let plan = decide(
      [.of(.update, Self.person, ["worker": "v"], base: 0)],
      on: hub(Self.version(80), isAlive: false))
    #expect(plan.answers.map(\.verdict) == [.applied] && plan.hasNoEffect)
    // Whoever deleted it may never have heard of the value.
    #expect(plan.ledger.map(\.lost.value) == ["v"] && plan.ledger.map(\.rule) == [.rowDeleted])
  }

  @Test(
    "a deletion of a row that has not come back yet is kept while it may come",
    arguments: [true, false])
  func deletedBeforeItCame(awaitsReturns: Bool) throws {
    var context = CountySample.context(CountySample.lead)
    context.awaitsReturns = awaitsReturns
    let deletion = HubSample().decide(
      [.of(.delete, Self.person)], by: CountySample.lead, as: .lead, in: context)
    #expect(deletion.answers.map(\.verdict) == [.applied])
    #expect(deletion.rows.map(\.isAlive) == (awaitsReturns ? [false] : []))
    #expect(deletion.cases.allSatisfy { $0.digests == .zero })
    guard awaitsReturns else { return }
    var hub = HubSample()
    hub.put(try #require(deletion.rows.first))
    for kind in [ChangeKind.insert, .update] {
      let plan = decide([.of(kind, Self.person, ["name": "n", "worker": "v"], base: 0)], on: hub)
      #expect(plan.answers.map(\.verdict) == [.applied] && plan.hasNoEffect)
      #expect(plan.ledger.map(\.lost.value) == ["n", "v"])
    }
  }

  // MARK: What rests on what is missing

  private static let missing = CountySample.person.key("missing")

  private static let work: [Change] = [
    .of(.update, missing, ["worker": "v"], n: 1, base: 0),
    .of(.insert, person, ["name": "n", "worker": "w"], n: 2, base: 0),
    .of(.update, person, ["worker": "x"], n: 3, base: 0),
    .of(.delete, missing, n: 4, base: 0),
    .of(.insert, person, ["name": "n", "worker": .null], n: 5, in: CountySample.caseB, base: 0),
    .of(.delete, person, n: 6, in: CountySample.caseB, base: 0),
  ]

  @Test("what rests on a missing row or case waits, and nothing else")
  func parted() {
    let work = ReturnedWork(
      Self.work, view: HubSample().view, schema: CountySample.schema,
      gates: ReturnedGates(
        nil, view: HubSample().view, schema: CountySample.schema, author: CountySample.lead))
    #expect(work.ready.map(\.id.n) == [2, 3])
    #expect(work.early.map(\.id.n) == [1, 4, 5, 6])
  }

  @Test("what nobody brings any more is proposed to the lead, or kept where there is none")
  func givenUp() {
    let hub = HubSample()
    let early = ReturnedWork(
      Self.work, view: hub.view, schema: CountySample.schema,
      gates: ReturnedGates(
        nil, view: hub.view, schema: CountySample.schema, author: CountySample.lead)
    ).early
    var context = CountySample.context(CountySample.contributor)
    context.returned = Self.returned
    let plan = Decision.giveUp(
      early, view: hub.view, context: context, digestKey: CountySample.key)
    #expect(plan.hasNoEffect)
    #expect(plan.proposals.map(\.proposed.value) == ["v"])
    #expect(plan.proposals.allSatisfy { $0.rule == .rowDeleted && $0.row == Self.missing })
    #expect(plan.ledger.map(\.lost.value) == ["n"])
    #expect(plan.ledger.allSatisfy { $0.rule == .rowDeleted && $0.caseID == CountySample.caseB })
  }
}
