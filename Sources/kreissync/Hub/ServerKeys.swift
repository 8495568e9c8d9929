import Hub
import Logging
import Synchronization
import SyncCore

/// The hub's key as a running `hub serve` holds it, and the files that say whether it is still the
/// one: `hub keys rotate` is another process.
final class ServerKeys: Sendable {
  private let directory: String
  private let pins = Mutex<[[UInt8]]>([])

  /// How soon a switch by hand reaches the sites.
  private static let lookInterval = Duration.seconds(2)

  init(directory: String) {
    self.directory = directory
  }

  /// The pins that every hello tells: the key that is served, and the next one.
  var announced: [[UInt8]] { pins.withLock { $0 } }

  /// The key to serve from now on; a switch that is due is done first.
  func load(at now: Milliseconds) throws -> ServerIdentity {
    let identity = try ServerIdentity.current(directory: directory, now: now)
    try announce(identity)
    return identity
  }

  /// Returns when another key is to be served, or when the task is cancelled. Meanwhile a next key
  /// that appears is announced.
  func changed(_ logger: Logger) async {
    let served = announced.first
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: Self.lookInterval)
        let next = try ServerIdentity.next(directory: directory)
        if let next, next.validFrom <= Surroundings.now() { return }
        let present = try ServerIdentity.load(directory: directory)
        guard present.pin == served else { return }
        try announce(present)
      } catch is CancellationError {
        return
      } catch {
        // Between the two files of a switch, or a disk that fails: the key in memory serves on.
        logger.debug("keys_unreadable")
      }
    }
  }

  private func announce(_ identity: ServerIdentity) throws {
    let next = try ServerIdentity.next(directory: directory)
    pins.withLock { $0 = [identity.pin] + (next.map { [$0.pin] } ?? []) }
  }
}
