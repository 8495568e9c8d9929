import GRDB
import SQLiteAccess
import SyncCore

/// What the replica's people wrote and the hub has not answered: behind the batches, parked, and in
/// batches without an answer. A pull passes under it.
struct UnsentWork {
  private var changes: [RowKey: [Change]] = [:]
  private(set) var cases: Set<CaseID> = []
  private var settlements: [RowKey: Coalescing.Settlement]
  /// Replaced rows whose values cannot be read: nobody knows which columns were edited.
  private var unreadable: Set<RowKey> = []
  /// What stands here and not at the hub, because its gate is closed. It is not to be sent, so a
  /// case is proved without it; but no pull may take it away.
  private var withheld: [RowKey: ColumnMask]
  /// No row behind a gate was written here: nobody has to be asked for one.
  let isWithholdingNothing: Bool

  /// - Parameter onDamage: for a file that is damaged: called with each row that cannot be read, of
  ///   which nothing is told then. Nil where such a row is a failure.
  init(
    file: ReplicaFile, record: ReplicaRecord, in database: Database,
    onDamage: ((RowKey) -> Void)? = nil
  ) throws {
    let window = try file.window(of: record, limit: .max, in: database)
    var unfit: Set<RowKey> = []
    let coalescing = try Coalescing(
      window.entries, schema: file.schema, reachesEnd: true, pins: try file.pins(in: database)
    ) { key in
      // A row that cannot be sent is unsent work all the same.
      let found: LocalRowLookup
      do {
        found = try file.lookup(key, in: database)
      } catch let error as DatabaseError
        where onDamage != nil && error.resultCode == .SQLITE_CORRUPT
      {
        onDamage?(key)
        return .gone
      }
      switch found {
      case .unfit(let caseID, _):
        unfit.insert(key)
        let count = file.schema.table(number: key.table)!.columns.count
        return .there(LocalRow(caseID: caseID, values: Array(repeating: .null, count: count)))
      case let found: return found
      }
    }
    settlements = coalescing.settlements
    let cells = WithheldCells(file: file, database: database)
    withheld = try cells.all()
    isWithholdingNothing = try cells.isEmpty
    unreadable = unfit.filter { coalescing.settlements[$0]?.updates.isEmpty == false }
    for change in coalescing.changes { add(change) }
    for change in try file.waitingChanges(in: database) { add(change) }
    try Query(database, "SELECT DISTINCT case_id FROM kreissync_parked").forEach {
      cases.insert($0.identifier(0))
    }
  }

  private mutating func add(_ change: Change) {
    changes[change.row, default: []].append(change)
    cases.insert(change.caseID)
  }

  /// Every row with work.
  var rows: Set<RowKey> { unreadable.union(changes.keys) }

  /// The changes of a row, oldest first.
  func changes(of key: RowKey) -> [Change] { (changes[key] ?? []).sorted { $0.id.n < $1.id.n } }

  /// Whether a pull has to leave something of the row alone.
  func touches(_ key: RowKey) -> Bool { isUnsent(key) || withheld[key] != nil }

  /// Whether something of the row waits to be sent or answered.
  func isUnsent(_ key: RowKey) -> Bool { changes[key] != nil || unreadable.contains(key) }

  /// Takes note of columns that are withheld from now on.
  mutating func withhold(_ columns: ColumnMask, of key: RowKey) {
    withheld[key, default: .empty] = (withheld[key] ?? .empty).union(columns)
  }

  /// What is withheld of a row goes with it.
  mutating func release(_ key: RowKey) { withheld[key] = nil }

  /// Says in the log what its values would tell only until the agent writes to the row. To be
  /// called before each such write.
  mutating func settle(_ key: RowKey, in database: Database) throws {
    guard !unreadable.contains(key), let settlement = settlements.removeValue(forKey: key)
    else { return }
    for update in settlement.updates {
      try Query(
        database, "UPDATE kreissync_log SET k = ?, m = ?, c = NULL, v = NULL WHERE n = ?"
      ).run(
        .integer(Int64(CaptureKind.update.rawValue)),
        .integer(Int64(bitPattern: update.columns.bits)), .integer(update.id.n))
    }
    for id in settlement.void {
      try Query(database, "DELETE FROM kreissync_log WHERE n = ?").run(.integer(id.n))
    }
  }

  func isDeleted(_ key: RowKey) -> Bool {
    changes[key]?.contains { $0.kind == .delete } ?? false
  }

  func isInserted(_ key: RowKey) -> Bool {
    changes[key]?.contains { $0.kind == .insert } ?? false
  }

  /// The columns whose local values stay on top.
  func columns(of key: RowKey, in table: Table) -> ColumnMask {
    if unreadable.contains(key) { return table.allColumns }
    return (changes[key] ?? []).reduce(withheld[key] ?? .empty) { $0.union($1.cells.mask) }
  }

  /// The oldest base of a column's unanswered changes.
  func base(of key: RowKey, column: Int) -> Int64? {
    changes[key]?.lazy
      .filter { $0.kind != .update || $0.cells.mask.contains(column) }
      .map { $0.base(ofColumn: column) }.min()
  }
}
