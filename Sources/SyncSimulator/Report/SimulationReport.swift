/// What a simulation met and checked, as values: the tables of `--report`.
package struct SimulationReport: Sendable {
  /// What stands in a cell of a table.
  package enum Count: Sendable, Equatable {
    /// So often. Zero is a gap: the simulator claims to do it and did not.
    case times(Int)
    /// The other tier does it.
    case otherTier(Tier)
    /// Nobody does it here, because …
    case leftOut(String)
    /// So often, and the fault table does not name it for this tier.
    case unlisted(Int)
  }

  /// A fault, and how often it met each point at which it is to be met.
  package struct FaultLine: Sendable {
    package let number: Int
    package let title: String
    /// In order of the points.
    package let cells: [(point: PipelinePoint, count: Count)]
  }

  /// An invariant, and how often it was really checked.
  package struct CheckLine: Sendable {
    package let invariant: Invariant
    package let count: Count
  }

  /// How much was run.
  package struct Totals: Sendable, Equatable {
    package let seeds: Int
    package let failures: Int
    package let events: Int
    package let statements: Int
    /// Rows that local programs wrote.
    package let writes: Int
    package let powerCuts: Int
    /// How often replicas were proved equal to the hub.
    package let convergenceChecks: Int
    package let deliveries: Int
    package let sessions: Int
    /// Counties times the years that they lived.
    package let countyYears: Double
  }

  package let tier: Tier
  package let faults: [FaultLine]
  package let checks: [CheckLine]
  package let totals: Totals

  private static let millisecondsOfAYear = 365.25 * 86_400_000

  package init(tier: Tier, outcome: Simulation.Outcome) {
    let tally = outcome.tally
    self.tier = tier
    faults = FaultTable.classes.map { FaultLine($0, tier: tier, met: tally.faults) }
    checks = Invariant.allCases.sorted().map { CheckLine($0, tier: tier, checked: tally.checks) }
    totals = Totals(
      seeds: outcome.seedCount, failures: outcome.failures.count, events: tally.events,
      statements: tally.statements, writes: tally.writes, powerCuts: tally.powerCuts,
      convergenceChecks: tally.checks[.convergence] ?? 0, deliveries: tally.deliveries,
      sessions: tally.sessions,
      countyYears: Double(tally.simulatedTime) / Self.millisecondsOfAYear)
  }

  /// What the simulator claims to do in this tier and has not done once, as `F9 at Y`, `I18`.
  package var gaps: [String] {
    let cells = faults.flatMap { line in
      line.cells.filter { $0.count == .times(0) }.map { "F\(line.number) at \($0.point.rawValue)" }
    }
    return cells
      + checks.filter { $0.count == .times(0) }.map { "I\($0.invariant.rawValue)" }
  }

  /// Cells that were met although the fault table does not say so, as `F9 at Y`.
  package var surprises: [String] {
    faults.flatMap { line in
      line.cells.compactMap { cell in
        if case .unlisted = cell.count { "F\(line.number) at \(cell.point.rawValue)" } else { nil }
      }
    }
  }
}

extension SimulationReport.FaultLine {
  fileprivate init(_ fault: FaultClass, tier: Tier, met: [FaultCell: Int]) {
    number = fault.number
    title = fault.title
    cells = PipelinePoint.allCases.compactMap { point in
      let count = met[FaultCell(fault: fault.number, point: point)] ?? 0
      let reach = fault.points.first { $0.point == point }?.reach
      switch reach {
      case .some(let reach) where reach.includes(tier): return (point, .times(count))
      case _ where count > 0: return (point, .unlisted(count))
      case .leftOut(let reason): return (point, .leftOut(reason))
      case .some(let reach): return (point, .otherTier(reach == .model ? .model : .storage))
      case .none: return nil
      }
    }
  }
}

extension SimulationReport.CheckLine {
  fileprivate init(_ invariant: Invariant, tier: Tier, checked: [Invariant: Int]) {
    self.invariant = invariant
    count =
      invariant.reasonLeftOut(in: tier).map { .leftOut($0) } ?? .times(checked[invariant] ?? 0)
  }
}

extension PipelinePoint {
  /// Where that is, in a word or two.
  package var title: String {
    switch self {
    case .localWrite: "local write"
    case .capture: "capture"
    case .readLog: "log read"
    case .send: "send"
    case .receive: "hub receives"
    case .validate: "hub decides"
    case .commit: "hub commits"
    case .acknowledge: "answer"
    case .pull: "pull"
    case .apply: "apply"
    case .maintain: "maintenance"
    case .operate: "operation"
    }
  }
}
