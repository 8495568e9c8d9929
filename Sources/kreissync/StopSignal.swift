import Dispatch
import Glibc
import Synchronization

/// Tells every thread of a daemon that the service manager, or a person, wants it to end.
///
/// SIGTERM and SIGINT end nothing by themselves from the moment this is made; whoever works looks
/// at ``isSet`` between its steps and waits by ``wait(atMost:)``.
final class StopSignal: Sendable {
  private let flag = Atomic(false)
  /// Left once, when the signal comes: any number of threads may wait for it.
  private let gate: DispatchGroup
  /// Written once, before anyone else has this object; kept, because a source ends with its owner.
  nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

  init() {
    let gate = DispatchGroup()
    gate.enter()
    self.gate = gate
    let queue = DispatchQueue(label: "kreissync.signals")
    sources = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      return DispatchSource.makeSignalSource(signal: number, queue: queue)
    }
    for source in sources {
      source.setEventHandler { [weak self] in self?.set() }
      source.resume()
    }
  }

  var isSet: Bool { flag.load(ordering: .acquiring) }

  /// Waits until the daemon is to end, or for so long by a clock that nobody sets.
  func wait(atMost milliseconds: Int64) {
    _ = gate.wait(timeout: .now() + .milliseconds(Int(max(0, milliseconds))))
  }

  /// Waits until the daemon is to end.
  func wait() {
    gate.wait()
  }

  /// Returns when the daemon is to end, or the task is cancelled.
  func ended() async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    gate.notify(queue: .global()) { continuation.finish() }
    for await _ in stream {}
  }

  private func set() {
    guard !flag.exchange(true, ordering: .acquiringAndReleasing) else { return }
    gate.leave()
  }
}
