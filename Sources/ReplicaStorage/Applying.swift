import GRDB
import SQLiteAccess
package import SyncCore

/// How an apply went.
package struct ApplyOutcome: Sendable {
  package var rowCount: Int64 = 0
  package var casesGranted: Int64 = 0
  /// Cases of which this replica has removed what it may hold no more.
  package var casesPurged: Int64 = 0
  /// Cases whose purge waits for a person's release: a wave that no hand-over names.
  package var heldPurgeCount: Int64 = 0
  /// Rows that the local program's own constraints did not let in: their case is held.
  package var blockedCount: Int64 = 0
  /// What this replica holds, summed over its scope.
  package var replicaDigest: Digest128 = .zero
  package var hubDigest: Digest128 = .zero
  /// Clean cases whose digest is not the hub's.
  package var unequalCases: [CaseID] = []

  package var isEqual: Bool { replicaDigest == hubDigest && unequalCases.isEmpty }

  package init() {}
}

extension ReplicaFile {
  /// Applies a pull in one transaction: rows, cursor, base marker and digests move together.
  ///
  /// Columns with unsent work stay on top; their base is pinned and their row asked for again. A
  /// row with unanswered changes is never removed. Rows of a case that is delivered whole and that
  /// the hub has never seen are captured, not dropped.
  package func apply(_ scope: PulledScope, at now: Milliseconds) throws -> ApplyOutcome {
    if let outcome = try read({ try outcome(withoutApplying: scope, in: $0) }) { return outcome }
    return try write { database in
      var application = try Application(file: self, database: database, now: now)
      return try application.run(scope)
    }
  }

  /// The rows that the next pull has to return whole, oldest table first.
  package func refreshList(limit: Int) throws -> [RowKey] {
    try read { database in
      try Query(database, "SELECT t, id FROM kreissync_refresh ORDER BY t, id LIMIT ?").all(
        .integer(Int64(limit))
      ) { RowKey(table: Int($0.integer(0)), id: $0.identifier(1)) }
    }
  }
}

/// One apply transaction.
struct Application {
  let file: ReplicaFile
  let database: Database
  let now: Milliseconds
  var record: ReplicaRecord
  /// Unsent and unanswered work by row.
  var unsent: UnsentWork
  let baseline: Baseline
  /// Cases that are not proved at the end of this apply.
  let dirtyCases: Set<CaseID>
  var outcome = ApplyOutcome()
  /// Cases that are delivered whole.
  private var wholeCases: Set<CaseID> = []
  /// Rows that stood in those cases before, and that the pull has not named so far. Not the rows
  /// that it names: a first load has hundreds of thousands, and they must not be in memory.
  private var unnamed: Set<RowKey> = []
  private var updateTexts: [UpdateShape: String] = [:]
  /// What the replica's schema has no place for.
  var unknown: UnknownCells
  /// Cells move into columns that are new here: no digest is computed behind it that would explain
  /// their rows.
  private let isGrowth: Bool
  /// Cases with unsent work in which this site is no longer what it was when it wrote.
  private(set) var movedCases: Set<CaseID> = []
  /// The tiers that are granted of cases, as far as they were asked for.
  var tiers: [CaseID: TierSet] = [:]

  init(file: ReplicaFile, database: Database, now: Milliseconds, isGrowth: Bool = false) throws {
    self.file = file
    self.isGrowth = isGrowth
    self.database = database
    self.now = now
    record = try ReplicaFile.record(in: database)
    unsent = try UnsentWork(file: file, record: record, in: database)
    baseline = Baseline(file: file, database: database)
    unknown = try UnknownCells(file: file, database: database)
    dirtyCases = try CaseDigests(file: file, database: database, unsent: unsent).dirtyCases()
  }

