import GRDB
import SQLiteAccess
import SyncCore

/// What may leave the site: before a change goes into the outbox, the columns behind gates that are
/// closed for the county stay out of it. The site asks its own rows; the hub may be wrong.
///
/// | captured                                              | is                                     |
/// |-------------------------------------------------------|----------------------------------------|
/// | a row of a table with columns of open tiers           | sent without its closed columns        |
/// | only closed columns of such a row                     | withheld                               |
/// | a row of a table without any                          | withheld                               |
/// | the deletion of a row that was withheld as a whole    | withheld                               |
///
/// While a case is restricted (Art. 18 GDPR) and another site leads it, all its gates are closed
/// for what this site writes anew. What it did before the case was hidden still goes: edits of rows
/// of others, which are here only until they are answered, and deletions, which carry no values.
///
/// What is withheld is noted (``WithheldCells``), and captured anew as soon as its gate is open,
/// with the time of its last edit. Nobody has to edit it again.
struct Outflow {
  private let file: ReplicaFile
  private let database: Database
  private let withheld: WithheldCells
  private var open: [CaseID: TierSet] = [:]
  /// As ``open``, by the consents alone.
  private var consented: [CaseID: TierSet] = [:]
  /// The cases whose mark somebody here has written.
  private var disputed: Set<CaseID> = []

  init(_ file: ReplicaFile, _ database: Database) {
    self.file = file
    self.database = database
    withheld = WithheldCells(file: file, database: database)
  }

  /// The tiers of a case that may leave the site, as its own rows say.
  mutating func tiers(of caseID: CaseID) throws -> TierSet {
    guard let gates = file.gates, caseID.isCase, let table = gates.gateTable(in: file.schema)
    else { return .all }
    if let known = open[caseID] { return known }
    let columns = table.columns.map { ", " + file.quoted($0.name) }.joined()
    let rows: [RowState] = try Query(
      database, "SELECT id\(columns) FROM \(file.quoted(table.name)) WHERE case_id = ?"
    ).all(Parameter(caseID)) { row in
      RowState(
        table: table, id: row.identifier(0), caseID: caseID, writer: SiteID(""),
        values: table.columns.indices.map { row.value($0 + 1) ?? .null })
    }
    let tiers = gates.openTiers(for: .county, rows: rows).union(.header)
    consented[caseID] = tiers
    let isHidden = try file.isHidden(
      caseID, isDisputed: disputed.contains(caseID), in: database)
    open[caseID] = isHidden ? .header : tiers
    return isHidden ? .header : tiers
  }

  /// The tiers of the case through which this change goes.
  private mutating func tiers(for change: Change, in table: Table) throws -> TierSet {
    let tiers = try tiers(of: change.caseID)
    guard let consented = consented[change.caseID], consented != tiers else { return tiers }
    let isOfOthers = try change.kind == .update && !withheld.isOwn(change.row)
    let wasHere = !table.isVisible(to: GrantTerms(.contributor, tiers))
    return change.kind == .delete || isOfOthers && wasHere ? consented : tiers
  }

  private mutating func columns(of table: Table, in caseID: CaseID) throws -> ColumnMask {
    table.columns(visibleTo: GrantTerms(.contributor, try tiers(of: caseID)))
  }

  // MARK: Holding back

  /// - Returns: what of the changes is sent, and the entries of which nothing is.
  mutating func pass(_ changes: [Change]) throws -> (sent: [Change], withheld: [EntryID]) {
    guard file.gates != nil else { return (changes, []) }
    dispute(changes)
    var sent: [Change] = []
    var held: [EntryID] = []
    for change in gatesFirst(changes) {
      if let passing = try pass(change) { sent.append(passing) } else { held.append(change.id) }
    }
    return (sent, held)
  }

  private mutating func dispute(_ changes: [Change]) {
    guard let root = file.schema.caseRoot, let mark = root.restrictingColumn?.number else { return }
    for change in changes
    where change.row.table == root.number && change.kind == .update
      && change.cells.mask.contains(mark)
    {
      disputed.insert(change.caseID)
      open[change.caseID] = nil
    }
  }

  /// What opens a gate goes before what passes through it, however they were written: the hub
  /// judges a change by what it holds then. Roots stay in front.
  private func gatesFirst(_ changes: [Change]) -> [Change] {
    guard let table = file.gates?.gateTable(in: file.schema)?.number,
      changes.contains(where: { $0.row.table == table })
    else { return changes }
    let root = file.schema.caseRoot?.number
    var keys = Dictionary(grouping: changes.filter { $0.row.table == table }, by: \.caseID)
    var ordered: [Change] = []
    ordered.reserveCapacity(changes.count)
    for change in changes {
      if change.row.table != root, let opening = keys.removeValue(forKey: change.caseID) {
        ordered += opening
      }
      if change.row.table != table { ordered.append(change) }
    }
    return ordered
  }

