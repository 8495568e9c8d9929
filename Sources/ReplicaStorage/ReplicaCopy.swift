import CaseloadSchema
import GRDB
import Glibc
import SQLiteAccess

/// A copy of a replica as a backup: all that stands in the file, also what other programs keep
/// there.
package enum ReplicaCopy {
  /// The disk on which a copy is written has no room for it.
  package struct TargetFull: Error, Equatable {}

  /// Longer than a program's own transactions.
  private static let busyMilliseconds = 10_000

  /// Copies the replica at `path`, as it is at one moment, into the empty file at `target`, while
  /// other programs write. Not durable, not proved; what stands there after an error is no backup.
  ///
  /// - Parameter onProgress: called again and again with the share that is copied.
  /// - Throws: ``TargetFull``, or ``ReplicaError`` for what is wrong with the replica itself.
  package static func make(
    of path: String, at target: String, onProgress: (Double) throws -> Void
  ) throws {
    guard access(path, F_OK) == 0 else { throw ReplicaError.missing(path: path) }
    try ReplicaFile.translatingErrors {
      do {
        try FileCopy.make(
          of: path, at: target, busyMilliseconds: busyMilliseconds, onProgress: onProgress)
      } catch FileCopy.Failure.targetFull {
        throw TargetFull()
      } catch FileCopy.Failure.sourceTooBusy {
        throw ReplicaError.locked
      }
    }
  }

  /// Proves that the file at `path`, which nobody else uses, is a sound replica; returns where it
  /// stands.
  ///
  /// - Throws: ``ReplicaError/corrupt`` where its pages are damaged, ``ReplicaError/notAReplica``.
  package static func prove(_ path: String) throws -> ReplicaRecord {
    try ReplicaFile.translatingErrors {
      let queue = try DatabaseQueue(
        path: path,
        configuration: Connection.configuration(
          synchronous: "FULL", busyMilliseconds: busyMilliseconds, firesTriggers: false))
      let record = try queue.inDatabase { database in
        let application = try Int64.fetchOne(database, sql: "PRAGMA application_id")
        guard application == ReplicaTables.applicationID else {
          throw ReplicaError.notAReplica(path: path)
        }
        guard try FileCopy.flaw(in: database) == nil else { throw ReplicaError.corrupt }
        return try ReplicaFile.record(in: database)
      }
      // The last connection takes the WAL with it: the replica is one file.
      try queue.close()
      return record
    }
  }
}
