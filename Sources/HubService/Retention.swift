package import HubStorage
package import SyncCore
import SyncProtocol

/// Rows whose time is over: found by their case's closing, and purged by the machinery of erasure.
extension CountyAdministration {
  /// A closed case with what it still has.
  package struct ClosedCase: Sendable {
    package let caseID: CaseID
    /// The day on which it was closed, as the case says; nil where it says none.
    package let closedOn: String?
    /// Its living rows by the numbers of their tables.
    package let rowCounts: [Int: Int]
  }

  /// Phases in which nobody works on a case any more.
  private static let closedPhases: Set<String> = ["closed", "archived"]
  /// Cases whose roots are in memory at once.
  private static let readCount = 500

  /// All closed cases, in ascending order.
  package func closedCases() throws -> [ClosedCase] {
    try store.read { reader in
      guard let root = reader.schema.caseRoot, let phase = root.column(named: "phase"),
        let closing = root.column(named: "closed_on"),
        let phasePosition = root.position(ofColumn: phase.number),
        let closingPosition = root.position(ofColumn: closing.number)
      else { return [] }
      var found: [ClosedCase] = []
      var rest = try reader.caseIDs(ledBy: nil)[...]
      while !rest.isEmpty {
        let part = rest.prefix(Self.readCount)
        rest = rest.dropFirst(Self.readCount)
        let keys = part.map { RowKey(table: root.number, id: RowID(text: $0.text)) }
        let rows = try reader.rows(keys)
        for (caseID, key) in zip(part, keys) {
          guard let row = rows[key], row.isAlive,
            Self.closedPhases.contains(row.values[phasePosition].text ?? "")
          else { continue }
          var counts: [Int: Int] = [:]
          for row in try reader.rows(of: caseID, after: nil, limit: .max) where row.isAlive {
            counts[row.key.table, default: 0] += 1
          }
          found.append(
            ClosedCase(
              caseID: caseID, closedOn: row.values[closingPosition].text,
              rowCounts: counts))
        }
      }
      return found
    }
  }

  /// Deletes the rows of some tables of a case everywhere and forgets what they held: in the log,
  /// the ledger and proposals. Sites remove them at their next pull.
  ///
  /// - Returns: how many rows went.
  /// - Throws: ``RetentionRefusal/paused(_:)``; ``AdministrationError/unknownCase(_:)``.
  package func purge(
    _ tables: Set<Int>, of caseID: CaseID, by actor: Operator
  ) throws -> Int {
    try store.write { writer in
      if let pause = try writer.retentionPause { throw RetentionRefusal.paused(pause) }
      guard let stored = try writer.livingCases([caseID])[caseID] else {
        throw AdministrationError.unknownCase(caseID)
      }
      let now = environment.now()
      let rows = try writer.rows(of: caseID, after: nil, limit: .max).filter {
        $0.isAlive && tables.contains($0.key.table)
      }
      guard !rows.isEmpty else { return 0 }
      var plan = Plan()
      plan.cases = [stored]
      let head = try writer.counter.seq
      for row in rows { plan.deleteForGood(row, headSeq: head, now: now) }
      try writer.write(plan, at: now, random: environment.random)
      var masks: [Int: ColumnMask] = [:]
      for number in tables {
        masks[number] = writer.schema.table(number: number)?.travellingColumns
      }
      _ = try writer.forget(
        Forgetting(.columns(masks), of: caseID), stripping: PushResponse.strippingValues(of:))
      try writer.append(
        AuditEvent(
          at: now, actor: actor.name, second: actor.second, action: .retentionPurge,
          subject: caseID.string,
          detail: tables.sorted().compactMap { writer.schema.table(number: $0)?.name }
            .joined(separator: ",")))
      return rows.count
    }
  }

  // MARK: The pause switch

  package func retentionPause() throws -> RetentionPause? {
    try store.read { try $0.retentionPause }
  }

  /// Stops all purges by retention until they are resumed: a lawsuit, an audit, a mistake.
  package func pauseRetention(because reason: String, by actor: Operator) throws {
    let now = environment.now()
    try store.write { writer in
      try writer.put(RetentionPause(since: now, by: actor.name, reason: reason))
      try writer.append(
        AuditEvent(
          at: now, actor: actor.name, second: actor.second, action: .retentionPause,
          subject: "retention", detail: reason))
    }
  }

  /// Lets purges by retention go on; nothing is purged by that.
  package func resumeRetention(by actor: Operator) throws {
    let now = environment.now()
    try store.write { writer in
      try writer.put(nil as RetentionPause?)
      try writer.append(
        AuditEvent(
          at: now, actor: actor.name, second: actor.second, action: .retentionResume,
          subject: "retention"))
    }
  }
}

/// Why nothing is purged by retention.
package enum RetentionRefusal: Error, Equatable, Sendable {
  case paused(RetentionPause)
}
