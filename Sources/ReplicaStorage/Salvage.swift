import GRDB
import Glibc
import SQLiteAccess
package import SyncCore

/// What could be read of a damaged replica that the hub does not have: work that was not sent or
/// not answered, and columns that never leave the site.
///
/// Each part is read by itself, so that one damaged page costs no more than it holds.
package struct Salvage: Sendable {
  /// Where the replica stood; nil where not even that can be read.
  package fileprivate(set) var record: ReplicaRecord?
  /// Parts of which something could not be read: stable codes, and tables for local columns.
  package fileprivate(set) var lost: [String] = []
  /// Entries of the change log that no batch has.
  fileprivate var log: [[SavedCell]] = []
  fileprivate var parked: [[SavedCell]] = []
  /// Entries that were batched before their turn.
  fileprivate var ahead: [[SavedCell]] = []
  fileprivate var waiting: [[SavedCell]] = []
  /// Batches with their answers: a hub that is restored asks for them.
  fileprivate var answered: [[SavedCell]] = []
  fileprivate var pins: [[SavedCell]] = []
  fileprivate var gated: [[SavedCell]] = []
  fileprivate var notices: [[SavedCell]] = []
  fileprivate var rows: [SavedRow] = []
  fileprivate var local: [SavedLocal] = []

  package init() {}

  /// A row with unsent work, as it stood.
  fileprivate struct SavedRow: Sendable {
    let key: RowKey
    let caseID: CaseID
    /// What was written; nil for a row that was deleted.
    let cells: Cells?
    let isInserted: Bool
    let bases: [Int: Int64]
  }

  /// The local columns of one row.
  fileprivate struct SavedLocal: Sendable {
    let table: Int
    let id: String
    let values: [SavedCell]
  }
}

/// A cell as it was found.
private enum SavedCell: Sendable {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])

  init(_ value: DatabaseValue) {
    switch value.storage {
    case .null, .double: self = .null
    case .int64(let number): self = .integer(number)
    case .string(let text): self = .text(text)
    case .blob(let bytes): self = .blob(Array(bytes))
    }
  }

  var parameter: Parameter {
    switch self {
    case .null: .null
    case .integer(let number): .integer(number)
    case .text(let text): .text(text)
    case .blob(let bytes): .blob(bytes)
    }
  }

  var isNull: Bool {
    if case .null = self { return true }
    return false
  }
}

extension ReplicaFile {
  /// Reads what can be read of a damaged replica. Changes nothing there.
  ///
  /// - Parameter snapshot: the hub's, for the schema and the key where the replica's own cannot be
  ///   read.
  package static func salvage(from path: String, beside snapshot: String) throws -> Salvage {
    let fallback = try openSnapshot(snapshot)
    var salvage = Salvage()
    guard let file = try fallback.openDamaged(path, &salvage) else { return salvage }
    try Salvaging(file: file, record: salvage.record).gather(into: &salvage)
    try file.close()
    try fallback.close()
    return salvage
  }

  /// Nil where not even the list of its tables can be read.
  private func openDamaged(_ path: String, _ salvage: inout Salvage) throws -> ReplicaFile? {
    do {
      let file = try Self.open(at: path)
      salvage.record = try file.record()
      return file
    } catch let error as ReplicaError where error.isDamage {
      salvage.lost.append("identity")
    }
    do {
      let file = try reading(path)
      _ = try file.read { try Query($0, "SELECT count(*) FROM sqlite_schema").first { _ in true } }
      return file
    } catch let error as ReplicaError where error.isDamage {
      salvage.lost += ["unsent_changes", "local_columns"]
      return nil
    }
  }

  /// Another file, read by this one's schema and key.
  private func reading(_ path: String) throws -> ReplicaFile {
    let queue = try Self.translatingErrors { try Self.open(path, busyMilliseconds: 10_000) }
    return ReplicaFile(path: path, schema: schema, queue: queue, digestKey: digestKey)
  }

