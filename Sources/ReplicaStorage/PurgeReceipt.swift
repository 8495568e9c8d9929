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
  package func purgeReceipt(
    stripping strip: @escaping ([UInt8], Set<Int64>) throws -> [UInt8]
  ) throws -> PurgeReceipt? {
    guard try provePurges(strip) else { return nil }
    return try read { database in
      let cases: [(CaseID, Int64)] = try Query(
        database,
        "SELECT case_id, purge FROM kreissync_case_state WHERE purge <> 0 ORDER BY case_id"
      ).all { ($0.identifier(0), $0.integer(1)) }
      return PurgeReceipt(
        waiting: cases.map(\.0),
        heldCount: Int64(
          cases.count {
            [ScopePurge.State.held, .heldErasure].map(\.rawValue).contains($0.1)
          }))
    }
  }

  /// Cases whose purge waits for a person's release.
  package func heldPurgeCount() throws -> Int64 {
    try read { database in
      try Query(
        database, "SELECT count(*) FROM kreissync_case_state WHERE purge IN (?, ?)"
      ).first(
        .integer(ScopePurge.State.held.rawValue), .integer(ScopePurge.State.heldErasure.rawValue)
      ) { $0.integer(0) } ?? 0
    }
  }

  package func releasePurges() throws {
    try write { database in
      let release = try Query(
        database, "UPDATE kreissync_case_state SET purge = ?, digest = NULL WHERE purge = ?")
      let released: [(to: ScopePurge.State, from: ScopePurge.State)] = [
        (.ordered, .held), (.erasure, .heldErasure),
      ]
      for (to, from) in released {
        try release.run(.integer(to.rawValue), .integer(from.rawValue))
      }
    }
  }

  /// What still has to be done until purged rows stand nowhere: `purge_unproved` of the record.
  private enum Proof: Int64 {
    case nothing = 0
    /// They stand in the WAL.
    case emptyWAL = 1
    /// A case was erased. The agent overwrites what it deletes; other programs need not, and SQLite
    /// leaves copies of cells that it moves between pages. So the file is written anew.
    case rewriteFile = 2
  }

  /// Strips what the replica keeps of its past, and empties the WAL, in which purged rows stand
  /// until then; after an erasure the file is written anew before.
  ///
  /// - Returns: false while another program keeps the file or the WAL, or the disk has no room.
  private func provePurges(
    _ strip: @escaping ([UInt8], Set<Int64>) throws -> [UInt8]
  ) throws -> Bool {
    guard try proof() != .nothing else { return true }
    try stripPurged(strip)
    let mustRewrite = try proof() == .rewriteFile
    do {
      let isEmptied = try Self.translatingErrors {
        try queue.inDatabase { database in
          if mustRewrite { try database.execute(sql: "VACUUM") }
          return try Query(database, "PRAGMA wal_checkpoint(TRUNCATE)").first {
            $0.integer(0) == 0
          } ?? false
        }
      }
      guard isEmptied else { return false }
    } catch ReplicaError.locked, ReplicaError.storageFull {
      return false
    }
    try write { database in
      try Query(database, "UPDATE kreissync_replica SET purge_unproved = 0").run()
    }
    return true
  }

  private func proof() throws -> Proof {
    try read { database in
      try Query(database, "SELECT purge_unproved FROM kreissync_replica").first {
        Proof(rawValue: $0.integer(0)) ?? .rewriteFile
      } ?? .nothing
    }
  }
}
