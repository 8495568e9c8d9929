import GRDB
import SQLiteAccess
import SyncCore

/// What nothing has to be written for: most sessions find no change on either side, and each write
/// would take the neighbour's lock and wait for the disk.
extension ReplicaFile {
  /// Whether no entry of the log waits to be folded, none is parked, and no gate has opened for
  /// what was withheld.
  func hasNothingToBuild(in database: Database) throws -> Bool {
    let record = try Self.record(in: database)
    let hasEntries =
      try Query(
        database,
        """
        SELECT EXISTS (SELECT 1 FROM kreissync_log WHERE n > ?)
          OR EXISTS (SELECT 1 FROM kreissync_parked)
        """
      ).first(.integer(record.batchedThrough)) { $0.integer(0) == 1 } ?? true
    guard !hasEntries else { return false }
    var outflow = Outflow(self, database)
    return try !outflow.hasSomethingToOffer(at: record.position.seq)
  }

  /// The outcome of a pull that brings nothing to a replica that was proved equal and has no work
  /// under way since; nil where there is something to apply.
  ///
  /// The digests of its cases stand as they were compared last, and so does the hub's of the scope.
  func outcome(withoutApplying scope: PulledScope, in database: Database) throws -> ApplyOutcome? {
    let record = try Self.record(in: database)
    guard record.digestEqual == true, scope.checkpoint == record.position,
      scope.scopeDigest == record.scopeDigest, !scope.tellsAllDigests,
      scope.news.decisions.isEmpty, scope.news.replacements.isEmpty,
      try scope.pages.areEmpty,
      try isAtRest(record, waitingCount: scope.news.waitingCount, in: database)
    else { return nil }
    var outcome = ApplyOutcome()
    outcome.replicaDigest = record.scopeDigest
    outcome.hubDigest = scope.scopeDigest
    return outcome
  }

  /// Whether every case has its digest, and nothing waits for an answer, a row, or a purge.
  private func isAtRest(
    _ record: ReplicaRecord, waitingCount: Int64, in database: Database
  ) throws -> Bool {
    try Query(
      database,
      """
      SELECT NOT EXISTS (SELECT 1 FROM kreissync_log WHERE n > ?)
        AND NOT EXISTS (SELECT 1 FROM kreissync_outbox WHERE answer IS NULL)
        AND NOT EXISTS (SELECT 1 FROM kreissync_parked)
        AND NOT EXISTS (SELECT 1 FROM kreissync_refresh)
        AND NOT EXISTS (SELECT 1 FROM kreissync_case_state WHERE purge <> 0)
        AND NOT EXISTS (SELECT 1 FROM kreissync_case_state WHERE digest IS NULL)
        AND EXISTS (SELECT 1 FROM kreissync_waiting WHERE proposals = ?)
      """
    ).first(.integer(record.batchedThrough), .integer(waitingCount)) { $0.integer(0) == 1 } ?? false
  }
}

extension PulledPages {
  fileprivate var areEmpty: Bool {
    get throws {
      var areEmpty = true
      try forEach { page in
        if !page.cases.isEmpty || !page.items.isEmpty || !page.digests.isEmpty { areEmpty = false }
      }
      return areEmpty
    }
  }
}