  /// Puts what was saved into this new replica, in one transaction: unsent work on top of the hub's
  /// rows, under its own numbers and bases, so that it is sent as it would have been.
  ///
  /// - Parameter log: how far it was batched, where the salvage has no record of it.
  private func take(_ salvage: Salvage, _ log: KeptLog, at now: Milliseconds) throws {
    try write { database in
      var record = try Self.record(in: database)
      record.batchNumber = salvage.record?.batchNumber ?? log.batchNumber
      record.batchHash = salvage.record != nil ? salvage.record?.batchHash : log.batchHash
      record.batchedThrough = salvage.record?.batchedThrough ?? log.batchedThrough
      record.batchedBase = salvage.record?.batchedBase ?? record.position.seq
      record.session = max(salvage.record?.session ?? 0, log.session)
      try Self.store(record, in: database)
      try put(salvage.log, into: "kreissync_log", columns: 9, in: database)
      try put(salvage.parked, into: "kreissync_parked", columns: 4, in: database)
      try put(salvage.ahead, into: "kreissync_ahead", columns: 1, in: database)
      try put(
        salvage.answered + salvage.waiting, into: "kreissync_outbox", columns: 4, in: database)
      try put(salvage.pins, into: "kreissync_pin", columns: 4, in: database)
      try put(salvage.gated, into: "kreissync_gated", columns: 7, in: database)
      try put(salvage.notices, into: "kreissync_notice_log", columns: 10, in: database)
      for saved in salvage.rows { try put(saved, in: database) }
      for saved in salvage.local { try put(saved, in: database) }
      // Numbers go on above those that were given; later edits have seen the snapshot.
      try Query(
        database,
        "INSERT INTO kreissync_log (n, t, k, m, at) SELECT max(?, max(n)) + 1, 0, ?, ?, ?"
          + " FROM (SELECT n FROM kreissync_log UNION ALL SELECT 0)"
      ).run(
        .integer(record.batchedThrough), .integer(Int64(CaptureKind.marker.rawValue)),
        .integer(record.position.seq), .integer(now))
    }
  }

  private func put(
    _ rows: [[SavedCell]], into table: String, columns: Int, in database: Database
  ) throws {
    let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
    let insert = try Query(database, "INSERT OR REPLACE INTO \(table) VALUES (\(marks))")
    for row in rows { try insert.run(row.map(\.parameter)) }
  }

  private func put(_ saved: Salvage.SavedRow, in database: Database) throws {
    guard let table = schema.table(number: saved.key.table) else { return }
    let name = quoted(table.name)
    guard let cells = saved.cells else {
      return try Query(database, "DELETE FROM \(name) WHERE id = ?").run(Parameter(saved.key.id))
    }
    var columns: [String] = []
    var values: [Parameter] = []
    if table.scope == .ofCase {
      columns.append("case_id")
      values.append(Parameter(saved.caseID))
    }
    for column in table.columns {
      guard let value = cells[column.number] else { continue }
      columns.append(column.name)
      values.append(Parameter(value))
    }
    let set = columns.map { "\(quoted($0)) = ?" }.joined(separator: ", ")
    if !columns.isEmpty {
      try Query(database, "UPDATE \(name) SET \(set) WHERE id = ?").run(
        values + [Parameter(saved.key.id)])
    }
    if saved.isInserted && database.changesCount == 0 {
      let names = (["id"] + columns).map(quoted).joined(separator: ", ")
      let marks = Array(repeating: "?", count: columns.count + 1).joined(separator: ", ")
      try Query(database, "INSERT INTO \(name) (\(names)) VALUES (\(marks))").run(
        [Parameter(saved.key.id)] + values)
    }
    try putOnRefreshList(saved.key, caseID: saved.caseID, in: database)
    for (column, base) in saved.bases {
      try Query(
        database,
        """
        INSERT INTO kreissync_pin VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET base = min(base, excluded.base)
        """
      ).run(
        .integer(Int64(saved.key.table)), Parameter(saved.key.id), .integer(Int64(column)),
        .integer(base))
    }
    try Query(database, "UPDATE kreissync_case_state SET digest = NULL WHERE case_id = ?").run(
      Parameter(saved.caseID))
  }

