/// Runs seeds, one after the other, on disks that it keeps for the next.
///
/// Used by one thread; two runners know nothing of each other.
package final class SeedRunner {
  private let tier: Tier
  private let seams: @Sendable () -> Seams
  private let disks: [SimulatedDisk]

  /// The hub's and those of forty sites.
  private static let diskCount = 41

  /// - Parameter number: names the runner's disks; unique in the process.
  package init(tier: Tier, number: Int, seams: @escaping @Sendable () -> Seams = { Seams() }) {
    self.tier = tier
    self.seams = seams
    disks = (0..<Self.diskCount).map { SimulatedDisk(name: "sim-\(number)-\($0)", seed: 0) }
  }

  /// Runs a seed once.
  ///
  /// - Parameter change: what is to be otherwise than the seed has drawn it.
  package func run(_ seed: UInt64, change: (inout Swarm) -> Void = { _ in }) -> SeedResult {
    var swarm = Swarm(seed: seed, tier: tier)
    change(&swarm)
    do {
      let county = try SimulatedCounty(
        seed: seed, tier: tier, swarm: swarm, seams: seams(), disks: disks)
      var violation: Violation?
      do {
        try county.run()
      } catch let found as Violation {
        violation = found
      } catch {
        violation = Violation(.crash, "\(error)")
      }
      return SeedResult(
        seed: seed, swarm: swarm, violation: violation, trace: county.trace, tally: county.tally)
    } catch {
      return SeedResult(
        seed: seed, swarm: swarm, violation: Violation(.crash, "before it began: \(error)"),
        trace: Trace(), tally: Tally())
    }
  }

  /// Runs a seed twice: equal traces, or the simulation itself is broken.
  package func runTwice(_ seed: UInt64) -> SeedResult {
    let first = run(seed)
    guard first.violation == nil else { return first }
    let second = run(seed)
    guard first.trace.hash != second.trace.hash else { return first }
    let place =
      zip(first.trace.lines, second.trace.lines).first { $0 != $1 }.map { "\($0) | \($1)" }
    return SeedResult(
      seed: seed, swarm: first.swarm,
      violation: Violation(.notRepeatable, place ?? "one trace goes on where the other ends"),
      trace: first.trace, tally: first.tally)
  }
}
