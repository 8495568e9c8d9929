import ArgumentParser
import Foundation
import SyncSimulator

/// Runs counties in this process, with bad lines, clocks and disks, and says what breaks.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Simulates counties by seeds and looks for what breaks.",
    discussion: """
      Every seed is a county with its own bad luck; it runs twice and must do the same twice. \
      Without --first the seeds that once found something run before the others.

      A failure is printed with the command that replays it. Exit codes, the worst of a run:
        0   every seed was sound
        1   --full stayed below a target, or the bug of --bug was not found: the simulator is
            blind to it
        2   wrong options
        10  crash: the product trapped, or raised what it must not
        11  safety: something was false that must always be true
        12  liveness: a county did not come to rest
        13  not repeatable: two runs of one seed differed

      A trap ends the run at once and names the seeds that were running. With \
      SWIFT_BACKTRACE=enable=yes in the environment a backtrace follows, and the process ends \
      by its signal. KREISSYNC_COMMIT names the commit where no checkout lies around the binary.
      """)

  @Option(help: "How many seeds. (default: 100; with --minutes as many as fit; with --bug 2000)")
  var seeds: Int?
  @Option(help: "The first seed. (default: 1, after the regression seeds)")
  var first: UInt64?
  @Option(help: "model: bad lines, clocks, crashes; storage: bad disks as well, on real files.")
  var tier: Tier?
  @Option(help: "Begin no seed after so many minutes.")
  var minutes: Int?
  @Option(help: "Look for a deliberate bug, by its name; 'list' names them all.")
  var bug: String?
  @Flag(help: "Print how often each fault met each point, and how often each rule was checked.")
  var report = false
  @Flag(help: "Tell the story of the first seed, and run no other unless --seeds says so.")
  var trace = false
  @Option(help: "Threads. (default: one for each processor)")
  var workers: Int?
  @Option(
    help: "So many percent of a full run, which is 20,200 seeds of model and 2,000 of storage.")
  var full: Int?
  @OptionGroup var output: OutputOptions

  private static let defaultSeedCount = 100
  private static let bugSeedCount = 2_000

  func run() throws {
    if bug == "list" { return listBugs() }
    Simulation.prepareProcess()
    if let full { return try runFully(full) }
    let plan = try makePlan()
    let reporter = SimulationReporter(plan, isSilent: output.json)
    TrapReport.install(plan)
    let story = trace ? tellStory(plan) : nil
    let outcome = plan.simulation.run(workers: plan.workers, listener: reporter.listener)
    if let bug, outcome.failures.isEmpty {
      throw CommandFailure(
        .failed, "bug_not_found",
        "the bug \(bug) was not found within \(outcome.seedCount) seeds",
        hint: "the simulator is blind to it: a checker or a fault is missing")
    }
    let document = SimulationDocument(plan, outcome, story: story)
    if output.json {
      printJSON(document.json(withReport: report))
    } else {
      reporter.finish(outcome)
      if report {
        print("\n" + ReportTables.text(SimulationReport(tier: plan.tier, outcome: outcome)))
      }
    }
    if let worst = SimulationExit(worstOf: outcome.failures) { throw ExitCode(worst.rawValue) }
  }

  // MARK: Options

  private func runFully(_ percent: Int) throws {
    let isAlone =
      seeds == nil && first == nil && tier == nil && minutes == nil && bug == nil && !trace
    guard isAlone, (1...100).contains(percent) else {
      throw CommandFailure(
        .usage, "usage", "--full takes 1 to 100, and goes with --report, --workers and --json only",
        hint: "see `kreissync simulate --help`")
    }
    try FullSimulation(
      percent: percent, workers: workerCount, withReport: report, isJSON: output.json
    ).run()
  }

  private var workerCount: Int {
    let processorCount = ProcessInfo.processInfo.activeProcessorCount
    return min(max(1, workers ?? processorCount), processorCount, TrapReport.workerCountMax)
  }

  private func makePlan() throws -> SimulationPlan {
    for (name, number) in [("seeds", seeds), ("minutes", minutes), ("workers", workers)] {
      guard number ?? 1 > 0 else {
        throw CommandFailure(
          .usage, "usage", "--\(name) must be at least 1", hint: "see `kreissync simulate --help`")
      }
    }
    let variant = try bug.map(Self.variant(named:))
    let tier = tier ?? variant?.tier ?? .model
    let usualCount =
      bug != nil
      ? Self.bugSeedCount : trace ? 1 : minutes == nil ? Self.defaultSeedCount : Int.max
    let isPlain = first == nil && bug == nil && !trace
    let seams: @Sendable () -> Seams = if let variant { variant.makeSeams } else { { Seams() } }
    let simulation = Simulation(
      tier: tier, first: first ?? 1, seedCount: seeds ?? usualCount,
      regressions: isPlain ? RegressionSeeds.seeds(of: tier) : [],
      seconds: minutes.map { Double($0) * 60 }, stopsAtFailure: bug != nil, seams: seams)
    return SimulationPlan(
      simulation: simulation, bug: bug, commit: SourceCommit.current, workers: workerCount)
  }

  private static func variant(named name: String) throws -> BugVariant {
    guard let variant = BugBank.all.first(where: { $0.name == name }) else {
      throw CommandFailure(
        .usage, "usage", "there is no bug \(name)",
        hint: "one of: " + BugBank.all.map(\.name).joined(separator: ", "))
    }
    return variant
  }

  private func listBugs() {
    if output.json {
      printJSON(
        .list(
          BugBank.all.map {
            ["name": .text($0.name), "tier": .text($0.tier.rawValue), "doc": .text($0.doc)]
          }))
    } else {
      let rows = BugBank.all.map { [$0.name, $0.tier.rawValue, $0.doc] }
      print(TextTable(header: ["bug", "tier", "what is wrong"], rows: rows).text)
    }
  }

  // MARK: The story

  /// Runs the first seed once and tells what happened.
  private func tellStory(_ plan: SimulationPlan) -> SeedResult {
    TrapReport.began(0, plan.simulation.first)
    // A runner's disks are its own by its number; those of the simulation count from 1.
    let runner = SeedRunner(tier: plan.tier, number: 0, seams: plan.simulation.seams)
    let result = runner.run(plan.simulation.first)
    if !output.json { print(SimulationText.story(result, plan)) }
    return result
  }
}

