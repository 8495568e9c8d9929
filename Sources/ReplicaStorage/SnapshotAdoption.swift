import CaseloadSchema
import Foundation
import GRDB
import Glibc
import SQLiteAccess
import SyncCore

extension ReplicaFile {
  /// Makes a downloaded snapshot the replica at `path`, after it was proved to be what the hub
  /// means by this site's scope, or leaves it where it is.
  ///
  /// Three things are proved. The file holds no SQL but what this program derives itself from the
  /// county's schema: tables, triggers and views of a file run with the rights of whoever opens it.
  /// It is this site's. Its rows, digested one by one, are those of each case's digest and of the
  /// scope's; the proof leaves the baseline that the scrub compares with.
  ///
  /// - Parameters:
  ///   - draft: the snapshot, closed, in the same directory as `path`; nobody else has it.
  ///   - origin: whose replica it becomes, under which incarnation.
  /// - Throws: ``ReplicaError/unfitSnapshot(_:)`` where it is not what it should be;
  ///   ``ReplicaError/alreadyThere(path:)``, for a live replica is never swapped.
  package static func adopt(_ draft: String, as path: String, origin: ReplicaOrigin) throws {
    guard access(path, F_OK) != 0 else { throw ReplicaError.alreadyThere(path: path) }
    guard let digestKey = SipHash128Key(bytes: origin.digestKey) else {
      throw ReplicaError.unfitSnapshot("it is another site's")
    }
    let file = try openSnapshot(draft)
    try file.requireOwnStatements()
    try file.prove(
      SnapshotClaim(
        county: origin.county, site: origin.site, history: origin.history, digestKey: digestKey,
        incarnation: origin.incarnation))
    try translatingErrors {
      try file.queue.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
    }
    try file.close()
    guard access(path, F_OK) != 0 else { throw ReplicaError.alreadyThere(path: path) }
    guard rename(draft, path) == 0 else { throw ReplicaError.readOnly }
  }

  static func openSnapshot(_ path: String) throws -> ReplicaFile {
    do {
      return try ReplicaFile.open(at: path)
    } catch ReplicaError.notAReplica, ReplicaError.newerFormat, ReplicaError.corrupt {
      throw ReplicaError.unfitSnapshot("it is no replica of this program's format")
    }
  }

  func requireOwnStatements() throws {
    let own = try Self.translatingErrors {
      try DatabaseQueue().inDatabase { database in
        try database.execute(sql: ReplicaTables.script(schema))
        return try Self.statements(in: database)
      }
    }
    guard try read(Self.statements) == own else {
      throw ReplicaError.unfitSnapshot("its tables or triggers are not those of the schema")
    }
  }

  private static func statements(in database: Database) throws -> [[String]] {
    try Query(
      database, "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY 1, 2"
    ).all { row in (0..<4).map(row.text) }
  }

  func prove(_ claim: SnapshotClaim) throws {
    try write { database in
      var record = try Self.record(in: database)
      guard record.county == claim.county, record.site == claim.site,
        record.position.history == claim.history, digestKey == claim.digestKey
      else { throw ReplicaError.unfitSnapshot("it is another site's") }
      // What counts as unsent is left out of the proof below.
      guard try !Self.holdsWork(in: database) else {
        throw ReplicaError.unfitSnapshot("it holds work of a site")
      }
      let digests = CaseDigests(
        file: self, database: database,
        unsent: try UnsentWork(file: self, record: record, in: database))
      try digests.update([])
      var outcome = ApplyOutcome()
      try digests.compare(record.scopeDigest, into: &outcome)
      guard outcome.isEqual else {
        throw ReplicaError.unfitSnapshot("its rows are not those of the hub")
      }
      record.digestEqual = true
      try Self.store(record, in: database)
      try Query(database, "UPDATE kreissync_replica SET incarnation = ?").run(
        Parameter(claim.incarnation))
    }
  }

  /// Whether there is anything in it that only a site can have put there.
  private static func holdsWork(in database: Database) throws -> Bool {
    let tables = ["log", "outbox", "parked", "ahead", "refresh", "pin", "unknown", "notice_log"]
    return try tables.contains { table in
      try Query(database, "SELECT 1 FROM kreissync_\(table) LIMIT 1").first { _ in true } ?? false
    }
  }
}

/// Whose replica a snapshot has to be, and under which name of its log.
struct SnapshotClaim {
  let county: CountyKey
  let site: SiteID
  let history: HistoryID
  let digestKey: SipHash128Key
  let incarnation: IncarnationID
}
