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
  /// Where the program runs, for people: names the copies of a replica that was cloned.
  package let machine: String?
  /// How large a batch may grow.
  package let batchLimit: BatchLimit
  /// Whether the replica takes newer schemas over. A local program may not bear new columns.
  package let takesSchemas: Bool
  /// Keeps the hashes of the keys by which the hub is to be known, durably; what throws ends the
  /// session.
  package let keepPins: ([[UInt8]]) throws -> Void
  /// Keeps what shows that the hub's past was changed; returns the file's name, or nil.
  package let keepProof: (HistoryProof) throws -> String?

  package init(
    software: String, now: @escaping () -> Milliseconds, random: @escaping (Int) -> [UInt8],
    machine: String? = nil, batchLimit: BatchLimit = .standard, takesSchemas: Bool = true,
    keepPins: @escaping ([[UInt8]]) throws -> Void = { _ in },
    keepProof: @escaping (HistoryProof) throws -> String? = { _ in nil }
  ) {
    self.keepProof = keepProof
    self.keepPins = keepPins
    self.software = software
    self.now = now
    self.machine = machine
    self.random = random
    self.batchLimit = batchLimit
    self.takesSchemas = takesSchemas
  }
}
