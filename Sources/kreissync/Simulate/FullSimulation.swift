import ArgumentParser
import SyncSimulator

/// `simulate --full`: both tiers one after the other, and five totals against their targets.
struct FullSimulation {
  let percent: Int
  let workers: Int
  let withReport: Bool
  let isJSON: Bool

  /// Runs both tiers to their ends, also when seeds fail.
  ///
  /// - Throws: the exit code of the worst failure; else ``CommandFailure`` if a total is missed.
  func run() throws {
    let model = simulate(.model)
    let storage = simulate(.storage)
    let full = FullRun(
      model: model.report.totals, storage: storage.report.totals, percent: percent)
    if isJSON {
      printJSON([
        "percent": .integer(Int64(percent)),
        "tiers": .list([model, storage].map { $0.document.json(withReport: withReport) }),
        "totals": .list(
          full.lines.map {
            [
              "total": .text($0.title), "reached": .integer(Int64($0.reached)),
              "target": .integer(Int64($0.target)),
            ]
          }),
      ])
    } else {
      print(Self.text(full, percent: percent))
    }
    let failures = model.outcome.failures + storage.outcome.failures
    if let worst = SimulationExit(worstOf: failures) { throw ExitCode(worst.rawValue) }
    guard full.reachesAll else {
      throw CommandFailure(
        .failed, "targets_missed", "the run stays below a target",
        hint: "every seed was sound; the counties do less than they are to")
    }
  }

  private struct TierRun {
    let document: SimulationDocument
    let report: SimulationReport
    let outcome: Simulation.Outcome
  }

  private func simulate(_ tier: Tier) -> TierRun {
    let plan = SimulationPlan(
      simulation: Simulation(
        tier: tier, first: 1, seedCount: FullRun.seedCount(of: tier, percent: percent),
        regressions: RegressionSeeds.seeds(of: tier)),
      bug: nil, commit: SourceCommit.current, workers: workers)
    TrapReport.install(plan)
    let reporter = SimulationReporter(plan, isSilent: isJSON)
    let outcome = plan.simulation.run(workers: workers, listener: reporter.listener)
    let report = SimulationReport(tier: tier, outcome: outcome)
    if !isJSON {
      reporter.finish(outcome)
      if withReport { print("\n" + ReportTables.text(report) + "\n") }
    }
    return TierRun(
      document: SimulationDocument(plan, outcome, story: nil), report: report, outcome: outcome)
  }

  private static func text(_ full: FullRun, percent: Int) -> String {
    let title = percent == 100 ? "full run" : "\(percent) % of a full run"
    return TextTable(
      header: [title, "reached", "target", ""],
      rows: full.lines.map {
        [$0.title, "\($0.reached)", "\($0.target)", $0.isReached ? "reached" : "missed"]
      }
    ).text
  }
}
