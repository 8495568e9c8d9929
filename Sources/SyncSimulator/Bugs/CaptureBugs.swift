import ReplicaStorage
import SyncCore

// The site does not capture, or does not send, what people wrote.

/// Drops capture triggers after the first session has looked at them, and looks no more.
class LostTriggers: ReplicaTap {
  /// Triggers of the table `sample`.
  var lost: [String] { [] }

  override final func installCapture(at now: Milliseconds) throws -> [ReplicaEvent] {
    guard !notebook.isMarked else { return [] }
    let events = try super.installCapture(at: now)
    try run(lost.map { "DROP TRIGGER \"kreissync_\($0)_sample\";" }.joined())
    notebook.isMarked = true
    return events
  }
}

/// Nobody notes the rows that a REPLACE evicts.
final class EvictionsLost: LostTriggers {
  override var lost: [String] { ["note_insert", "note_update"] }
}

/// A DELETE is not captured.
final class DeletesLost: LostTriggers {
  override var lost: [String] { ["capture_delete"] }
}

/// A changed `id` or `case_id` is not captured.
final class MovesLost: LostTriggers {
  override var lost: [String] { ["capture_move"] }
}

/// Every change claims that its author had seen what the site has seen when it is sent.
final class BaseTakenWhenSent: MisbuiltBatches {
  override func misbuild(_ changes: [Change], _ record: ReplicaRecord) -> [Change] {
    changes.map { $0.with(base: record.position.seq, columnBases: []) }
  }
}

/// An old edit takes the time of a later one to another column of its row.
final class TimesOfColumnsLost: MisbuiltBatches {
  override func misbuild(_ changes: [Change], _ record: ReplicaRecord) -> [Change] {
    changes.map { $0.with(columnTimes: []) }
  }
}

/// A column that is never to leave its site leaves it.
final class LocalColumnSent: MisbuiltBatches {
  override func misbuild(_ changes: [Change], _ record: ReplicaRecord) throws -> [Change] {
    let client = try client()
    return try changes.map { change in
      guard let table = schema.table(number: change.row.table), change.kind != .delete,
        let column = table.columns.first(where: { $0.tier == .local })
      else { return change }
      let id = Value.text(change.row.id.text).sql
      let found = try client.rows("SELECT \(column.name) FROM \(table.name) WHERE id = \(id)")
      guard let value = found.first?[0], !value.isNull else { return change }
      var mask = change.cells.mask
      mask.insert(column.number)
      let values = mask.numbers.map { $0 == column.number ? value : change.cells[$0]! }
      return change.with(cells: Cells(mask: mask, values: values))
    }
  }
}

/// Of a group of columns only the first is sent.
final class GroupTornApart: MisbuiltBatches {
  override func misbuild(_ changes: [Change], _ record: ReplicaRecord) -> [Change] {
    changes.map { change in
      var mask = change.cells.mask
      var groups: Set<String> = []
      for column in schema.table(number: change.row.table)?.columns ?? [] {
        guard let group = column.group, mask.contains(column.number) else { continue }
        if !groups.insert(group).inserted { mask.remove(column.number) }
      }
      return change.restricted(to: mask)
    }
  }
}

/// A cell that somebody emptied is not sent.
final class EmptiedCellsNotSent: MisbuiltBatches {
  override func misbuild(_ changes: [Change], _ record: ReplicaRecord) -> [Change] {
    changes.map { change in
      guard change.kind == .update else { return change }
      return change.restricted(
        to: ColumnMask(change.cells.mask.numbers.filter { !change.cells[$0]!.isNull }))
    }
  }
}

/// What was edited before a deletion of the same row goes with it.
final class DeletionSwallowsEdits: MisbuiltBatches {
  override func misbuild(_ changes: [Change], _ record: ReplicaRecord) -> [Change] {
    changes.map { $0.kind == .delete ? $0.with(cells: .empty) : $0 }
  }
}

/// The last change of a batch comes first: rows before their case.
final class ChangesReversed: MisbuiltBatches {
  override func misbuild(_ changes: [Change], _ record: ReplicaRecord) -> [Change] {
    changes.reversed()
  }
}

/// While one entry cannot be sent, none is.
final class ParkedRowBlocks: ReplicaTap {
  override func buildBatches(
    _ limit: BatchLimit
  ) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    let parked = try client().rows("SELECT count(*) FROM kreissync_parked")[0][0].integer ?? 0
    guard parked > 0 else { return try super.buildBatches(limit) }
    return (CaptureTally(), true)
  }
}

/// A batch that was sent and not answered is built again: the values of today under its number.
final class BatchRebuiltOnResend: ReplicaTap {
  override func nextWaitingBatch() throws -> WaitingBatch? {
    guard let waiting = try super.nextWaitingBatch() else { return nil }
    guard !notebook.batches.insert(waiting.number).inserted else { return waiting }
    let batch = try Batch(decoding: waiting.bytes, changeCountMax: .max)
    let client = try client()
    let changes = try batch.changes.map { change in
      guard change.kind != .delete, !change.cells.mask.isEmpty,
        let table = schema.table(number: change.row.table)
      else { return change }
      let names = change.cells.mask.numbers.map { table.column(number: $0)!.name }
      let id = Value.text(change.row.id.text).sql
      let found = try client.rows(
        "SELECT \(names.joined(separator: ", ")) FROM \(table.name) WHERE id = \(id)")
      guard let values = found.first else { return change }
      return change.with(cells: Cells(mask: change.cells.mask, values: values))
    }
    let bytes = Batch(
      incarnation: batch.incarnation, number: batch.number, history: batch.history,
      previous: batch.previous, coalesced: batch.coalesced, changes: changes
    ).encoded()
    return WaitingBatch(number: waiting.number, bytes: bytes)
  }
}

/// A batch that was sent counts as answered.
final class UnansweredBatchSkipped: ReplicaTap {
  override func nextWaitingBatch() throws -> WaitingBatch? {
    while let waiting = try super.nextWaitingBatch() {
      if notebook.batches.insert(waiting.number).inserted { return waiting }
      try run("UPDATE kreissync_outbox SET answer = x'' WHERE number = \(waiting.number)")
    }
    return nil
  }
}

/// An upload that the hub refused once is never tried again.
final class RefusedUploadStuck: ReplicaTap {
  override func nextWaitingBatch() throws -> WaitingBatch? {
    if try record().lastError == "upload_refused" { notebook.isMarked = true }
    return notebook.isMarked ? nil : try super.nextWaitingBatch()
  }
}

/// Batches are sent, answered and thrown away.
final class OutboxEmptied: ReplicaTap {
  override func record(_ answer: BatchAnswer, at now: Milliseconds) throws -> VerdictTally {
    let tally = try super.record(answer, at: now)
    try run("DELETE FROM kreissync_outbox WHERE number = \(answer.number)")
    return tally
  }
}

/// The agent keeps the replica's write lock from a build until its batch leaves.
final class LockHeldBetweenSteps: ReplicaTap {
  override func buildBatches(
    _ limit: BatchLimit
  ) throws -> (tally: CaptureTally, reachesEnd: Bool) {
    let built = try super.buildBatches(limit)
    notebook.client = try client()
    try notebook.client?.run("BEGIN IMMEDIATE")
    return built
  }

  override func installCapture(at now: Milliseconds) throws -> [ReplicaEvent] {
    notebook.client = nil
    return try super.installCapture(at: now)
  }

  override func nextWaitingBatch() throws -> WaitingBatch? {
    notebook.client = nil
    return try super.nextWaitingBatch()
  }
}
