import GRDB
import SQLiteAccess
import SyncCore

/// What engines can do beside ``HubStore``: write a county as it is into one file, while it serves.
package protocol BackupSource: HubStore {
  /// Writes the county, as it is at one moment, into the empty file at `path`. Writers do not wait.
  /// Not durable, not proved; what stands there after an error is no backup.
  ///
  /// - Parameter onProgress: called again and again with the share that is copied; what it throws
  ///   ends the copy.
  /// - Throws: ``BackupTargetFull`` where the disk of `path` is.
  func copy(to path: String, onProgress: (Double) throws -> Void) throws
}

/// The disk on which a backup is written has no room for it.
package struct BackupTargetFull: Error, Equatable {
  package init() {}
}

extension SQLiteHub: BackupSource {
  /// On connections of its own, beside the pool's. The copy is in no WAL mode, so it is one file
  /// also while somebody reads it.
  package func copy(to path: String, onProgress: (Double) throws -> Void) throws {
    try Self.translatingErrors {
      do {
        try FileCopy.make(
          of: name, at: path, busyMilliseconds: Self.busyMilliseconds, onProgress: onProgress)
      } catch FileCopy.Failure.targetFull {
        throw BackupTargetFull()
      } catch FileCopy.Failure.sourceTooBusy {
        throw HubStoreError.busy
      }
      try leaveWAL(path)
    }
  }

  private func leaveWAL(_ path: String) throws {
    let queue = try DatabaseQueue(path: path, configuration: SnapshotFile.configuration)
    do {
      try queue.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    } catch let error as DatabaseError where FileCopy.isFull(error) {
      throw BackupTargetFull()
    }
    try queue.close()
  }
}

/// A copy of a county's file that nobody serves: read, never written.
package struct CountyCopy {
  private let queue: DatabaseQueue
  private let schema = KnownSchema()

  /// Opens the copy at `path`.
  ///
  /// - Throws: ``HubStoreError/unusable(_:)`` if it is no county's file of this format.
  package static func open(at path: String) throws -> CountyCopy {
    try SQLiteHub.translatingErrors {
      try SQLiteHub.check(path)
      var configuration = SnapshotFile.configuration
      configuration.readonly = true
      return CountyCopy(queue: try DatabaseQueue(path: path, configuration: configuration))
    }
  }

  private init(queue: DatabaseQueue) {
    self.queue = queue
  }

  /// Reads one consistent state.
  package func read<Result>(_ body: (any HubReader) throws -> Result) throws -> Result {
    try SQLiteHub.translatingErrors {
      try queue.inDatabase { database in
        try body(SQLiteHubTransaction(database: database, words: schema.current(in: database)))
      }
    }
  }

  /// What SQLite finds wrong with the file's pages; nil for nothing.
  package func flaw() throws -> String? {
    try SQLiteHub.translatingErrors { try queue.inDatabase { try FileCopy.flaw(in: $0) } }
  }

  /// Closes the file now.
  package func close() throws {
    try SQLiteHub.translatingErrors { try queue.close() }
  }
}

extension SQLiteHubTransaction {
  var backups: BackupRecord {
    get throws {
      let sql = "SELECT secured_seq, secured_at, failure, failed_at FROM kreissync_backup"
      return try query(sql).first { row in
        BackupRecord(
          secured: row.isNull(0)
            ? nil : BackupRecord.Secured(seq: row.integer(0), begunAt: row.integer(1)),
          failure: row.isNull(2)
            ? nil : BackupRecord.Failure(code: row.text(2), at: row.integer(3)))
      } ?? BackupRecord()
    }
  }

  func put(_ backups: BackupRecord) throws {
    try query("INSERT OR REPLACE INTO kreissync_backup VALUES (1, ?, ?, ?, ?)").run(
      Parameter(backups.secured?.seq), Parameter(backups.secured?.begunAt),
      Parameter(backups.failure?.code), Parameter(backups.failure?.at))
  }
}
