import Synchronization

/// Whether a body comes fast enough: 1 KiB a second after the first ten seconds, which the slowest
/// line has.
package final class BodyPace: Sendable {
  /// When it is first looked at.
  package static let graceSeconds: Int64 = 10
  /// How often it is looked at from then on.
  package static let periodSeconds: Int64 = 5
  private static let byteCountPerSecond: Int64 = 1_024

  private let state = Mutex((byteCount: Int64(0), seconds: graceSeconds))

  package init() {}

  /// So many more bytes are there.
  package func count(_ byteCount: Int) {
    state.withLock { $0.byteCount += Int64(byteCount) }
  }

  /// Called once after ``graceSeconds`` and then each ``periodSeconds``.
  package func isTooSlow() -> Bool {
    state.withLock { state in
      defer { state.seconds += Self.periodSeconds }
      return state.byteCount < state.seconds * Self.byteCountPerSecond
    }
  }
}
