package import SyncCore

/// A trigger of the replica.
package struct CaptureTrigger: Hashable, Sendable {
  package let name: String
  /// The text as `sqlite_schema.sql` keeps it: without `;` at the end.
  package let sql: String
}

/// A unique index that a local program added, as `PRAGMA index_xinfo` tells it (rows with `key` 1).
///
/// Only an index over plain columns of all rows counts. Through a partial index, or one over an
/// expression (`index_list.partial` 1, or a key without a name), notes would have to search the
/// whole table at each write: the caller leaves those out, and the scrub finds what they evict.
package struct UniqueIndex: Hashable, Sendable {
  /// One of its columns, and the collation that it compares by.
  package struct Key: Hashable, Sendable {
    package let column: String
    package let collation: String

    package init(column: String, collation: String = "BINARY") {
      self.column = column
      self.collation = collation
    }
  }

  package let keys: [Key]

  package init(keys: [Key]) {
    self.keys = keys
  }
}

/// The capture triggers, and what each statement leaves in the log.
///
/// Problem: REPLACE fires no delete trigger for the rows it evicts, unless `recursive_triggers` is
/// on in the program that writes. So BEFORE triggers *note* every row that the statement might
/// evict. They also fire for OR IGNORE and UPSERT, which evict nobody: a note is a candidate, and a
/// deletion only if the row is gone later.
///
/// `i` insert, `u` update, `d` deletion, `e` note; `e=` a note of the written `id` itself with the
/// mask of differing columns, `e≠` of another row with mask 0, once for each index it collides on.
/// `…` stands for one entry or more.
///
/// | Statement, for each row of it | log | also with `recursive_triggers` on |
/// |---|---|---|
/// | INSERT | `i` | |
/// | INSERT, INSERT OR ROLLBACK, UPDATE that fails; rolled back | nothing | |
/// | INSERT OR FAIL that fails | `e=` or `e≠…` (the row stands), and all of the rows before it | |
/// | INSERT OR IGNORE, UPSERT DO NOTHING of a row that is there | `e=` or `e≠…` (the row stands) | |
/// | INSERT OR REPLACE of a row that is there | `e= i` | `e= d i` |
/// | INSERT OR REPLACE that evicts others | `e≠… i` | `e≠… d… i` |
/// | INSERT OR REPLACE that does both | `e= e≠… i` | `e= e≠… d… i` |
/// | UPSERT DO UPDATE of a row that is there | `e= u`, or `e≠… u` through another index | |
/// | UPSERT DO UPDATE that changes nothing | `e=` or `e≠…` (the row stands) | |
/// | UPDATE | `u` | |
/// | UPDATE that changes nothing | nothing | |
/// | UPDATE of `case_id` | `d i`, both of the same id | |
/// | UPDATE of `id` | `d` of the old id, `i` of the new one | |
/// | UPDATE OR REPLACE that evicts others | `e≠… u` | `e≠… d… u` |
/// | UPDATE OR REPLACE of `id` to one that is there | `e≠` of that id, `d` of the old id, `i` of that id | `e≠ d` of that id, `d` of the old id, `i` of that id |
/// | UPDATE OR IGNORE that collides | `e≠…` (the row stands) | |
/// | UPDATE OR FAIL that fails | `e≠…` (the row stands), and all of the rows before it | |
/// | DELETE | `d` | |
///
/// What follows for a reader of the log:
///
/// - `e d i` of one id is a REPLACE with recursive triggers, or an OR IGNORE followed by DELETE and
///   INSERT; both say: this row stood there with the values `v`, and now other values stand there.
/// - A mask 0 before `i` of the same id says nothing about the columns: the row was replaced by
///   equal values, or evicted by another row and inserted again. `v` tells.
/// - What was inserted is not logged: the row shows it until somebody writes to it. So the agent,
///   before it writes to a row, turns `d i` and `e i` of it into `u u` and takes other `e` away.
/// - The mask of `e=` may name a column too many: where NEW is NULL, a NOT NULL column takes its
///   default. It never names one too few.
/// - The entries of one statement need not be adjacent for one row: foreign triggers write between
///   them, and SQLite leaves the order of AFTER triggers open. So `u` may precede the `i` of its
///   row.
/// - Not seen: REPLACE by an explicit rowid, eviction through an index that the triggers do not
///   know, writes with triggers switched off. The scrub finds them.
extension ReplicaSQL {
  /// The triggers of one table: capture and notes, or refusals where the hub alone writes.
  ///
  /// - Parameter uniqueIndexes: those that stand on the table besides the key's.
  package static func triggers(for table: Table, uniqueIndexes: [UniqueIndex]) -> [CaptureTrigger] {
    guard !table.isHubOnly else { return refusals(for: table) }
    let capture = TableCapture(table)
    return [
      capture.onInsert(), capture.onUpdate(), capture.onMove(), capture.onDelete(),
      capture.noteBeforeInsert(uniqueIndexes), capture.noteBeforeUpdate(uniqueIndexes),
    ] + table.columns.compactMap(capture.observation)
  }

