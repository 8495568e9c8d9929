import CaseloadSchema
import GRDB
import SQLiteAccess
import SyncCore

/// Reads the change log that the triggers write.
extension ReplicaFile {
  /// Entries folded in one go: their rows are in memory, some 2 KiB each. More where others are
  /// tied to them (``LogTies``).
  package static let windowEntryCountMax = 12_000

  /// A stretch of the log.
  struct LogWindow {
    var entries: [CapturedEntry]
    /// The last number read, and the base that holds behind it.
    var through: Int64
    var base: Int64
    /// Nothing of the log lies behind.
    var reachesEnd: Bool
  }

  /// What is not yet in a batch: the parked entries, and what follows the batched ones.
  func window(of record: ReplicaRecord, limit: Int, in database: Database) throws -> LogWindow {
    var window = LogWindow(
      entries: try parkedEntries(in: database), through: record.batchedThrough,
      base: record.batchedBase, reachesEnd: true)
    var count = 0
    let sql = """
      SELECT n, t, k, m, id, c, at, tag, v FROM kreissync_log
      WHERE n > ? AND n NOT IN (SELECT n FROM kreissync_ahead) ORDER BY n LIMIT ?
      """
    try Query(database, sql).forEach(
      .integer(record.batchedThrough), .integer(Int64(limit))
    ) { row in
      count += 1
      window.through = row.integer(0)
      if row.integer(2) == CaptureKind.marker.rawValue {
        // Another program may write into the log as into any table: a base is never negative.
        window.base = max(0, row.integer(3))
      } else if let entry = entry(row, base: window.base) {
        window.entries.append(entry)
      }
    }
    window.reachesEnd = count < limit
    return window
  }

  private func parkedEntries(in database: Database) throws -> [CapturedEntry] {
    let sql = """
      SELECT l.n, l.t, l.k, l.m, l.id, l.c, l.at, l.tag, l.v, p.base
      FROM kreissync_parked AS p JOIN kreissync_log AS l USING (n) ORDER BY n
      """
    return try Query(database, sql).all { entry($0, base: $0.integer(9)) }.compactMap { $0 }
  }

  /// Nothing for entries that no trigger of ours can have written: another program may write into
  /// the log's table as into any other.
  func entry(_ row: ResultRow, base: Int64) -> CapturedEntry? {
    guard let kind = CaptureKind(rawValue: Int(row.integer(2))),
      let table = schema.table(number: Int(row.integer(1)))
    else { return nil }
    return CapturedEntry(
      id: EntryID(n: row.integer(0), tag: row.integer(7)), kind: kind,
      row: RowKey(table: table.number, id: row.identifier(4)),
      caseID: row.isNull(5) ? nil : row.identifier(5),
      mask: ColumnMask(bits: UInt64(bitPattern: row.integer(3)))
        .intersection(table.allColumns),
      oldValues: row.isNull(8) ? nil : CapturedValues.read(row.text(8), of: table),
      at: row.integer(6),
      base: base)
  }

  /// A row as it stands, or why it cannot be sent.
  func lookup(_ key: RowKey, in database: Database) throws -> LocalRowLookup {
    let table = schema.table(number: key.table)!
    let found = try Query(database, selectRow(of: table)).first(Parameter(key.id)) {
      row -> LocalRowLookup in
      let caseID = table.place(of: key.id, stored: row.identifier(0))
      guard Self.isSendable(key.id), table.scope == .global || Self.isSendable(caseID) else {
        return .unfit(caseID, .identifierTooLong)
      }
      var values: [Value] = []
      var byteCount = 0
      for position in table.columns.indices {
        guard let value = row.value(position + 1) else { return .unfit(caseID, .textNotUTF8) }
        guard table.columns[position].type.accepts(value) else {
          return .unfit(caseID, .valueNotAllowed)
        }
        let length = value.text?.utf8.count ?? 0
        guard length <= RowLimit.textByteCountMax else { return .unfit(caseID, .textTooLong) }
        byteCount += length
        values.append(value)
      }
      guard byteCount <= RowLimit.rowByteCountMax else { return .unfit(caseID, .rowTooLong) }
      return .there(LocalRow(caseID: caseID, values: values))
    }
    return try found ?? damagedRow(key, of: table, in: database) ?? .gone
  }

  /// A row whose id is not UTF-8 is found under its repaired text by nobody: it is looked for among
  /// the rows whose ids cannot be read. A scan, but only for a key that bears the mark of repair.
  private func damagedRow(_ key: RowKey, of table: Table, in database: Database) throws
    -> LocalRowLookup?
  {
    guard key.id.string.contains("\u{FFFD}") else { return nil }
    let place = table.scope == .ofCase ? "case_id" : "id"
    var caseID: CaseID?
    try Query(database, "SELECT id, \(place) FROM \(quoted(table.name))").forEach { row in
      if row.value(0) == nil, row.identifier(0, RowID.self) == key.id {
        caseID = table.place(of: key.id, stored: row.identifier(1))
      }
    }
    return caseID.map { .unfit($0, .textNotUTF8) }
  }

  /// Whether a message can name it: neither empty nor too long. What no message can name is unknown
  /// to the hub.
  static func isSendable(_ identifier: some TextIdentifier) -> Bool {
    (1...RowLimit.identifierByteCountMax).contains(identifier.string.utf8.count)
  }

  /// Case id (or the row's id again), then every column in order.
  func selectRow(of table: Table) -> String { statements[table.number]!.select }

  func quoted(_ name: String) -> String {
    quotedName(name)
  }

  func pins(in database: Database) throws -> [RowKey: [ColumnBase]] {
    var pins: [RowKey: [ColumnBase]] = [:]
    try Query(
      database, "SELECT t, id, column_number, base FROM kreissync_pin ORDER BY t, id, column_number"
    ).forEach { row in
      let key = RowKey(table: Int(row.integer(0)), id: row.identifier(1))
      pins[key, default: []].append(
        ColumnBase(column: Int(row.integer(2)), base: row.integer(3)))
    }
    return pins
  }
}
