import Glibc

/// Measures what this process, and a hub's process beside it, spend on a piece of work.
package struct Stopwatch {
  /// A process of its own that works for the candidate; nil where all happens in this one.
  private let helper: Int32?

  package init(with helper: Int32? = nil) {
    self.helper = helper
  }

  package func measure(_ body: () throws -> Void) throws -> Cost {
    let (wall, cpu) = (Self.seconds(CLOCK_MONOTONIC), processorSeconds())
    try body()
    return Cost(wall: Self.seconds(CLOCK_MONOTONIC) - wall, cpu: processorSeconds() - cpu)
  }

  private func processorSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime) + helperSeconds()
  }

  private func helperSeconds() -> Double {
    var clock = clockid_t()
    guard let helper, clock_getcpuclockid(helper, &clock) == 0 else { return 0 }
    return Self.seconds(clock)
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }
}
