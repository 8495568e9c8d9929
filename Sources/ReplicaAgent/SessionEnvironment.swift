package import ReplicaStorage
package import SyncCore
import SyncProtocol

extension BatchLimit {
  /// The protocol's own.
  package static let standard = BatchLimit(
    changeCount: ProtocolLimit.batchChangeCountMax, byteCount: ProtocolLimit.batchByteCountTarget)
}

/// What a session needs from outside.
package struct SessionEnvironment {
  package let now: () -> Milliseconds
  package let random: (Int) -> [UInt8]
  /// Name and version of the program, for people.
  package let software: String
  /// How large a batch may grow.
  package let batchLimit: BatchLimit

  package init(
    software: String, now: @escaping () -> Milliseconds, random: @escaping (Int) -> [UInt8],
    batchLimit: BatchLimit = .standard
  ) {
    self.software = software
    self.now = now
    self.random = random
    self.batchLimit = batchLimit
  }
}
