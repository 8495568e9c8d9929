import ArgumentParser
import Foundation
import SyncSimulator

/// Runs counties in this process, with bad lines, clocks and disks, and says what breaks.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Simulates counties by seeds and looks for what breaks.")

  @Option(help: "How many seeds.") var seeds = 100
  @Option(help: "The first seed.") var first: UInt64 = 1
  @Option(help: "model: lines, clocks, crashes; storage: disks.") var tier = "model"
  @Flag(help: "Print what happened in the first seed.") var trace = false

  func run() throws {
    let tier = Tier(rawValue: tier)!
    let simulation = Simulation(
      tier: tier, first: first, seedCount: seeds)
    let outcome = simulation.run(workers: trace ? 1 : 2)
    for failure in outcome.failures.prefix(20) {
      print(
        "seed \(failure.seed): \(failure.violation!.kind) \(failure.violation!.invariant.map { "I\($0.rawValue)" } ?? "") \(failure.violation!.what)")
      if trace { for line in failure.trace.lines { print(line) } }
    }
    print(outcome.seedCount, "seeds", outcome.failures.count, "failed", outcome.seconds, "s")
    print(outcome.tally.events, outcome.tally.statements, outcome.tally.sessions)
    print(outcome.tally.faults.sorted { $0.key < $1.key }.map { "F\($0.key.fault)\($0.key.point.rawValue)=\($0.value)" }.joined(separator: " "))
    print(outcome.tally.checks.sorted { $0.key < $1.key }.map { "I\($0.key.rawValue)=\($0.value)" }.joined(separator: " "))
  }
}
