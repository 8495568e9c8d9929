/// Runs seeds, one after the other, on disks that it keeps for the next.
///
/// Used by one thread; two runners know nothing of each other.
package final class SeedRunner {
  private let tier: Tier
  private let seams: @Sendable () -> Seams
  private let disks: [SimulatedDisk]
  private let images = Result { try CountyImages.laws.get().unshared() }
  private lazy var grownImages = Result { try CountyImages.grown.get().unshared() }

  /// The hub's, those of forty sites, and one for a copy of a machine.
  private static let diskCount = 42

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
        seed: seed, tier: tier, swarm: swarm, seams: seams(),
        images: (swarm.olderSites > 0 ? grownImages : images).get(), disks: disks)
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
  ///
  /// The second run is more than a repetition where the seed allows it. If the first hub ran on
  /// SQLite, the second runs in memory: the engines decide alike, to the last byte (I11). If the
  /// programs leave alone what clocks decide, the second run's clocks are wrong otherwise (I21).
  package func runTwice(_ seed: UInt64) -> SeedResult {
    let first = run(seed)
    guard first.violation == nil else { return first }
    let comparesEngines = tier == .model && first.swarm.usesSQLiteHub
    let second = run(seed) { swarm in
      if comparesEngines { swarm.usesSQLiteHub = false }
      if swarm.ignoresClocks { swarm.clocks += 1 }
    }
    if let violation = second.violation { return first.failed(violation) }
    var result = first
    if comparesEngines { result.tally.checked(.decision) }
    guard first.swarm.ignoresClocks else {
      guard first.trace.hash == second.trace.hash else {
        let violation =
          comparesEngines
          ? Violation(breaking: .decision, "the engines differ: \(first.trace | second.trace)")
          : Violation(.notRepeatable, first.trace | second.trace)
        return first.failed(violation)
      }
      return result
    }
    result.tally.checked(.clockIndependence)
    guard first.trace.outcomes == second.trace.outcomes else {
      let parting = Trace.parting(first.trace.outcomes, second.trace.outcomes)
      return first.failed(
        Violation(breaking: .clockIndependence, "with other clocks: \(parting)"))
    }
    return result
  }
}
