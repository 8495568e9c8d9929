package import SyncCore

/// Time and randomness, brought by the composition root or the simulator.
package struct HubEnvironment: Sendable {
  /// The hub's clock.
  package let now: @Sendable () -> Milliseconds
  /// So many random bytes, fit for keys.
  package let random: @Sendable (Int) -> [UInt8]

  package init(
    now: @escaping @Sendable () -> Milliseconds, random: @escaping @Sendable (Int) -> [UInt8]
  ) {
    self.now = now
    self.random = random
  }

  /// A new row id or event id.
  package func uuid() -> String {
    UUIDv7.text(milliseconds: now(), random: random(UUIDv7.randomByteCount))
  }
}
