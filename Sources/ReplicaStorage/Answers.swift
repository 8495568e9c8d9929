import Foundation
import GRDB
import SQLiteAccess
package import SyncCore

/// The hub's answer to one batch, as far as the replica needs it.
package struct BatchAnswer: Sendable {
  package let number: Int64
  /// The answer's bytes, kept with the batch.
  package let bytes: [UInt8]
  /// The changes that were not simply applied, by their entry's number.
  package let exceptions: [Int64: Answer]

  package init(number: Int64, bytes: [UInt8], exceptions: [Int64: Answer]) {
    self.number = number
    self.bytes = bytes
    self.exceptions = exceptions
  }
}

/// Verdicts of one session, in the words of the contract.
package struct VerdictTally: Sendable, Equatable {
  package var counts: [Verdict: Int64] = [:]
  package var coalesced: Int64 = 0

  package init() {}

  package var total: Int64 { counts.values.reduce(coalesced, +) }

  package static func += (left: inout VerdictTally, right: VerdictTally) {
    left.counts.merge(right.counts, uniquingKeysWith: +)
    left.coalesced += right.coalesced
  }
}

extension ReplicaFile {
  /// Stores the hub's answer to a batch. Changes no domain row: what was not simply applied goes on
  /// the refresh list and comes whole with the next pull.
  ///
  /// - Returns: the verdicts of the batch's changes; empty if the answer was stored before.
  package func record(_ answer: BatchAnswer, at now: Milliseconds) throws -> VerdictTally {
    try write { database in
      var tally = VerdictTally()
      let stored = try Query(
        database, "SELECT bytes FROM kreissync_outbox WHERE number = ? AND answer IS NULL"
      ).first(.integer(answer.number)) { $0.blob(0) }
      guard let stored else { return tally }
      let batch = try Batch(decoding: stored, changeCountMax: .max)
      let known = Set(batch.changes.map(\.id.n))
      guard answer.exceptions.keys.allSatisfy(known.contains) else {
        throw ReplicaError.unfitAnswer("a verdict for a change that was not sent")
      }
      tally.coalesced = Int64(batch.coalesced.count)
      for change in batch.changes {
        let exception = answer.exceptions[change.id.n]
        tally.counts[exception?.verdict ?? .applied, default: 0] += 1
        guard let exception else { continue }
        try settle(change, exception, at: now, in: database)
      }
      try purgeAgain(Set(batch.changes.map(\.caseID)), in: database)
      try Query(database, "UPDATE kreissync_outbox SET answer = ? WHERE number = ?").run(
        .blob(answer.bytes), .integer(answer.number))
      return tally
    }
  }

  /// What was written where the site may see the header only was no part of the purge: it goes now
  /// that it is at the hub.
  private func purgeAgain(_ cases: Set<CaseID>, in database: Database) throws {
    let order = try Query(
      database,
      """
      UPDATE kreissync_case_state SET purge = ?, digest = NULL
      WHERE case_id = ? AND purge = 0 AND role = ? AND tiers = ?
      """)
    for caseID in cases where caseID.isCase {
      try order.run(
        .integer(ScopePurge.State.ordered.rawValue), Parameter(caseID),
        .text(Role.formerLead.rawValue), .integer(Int64(TierSet.header.rawValue)))
    }
  }

  private func settle(
    _ change: Change, _ answer: Answer, at now: Milliseconds, in database: Database
  ) throws {
    if answer.rule == .unknownRow {
      // The hub never saw this row: its insert escaped capture, or became a proposal. The whole row
      // is offered; of one that was deleted here meanwhile its author is told what went with it.
      if try isThere(change.row, in: database) {
        guard try isOnlyMentioned(change.caseID, in: database) else {
          return try offerWhole(change.row, at: now, in: database)
        }
        // Another's, of which only a part is here: a hub that was restored gets it from its owner.
        try putOnRefreshList(change.row, caseID: change.caseID, in: database)
      }
    } else if try !takeBack(change, answer, in: database) {
      try putOnRefreshList(change.row, caseID: change.caseID, in: database)
    }
    guard let table = schema.table(number: change.row.table) else { return }
    let reason = answer.rule?.rawValue ?? answer.verdict.rawValue
    if answer.columns.isEmpty {
      // Also of a change that only emptied cells: whoever did not win is told.
      if change.cells.values.allSatisfy(\.isNull) {
        try notice(
          table.name, change.row, column: nil, answer.verdict, reason, yours: .null, kept: .null,
          at: now, of: change.caseID, in: database)
      }
      for (number, value) in zip(change.cells.mask.numbers, change.cells.values)
      where !value.isNull {
        try notice(
          table.name, change.row, column: table.column(number: number)?.name, answer.verdict,
          reason, yours: value, kept: .null, at: now, of: change.caseID, in: database)
      }
    }
    for outcome in answer.columns {
      try notice(
        table.name, change.row, column: table.column(number: outcome.column)?.name,
        outcome.verdict, outcome.rule.rawValue, yours: change.cells[outcome.column] ?? .null,
        kept: outcome.kept, at: now, of: change.caseID, in: database)
    }
  }

