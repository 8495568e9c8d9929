import SyncSimulator
import Testing

@Suite("The report of a simulation")
struct ReportTests {
  /// One run of each tier serves all tests: no test needs another.
  private static let model = Simulation(tier: .model, first: 1, seedCount: 260).run(workers: 2)
  private static let storage = Simulation(tier: .storage, first: 1, seedCount: 180).run(workers: 2)

  private static func outcome(of tier: Tier) -> Simulation.Outcome {
    tier == .model ? model : storage
  }

  @Test(arguments: Tier.allCases)
  func `a hundred seeds are sound`(tier: Tier) {
    let failures = Self.outcome(of: tier).failures.compactMap { result in
      result.violation.map { "seed \(result.seed): \($0.kind), \($0.what)" }
    }
    #expect(failures == [])
  }

  @Test(arguments: Tier.allCases)
  func `every fault is met at every point that the table names for the tier`(tier: Tier) {
    let report = SimulationReport(tier: tier, outcome: Self.outcome(of: tier))
    #expect(report.gaps.filter { $0.hasPrefix("F") } == [])
  }

  @Test(arguments: Tier.allCases)
  func `every invariant is really checked, or says why not`(tier: Tier) {
    let report = SimulationReport(tier: tier, outcome: Self.outcome(of: tier))
    #expect(report.gaps.filter { $0.hasPrefix("I") } == [])
  }

  @Test(arguments: Tier.allCases)
  func `no fault is met where the table does not name it for the tier`(tier: Tier) {
    let report = SimulationReport(tier: tier, outcome: Self.outcome(of: tier))
    #expect(report.surprises == [])
  }

  @Test(arguments: Tier.allCases)
  func `the totals are sums over all seeds`(tier: Tier) {
    let outcome = Self.outcome(of: tier)
    let totals = SimulationReport(tier: tier, outcome: outcome).totals
    #expect(totals.seeds == outcome.seedCount && totals.failures == outcome.failures.count)
    #expect(totals.events >= 100 * totals.seeds && totals.statements > totals.seeds)
    #expect(totals.deliveries > totals.sessions && totals.sessions > totals.seeds)
    #expect(totals.countyYears > 0)
  }

  @Test func `every fault from F1 to F45 has a line, and every cell left out a reason`() {
    #expect(FaultTable.classes.map(\.number) == Array(1...45))
    for fault in FaultTable.classes {
      #expect(!fault.points.isEmpty, "F\(fault.number) is nowhere")
      let points = fault.points.map(\.point)
      #expect(Set(points).count == points.count, "F\(fault.number) names a point twice")
      for (_, reach) in fault.points {
        if case .leftOut(let reason) = reach { #expect(!reason.isEmpty) }
      }
    }
  }

  @Test func `a cell says its count, whose it is, or why it is left out`() {
    var outcome = Simulation.Outcome()
    outcome.seedCount = 2
    outcome.tally.met(3, at: .acknowledge)
    outcome.tally.met(3, at: .acknowledge)
    outcome.tally.met(3, at: .operate)
    outcome.tally.checked(.scope, 7)
    outcome.tally.simulatedTime = 31_557_600_000
    let report = SimulationReport(tier: .model, outcome: outcome)

    #expect(cell(3, .acknowledge, report) == .times(2))
    #expect(cell(3, .operate, report) == .unlisted(1))
    #expect(cell(3, .capture, report) == nil)
    #expect(cell(4, .send, report) == .times(0))
    #expect(cell(2, .commit, report) == .otherTier(.storage))
    #expect(cell(34, .commit, report) == .leftOut("there is no engine on PostgreSQL yet"))
    #expect(report.surprises == ["F3 at X"])
    #expect(report.gaps.contains("F4 at S") && !report.gaps.contains("F3 at A"))
    #expect(!report.gaps.contains("F2 at K"))

    #expect(check(.scope, report) == .times(7))
    #expect(check(.decision, report) == .times(0))
    #expect(report.gaps.contains("I11") && !report.gaps.contains("I8"))
    #expect(check(.consent, report) == .leftOut("there is no consent gate and no erasure yet"))
    #expect(report.totals.countyYears == 1)
  }

  private func cell(
    _ fault: Int, _ point: PipelinePoint, _ report: SimulationReport
  ) -> SimulationReport.Count? {
    report.faults.first { $0.number == fault }?.cells.first { $0.point == point }?.count
  }

  private func check(
    _ invariant: Invariant, _ report: SimulationReport
  ) -> SimulationReport.Count? {
    report.checks.first { $0.invariant == invariant }?.count
  }

  @Test func `a story names what is on, and begins each day with its number`() {
    var swarm = Swarm()
    #expect(TraceStory.header(swarm, tier: .model).last == "and nothing goes wrong")
    swarm.lostAnswers = 35
    swarm.hasLiar = true
    #expect(
      TraceStory.header(swarm, tier: .model).suffix(2) == [
        "3.5 % of the answers are lost", "the last site lies",
      ])

    var trace = Trace()
    trace.note(7_200_000, "hub", "is killed")
    trace.note(93_600_007, "town-12", "applies", "seq 4")
    #expect(
      TraceStory.days(trace.lines) == [
        "day 0", "  02:00:00.000  hub      is killed", "",
        "day 1", "  02:00:00.007  town-12  applies  seq 4",
      ])
  }
}
