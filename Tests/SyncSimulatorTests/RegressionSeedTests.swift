import SyncSimulator
import Synchronization
import Testing

@Suite("The seeds that once found something")
struct RegressionSeedTests {
  @Test(arguments: RegressionSeeds.all)
  func `a seed that once found something is sound`(regression: RegressionSeed) {
    let outcome = Simulation(tier: regression.tier, first: regression.seed, seedCount: 1)
      .run(workers: 1)
    #expect(outcome.failures.map(\.violation) == [], "it once found: \(regression.found)")
  }

  @Test func `every line of the table names a seed once and what it found`() {
    var seen: Set<String> = []
    for regression in RegressionSeeds.all {
      #expect(seen.insert("\(regression.tier) \(regression.seed)").inserted, "\(regression)")
      #expect(regression.found.hasSuffix("."), "\(regression)")
    }
    for tier in Tier.allCases {
      #expect(
        RegressionSeeds.seeds(of: tier)
          == RegressionSeeds.all.filter { $0.tier == tier }.map(\.seed))
    }
  }

  @Test func `regression seeds run before all others, and besides them`() {
    let simulation = Simulation(
      tier: .model, first: 7, seedCount: 2, regressions: [900, 3])
    let order = Mutex<[UInt64]>([])
    var listener = Simulation.Listener()
    listener.began = { _, seed in order.withLock { $0.append(seed) } }
    let outcome = simulation.run(workers: 1, listener: listener)
    #expect(order.withLock { $0 } == [900, 3, 7, 8])
    #expect(outcome.seedCount == 4)
  }

  @Test func `no seed begins when the time is over`() {
    let outcome = Simulation(
      tier: .model, first: 1, seedCount: .max, regressions: [5], seconds: 0
    ).run(workers: 2)
    #expect(outcome.seedCount == 0 && outcome.failures.isEmpty)
  }

  @Test func `a worker's seeds are told when they begin and with their results`() {
    let told = Mutex<[(seed: UInt64, count: Int)]>([])
    let begun = Mutex<Set<UInt64>>([])
    var listener = Simulation.Listener()
    listener.began = { worker, seed in
      #expect((0..<2).contains(worker))
      begun.withLock { _ = $0.insert(seed) }
    }
    listener.ended = { result, count in
      #expect(begun.withLock { $0.contains(result.seed) })
      told.withLock { $0.append((result.seed, count)) }
    }
    _ = Simulation(tier: .model, first: 21, seedCount: 4).run(workers: 2, listener: listener)
    #expect(told.withLock { $0.map(\.seed).sorted() } == [21, 22, 23, 24])
    #expect(told.withLock { $0.map(\.count).sorted() } == [1, 2, 3, 4])
  }
}
