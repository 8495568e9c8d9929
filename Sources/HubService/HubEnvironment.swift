package import SyncCore
import SyncProtocol

/// Time and randomness, brought by the composition root or the simulator.
package struct HubEnvironment: Sendable {
  /// The hub's clock.
  package let now: @Sendable () -> Milliseconds
  /// So many random bytes, fit for keys.
  package let random: @Sendable (Int) -> [UInt8]

  /// A page of a pull is closed above this size.
  package let pageByteCount: Int
  /// The hashes of the keys by which sites shall know the hub, the present one first; empty where
  /// nobody tells them.
  package let pins: @Sendable () -> [[UInt8]]

  /// A quarter of a body's hard limit: one long row still fits, and some pages may be built at a
  /// time.
  package static let pageByteCount = ProtocolLimit.bodyByteCountMax / 4

  package init(
    now: @escaping @Sendable () -> Milliseconds, random: @escaping @Sendable (Int) -> [UInt8],
    pageByteCount: Int = HubEnvironment.pageByteCount,
    pins: @escaping @Sendable () -> [[UInt8]] = { [] }
  ) {
    self.pins = pins
    self.now = now
    self.random = random
    self.pageByteCount = pageByteCount
  }

  /// A new row id or event id.
  package func uuid() -> String {
    UUIDv7.text(milliseconds: now(), random: random(UUIDv7.randomByteCount))
  }
}