  private mutating func pass(_ change: Change) throws -> Change? {
    guard change.caseID.isCase, let table = file.schema.table(number: change.row.table),
      !table.gatedColumns.isEmpty
    else { return change }
    let gated = GatedChange(change, in: table, open: try tiers(for: change, in: table))
    guard change.kind != .delete else {
      try withheld.drop(change.row)
      return gated.passing
    }
    // Of a row that has a header an empty cell says nothing.
    let withheldColumns =
      gated.passing == nil && change.kind == .insert
      ? gated.closed
      : ColumnMask(
        gated.closed.numbers.filter {
          change.kind == .update || change.cells[$0].map { !$0.isNull } ?? false
        })
    let isOwn = change.kind == .insert
    if isOwn || !gated.closed.isEmpty {
      try withheld.note(
        change.row, in: change.caseID, isOwn: isOwn,
        passed: gated.passing?.cells.mask ?? .empty, withheld: withheldColumns,
        at: change.editedAt)
    }
    return gated.passing
  }

  // MARK: Letting go

  /// Captures anew what was withheld and may leave the site by now.
  ///
  /// - Parameter cursor: what the hub refused there is not asked again before it moves.
  mutating func offer(at cursor: Int64) throws {
    guard file.gates != nil else { return }
    for caseID in try withheld.cases(butRefusedAt: cursor) {
      guard try tiers(of: caseID) != .header else { continue }
      for entry in try withheld.entries(of: caseID) where !entry.columns.isEmpty {
        try offer(entry)
      }
    }
  }

  /// Whether a gate is open through which something waits to pass.
  mutating func hasSomethingToOffer(at cursor: Int64) throws -> Bool {
    guard file.gates != nil else { return false }
    for caseID in try withheld.cases(butRefusedAt: cursor) {
      guard try tiers(of: caseID) != .header else { continue }
      for entry in try withheld.entries(of: caseID) {
        guard let table = file.schema.table(number: entry.key.table) else { continue }
        let passing = entry.columns.intersection(try columns(of: table, in: caseID))
        if !passing.isEmpty { return true }
      }
    }
    return false
  }

  private mutating func offer(_ entry: WithheldCells.Entry) throws {
    guard let table = file.schema.table(number: entry.key.table) else { return }
    let passing = entry.columns.intersection(try columns(of: table, in: entry.caseID))
    guard !passing.isEmpty else { return }
    guard case .gone = try file.lookup(entry.key, in: database) else {
      let isWhole = entry.isOwn && !table.isVisible(to: GrantTerms(.reader, .header))
      let kind: CaptureKind = isWhole ? .insert : .update
      try Query(
        database,
        "INSERT INTO kreissync_log (t, k, m, id, at, tag) VALUES (?, ?, ?, ?, ?, random())"
      ).run(
        .integer(Int64(entry.key.table)), .integer(Int64(kind.rawValue)),
        .integer(isWhole ? 0 : Int64(bitPattern: passing.bits)), Parameter(entry.key.id),
        .integer(entry.at))
      return try withheld.keep(entry.columns.subtracting(passing), of: entry.key)
    }
    try withheld.drop(entry.key)
  }

  // MARK: What the hub did not take

  /// Columns of a sent change came back because the hub's gate is closed: they are withheld again.
  ///
  /// - Returns: false for a row that another site wrote: what was edited there goes with it.
  func takeBack(_ columns: ColumnMask, of change: Change, at cursor: Int64) throws -> Bool {
    let isOwn = try withheld.isOwn(change.row)
    guard change.kind != .delete, isOwn || change.kind == .insert else { return false }
    try withheld.note(
      change.row, in: change.caseID, isOwn: true, withheld: columns, at: change.editedAt,
      refusedAt: cursor)
    return true
  }
}

extension ReplicaFile {
  /// Whether a gate has opened since the last batch was built: what was withheld can be sent.
  package func hasSomethingToOffer() throws -> Bool {
    try read { database in
      let cursor = try Self.record(in: database).position.seq
      var outflow = Outflow(self, database)
      return try outflow.hasSomethingToOffer(at: cursor)
    }
  }
}
