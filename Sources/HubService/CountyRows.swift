import HubStorage
package import SyncCore

/// Rows that the county itself writes: the tables of the hub alone, and those that go to single
/// sites. They pass the same decision as a site's changes, with the hub as their author.
extension CountyAdministration {
  /// What an administrator says of one row.
  package struct RowEntry: Sendable {
    package let table: Table
    /// nil for a new row whose id the hub chooses; an id that is unknown yet names a new row, too.
    package let id: RowID?
    /// The case of a row that belongs to one.
    package let caseID: CaseID?
    /// By column number.
    package let values: [Int: Value]

    package init(table: Table, id: RowID?, caseID: CaseID? = nil, values: [Int: Value]) {
      self.table = table
      self.id = id
      self.caseID = caseID
      self.values = values
    }
  }

  /// A row as it was written.
  package struct WrittenRow: Sendable {
    package let id: RowID
    package let isNew: Bool
    /// The head of the county's log afterwards.
    package let seq: Int64
  }

  /// Inserts rows, or changes the named columns of those that are there: all of them in one durable
  /// transaction, or none.
  ///
  /// - Throws: ``AdministrationError`` for the first entry that cannot stand.
  package func put(_ entries: [RowEntry]) throws -> [WrittenRow] {
    let named = entries.map { entry in
      RowEntry(
        table: entry.table, id: entry.id ?? RowID(environment.uuid()), caseID: entry.caseID,
        values: entry.values)
    }
    var seen: Set<RowKey> = []
    for (place, entry) in named.enumerated() where !seen.insert(entry.key).inserted {
      throw AdministrationError.idTwice(entry.id!, entry: place)
    }
    return try store.write { writer in
      let stored = try writer.rows(Set(named.map(\.key)).sorted())
      let head = try writer.counter.seq
      let now = environment.now()
      let changes = try named.enumerated().map { place, entry in
        try change(entry, stored: stored[entry.key], place: place, head: head, now: now)
      }
      try write(changes, at: now, in: writer)
      let seq = try writer.counter.seq
      return zip(named, changes).map { entry, change in
        WrittenRow(id: entry.id!, isNew: change.kind == .insert, seq: seq)
      }
    }
  }

  /// Deletes a row.
  ///
  /// - Throws: ``AdministrationError`` if there is none, or a rule keeps it.
  package func delete(_ id: RowID, from table: Table) throws -> WrittenRow {
    try store.write { writer in
      let key = RowKey(table: table.number, id: id)
      guard let stored = try writer.rows([key])[key], stored.isAlive else {
        throw AdministrationError.unknownRow(table.name, id)
      }
      try requireUnused(id, of: table, in: writer)
      let now = environment.now()
      let change = Change(
        id: EntryID(n: 0, tag: 0), kind: .delete, row: key, caseID: stored.caseID, cells: .empty,
        base: try writer.counter.seq, editedAt: now)
      try write([change], at: now, in: writer)
      return WrittenRow(id: id, isNew: false, seq: try writer.counter.seq)
    }
  }

  /// - Throws: ``AdministrationError/rowInUse(_:_:by:)`` where other rows name the row, or where it
  ///   is a site that may call.
  private func requireUnused(_ id: RowID, of table: Table, in reader: some HubReader) throws {
    if table.name == "site", let site = try reader.site(SiteID(id.string)), site.state != .revoked {
      throw AdministrationError.rowInUse(table.name, id, by: "the site, which is not revoked")
    }
    for user in reader.schema.tables {
      let positions = user.columns.indices.filter { user.columns[$0].mayName(table) }
      guard !positions.isEmpty else { continue }
      var last = RowKey(table: user.number, id: RowID(""))
      // A county's rows need not be in memory at once.
      while true {
        let rows = try reader.rows(ofTableBehind: last, limit: Self.lookCount)
        if rows.contains(where: { row in
          positions.contains { row.values[$0].text.map { RowID($0) } == id }
        }) {
          throw AdministrationError.rowInUse(table.name, id, by: "table \(user.name)")
        }
        guard rows.count == Self.lookCount else { break }
        last = rows.last!.key
      }
    }
  }

  private static let lookCount = 1_000

  private func change(
    _ entry: RowEntry, stored: StoredRow?, place: Int, head: Int64, now: Milliseconds
  ) throws -> Change {
    let table = entry.table
    let isThere = stored?.isAlive == true
    if entry.caseID == nil && table.scope == .ofCase && !isThere {
      throw AdministrationError.caseNeeded(table.name)
    }
    let missing = table.columns.filter {
      $0.isRequired && $0.defaultValue.isNull && (entry.values[$0.number] ?? .null).isNull
    }
    guard isThere || missing.isEmpty else {
      throw AdministrationError.columnsMissing(table.name, missing.map(\.name), entry: place)
    }
    let whole = table.columns.map { entry.values[$0.number] ?? $0.defaultValue }
    let mask = isThere ? ColumnMask(entry.values.keys.sorted()) : table.travellingColumns
    let caseID =
      isThere ? stored!.caseID : table.place(of: entry.id!, stored: entry.caseID ?? .none)
    return Change(
      id: EntryID(n: 0, tag: 0), kind: isThere ? .update : .insert, row: entry.key,
      caseID: caseID, cells: Cells(of: whole, in: table, mask: mask), base: head, editedAt: now)
  }

  /// Decides changes of the hub's and writes what comes of them.
  ///
  /// - Parameters:
  ///   - settlement: set where they write what a person decided.
  ///   - more: adds to the plan what else belongs to it, behind the log's head that it is given.
  /// - Throws: ``AdministrationError`` for the first that was not applied; nothing is written then.
  func write(
    _ changes: [Change], as settlement: Settlement? = nil, at now: Milliseconds,
    in writer: some HubWriter, with more: (inout Plan, Int64) -> Void = { _, _ in }
  ) throws {
    var view = try writer.view(for: changes, by: .hub, schema: writer.schema)
    for change in changes where change.caseID.isCase && view.cases[change.caseID] == nil {
      throw AdministrationError.unknownCase(change.caseID)
    }
    if let rules {
      var linked = DomainRows(
        for: changes, by: .hub, rules: rules, schema: writer.schema, view: view)
      try linked.load(from: writer)
      view = linked.view
    }
    let author = Author(
      site: .hub, incarnation: IncarnationID(""), ancestors: [], clockSkew: 0)
    var context = try CountyService.context(
      for: author, areas: [], now: now, rules: rules, in: writer)
    context.settlement = settlement
    var plan = Decision.decide(
      changes, view: view, context: context, digestKey: try writer.county.digester)
    for (place, answer) in plan.answers.enumerated() where answer.verdict != .applied {
      let change = changes[place]
      throw AdministrationError.rowRefused(
        writer.schema.table(number: change.row.table)?.name ?? "", change.row.id,
        answer.rule ?? .valueNotAllowed, entry: place)
    }
    more(&plan, try writer.counter.seq)
    try writer.writeGated(plan, by: rules, at: now, random: environment.random)
  }
}

extension CountyAdministration.RowEntry {
  fileprivate var key: RowKey { RowKey(table: table.number, id: id!) }
}

extension Column {
  /// Whether the column holds ids of the table's rows: by the schema's word, or by its name, as
  /// `programme_id` those of `programme_period`.
  fileprivate func mayName(_ table: Table) -> Bool {
    namedTable == table.name || name.hasSuffix("_id") && table.name.hasPrefix(name.dropLast(3))
  }
}
