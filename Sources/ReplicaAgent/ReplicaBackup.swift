package import ReplicaStorage
import SyncProtocol

/// A backup of a replica: one file, proved before it takes its place, with its identity inside.
///
/// What the hub does not hold is in it, too: local columns, what was not sent yet, and tables of
/// other programs. The site's key and certificate are not.
package struct ReplicaBackup: Sendable {
  package let record: ReplicaRecord
  package let byteCount: Int64

  /// Makes a backup at `target` of the replica at `path`, while other programs write; nothing is
  /// overwritten.
  ///
  /// When this returns the file survives a power cut; when it throws, nothing stands at `target`.
  ///
  /// - Throws: ``FileFailure`` where the file cannot be written, else ``ReplicaError``.
  package static func make(
    of path: String, at target: String, onProgress: (Double) throws -> Void = { _ in }
  ) throws -> ReplicaBackup {
    let draft = try DraftFile(for: target)
    let record: ReplicaRecord
    do {
      try ReplicaCopy.make(of: path, at: draft.path, onProgress: onProgress)
      record = try ReplicaCopy.prove(draft.path)
    } catch is ReplicaCopy.TargetFull {
      try draft.discard()
      throw FileFailure(.write, target, code: FileFailure.storageFullCode)
    } catch {
      try draft.discard()
      throw error
    }
    return ReplicaBackup(record: record, byteCount: try draft.keep())
  }
}