  mutating func run(_ scope: PulledScope) throws -> ApplyOutcome {
    var purge = try ScopePurge(self, scope)
    var pulledDigests: [(caseID: CaseID, digest: Digest128)] = []
    // In the order of arrival: a row may come whole on one page and be gone on a later one.
    // All orders first: what this site alone holds is told from what is gone by them.
    if !unsent.isWithholdingNothing {
      try scope.pages.forEach { page in
        for state in page.cases { try take(state, ordering: &purge) }
      }
    }
    try scope.pages.forEach { page in
      for state in page.cases { try take(state, ordering: &purge) }
      for item in page.items where !purge.holds(item) {
        switch item {
        case .whole(let image): try write(image, isWhole: true)
        case .part(let image): try write(image, isWhole: false)
        case .gone(let key, let caseID): try remove(key, caseID: caseID)
        }
      }
      pulledDigests += page.digests
    }
    try pinWorkInMovedCases()
    if scope.tellsAllDigests { try purge.endMentions(except: pulledDigests.map(\.caseID)) }
    try purge.run(&outcome)
    try offerUnknownRows()
    try moveCursor(to: scope.checkpoint)
    let digests = CaseDigests(file: file, database: database, unsent: unsent)
    try digests.update(pulledDigests, readsAll: scope.tellsAllDigests)
    try digests.compare(scope.scopeDigest, into: &outcome)
    record.scopeDigest = scope.scopeDigest
    record.digestEqual = outcome.isEqual
    try ReplicaFile.store(record, in: database)
    try file.tell(scope.news, at: now, in: database)
    return outcome
  }

  private mutating func take(
    _ state: PulledScope.CaseState, ordering purge: inout ScopePurge
  ) throws {
    if try hasMoved(state) { movedCases.insert(state.caseID) }
    if try purge.order(state) { try put(state) }
  }

  private mutating func put(_ state: PulledScope.CaseState) throws {
    tiers[state.caseID] = state.terms.tiers
    let isKnown =
      try Query(
        database,
        """
        UPDATE kreissync_case_state SET lead = ?, role = ?, tiers = ?, epoch = ?
        WHERE case_id = ? RETURNING 1
        """
      ).first(
        Parameter(state.lead), .text(state.terms.role.rawValue),
        .integer(Int64(state.terms.tiers.rawValue)), .integer(state.epoch),
        Parameter(state.caseID)
      ) { _ in true } ?? false
    if !isKnown {
      try Query(database, "INSERT INTO kreissync_case_state VALUES (?, ?, ?, ?, ?, NULL, ?, 0)")
        .run(
          Parameter(state.caseID), Parameter(state.lead), .text(state.terms.role.rawValue),
          .integer(Int64(state.terms.tiers.rawValue)), .integer(state.epoch),
          .blob(Digest128.zero.bytes))
      // A case that this site opened itself is no news.
      if state.isDeliveredWhole && state.caseID.isCase { outcome.casesGranted += 1 }
    }
    guard state.isDeliveredWhole else { return }
    // Its rows are written anew: what was computed from the old ones says nothing of it.
    try Query(database, "UPDATE kreissync_case_state SET digest = NULL WHERE case_id = ?").run(
      Parameter(state.caseID))
    // A page that ended in the middle of the case names it again on the next one.
    guard wholeCases.insert(state.caseID).inserted else { return }
    try unknown.dropAll(of: state.caseID)
    try lookAtRows(of: state.caseID, seenBy: state.terms)
  }

  /// Notes the rows that stand in a case whose rows are about to come whole, as far as they may.
  private mutating func lookAtRows(of caseID: CaseID, seenBy terms: GrantTerms) throws {
    for table in file.schema.tables where table.scope == .ofCase && table.isVisible(to: terms) {
      let ids: [RowID] = try Query(
        database, "SELECT id FROM \(file.quoted(table.name)) WHERE case_id = ?"
      ).all(Parameter(caseID)) { $0.identifier(0) }
      for id in ids { unnamed.insert(RowKey(table: table.number, id: id)) }
    }
  }

  /// Rows of a whole case that came neither living nor deleted: the hub has never seen them.
  private func offerUnknownRows() throws {
    for key in unnamed.sorted() where !unsent.touches(key) {
      try file.offerWhole(key, at: now, in: database)
    }
  }

  // MARK: Rows