  private func put(_ saved: Salvage.SavedLocal, in database: Database) throws {
    guard let table = schema.table(number: saved.table) else { return }
    let local = table.columns.filter { $0.tier == .local }
    let set = zip(local, saved.values).map { column, _ in "\(quoted(column.name)) = ?" }
      .joined(separator: ", ")
    try Query(database, "UPDATE \(quoted(table.name)) SET \(set) WHERE id = ?").run(
      saved.values.map(\.parameter) + [.text(saved.id)])
  }
}

extension ReplicaError {
  /// Whether it says that a file is not what was written.
  package var isDamage: Bool {
    switch self {
    case .corrupt, .notAReplica: true
    default: false
    }
  }
}

/// One reading of a damaged file.
private struct Salvaging {
  let file: ReplicaFile
  let record: ReplicaRecord?

  func gather(into salvage: inout Salvage) throws {
    try part("unsent_changes", &salvage) { salvage, database in
      let through = record?.batchedThrough ?? 0
      salvage.log = try cells(
        """
        SELECT n, t, k, m, id, c, at, tag, v FROM kreissync_log
        WHERE n > \(through) OR n IN (SELECT n FROM kreissync_parked) ORDER BY n
        """, in: database)
      salvage.parked = try cells("SELECT * FROM kreissync_parked", in: database)
      salvage.ahead = try cells("SELECT * FROM kreissync_ahead", in: database)
    }
    try part("unanswered_batches", &salvage) { salvage, database in
      salvage.waiting = try cells(
        "SELECT * FROM kreissync_outbox WHERE answer IS NULL ORDER BY number", in: database)
    }
    try part("unsent_changes", &salvage, readUnsent)
    try part("withheld", &salvage, readWithheld)
    try part("answered_batches", &salvage) { salvage, database in
      salvage.answered = try cells(
        "SELECT * FROM kreissync_outbox WHERE answer IS NOT NULL ORDER BY number", in: database)
    }
    for table in file.schema.tables { try readLocalColumns(of: table, into: &salvage) }
    try part("notices", &salvage) { salvage, database in
      salvage.notices = try cells("SELECT * FROM kreissync_notice_log", in: database)
    }
  }

  private func readUnsent(into salvage: inout Salvage, in database: Database) throws {
    let log = salvage.log
    salvage.log = []
    guard let record else { throw ReplicaError.corrupt }
    var damaged: Set<RowKey> = []
    let unsent = try UnsentWork(file: file, record: record, in: database) { damaged.insert($0) }
    salvage.pins = try cells("SELECT * FROM kreissync_pin", in: database)
    for key in unsent.rows.sorted() {
      let changes = unsent.changes(of: key)
      guard let last = changes.last, let table = file.schema.table(number: key.table) else {
        continue
      }
      var bases: [Int: Int64] = [:]
      for column in unsent.columns(of: key, in: table).numbers {
        bases[column] = unsent.base(of: key, column: column)
      }
      salvage.rows.append(
        Salvage.SavedRow(
          key: key, caseID: last.caseID,
          cells: last.kind == .delete
            ? nil : changes.reduce(.empty) { $0.overlaid(by: $1.cells) },
          isInserted: changes.contains { $0.kind == .insert }, bases: bases))
    }
    // An entry whose row cannot be read would take the hub's row for what was written.
    salvage.log = log.filter { entry in
      guard case .integer(let table) = entry[1], case .text(let id) = entry[4] else { return true }
      return !damaged.contains(RowKey(table: Int(table), id: RowID(id)))
    }
    if !damaged.isEmpty { throw ReplicaError.corrupt }
  }

