import Foundation
import Glibc
import SyncSimulator
import Synchronization

/// Says how a simulation goes while it goes: failures as they are found, on standard output; and
/// one line of progress that is drawn anew, where somebody looks at standard error.
final class SimulationReporter: Sendable {
  private let plan: SimulationPlan
  private let isSilent: Bool
  private let drawsProgress: Bool
  private let state: Mutex<State>

  private struct State {
    var hasBegun = false
    var failureCount = 0
    var events = 0
    let beginning = SimulationReporter.now()
    var drawnAt = 0.0
  }

  /// Failures that are told in full: those after them are mostly the same again.
  private static let fullFailureCount = 5
  private static let secondsBetweenDrawings = 0.2

  /// - Parameter isSilent: the run ends with one document, and nothing is said before.
  init(_ plan: SimulationPlan, isSilent: Bool) {
    self.plan = plan
    self.isSilent = isSilent
    drawsProgress = !isSilent && isatty(STDERR_FILENO) == 1
    state = Mutex(State())
  }

  var listener: Simulation.Listener {
    var listener = Simulation.Listener()
    listener.began = { [self] worker, seed in
      TrapReport.began(worker, seed)
      begin()
    }
    listener.ended = { [self] result, count in end(result, count) }
    return listener
  }

  /// Says how it went in all.
  func finish(_ outcome: Simulation.Outcome) {
    state.withLock { _ in
      erase()
      // With a bug the first seed in order counts, whichever worker was faster.
      if plan.bug != nil, let first = outcome.failures.first, let violation = first.violation {
        say(SimulationText.failure(first, violation, plan))
      }
      say(SimulationText.summary(outcome, plan))
    }
  }

  private func begin() {
    state.withLock { state in
      guard !state.hasBegun else { return }
      state.hasBegun = true
      say(SimulationText.opening(plan))
    }
  }

  private func end(_ result: SeedResult, _ count: Int) {
    state.withLock { state in
      state.events += result.tally.events
      if let violation = result.violation {
        state.failureCount += 1
        erase()
        if plan.bug == nil {
          say(
            state.failureCount <= Self.fullFailureCount
              ? SimulationText.failure(result, violation, plan)
              : SimulationText.shortFailure(result, violation, plan))
        }
      }
      draw(&state, count)
    }
  }

  private func say(_ text: String) {
    guard !isSilent else { return }
    print(text)
    // Whoever reads a pipe, or a file that grows over night, wants it now.
    fflush(nil)
  }

  // MARK: The line of progress

  private func draw(_ state: inout State, _ count: Int) {
    let now = Self.now()
    guard drawsProgress, now - state.drawnAt >= Self.secondsBetweenDrawings else { return }
    state.drawnAt = now
    let seconds = max(now - state.beginning, 0.001)
    let rate = Double(count) / seconds
    let total = plan.simulation.regressions.count.addingReportingOverflow(plan.simulation.seedCount)
    let left = [
      total.overflow ? nil : Double(total.partialValue - count) / max(rate, 0.001),
      plan.simulation.seconds.map { max(0, $0 - seconds) },
    ].compactMap(\.self).min()
    write(
      "\r\u{1B}[K\(count) seeds, \(SimulationText.oneDecimal(rate)) a second, "
        + "\(Int(Double(state.events) / seconds)) events a second, "
        + "\(state.failureCount) failed" + (left.map { ", \(Self.duration($0)) left" } ?? ""))
  }

  private func erase() {
    if drawsProgress { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e9))
    return whole < 120 ? "\(whole) s" : whole < 7_200 ? "\(whole / 60) min" : "\(whole / 3_600) h"
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