extension Tier: ExpressibleByArgument {}

/// What a run of the command is to do.
struct SimulationPlan: Sendable {
  let simulation: Simulation
  /// The bug that is looked for.
  let bug: String?
  let commit: String
  let workers: Int

  var tier: Tier { simulation.tier }

  /// The words before the seed in the command that replays it; the words after it.
  var replay: (beginning: String, end: String) {
    (
      "kreissync simulate --tier \(tier.rawValue) --first ",
      " --seeds 1 --trace" + (bug.map { " --bug \($0)" } ?? "")
    )
  }

  func replay(_ seed: UInt64) -> String { replay.beginning + "\(seed)" + replay.end }
}

/// What a run with failures exits with; see the command's help.
enum SimulationExit: Int32 {
  case crash = 10
  case safety = 11
  case liveness = 12
  case notRepeatable = 13

  init(_ kind: Violation.Kind) {
    self =
      switch kind {
      case .crash: .crash
      case .safety: .safety
      case .liveness: .liveness
      case .notRepeatable: .notRepeatable
      }
  }

  /// The codes grow as the failures get less bad.
  init?(worstOf failures: [SeedResult]) {
    let kinds = failures.compactMap(\.violation?.kind).map(SimulationExit.init)
    guard let worst = kinds.min(by: { $0.rawValue < $1.rawValue }) else { return nil }
    self = worst
  }
}
