import GRDB
import SQLiteAccess
package import SyncCore

/// What a replica says of the purges that it was told to carry out: all up to its cursor are done,
/// and their text stands nowhere in its files, but for those that wait.
package struct PurgeReceipt: Sendable, Equatable {
  /// Cases of which something is still there, in ascending order: some wait for the hub's answer to
  /// unsent changes, others for a release.
  package let waiting: [CaseID]
  /// So many of them wait for a release.
  package let heldCount: Int64

  package init(waiting: [CaseID], heldCount: Int64) {
    self.waiting = waiting
    self.heldCount = heldCount
  }
}

extension ReplicaFile {
  package func purgeReceipt() throws -> PurgeReceipt? {
    guard try provePurges() else { return nil }
    return try read { database in
      let cases: [(CaseID, Int64)] = try Query(
        database,
        "SELECT case_id, purge FROM kreissync_case_state WHERE purge <> 0 ORDER BY case_id"
      ).all { ($0.identifier(0), $0.integer(1)) }
      return PurgeReceipt(
        waiting: cases.map(\.0),
        heldCount: Int64(cases.count { $0.1 == ScopePurge.State.held.rawValue }))
    }
  }

  /// Cases whose purge waits for a person's release.
  package func heldPurgeCount() throws -> Int64 {
    try read { database in
      try Query(database, "SELECT count(*) FROM kreissync_case_state WHERE purge = ?").first(
        .integer(ScopePurge.State.held.rawValue)
      ) { $0.integer(0) } ?? 0
    }
  }

  package func releasePurges() throws {
    try write { database in
      try Query(
        database, "UPDATE kreissync_case_state SET purge = ?, digest = NULL WHERE purge = ?"
      ).run(
        .integer(ScopePurge.State.ordered.rawValue), .integer(ScopePurge.State.held.rawValue))
    }
  }

  /// Empties the WAL, in which purged rows stand until then.
  ///
  /// - Returns: false while another program's reader keeps it.
  private func provePurges() throws -> Bool {
    let isProved = try read { database in
      try Query(database, "SELECT purge_unproved FROM kreissync_replica").first {
        $0.integer(0) == 0
      } ?? true
    }
    if isProved { return true }
    let isEmptied = try Self.translatingErrors {
      try queue.inDatabase { database in
        try Query(database, "PRAGMA wal_checkpoint(TRUNCATE)").first { $0.integer(0) == 0 } ?? false
      }
    }
    guard isEmptied else { return false }
    try write { database in
      try Query(database, "UPDATE kreissync_replica SET purge_unproved = 0").run()
    }
    return true
  }
}