  /// The names of ``triggers(for:uniqueIndexes:)``, in that order.
  package static func triggerNames(for table: Table) -> [String] {
    triggers(for: table, uniqueIndexes: []).map(\.name)
  }

  /// Triggers fail the statement even under OR IGNORE; the agent writes with triggers switched off.
  private static func refusals(for table: Table) -> [CaptureTrigger] {
    let message = SQLText.literal(
      .text(
        "kreissync: table \(table.name) is written by the county hub only; "
          + "ask the county to change it"))
    return ["INSERT", "UPDATE", "DELETE"].map { event in
      CaptureTrigger(
        named: "kreissync_refuse_\(event.lowercased())_\(table.name)",
        "BEFORE \(event) ON \(SQLText.name(table.name))",
        ["SELECT RAISE(ABORT, \(message))"])
    }
  }
}

extension CaptureTrigger {
  fileprivate init(
    named name: String, _ event: String, when condition: String? = nil, _ statements: [String]
  ) {
    self.name = name
    sql =
      "CREATE TRIGGER \(SQLText.name(name))\n\(event)\n"
      + (condition.map { "WHEN \($0)\n" } ?? "")
      + "BEGIN\n" + statements.map { "  \($0);\n" }.joined() + "END"
  }
}

/// Builds the triggers of one table.
private struct TableCapture {
  let table: Table
  let onTable: String

  init(_ table: Table) {
    self.table = table
    onTable = "ON " + SQLText.name(table.name)
  }

  func onInsert() -> CaptureTrigger {
    CaptureTrigger(
      named: "kreissync_capture_insert_\(table.name)", "AFTER INSERT \(onTable)", [insertion()])
  }

