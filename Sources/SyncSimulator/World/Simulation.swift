import Dispatch
import Glibc
import Synchronization

/// One seed, run to its end: what was found, and what it took.
package struct SeedResult: Sendable {
  package let seed: UInt64
  package let swarm: Swarm
  package let violation: Violation?
  package let trace: Trace
  package let tally: Tally
}

/// Many seeds on all cores.
package struct Simulation: Sendable {
  package let tier: Tier
  package let first: UInt64
  /// How many seeds at most.
  package let seedCount: Int
  /// When to begin no further seed, in seconds; nil for never.
  package let seconds: Double?
  /// Stops at the first failure.
  package let stopsAtFailure: Bool
  package let seams: @Sendable () -> Seams

  package init(
    tier: Tier, first: UInt64, seedCount: Int, seconds: Double? = nil, stopsAtFailure: Bool = false,
    seams: @escaping @Sendable () -> Seams = { Seams() }
  ) {
    self.tier = tier
    self.first = first
    self.seedCount = seedCount
    self.seconds = seconds
    self.stopsAtFailure = stopsAtFailure
    self.seams = seams
  }

  package struct Outcome: Sendable {
    package var seedCount = 0
    package var tally = Tally()
    /// In order of their seeds.
    package var failures: [SeedResult] = []
    package var seconds = 0.0
  }

  /// Numbers the runners of the process: each has disks of its own names.
  private static let runnerCount = Atomic<Int>(0)

  /// Runs the seeds, each twice.
  ///
  /// - Parameters:
  ///   - workers: threads.
  ///   - progress: told after each seed, with the number of seeds done; from any thread.
  package func run(workers: Int, progress: @escaping @Sendable (Int) -> Void = { _ in })
    -> Outcome
  {
    let outcome = Mutex(Outcome())
    let next = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
    let begin = Self.monotonicSeconds()
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      let number = Self.runnerCount.add(1, ordering: .relaxed).newValue
      let runner = SeedRunner(tier: tier, number: number, seams: seams)
      while !isOver.load(ordering: .relaxed) {
        let index = next.add(1, ordering: .relaxed).oldValue
        let isLate = seconds.map { Self.monotonicSeconds() - begin >= $0 } ?? false
        guard index < seedCount, !isLate else { return }
        let result = runner.runTwice(first &+ UInt64(index))
        if result.violation != nil && stopsAtFailure { isOver.store(true, ordering: .relaxed) }
        let count = outcome.withLock { outcome in
          outcome.seedCount += 1
          outcome.tally.add(result.tally)
          if result.violation != nil { outcome.failures.append(result) }
          return outcome.seedCount
        }
        progress(count)
      }
    }
    return outcome.withLock { outcome in
      outcome.failures.sort { $0.seed < $1.seed }
      outcome.seconds = Self.monotonicSeconds() - begin
      return outcome
    }
  }

  private static func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
