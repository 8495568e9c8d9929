import ReplicaAgent
import ReplicaStorage
import SyncCore

// The site does something else with what the hub tells it.

/// Applies, and then does to the file what it should not.
class MisappliedPull: ReplicaTap {
  /// - Returns: statements that leave nothing in the change log.
  func misapply(_ scope: PulledScope) throws -> [String] { [] }

  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    let outcome = try super.apply(scope, at: now)
    try quietly(try misapply(scope))
    return outcome
  }

  /// The statement that writes the hub's cells into a row that is there.
  func update(_ image: RowImage) -> String? {
    guard let table = schema.table(number: image.key.table), !table.isHubOnly,
      !image.cells.mask.isEmpty
    else { return nil }
    let assignments = zip(image.cells.mask.numbers, image.cells.values).map {
      "\(table.column(number: $0)!.name) = \($1.sql)"
    }
    return "UPDATE \(table.name) SET \(assignments.joined(separator: ", ")) "
      + "WHERE id = \(Value.text(image.key.id.text).sql)"
  }
}

/// What a pull brings lies on top of unsent work.
final class UnsentColumnsOverwritten: MisappliedPull {
  override func misapply(_ scope: PulledScope) throws -> [String] {
    try scope.items().compactMap { item in
      switch item {
      case .whole(let image), .part(let image): update(image)
      case .gone: nil
      }
    }
  }
}

/// A pull removes a row with everything that was written to it.
final class UnsentRowsRemoved: MisappliedPull {
  override func misapply(_ scope: PulledScope) throws -> [String] {
    try scope.items().compactMap { item in
      guard case .gone(let key, _) = item, let table = schema.table(number: key.table) else {
        return nil
      }
      return "DELETE FROM \(table.name) WHERE id = \(Value.text(key.id.text).sql)"
    }
  }
}

/// Nobody remembers that a pull passed under a column.
final class PinsLost: MisappliedPull {
  override func misapply(_ scope: PulledScope) -> [String] { ["DELETE FROM kreissync_pin"] }
}

/// What people write after a pull counts as written before it.
final class BaseMarkerLost: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    let outcome = try super.apply(scope, at: now)
    try run(
      """
      UPDATE kreissync_log SET m = (
        SELECT min(m) FROM kreissync_log WHERE k = \(CaptureKind.marker.rawValue))
      WHERE k = \(CaptureKind.marker.rawValue)
      """)
    return outcome
  }
}

/// What the agent applies is captured as if people had written it.
final class AppliedRowsEchoed: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    let outcome = try super.apply(scope, at: now)
    for item in try scope.items() {
      guard case .part(let image) = item else { continue }
      try run(
        """
        INSERT INTO kreissync_log (t, k, m, id, at, tag)
        VALUES (\(image.key.table), \(CaptureKind.update.rawValue), \(image.cells.mask.bits),
          \(Value.text(image.key.id.text).sql), \(now), random())
        """)
    }
    return outcome
  }
}

/// The cursor moves in a transaction of its own before the rows, and now and then the agent dies
/// between the two.
final class CursorOutsideTransaction: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    try updateRecord { $0.position = scope.checkpoint }
    notebook.count += 1
    guard notebook.count % 5 != 3 else { throw SessionError.unreachable("the agent died") }
    return try super.apply(scope, at: now)
  }
}

/// The rows of a pull are written one by one, and now and then the agent dies in the middle.
final class HalfAPullApplied: MisappliedPull {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    notebook.count += 1
    guard notebook.count == 4 else { return try super.apply(scope, at: now) }
    let items = try scope.items()
    try quietly(
      items.prefix((items.count + 1) / 2).compactMap { item in
        guard case .part(let image) = item else { return nil }
        return update(image)
      })
    throw SessionError.unreachable("the agent died")
  }
}

/// The cursor stays where it was.
final class CursorForgotten: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    let before = try record().position
    let outcome = try super.apply(scope, at: now)
    try updateRecord { $0.position = before }
    return outcome
  }
}

/// Rows whose change did not simply win are not asked for again.
final class RefreshListIgnored: ReplicaTap {
  override func refreshList(limit: Int) -> [RowKey] { [] }
}

/// The value that won is written to the row with the verdict.
final class VerdictChangesRow: ReplicaTap {
  override func record(_ answer: BatchAnswer, at now: Milliseconds) throws -> VerdictTally {
    let waiting = try nextWaitingBatch()
    let tally = try super.record(answer, at: now)
    guard let waiting, waiting.number == answer.number else { return tally }
    let batch = try Batch(decoding: waiting.bytes, changeCountMax: .max)
    var statements: [String] = []
    for change in batch.changes {
      guard let table = schema.table(number: change.row.table) else { continue }
      for outcome in answer.exceptions[change.id.n]?.columns ?? [] {
        guard let column = table.column(number: outcome.column) else { continue }
        statements.append(
          "UPDATE \(table.name) SET \(column.name) = \(outcome.kept.sql) "
            + "WHERE id = \(Value.text(change.row.id.text).sql)")
      }
    }
    try quietly(statements)
    return tally
  }
}

/// Nobody is told that a change did not win.
final class NoticesNotWritten: ReplicaTap {
  override func record(_ answer: BatchAnswer, at now: Milliseconds) throws -> VerdictTally {
    let tally = try super.record(answer, at: now)
    try run("DELETE FROM kreissync_notice_log")
    return tally
  }
}

/// The digests are equal, whatever they are.
final class DigestsAlwaysEqual: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    var outcome = try super.apply(scope, at: now)
    outcome.replicaDigest = outcome.hubDigest
    outcome.unequalCases = []
    try updateRecord { $0.digestEqual = true }
    return outcome
  }
}

extension PulledScope {
  /// All of its rows, in the order of arrival.
  fileprivate func items() throws -> [Item] {
    var items: [Item] = []
    try pages.forEach { items += $0.items }
    return items
  }
}

/// What a site one version behind has no place for is not kept.
final class UnknownCellsDropped: ReplicaTap {
  override func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    let outcome = try super.apply(scope, at: now)
    try quietly(["DELETE FROM kreissync_unknown"])
    return outcome
  }
}