  mutating func remove(_ key: RowKey, caseID: CaseID?) throws {
    unnamed.remove(key)
    guard let table = file.schema.table(number: key.table) else {
      return try unknown.drop(key, from: caseID)
    }
    let name = file.quoted(table.name)
    if !unsent.isUnsent(key), try isHeldHereOnly(key, in: table) { return try forget(key) }
    if unsent.isUnsent(key) {
      // It keeps that case from its proof in which it stands, and that may be another by now.
      let standing: CaseID? =
        table.scope != .ofCase
        ? nil
        : try Query(database, "SELECT case_id FROM \(name) WHERE id = ?").first(
          Parameter(key.id)
        ) { $0.identifier(0) }
      try file.putOnRefreshList(key, caseID: standing ?? caseID ?? .none, in: database)
      return
    }
    try unsent.settle(key, in: database)
    try unknown.drop(key, from: caseID)
    try tellOfLocalValues(in: key, of: table, caseID: caseID)
    if let caseID, table.scope == .ofCase {
      try Query(database, "DELETE FROM \(name) WHERE id = ? AND case_id = ?").run(
        Parameter(key.id), Parameter(caseID))
      try baseline.drop(key, from: caseID)
    } else {
      try Query(database, "DELETE FROM \(name) WHERE id = ?").run(Parameter(key.id))
      try baseline.drop(key)
    }
    outcome.rowCount += 1
    try forget(key)
  }

  /// What never leaves the site stands nowhere else: its author gets it back with the row's end.
  private func tellOfLocalValues(in key: RowKey, of table: Table, caseID: CaseID?) throws {
    let columns = table.columns.indices.filter { table.columns[$0].tier == .local }
    guard !columns.isEmpty, case .there(let row) = try file.lookup(key, in: database),
      table.scope != .ofCase || caseID == nil || row.caseID == caseID
    else { return }
    for position in columns where !row.values[position].isNull {
      try file.notice(
        table.name, key, column: table.columns[position].name, .refused,
        Rule.rowDeleted.rawValue, yours: row.values[position], kept: .null, at: now,
        of: row.caseID, in: database)
    }
  }