  /// What the hub did not take because its gate is closed stays here, and is offered when it opens.
  ///
  /// - Returns: whether nothing else of the change is to be put right.
  private func takeBack(
    _ change: Change, _ answer: Answer, in database: Database
  ) throws -> Bool {
    let closed =
      answer.rule == .gateClosed && answer.columns.isEmpty
      ? change.cells.mask
      : ColumnMask(answer.columns.lazy.filter { $0.rule == .gateClosed }.map(\.column))
    guard !closed.isEmpty else { return false }
    let cursor = try Self.record(in: database).position.seq
    let isKept = try Outflow(self, database).takeBack(closed, of: change, at: cursor)
    return isKept && answer.columns.allSatisfy { $0.rule == .gateClosed }
  }

  private func isThere(_ key: RowKey, in database: Database) throws -> Bool {
    guard let table = schema.table(number: key.table) else { return false }
    return try Query(database, "SELECT 1 FROM \(quoted(table.name)) WHERE id = ?").first(
      Parameter(key.id)
    ) { _ in true } ?? false
  }

  private func isOnlyMentioned(_ caseID: CaseID, in database: Database) throws -> Bool {
    let role = try Query(
      database, "SELECT role FROM kreissync_case_state WHERE case_id = ?"
    ).first(Parameter(caseID)) { $0.text(0) }
    return role == Role.mention.rawValue
  }

  /// Captures a whole row as an insert, as if it had been written now.
  func offerWhole(_ key: RowKey, at now: Milliseconds, in database: Database) throws {
    try Query(
      database,
      "INSERT INTO kreissync_log (t, k, m, id, at, tag) VALUES (?, ?, 0, ?, ?, random())"
    ).run(
      .integer(Int64(key.table)), .integer(Int64(CaptureKind.insert.rawValue)),
      Parameter(key.id), .integer(now))
  }

  func notice(
    _ table: String, _ key: RowKey, column: String?, _ verdict: Verdict, _ reason: String,
    yours: Value, kept: Value, at now: Milliseconds, of caseID: CaseID? = nil,
    in database: Database
  ) throws {
    let time = Date(timeIntervalSince1970: Double(now) / 1_000).formatted(.iso8601)
    try Query(
      database,
      """
      INSERT INTO kreissync_notice_log
        (table_name, row_id, column_name, verdict, reason, your_value, kept_value, at, case_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    ).run(
      .text(table), Parameter(key.id), Parameter(column), .text(verdict.rawValue), .text(reason),
      Parameter(yours), Parameter(kept), .text(time),
      Parameter(try caseID ?? self.caseID(ofNoticed: key, in: table, database)))
  }

  /// The case that a notice is about: where the row stands, or where an earlier notice saw it.
  private func caseID(
    ofNoticed key: RowKey, in table: String, _ database: Database
  ) throws -> CaseID {
    if case .there(let row) = try lookup(key, in: database) { return row.caseID }
    return try Query(
      database,
      """
      SELECT case_id FROM kreissync_notice_log WHERE table_name = ? AND row_id = ?
      ORDER BY id DESC LIMIT 1
      """
    ).first(.text(table), Parameter(key.id)) { $0.identifier(0) } ?? .none
  }

  /// One line of `site notices`.
  package struct Notice: Sendable {
    package let table: String
    package let row: String
    package let column: String?
    package let verdict: String
    package let reason: String
    package let yourValue: Value
    package let keptValue: Value
    package let at: String
  }

  /// What became of changes that were not simply applied, oldest first.
  ///
  /// - Parameter caseID: only those about this case; nil for all.
  package func notices(about caseID: CaseID? = nil) throws -> [Notice] {
    try read { database in
      try Query(
        database,
        """
        SELECT table_name, row_id, column_name, verdict, reason, your_value, kept_value, at
        FROM kreissync_notice_log WHERE ?1 IS NULL OR case_id = ?1 ORDER BY id
        """
      ).all(Parameter(caseID?.string)) {
        Notice(
          table: $0.text(0), row: $0.text(1), column: $0.optionalText(2), verdict: $0.text(3),
          reason: $0.text(4), yourValue: $0.value(5) ?? .null, keptValue: $0.value(6) ?? .null,
          at: $0.text(7))
      }
    }
  }
}
