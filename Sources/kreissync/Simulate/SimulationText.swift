import Foundation
import SyncCore
import SyncSimulator

/// What `kreissync simulate` says to people.
enum SimulationText {
  /// Lines of a trace that a failure shows.
  static let tailLineCount = 25

  static func opening(_ plan: SimulationPlan) -> String {
    let bug = plan.bug.map { ", with the bug \($0)" } ?? ""
    let regressions = plan.simulation.regressions.count
    let before =
      regressions == 0
      ? "" : ", after \(regressions) regression seed\(regressions == 1 ? "" : "s")"
    return "tier \(plan.tier.rawValue) from seed \(plan.simulation.first)\(before)\(bug), "
      + "\(plan.workers) worker\(plan.workers == 1 ? "" : "s"), commit \(plan.commit)"
  }

  static func story(_ result: SeedResult, _ plan: SimulationPlan) -> String {
    var lines = ["seed \(result.seed), tier \(plan.tier.rawValue), commit \(plan.commit)", ""]
    lines += TraceStory.header(result.swarm, tier: plan.tier).map { "  " + $0 }
    lines.append("")
    lines += TraceStory.days(result.trace.lines)
    let end = result.violation.map { "and breaks: \(title($0)): \($0.what)" } ?? "and all is sound"
    lines += ["", end, "\(result.trace.eventCount) happenings, trace \(hash(result.trace))", ""]
    return lines.joined(separator: "\n")
  }

  static func failure(_ result: SeedResult, _ violation: Violation, _ plan: SimulationPlan)
    -> String
  {
    let tail = result.trace.lines.suffix(tailLineCount)
    let before = result.trace.lines.count - tail.count
    var lines = [
      "", "seed \(result.seed), tier \(plan.tier.rawValue): \(title(violation))",
      "  found:  \(violation.what)",
    ]
    if !tail.isEmpty {
      lines.append("  before: \(before) lines, then")
      lines += TraceStory.days(tail).map { $0.isEmpty ? $0 : "    " + $0 }
    }
    lines += ["  commit: \(plan.commit)", "  replay: \(plan.replay(result.seed))", ""]
    return lines.joined(separator: "\n")
  }

  /// A failure after many others.
  static func shortFailure(
    _ result: SeedResult, _ violation: Violation, _ plan: SimulationPlan
  ) -> String {
    "seed \(result.seed): \(title(violation)): \(violation.what.prefix(200))\n"
      + "  replay: \(plan.replay(result.seed))"
  }

  /// `safety, I7 equal at rest`.
  static func title(_ violation: Violation) -> String {
    let kind =
      switch violation.kind {
      case .crash: "crash"
      case .safety: "safety"
      case .liveness: "liveness"
      case .notRepeatable: "not repeatable"
      }
    return violation.invariant.map { "\(kind), I\($0.rawValue) \($0.title)" } ?? kind
  }

  static func summary(_ outcome: Simulation.Outcome, _ plan: SimulationPlan) -> String {
    let seconds = max(outcome.seconds, 0.001)
    let rate = Double(outcome.seedCount) / seconds
    let failures =
      outcome.failures.isEmpty ? "all sound" : "\(outcome.failures.count) failed"
    let seeds = outcome.seedCount == 1 ? "1 seed" : "\(outcome.seedCount) seeds"
    return "\(seeds) in \(oneDecimal(seconds)) s, \(oneDecimal(rate)) a second, "
      + "\(outcome.tally.events) events: \(failures)"
  }

  static func hash(_ trace: Trace) -> String {
    let digits = String(trace.hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  static func oneDecimal(_ number: Double) -> String {
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

/// The tables of `--report`.
enum ReportTables {
  static func text(_ report: SimulationReport) -> String {
    [
      totals(report), faults(report), legend(report), reasons(report), checks(report),
    ].joined(separator: "\n\n")
  }

  private static func totals(_ report: SimulationReport) -> String {
    let totals = report.totals
    return TextTable(
      header: ["total", report.tier.rawValue],
      rows: [
        ["seeds", "\(totals.seeds)"], ["failures", "\(totals.failures)"],
        ["events", "\(totals.events)"], ["statements", "\(totals.statements)"],
        ["writes", "\(totals.writes)"], ["deliveries", "\(totals.deliveries)"],
        ["power cuts", "\(totals.powerCuts)"],
        ["convergence checks", "\(totals.convergenceChecks)"], ["sessions", "\(totals.sessions)"],
        ["county-years", SimulationText.oneDecimal(totals.countyYears)],
      ]
    ).text
  }

  private static func faults(_ report: SimulationReport) -> String {
    let points = PipelinePoint.allCases
    let rows = report.faults.map { line in
      ["F\(line.number)", line.title]
        + points.map { point in
          line.cells.first { $0.point == point }.map { mark($0.count) } ?? ""
        }
    }
    return TextTable(header: ["fault", ""] + points.map(\.rawValue), rows: rows).text
  }

  private static func mark(_ count: SimulationReport.Count) -> String {
    switch count {
    case .times(let number): "\(number)"
    case .unlisted(let number): "\(number)*"
    case .otherTier(let tier): tier == .model ? "m" : "s"
    case .leftOut: "–"
    }
  }

  private static func legend(_ report: SimulationReport) -> String {
    let points = PipelinePoint.allCases.map { "\($0.rawValue) \($0.title)" }
    var lines = [
      points.joined(separator: ", "),
      "m, s: tier model or storage does it; –: left out, see below; empty: cannot happen there; "
        + "*: not in the table",
    ]
    if !report.gaps.isEmpty { lines.append("never: " + report.gaps.joined(separator: ", ")) }
    return lines.joined(separator: "\n")
  }

  private static func reasons(_ report: SimulationReport) -> String {
    let rows = report.faults.flatMap { line in
      line.cells.compactMap { cell -> [String]? in
        guard case .leftOut(let reason) = cell.count else { return nil }
        return ["F\(line.number) \(cell.point.rawValue)", reason]
      }
    }
    return TextTable(header: ["left out", "because"], rows: rows).text
  }

  private static func checks(_ report: SimulationReport) -> String {
    let rows = report.checks.map { line in
      let count =
        switch line.count {
        case .times(let number), .unlisted(let number): "\(number)"
        case .leftOut(let reason): reason
        case .otherTier(let tier): "tier \(tier.rawValue)"
        }
      return ["I\(line.invariant.rawValue)", line.invariant.title, count]
    }
    return TextTable(header: ["invariant", "", "checked"], rows: rows).text
  }
}