  func onUpdate() -> CaptureTrigger {
    let stays = place.map { "OLD.\($0) IS NEW.\($0)" }.joined(separator: " AND ")
    let changed = columns.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: "\n    OR ")
    return CaptureTrigger(
      named: "kreissync_capture_update_\(table.name)", "AFTER UPDATE \(onTable)",
      when: "\(stays)\n  AND (\(changed))",
      [entry(.update, mask: mask(of: "OLD"), id: "NEW.\"id\"")])
  }

  /// A trigger of its own, because `UPDATE OF` costs nothing in a statement that names neither.
  func onMove() -> CaptureTrigger {
    CaptureTrigger(
      named: "kreissync_capture_move_\(table.name)",
      "AFTER UPDATE OF \(place.joined(separator: ", ")) \(onTable)",
      when: place.map { "OLD.\($0) IS NOT NEW.\($0)" }.joined(separator: " OR "),
      [deletion(), insertion()])
  }

  func onDelete() -> CaptureTrigger {
    CaptureTrigger(
      named: "kreissync_capture_delete_\(table.name)", "AFTER DELETE \(onTable)", [deletion()])
  }

  /// Writes down what the author of a new row could know: ``Column/observes``. An update like any
  /// other, which is captured with the insertion.
  func observation(by column: Column) -> CaptureTrigger? {
    guard let observed = column.observes.flatMap(table.column(named:)), table.scope == .ofCase,
      let first = observed.codes.first
    else { return nil }
    let (own, event) = (SQLText.name(column.name), SQLText.name(observed.name))
    let code = SQLText.literal(.text(first))
    let restrictions =
      "FROM \(SQLText.name(table.name)) AS held\n"
      + "    WHERE held.\"case_id\" = NEW.\"case_id\" AND held.\(event) <> \(code)"
    return CaptureTrigger(
      named: "kreissync_observe_\(column.name)_\(table.name)", "AFTER INSERT \(onTable)",
      when:
        "NEW.\(event) = \(code) AND NEW.\(own) IS NULL\n  AND EXISTS (SELECT 1 \(restrictions))",
      [
        "UPDATE \(SQLText.name(table.name))\n    SET \(own) = (SELECT group_concat(\"id\", ' ')\n"
          + "    FROM (SELECT held.\"id\" \(restrictions) ORDER BY held.\"id\"))\n"
          + "    WHERE \"id\" = NEW.\"id\""
      ])
  }

  func noteBeforeInsert(_ indexes: [UniqueIndex]) -> CaptureTrigger {
    let same = note(mask: mask(of: "held"), where: "held.\"id\" = NEW.\"id\"")
    let others = indexes.map { index in
      note(mask: "0", where: "\(collision(on: index)) AND held.\"id\" IS NOT NEW.\"id\"")
    }
    return CaptureTrigger(
      named: "kreissync_note_insert_\(table.name)", "BEFORE INSERT \(onTable)", [same] + others)
  }

  func noteBeforeUpdate(_ indexes: [UniqueIndex]) -> CaptureTrigger {
    let taken = note(
      mask: "0", where: "NEW.\"id\" IS NOT OLD.\"id\" AND held.\"id\" = NEW.\"id\"")
    let others = indexes.map { index in
      let keys = index.keys.map { SQLText.name($0.column) }
      let changed = keys.map { "NEW.\($0) IS NOT OLD.\($0)" }.joined(separator: " OR ")
      return note(
        mask: "0",
        where: "(\(changed)) AND \(collision(on: index)) AND held.\"id\" IS NOT OLD.\"id\"")
    }
    var watched = ["\"id\""]
    for key in indexes.flatMap(\.keys) where !watched.contains(SQLText.name(key.column)) {
      watched.append(SQLText.name(key.column))
    }
    return CaptureTrigger(
      named: "kreissync_note_update_\(table.name)",
      "BEFORE UPDATE OF \(watched.joined(separator: ", ")) \(onTable)", [taken] + others)
  }

  private var columns: [String] { table.columns.map { SQLText.name($0.name) } }

  /// The columns that say which row it is and where it belongs.
  private var place: [String] { table.scope == .ofCase ? ["\"id\"", "\"case_id\""] : ["\"id\""] }

  private func insertion() -> String { entry(.insert, mask: "0", id: "NEW.\"id\"") }

  private func deletion() -> String {
    "INSERT INTO \"kreissync_log\" (\"t\", \"k\", \"m\", \"id\", \"c\", \"at\", \"tag\", \"v\")\n"
      + "    VALUES (\(table.number), \(CaptureKind.delete.rawValue), 0, \(gone("OLD")))"
  }

  private func note(mask: String, where condition: String) -> String {
    "INSERT INTO \"kreissync_log\" (\"t\", \"k\", \"m\", \"id\", \"c\", \"at\", \"tag\", \"v\")\n"
      + "    SELECT \(table.number), \(CaptureKind.note.rawValue), \(mask), \(gone("held"))\n"
      + "    FROM \(SQLText.name(table.name)) AS held\n    WHERE \(condition)"
  }

  private func entry(_ kind: CaptureKind, mask: String, id: String) -> String {
    "INSERT INTO \"kreissync_log\" (\"t\", \"k\", \"m\", \"id\", \"at\", \"tag\")\n"
      + "    VALUES (\(table.number), \(kind.rawValue), \(mask), \(id), "
      + "\(SQLText.milliseconds), random())"
  }

  /// Id, case, time, tag and values of a row that may be gone afterwards.
  private func gone(_ row: String) -> String {
    let caseID =
      switch table.scope {
      case .caseRoot: "\(row).\"id\""
      case .ofCase: "\(row).\"case_id\""
      case .ofSite: "'\(table.unit(of: RowID("")))' || \(row).\"id\""
      case .global: "NULL"
      }
    return "\(row).\"id\", \(caseID), \(SQLText.milliseconds), random(),\n    "
      + CapturedValues.expression(columns, of: row)
  }

  /// The columns in which the row differs from NEW, bit number − 1 for each.
  private func mask(of row: String) -> String {
    table.columns.map { column in
      let name = SQLText.name(column.name)
      return "(\(row).\(name) IS NOT NEW.\(name)) * \(ColumnMask([column.number]).bits)"
    }.joined(separator: "\n    + ")
  }

  private func collision(on index: UniqueIndex) -> String {
    index.keys.map { key in
      let name = SQLText.name(key.column)
      return "held.\(name) = NEW.\(name) COLLATE \(SQLText.name(key.collation))"
    }.joined(separator: " AND ")
  }
}
