import GRDB
import SQLiteAccess
import SyncCore

/// What ties a stretch of the change log to entries behind it, which go with it: without them it
/// would be folded, or judged by the hub, as something else than it is.
///
/// - A row that was deleted or evicted may have been inserted again: together that is an update.
///   One that is gone was deleted, by an entry that says what it held.
/// - A row may name one that the hub does not know yet, its case's root above all, and that was
///   written later: a program may import table by table.
struct LogTies {
  private let file: ReplicaFile
  private let database: Database
  private let baseline: Baseline
  private var inside: Set<RowKey> = []
  private var wanted: Set<RowKey> = []
  private var lookedAt: Set<RowKey> = []

  init(file: ReplicaFile, in database: Database) {
    self.file = file
    self.database = database
    baseline = Baseline(file: file, database: database)
  }

  /// Takes in a stretch, with what was found to belong to it so far.
  ///
  /// - Parameters:
  ///   - rows: those that stand, as they stand now.
  ///   - gone: those that do not stand any more.
  mutating func add(
    _ window: ReplicaFile.LogWindow, rows: [RowKey: LocalRow], gone: [RowKey]
  ) throws {
    inside = Set(window.entries.lazy.map(\.row))
    let deleted = window.entries.lazy.filter { $0.kind == .note || $0.kind == .delete }
    wanted.formUnion(deleted.map(\.row))
    wanted.formUnion(gone)
    for (key, row) in rows { try add(key, row) }
  }

  /// Takes in what a row of the stretch names.
  private mutating func add(_ key: RowKey, _ row: LocalRow) throws {
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

  /// The entries behind the stretch that belong to it: all of the rows that are wanted.
  func entries(behind window: ReplicaFile.LogWindow) throws -> [CapturedEntry] {
    guard !wanted.isEmpty else { return [] }
    var found: [CapturedEntry] = []
    var base = window.base
    try Query(
      database,
      """
      SELECT n, t, k, m, id, c, at, tag, v FROM kreissync_log
      WHERE n > ? AND n NOT IN (SELECT n FROM kreissync_ahead) ORDER BY n
      """
    ).forEach(.integer(window.through)) { row in
      if row.integer(2) == CaptureKind.marker.rawValue {
        base = max(0, row.integer(3))
      } else if wanted.contains(RowKey(table: Int(row.integer(1)), id: row.identifier(4))),
        let entry = file.entry(row, base: base)
      {
        found.append(entry)
      }
    }
    return found
  }
}
