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

  /// Half a body's hard limit, so that one long row still fits.
  package static let pageByteCount = ProtocolLimit.bodyByteCountMax / 2

  package init(
    now: @escaping @Sendable () -> Milliseconds, random: @escaping @Sendable (Int) -> [UInt8],
    pageByteCount: Int = HubEnvironment.pageByteCount
  ) {
    self.now = now
    self.random = random
    self.pageByteCount = pageByteCount
  }

  /// A new row id or event id.
  package func uuid() -> String {
    UUIDv7.text(milliseconds: now(), random: random(UUIDv7.randomByteCount))
  }
}
