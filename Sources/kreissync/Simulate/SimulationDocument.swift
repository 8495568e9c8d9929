import SyncCore
import SyncSimulator

/// What `kreissync simulate --json` prints.
struct SimulationDocument {
  private let plan: SimulationPlan
  private let outcome: Simulation.Outcome
  /// The first seed, if its story was asked for.
  private let story: SeedResult?

  init(_ plan: SimulationPlan, _ outcome: Simulation.Outcome, story: SeedResult?) {
    self.plan = plan
    self.outcome = outcome
    self.story = story
  }

  func json(withReport: Bool) -> JSONValue {
    let report = SimulationReport(tier: plan.tier, outcome: outcome)
    return [
      "tier": .text(plan.tier.rawValue), "commit": .text(plan.commit),
      "bug": plan.bug.map(JSONValue.text) ?? .null,
      "first": .text("\(plan.simulation.first)"),
      "regression_seeds": .integer(Int64(plan.simulation.regressions.count)),
      "milliseconds": .integer(Int64(outcome.seconds * 1_000)),
      "totals": Self.json(report.totals),
      "failures": .list(outcome.failures.compactMap(failure)),
      "story": story.map(Self.story) ?? .null,
      "report": withReport ? Self.json(report) : .null,
    ]
  }

  private func failure(_ result: SeedResult) -> JSONValue? {
    guard let violation = result.violation else { return nil }
    let tail = result.trace.lines.suffix(SimulationText.tailLineCount)
    return [
      "seed": .text("\(result.seed)"), "tier": .text(plan.tier.rawValue),
      "kind": .text(violation.kind.rawValue),
      "invariant": violation.invariant.map { .text("I\($0.rawValue)") } ?? .null,
      "title": .text(SimulationText.title(violation)), "found": .text(violation.what),
      "trace": .list(tail.map { .text($0.description) }),
      "replay": .text(plan.replay(result.seed)),
    ]
  }

  private static func story(_ result: SeedResult) -> JSONValue {
    [
      "seed": .text("\(result.seed)"), "trace_hash": .text(SimulationText.hash(result.trace)),
      "events": .integer(Int64(result.trace.eventCount)),
      "lines": .list(result.trace.lines.map { .text($0.description) }),
    ]
  }

  private static func json(_ totals: SimulationReport.Totals) -> JSONValue {
    [
      "seeds": .integer(Int64(totals.seeds)), "failures": .integer(Int64(totals.failures)),
      "events": .integer(Int64(totals.events)), "statements": .integer(Int64(totals.statements)),
      "writes": .integer(Int64(totals.writes)),
      "power_cuts": .integer(Int64(totals.powerCuts)),
      "convergence_checks": .integer(Int64(totals.convergenceChecks)),
      "deliveries": .integer(Int64(totals.deliveries)),
      "sessions": .integer(Int64(totals.sessions)),
      "county_years": .text(SimulationText.oneDecimal(totals.countyYears)),
    ]
  }

  private static func json(_ report: SimulationReport) -> JSONValue {
    [
      "faults": .list(
        report.faults.flatMap { line in
          line.cells.map { cell in
            [
              "fault": .text("F\(line.number)"), "title": .text(line.title),
              "point": .text(cell.point.rawValue), "count": count(cell.count),
              "reason": reason(cell.count),
            ]
          }
        }),
      "checks": .list(
        report.checks.map { line in
          [
            "invariant": .text("I\(line.invariant.rawValue)"),
            "title": .text(line.invariant.title), "count": count(line.count),
            "reason": reason(line.count),
          ]
        }),
      "never": .list(report.gaps.map(JSONValue.text)),
    ]
  }

  private static func count(_ count: SimulationReport.Count) -> JSONValue {
    switch count {
    case .times(let number), .unlisted(let number): .integer(Int64(number))
    case .otherTier, .leftOut: .null
    }
  }

  private static func reason(_ count: SimulationReport.Count) -> JSONValue {
    switch count {
    case .times: .null
    case .unlisted: "the fault table does not name it"
    case .otherTier(let tier): .text("tier \(tier.rawValue) does it")
    case .leftOut(let reason): .text(reason)
    }
  }
}
