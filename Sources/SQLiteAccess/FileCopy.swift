package import GRDB
import Glibc

/// Copies a database that is in use into one file of its own: SQLite's online backup.
///
/// > Using the online backup API … the copy operation may be done incrementally, in which case the
/// > source database does not need to be locked for the duration of the copy, only for the brief
/// > periods of time when it is actually being read from. (sqlite.org/backup.html)
///
/// Page for page, not `VACUUM INTO`: that would number the rows of tables without an INTEGER key
/// anew, which another program may rely on, and is several times slower on a large file. Damage
/// that is copied along is the verification's to find, and so it must not be left out.
package enum FileCopy {
  /// Why a copy could not be made.
  package enum Failure: Error, Equatable, Sendable {
    /// No room where the copy is written.
    case targetFull
    /// Other programs wrote faster than the pages could be copied.
    case sourceTooBusy
  }

  /// 2 MiB of usual pages: what is read between two looks at the progress, and, outside WAL mode,
  /// between two chances of another program to write.
  private static let pagesPerStep: CInt = 512
  /// Outside WAL mode a write of another program makes the copy begin anew. Who writes that often
  /// is told to pause.
  private static let restartCountMax = 20

  /// Copies the database `source` into `target`, as it is at one moment.
  ///
  /// In WAL mode that moment is the beginning, and no writer waits; the WAL grows meanwhile,
  /// because no checkpoint passes a reader. In other modes writers wait for a step at the most, and
  /// the copy begins anew when one has written. Nothing is durable yet.
  ///
  /// - Parameters:
  ///   - source: what SQLite is given to open it.
  ///   - target: an empty file. What stands there after an error is of no use.
  ///   - onProgress: called after each step with the share that is copied, up to 1; what it throws
  ///     ends the copy.
  package static func make(
    of source: String, at target: String, busyMilliseconds: Int,
    onProgress: (Double) throws -> Void
  ) throws {
    func connection(_ path: String, synchronous: String) throws -> DatabaseQueue {
      try DatabaseQueue(
        path: path,
        configuration: Connection.configuration(
          synchronous: synchronous, busyMilliseconds: busyMilliseconds, firesTriggers: false))
    }
    let from = try connection(source, synchronous: "FULL")
    do {
      // Nobody else has the copy, and a broken one is thrown away.
      let into = try connection(target, synchronous: "OFF")
      try from.inDatabase { database in
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode")
        if mode == "wal" {
          try database.inTransaction(.deferred) {
            // The first read is the moment.
            _ = try Int64.fetchOne(database, sql: "PRAGMA schema_version")
            try copy(database, into, onProgress)
            return .commit
          }
        } else {
          try copy(database, into, onProgress)
        }
      }
      try into.close()
    } catch let error as DatabaseError where isFull(error) {
      throw Failure.targetFull
    }
    try from.close()
  }

  private static func copy(
    _ database: Database, _ into: DatabaseQueue, _ onProgress: (Double) throws -> Void
  ) throws {
    var left = Int.max
    var restartCount = 0
    try withoutActuallyEscaping(onProgress) { onProgress in
      try into.inDatabase { target in
        try database.backup(to: target, pagesPerStep: pagesPerStep) { step in
          if step.remainingPageCount > left { restartCount += 1 }
          guard restartCount <= restartCountMax else { throw Failure.sourceTooBusy }
          left = step.remainingPageCount
          try onProgress(1 - Double(left) / Double(max(1, step.totalPageCount)))
        }
      }
    }
  }

  /// Whether a disk has no room: the copy's, for of the source it is only read.
  package static func isFull(_ error: DatabaseError) -> Bool {
    error.resultCode == .SQLITE_FULL || error.resultCode == .SQLITE_IOERR && errno == ENOSPC
  }

  /// What SQLite's own look over all pages finds first; nil where all is well. Reads the whole
  /// file.
  package static func flaw(in database: Database) throws -> String? {
    let found = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
    return found == "ok" ? nil : found ?? "quick_check says nothing"
  }
}
