import Dispatch
import Glibc
import Synchronization

/// One seed, run to its end: what was found, and what it took.
package struct SeedResult: Sendable {
  package let seed: UInt64
  package let swarm: Swarm
  package private(set) var violation: Violation?
  package let trace: Trace
  package var tally: Tally

  /// The same run with something found wrong.
  func failed(_ violation: Violation) -> SeedResult {
    var result = self
    result.violation = violation
    return result
  }
}

/// Many seeds on all cores.
package struct Simulation: Sendable {
  package let tier: Tier
  package let first: UInt64
  /// How many seeds at most, besides the regression seeds.
  package let seedCount: Int
  /// Seeds that run before all others.
  package let regressions: [UInt64]
  /// When to begin no further seed, in seconds; nil for never.
  package let seconds: Double?
  /// Stops at the first failure.
  package let stopsAtFailure: Bool
  package let seams: @Sendable () -> Seams

  package init(
    tier: Tier, first: UInt64, seedCount: Int, regressions: [UInt64] = [], seconds: Double? = nil,
    stopsAtFailure: Bool = false, seams: @escaping @Sendable () -> Seams = { Seams() }
  ) {
    self.tier = tier
    self.first = first
    self.seedCount = seedCount
    self.regressions = regressions
    self.seconds = seconds
    self.stopsAtFailure = stopsAtFailure
    self.seams = seams
  }

  /// Makes SQLite fit for a process that does nothing but simulate: threads do not wait for each
  /// other. (Measured: a third more seeds on two cores.)
  ///
  /// - Precondition: no thread of the process has used SQLite yet.
  package static func prepareProcess() { SimulatedDisk.configureSQLite() }

  /// What came of all seeds together.
  package struct Outcome: Sendable {
    package var seedCount = 0
    package var tally = Tally()
    /// In order of their seeds.
    package var failures: [SeedResult] = []
    package var seconds = 0.0

    package init() {}

    /// A bad night finds thousands: so many keep their traces.
    private static let traceCountMax = 100

    fileprivate mutating func add(failure: SeedResult) {
      let keepsTrace = failures.count < Self.traceCountMax
      failures.append(
        SeedResult(
          seed: failure.seed, swarm: failure.swarm, violation: failure.violation,
          trace: keepsTrace ? failure.trace : Trace(), tally: failure.tally))
    }
  }

  /// Who is told while the seeds run, from any thread.
  package struct Listener: Sendable {
    /// A worker, counted from 0, is about to run a seed.
    package var began: @Sendable (_ worker: Int, _ seed: UInt64) -> Void = { _, _ in }
    /// A seed has ended: its result, and how many have ended so far.
    package var ended: @Sendable (_ result: SeedResult, _ count: Int) -> Void = { _, _ in }

    package init() {}
  }

  /// Numbers the runners of the process: each has disks of its own names.
  private static let runnerCount = Atomic<Int>(0)

  /// Runs the seeds, each twice, the regression seeds first.
  ///
  /// - Parameter workers: threads.
  package func run(workers: Int, listener: Listener = Listener()) -> Outcome {
    let outcome = Mutex(Outcome())
    let next = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
    let begin = Self.monotonicSeconds()
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      let number = Self.runnerCount.add(1, ordering: .relaxed).newValue
      let runner = SeedRunner(tier: tier, number: number, seams: seams)
      while !isOver.load(ordering: .relaxed) {
        let index = next.add(1, ordering: .relaxed).oldValue
        let isLate = seconds.map { Self.monotonicSeconds() - begin >= $0 } ?? false
        guard let seed = seed(at: index), !isLate else { return }
        listener.began(worker, seed)
        let result = runner.runTwice(seed)
        if result.violation != nil && stopsAtFailure { isOver.store(true, ordering: .relaxed) }
        let count = outcome.withLock { outcome in
          outcome.seedCount += 1
          outcome.tally.add(result.tally)
          if result.violation != nil { outcome.add(failure: result) }
          return outcome.seedCount
        }
        listener.ended(result, count)
      }
    }
    return outcome.withLock { outcome in
      outcome.failures.sort { $0.seed < $1.seed }
      outcome.seconds = Self.monotonicSeconds() - begin
      return outcome
    }
  }

  /// The seed at a place in the order of the run; nil behind its end.
  private func seed(at index: Int) -> UInt64? {
    if index < regressions.count { return regressions[index] }
    let place = index - regressions.count
    return place < seedCount ? first &+ UInt64(place) : nil
  }

  private static func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
