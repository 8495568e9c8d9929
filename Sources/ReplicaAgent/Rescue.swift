import Foundation
import ReplicaStorage
import SyncCore
import SyncProtocol

/// Puts a new replica in the place of one whose file is damaged: a snapshot of the hub's, with what
/// could be read of the damaged one on top. Here, and only here, a replica's file is replaced; the
/// damaged one stays beside it.
///
/// It may be cut off anywhere and goes on where it was. The damaged file is moved when the new one
/// is whole, and until then nothing is changed.
package struct Rescue {
  /// What came of it.
  package struct Outcome: Sendable, Equatable {
    /// Where the damaged file is now.
    package let damagedPath: String
    /// Parts of it that could not be read; see ``Salvage``.
    package let lost: [String]
  }

  private let directory: String
  private let replicaPath: String
  private let link: any HubLink
  private let environment: SessionEnvironment

  private var newPath: String { replicaPath + ".rescued" }
  private static let suffixes = ["", "-journal", "-wal", "-shm"]

  /// - Parameter directory: the site's; the caller holds its lock.
  package init(
    directory: String, replicaPath: String, link: any HubLink, environment: SessionEnvironment
  ) {
    self.directory = directory
    self.replicaPath = replicaPath
    self.link = link
    self.environment = environment
  }

  /// Whether a rescue was cut off between the moves of its two files.
  package static func isUnfinished(at replicaPath: String) -> Bool {
    let files = FileManager.default
    return !files.fileExists(atPath: replicaPath)
      && files.fileExists(atPath: replicaPath + ".rescued")
  }

  /// Whether a replica stood here before: a file that is none any more is then a damaged one.
  package static func isKnown(in directory: String) throws -> Bool {
    try SidecarFile(directory: directory).read() != nil
  }

  /// Moves what a rescue that was cut off has not moved.
  package func complete() throws {
    try complete(beside: replicaPath + ".damaged-" + stamp(environment.now()))
  }

  private func complete(beside damagedPath: String) throws {
    // What SQLite left beside the damaged file must not be taken for the new one's.
    for suffix in Self.suffixes.dropFirst()
    where FileManager.default.fileExists(atPath: replicaPath + suffix) {
      try SnapshotPart.rename(replicaPath + suffix, to: damagedPath + suffix)
    }
    try SnapshotPart.rename(newPath, to: replicaPath)
    try DurableFile.syncDirectory(of: replicaPath)
    let record = try ReplicaFile.open(at: replicaPath).record()
    try SidecarFile(directory: directory).write(Sidecar(record))
    try ReplicaCheckFile(directory: directory).forget()
  }

  /// - Throws: ``SessionError`` while the hub cannot be reached; nothing is changed.
  package func run() throws -> Outcome {
    let sidecar = try SidecarFile(directory: directory).read()
    let reload = Reload(
      directory: directory, link: link, software: environment.software, isRescue: true)
    let snapshot = try reload.fetch(notBefore: sidecar?.position.seq ?? 0)
    let salvage = try ReplicaFile.salvage(from: replicaPath, beside: snapshot)
    guard let log = try log(sidecar, salvage) else { throw ReplicaError.corrupt }
    for suffix in Self.suffixes { try SnapshotPart.remove(newPath + suffix) }
    try ReplicaFile.rescue(
      salvage, from: snapshot, as: newPath, log: log, at: environment.now())
    try DurableFile.syncDirectory(of: replicaPath)
    let damagedPath = replicaPath + ".damaged-" + stamp(environment.now())
    // The file first: from here on the new one is what counts.
    try SnapshotPart.rename(replicaPath, to: damagedPath)
    try complete(beside: damagedPath)
    try reload.finish()
    return Outcome(damagedPath: damagedPath, lost: salvage.lost)
  }

  /// Nil where neither the file nor its sidecar says whose log this was.
  private func log(_ sidecar: Sidecar?, _ salvage: Salvage) throws -> KeptLog? {
    if let record = salvage.record {
      return KeptLog(
        incarnation: record.incarnation, history: record.position.history,
        batchNumber: record.batchNumber, batchHash: record.batchHash,
        batchedThrough: record.batchedThrough,
        session: max(record.session, sidecar?.session ?? 0))
    }
    guard let sidecar, let position = sidecar.position.position else { return nil }
    return KeptLog(
      incarnation: IncarnationID(sidecar.incarnation), history: position.history,
      batchNumber: sidecar.batchNumber, batchHash: Hash256(text: sidecar.batchHash),
      batchedThrough: sidecar.batchedThrough, session: sidecar.session ?? 0)
  }

  private func stamp(_ now: Milliseconds) -> String {
    Date(timeIntervalSince1970: Double(now) / 1_000).formatted(.iso8601)
      .filter { $0.isLetter || $0.isNumber }
  }
}