  /// What stands behind closed gates stands here alone.
  private func readWithheld(into salvage: inout Salvage, in database: Database) throws {
    salvage.gated = try cells("SELECT * FROM kreissync_gated", in: database)
    for (key, columns) in try WithheldCells(file: file, database: database).all() {
      guard let table = file.schema.table(number: key.table),
        case .there(let row) = try file.lookup(key, in: database)
      else { continue }
      let isWhole = !table.isVisible(to: GrantTerms(.reader, .header))
      salvage.rows.append(
        Salvage.SavedRow(
          key: key, caseID: row.caseID,
          cells: Cells(
            of: row.values, in: table, mask: isWhole ? table.travellingColumns : columns),
          isInserted: isWhole, bases: [:]))
    }
  }

  /// From both ends, because a damaged page ends a walk.
  private func readLocalColumns(of table: Table, into salvage: inout Salvage) throws {
    let local = table.columns.filter { $0.tier == .local }
    guard !local.isEmpty else { return }
    let names = local.map { file.quoted($0.name) }.joined(separator: ", ")
    var seen: Set<String> = []
    for order in ["ASC", "DESC"] {
      let lost = salvage.lost.count
      try part("local_columns:\(table.name)", &salvage) { salvage, database in
        let rows = try Row.fetchCursor(
          database,
          sql: "SELECT id, \(names) FROM \(file.quoted(table.name)) ORDER BY rowid \(order)")
        while let row = try rows.next() {
          guard case .text(let id) = SavedCell(row[0]), seen.insert(id).inserted else { continue }
          let values = (1...local.count).map { SavedCell(row[$0]) }
          if !values.allSatisfy(\.isNull) {
            salvage.local.append(Salvage.SavedLocal(table: table.number, id: id, values: values))
          }
        }
      }
      if salvage.lost.count == lost { return }
    }
  }

  private func cells(_ sql: String, in database: Database) throws -> [[SavedCell]] {
    let rows = try Row.fetchCursor(database, sql: sql)
    var cells: [[SavedCell]] = []
    while let row = try rows.next() { cells.append(row.databaseValues.map(SavedCell.init)) }
    return cells
  }

  /// Reads one part; what damage cuts off is noted by its name.
  private func part(
    _ name: String, _ salvage: inout Salvage,
    _ body: (inout Salvage, Database) throws -> Void
  ) throws {
    do {
      try file.read { try body(&salvage, $0) }
    } catch let error as ReplicaError where error.isDamage {
      if !salvage.lost.contains(name) { salvage.lost.append(name) }
    } catch is DatabaseError, is DecodeError {
      // A table that is not there any more, or a batch of other bytes: damage of another kind.
      if !salvage.lost.contains(name) { salvage.lost.append(name) }
    }
  }
}

extension ReplicaFile {
  /// Makes a snapshot of the hub's a replica at `path` that goes on with the log of a damaged one,
  /// with what could be saved of it.
  ///
  /// - Parameters:
  ///   - snapshot: closed, in the same directory; nobody else has it.
  ///   - path: where no file is yet; the damaged one stays where it is.
  ///   - log: how far the damaged replica's log had come, by its sidecar.
  /// - Throws: ``ReplicaError/unfitSnapshot(_:)`` where it is not what it should be.
  package static func rescue(
    _ salvage: Salvage, from snapshot: String, as path: String, log: KeptLog,
    at now: Milliseconds
  ) throws {
    let draft = try openSnapshot(snapshot)
    try draft.requireOwnStatements()
    let own = try draft.record()
    try draft.prove(
      SnapshotClaim(
        county: salvage.record?.county ?? own.county, site: salvage.record?.site ?? own.site,
        history: log.history, digestKey: draft.digestKey,
        incarnation: salvage.record?.incarnation ?? log.incarnation))
    try translatingErrors {
      try draft.queue.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
    }
    try draft.take(salvage, log, at: now)
    try draft.close()
    guard rename(snapshot, path) == 0 else { throw ReplicaError.readOnly }
  }
}
