import GRDB
import SQLiteAccess
import SyncCore

/// What ties a stretch of the change log to entries behind it: without them it would be folded, or
/// judged by the hub, as something else than it is.
///
/// - A row that was deleted or evicted may have been inserted again: together that is an update. One
///   that is gone was deleted, by an entry that says what it held.
/// - A row may name one that the hub does not know yet, its case's root above all, and that was
///   written later: a program may import table by table.
struct LogTies {
  private let file: ReplicaFile
  private let database: Database
  private let baseline: Baseline
  private let inside: Set<RowKey>
  private var wanted: Set<RowKey>
  private var lookedAt: Set<RowKey> = []

  /// - Parameter gone: the rows of the stretch that do not stand any more.
  init(of window: ReplicaFile.LogWindow, gone: [RowKey], file: ReplicaFile, in database: Database) {
    self.file = file
    self.database = database
    baseline = Baseline(file: file, database: database)
    inside = Set(window.entries.lazy.map(\.row))
    let deleted = window.entries.lazy.filter { $0.kind == .note || $0.kind == .delete }
    wanted = Set(deleted.map(\.row)).union(gone)
  }

  /// Takes in what a row of the stretch names, as it stands now.
  mutating func add(_ key: RowKey, _ row: LocalRow) throws {
    guard let table = file.schema.table(number: key.table) else { return }
    if table.scope == .ofCase, let root = file.schema.caseRoot {
      try name(RowKey(table: root.number, id: RowID(row.caseID.string)))
    }
    for (column, value) in zip(table.columns, row.values) {
      guard let target = column.namedTable.flatMap(file.schema.table(named:)), let id = value.text
      else { continue }
      try name(RowKey(table: target.number, id: RowID(id)))
    }
  }

  private mutating func name(_ key: RowKey) throws {
    guard !inside.contains(key), lookedAt.insert(key).inserted else { return }
    if try !baseline.knows(key) { wanted.insert(key) }
  }

  /// How many entries of the log behind the stretch belong to it: all up to the last one of a row
  /// that is wanted.
  func entryCount(behind through: Int64) throws -> Int {
    guard !wanted.isEmpty else { return 0 }
    var count = 0
    var last = 0
    try Query(database, "SELECT t, id FROM kreissync_log WHERE n > ? ORDER BY n").forEach(
      .integer(through)
    ) { row in
      count += 1
      if wanted.contains(RowKey(table: Int(row.integer(0)), id: row.identifier(1))) { last = count }
    }
    return last
  }
}