  mutating func write(_ sent: RowImage, isWhole: Bool) throws {
    unnamed.remove(sent.key)
    guard let table = file.schema.table(number: sent.key.table) else {
      outcome.rowCount += 1
      return try unknown.take(sent, isWhole: isWhole)
    }
    let image = isWhole ? sent.completed(in: table) : sent
    let kept = unsent.columns(of: image.key, in: table)
    if unsent.isDeleted(image.key) || unsent.isInserted(image.key) {
      try file.putOnRefreshList(image.key, caseID: image.caseID, in: database)
      try pin(image.cells.mask, of: image.key)
      return
    }
    let hidden = try isWhole ? hiddenColumns(of: image, in: table) : .empty
    let cells = image.cells.restricted(
      to: table.travellingColumns.subtracting(kept).subtracting(hidden)
    ).standing(in: table)
    // Of a case that comes whole all rows are read behind the apply.
    let isKept =
      isGrowth || dirtyCases.contains(image.caseID) || !wholeCases.contains(image.caseID)
    let isExplained =
      try isKept && (unsent.isUnsent(image.key) || baseline.explains(image.key))
    try unsent.settle(image.key, in: database)
    do {
      let isThere = try update(image, cells, in: table)
      if !isThere {
        if isWhole {
          try insert(image, in: table)
        } else {
          try file.putOnRefreshList(image.key, caseID: image.caseID, in: database)
          return
        }
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      // A unique index of the local program refuses the row. It waits; everything else flows. The
      // cursor passes over values that nobody here has seen, so their columns are pinned.
      try file.putOnRefreshList(image.key, caseID: image.caseID, in: database)
      try pin(image.cells.mask, of: image.key)
      outcome.blockedCount += 1
      return
    }
    outcome.rowCount += 1
    try unknown.take(image, isWhole: isWhole)
    if isExplained { try baseline.keep(image.key) }
    let covered = image.cells.mask.intersection(kept).subtracting(hidden)
    if covered.isEmpty {
      // What is hidden has shown nothing: the base of its edits stays.
      if isWhole && hidden.isEmpty {
        try forget(image.key)
      } else {
        try unpin(cells.mask, of: image.key)
      }
      if isWhole && !hidden.isEmpty { try unask(image.key) }
    } else {
      try file.putOnRefreshList(image.key, caseID: image.caseID, in: database)
      try unpin(cells.mask, of: image.key)
      try pin(covered, of: image.key)
    }
  }

  private mutating func update(_ image: RowImage, _ cells: Cells, in table: Table) throws -> Bool {
    var parameters = cells.values.map(Parameter.init)
    if table.scope == .ofCase { parameters.append(Parameter(image.caseID)) }
    parameters.append(Parameter(image.key.id))
    try Query(database, updateText(of: cells.mask, in: table)).run(parameters)
    return database.changesCount > 0
  }

  /// Rows of one pull change in a few ways: each is worded once.
  private mutating func updateText(of columns: ColumnMask, in table: Table) -> String {
    let shape = UpdateShape(table: table.number, columns: columns)
    if let text = updateTexts[shape] { return text }
    var assignments = columns.numbers.map {
      file.quoted(table.column(number: $0)!.name) + " = ?"
    }
    if table.scope == .ofCase { assignments.append("case_id = ?") }
    if assignments.isEmpty { assignments = ["id = id"] }
    let text = """
      UPDATE \(file.quoted(table.name)) SET \(assignments.joined(separator: ", ")) WHERE id = ?
      """
    updateTexts[shape] = text
    return text
  }

  private func insert(_ image: RowImage, in table: Table) throws {
    let cells = image.cells.restricted(to: table.travellingColumns).standing(in: table)
    guard cells.mask == table.travellingColumns else { return try insert(image, cells, in: table) }
    var parameters = [Parameter(image.key.id)]
    if table.scope == .ofCase { parameters.append(Parameter(image.caseID)) }
    parameters += cells.values.map(Parameter.init)
    try Query(database, file.statements[table.number]!.insert).run(parameters)
  }

  /// Of a row that does not name every column, because a required one has come since.
  private func insert(_ image: RowImage, _ cells: Cells, in table: Table) throws {
    var names = ["id"]
    var parameters = [Parameter(image.key.id)]
    if table.scope == .ofCase {
      names.append("case_id")
      parameters.append(Parameter(image.caseID))
    }
    names += cells.mask.numbers.map { file.quoted(table.column(number: $0)!.name) }
    parameters += cells.values.map(Parameter.init)
    let marks = Array(repeating: "?", count: names.count).joined(separator: ", ")
    try Query(
      database,
      """
      INSERT INTO \(file.quoted(table.name)) (\(names.joined(separator: ", "))) VALUES (\(marks))
      """
    ).run(parameters)
  }

  // MARK: Bookkeeping

  /// The row shows the hub's values: nothing more to ask for, nothing pinned.
  private func forget(_ key: RowKey) throws {
    try unask(key)
    try Query(database, "DELETE FROM kreissync_pin WHERE t = ? AND id = ?").run(
      .integer(Int64(key.table)), Parameter(key.id))
  }

  private func unask(_ key: RowKey) throws {
    try Query(database, "DELETE FROM kreissync_refresh WHERE t = ? AND id = ?").run(
      .integer(Int64(key.table)), Parameter(key.id))
  }

  private func unpin(_ columns: ColumnMask, of key: RowKey) throws {
    for number in columns.numbers {
      try Query(
        database, "DELETE FROM kreissync_pin WHERE t = ? AND id = ? AND column_number = ?"
      ).run(.integer(Int64(key.table)), Parameter(key.id), .integer(Int64(number)))
    }
  }

  /// The columns' base becomes the oldest base of their unanswered changes, and stays until they
  /// show the hub's value.
  func pin(_ columns: ColumnMask, of key: RowKey) throws {
    for number in columns.numbers {
      try Query(
        database,
        """
        INSERT INTO kreissync_pin VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET base = min(base, excluded.base)
        """
      ).run(
        .integer(Int64(key.table)), Parameter(key.id), .integer(Int64(number)),
        .integer(unsent.base(of: key, column: number) ?? record.position.seq))
    }
  }

  /// Moves the cursor; a marker in the change log says that from here on people have seen it.
  private mutating func moveCursor(to checkpoint: Position) throws {
    if checkpoint.seq != record.position.seq {
      try Query(database, "INSERT INTO kreissync_log (t, k, m, at) VALUES (0, ?, ?, ?)").run(
        .integer(Int64(CaptureKind.marker.rawValue)), .integer(checkpoint.seq), .integer(now))
    }
    record.position = checkpoint
    record.head = max(record.head, checkpoint.seq)
  }
}

/// Which columns of which table an update writes.
private struct UpdateShape: Hashable {
  let table: Int
  let columns: ColumnMask
}
