import GRDB
import SQLiteAccess
import SyncCore

/// Removes what a replica may hold no more: of a case that left its scope all, of one whose tiers
/// were narrowed the rows and columns of the others, with what never left the site.
///
/// What a closed gate takes is what came from others: rows that were inserted here stay, and are
/// withheld from then on (``WithheldCells``). Where the site's part in the case has ended they go,
/// too, but for what a gate that has opened meanwhile lets it send first.
///
/// What a restriction hides is purged alike, but for the site's own rows, of which the hub holds
/// all: they are not withheld (``Hiding``).
///
/// The hub tells the grants as they are at the pull's checkpoint, so an order that a later grant
/// made void does not come. A row with unanswered changes stays until they are answered; the case's
/// purge waits with it and is tried again by each apply. A wave above ``limit(ofCases:)`` that no
/// accepted hand-over names waits for a person: it looks like a mistake at the hub.
struct ScopePurge {
  /// How a case's purge stands: `purge` in `kreissync_case_state`.
  enum State: Int64 {
    case none = 0
    case ordered = 1
    /// Waits for `hub release`.
    case held = 2
    /// Ordered, because the case was erased or its consent revoked: also what the replica keeps of
    /// its own past.
    case erasure = 3
    /// Waits for `hub release` and is an erasure then.
    case heldErasure = 4
  }

  /// More cases than these at once wait for a person: so many a small office may lose in an
  /// ordinary week, and of a large one so small a part (DOMAIN.md section 4).
  static func limit(ofCases count: Int) -> Int { max(50, count / 20) }

  private let file: ReplicaFile
  private let database: Database
  private var unsent: UnsentWork
  private let now: Milliseconds
  private let cursor: Int64
  private var isHeldBack = false
  /// The terms that this pull told: its orders are read twice.
  private var told: [CaseID: GrantTerms] = [:]
  private var held: Set<CaseID>

  init(_ application: Application, _ scope: PulledScope) throws {
    file = application.file
    database = application.database
    unsent = application.unsent
    now = application.now
    cursor = application.record.position.seq
    held = Set(
      try Query(database, "SELECT case_id FROM kreissync_case_state WHERE purge IN (?, ?)").all(
        .integer(State.held.rawValue), .integer(State.heldErasure.rawValue)
      ) { $0.identifier(0) })
    isHeldBack = try isWave(scope)
  }

  /// Whether the pull orders more than goes without a person.
  private func isWave(_ scope: PulledScope) throws -> Bool {
    let count =
      try Query(
        database,
        "SELECT count(*) FROM kreissync_case_state WHERE case_id <> '' AND tiers <> 0"
      ).first { Int($0.integer(0)) } ?? 0
    let limit = Self.limit(ofCases: count)
    var ordered: Set<CaseID> = []
    try scope.pages.forEach { page in
      for state in page.cases where !state.isHandedOver && state.caseID.isCase {
        guard let tiers = try tiers(of: state.caseID),
          !state.terms.tiers.isSuperset(of: tiers),
          try !state.terms.role.mayWrite || isKnown(state.caseID)
        else { continue }
        ordered.insert(state.caseID)
      }
    }
    return ordered.count > limit
  }

  /// What the replica holds of a case; nil for nothing.
  ///
  /// A case that this site opened it holds whole, before any pull has told it so.
  private func tiers(of caseID: CaseID) throws -> TierSet? {
    let known = try Query(
      database, "SELECT tiers FROM kreissync_case_state WHERE case_id = ?"
    ).first(Parameter(caseID)) { TierSet(rawValue: UInt8(truncatingIfNeeded: $0.integer(0))) }
    if let known { return known }
    guard caseID.isCase else { return nil }
    for table in file.schema.tables where table.scope == .ofCase || table.scope == .caseRoot {
      let place = table.scope == .ofCase ? "case_id" : "id"
      let holdsRows = try Query(
        database, "SELECT EXISTS (SELECT 1 FROM \(file.quoted(table.name)) WHERE \(place) = ?)"
      ).first(Parameter(caseID)) { $0.integer(0) == 1 }
      if holdsRows == true { return .all }
    }
    return nil
  }

  // MARK: Orders

  /// Takes note of what a case's new terms take from the replica.
  ///
  /// - Returns: whether the case is to be put as it came; not where the replica never held it.
  mutating func order(_ state: PulledScope.CaseState) throws -> Bool {
    guard state.terms.role != .mention else {
      // The pull may tell of an end first, and of what a later case mentions behind it.
      try Query(
        database, "UPDATE kreissync_case_state SET purge = 0 WHERE case_id = ? AND purge <> 0"
      ).run(Parameter(state.caseID))
      return true
    }
    let known = try tiers(of: state.caseID)
    guard let tiers = known ?? (state.isErased && state.terms == .ended ? .nothing : nil) else {
      return state.terms != .ended
    }
    let isAgain = told.updateValue(state.terms, forKey: state.caseID) == state.terms
    // Whoever holds the header only may have written in between, in a part that no pull told of. A
    // former lead that still holds more keeps it until the hand-over closes. A mention has no
    // tiers: its end says that the row goes.
    let isOrder =
      state.isErased || !state.terms.role.mayWrite && state.terms.tiers == .header
      || state.caseID.isUnit && state.terms == .ended
    if state.terms.tiers == tiers && (isAgain || !isOrder) { return true }
    // A case that was opened here and told of now: nothing in it came from the hub.
    if try state.terms.role.mayWrite && !isKnown(state.caseID) { return true }
    if state.isRestricted {
      try Hiding(file, database, cursor: cursor).pinHidden(state.caseID, but: state.terms)
    }
    if state.terms.role.mayWrite && (state.isErased || !state.isRestricted) {
      try withhold(state.caseID, but: state.terms)
    }
    let isNarrower = !state.terms.tiers.isSuperset(of: tiers)
    let waits = isNarrower && isHeldBack && !state.isHandedOver && state.caseID.isCase
    let purge: State =
      state.isErased
      ? (waits ? .heldErasure : .erasure)
      : waits ? .held : isNarrower || isOrder ? .ordered : .none
    if waits { held.insert(state.caseID) } else { held.remove(state.caseID) }
    try Query(
      database,
      """
      INSERT INTO kreissync_case_state VALUES (?2, ?3, ?4, ?5, ?6, NULL, ?7, ?1)
      ON CONFLICT (case_id) DO UPDATE SET purge = excluded.purge, digest = NULL
      """
    ).run(
      .integer(purge.rawValue), Parameter(state.caseID), Parameter(state.lead),
      .text(state.terms.role.rawValue), .integer(Int64(tiers.rawValue)), .integer(state.epoch),
      .blob(Digest128.zero.bytes))
    return true
  }

  /// Ends the mentions that a hub which names all of its grants does not name: one that was
  /// restored has forgotten them, and the case that makes a mention again brings it again.
  func endMentions(except named: [CaseID]) throws {
    let mentioned: [CaseID] = try Query(
      database, "SELECT case_id FROM kreissync_case_state WHERE role = ?"
    ).all(.text(Role.mention.rawValue)) { $0.identifier(0) }
    guard !mentioned.isEmpty else { return }
    for caseID in Set(mentioned).subtracting(named).sorted() {
      try Query(
        database,
        "UPDATE kreissync_case_state SET role = ?, purge = ?, digest = NULL WHERE case_id = ?"
      ).run(
        .text(GrantTerms.ended.role.rawValue), .integer(State.ordered.rawValue),
        Parameter(caseID))
    }
  }

  private func isKnown(_ caseID: CaseID) throws -> Bool {
    try Query(database, "SELECT 1 FROM kreissync_case_state WHERE case_id = ?").first(
      Parameter(caseID)
    ) { _ in true } ?? false
  }

  /// What was inserted here and may not be at the hub any more stands here alone from now on.
  private mutating func withhold(_ caseID: CaseID, but terms: GrantTerms) throws {
    let cells = WithheldCells(file: file, database: database)
    for entry in try cells.entries(of: caseID) {
      guard let table = file.schema.table(number: entry.key.table) else { continue }
      guard entry.isOwn else {
        // What was edited in a row of another site's goes with the row.
        try cells.keep(table.columns(visibleTo: terms), of: entry.key)
        unsent.release(entry.key)
        continue
      }
      guard case .there(let row) = try file.lookup(entry.key, in: database) else { continue }
      let visible = table.columns(visibleTo: terms)
      let closed = ColumnMask(
        table.columns.enumerated().lazy.filter { position, column in
          table.gatedColumns.contains(column.number) && !visible.contains(column.number)
            && (visible.isEmpty || !row.values[position].isNull)
        }.map(\.element.number))
      guard !closed.isEmpty else { continue }
      try cells.note(
        entry.key, in: caseID, isOwn: true, withheld: closed, at: entry.at)
      unsent.withhold(closed, of: entry.key)
    }
  }

  /// What was inserted here.
  private func ownRows(of caseID: CaseID) throws -> Set<RowKey> {
    Set(
      try WithheldCells(file: file, database: database).entries(of: caseID).filter(\.isOwn)
        .map(\.key))
  }

  /// Lets go what is withheld of a case in which the site has no part any more.
  ///
  /// - Parameter sends: false for a case that is erased.
  /// - Returns: whether a gate that has opened lets some of it be sent first.
  private mutating func letGo(_ caseID: CaseID, sends: Bool) throws -> Bool {
    let cells = WithheldCells(file: file, database: database)
    var outflow = Outflow(file, database)
    let open = GrantTerms(.contributor, try sends ? outflow.tiers(of: caseID) : .nothing)
    var isToSend = false
    for entry in try cells.entries(of: caseID) {
      guard let table = file.schema.table(number: entry.key.table) else { continue }
      let left = entry.columns.intersection(table.columns(visibleTo: open))
      guard left.isEmpty else {
        try cells.keep(left, of: entry.key)
        isToSend = true
        continue
      }
      try cells.drop(entry.key)
      unsent.release(entry.key)
    }
    return isToSend
  }

  /// Whether an item would take something from a case that waits for a release.
  func holds(_ item: PulledScope.Item) -> Bool {
    guard !held.isEmpty else { return false }
    switch item {
    case .whole(let image), .part(let image): return held.contains(image.caseID)
    case .gone(_, let caseID): return caseID.map(held.contains) ?? false
    }
  }

  // MARK: Purging

  mutating func run(_ outcome: inout ApplyOutcome) throws {
    outcome.heldPurgeCount = Int64(held.count)
    let ordered: [(CaseID, GrantTerms, isErased: Bool)] = try Query(
      database, "SELECT case_id, role, tiers, purge FROM kreissync_case_state WHERE purge IN (?, ?)"
    ).all(.integer(State.ordered.rawValue), .integer(State.erasure.rawValue)) { row in
      (
        row.identifier(0),
        GrantTerms(
          Role(rawValue: row.text(1)) ?? .reader,
          TierSet(rawValue: UInt8(truncatingIfNeeded: row.integer(2)))),
        row.integer(3) == State.erasure.rawValue
      )
    }
    let waiting = Set(
      try Query(database, "SELECT DISTINCT case_id FROM kreissync_refresh").all {
        $0.identifier(0, CaseID.self)
      })
    var isRewritten = false
    for (caseID, terms, isErased) in ordered {
      let changeCount = database.totalChangesCount
      let isToSend = try !terms.role.mayWrite && letGo(caseID, sends: !isErased)
      let isWaiting = isToSend || unsent.cases.contains(caseID) || waiting.contains(caseID)
      let own = try terms.role.mayWrite ? ownRows(of: caseID) : []
      let isHidden = try file.isHidden(caseID, in: database)
      for table in file.schema.tables where table.scope == .ofCase || table.scope == .caseRoot {
        try purge(table, of: caseID, seenBy: terms, isWaiting: isWaiting, but: own)
      }
      try purgeUnit(caseID)
      if (isErased || isHidden) && database.totalChangesCount > changeCount { isRewritten = true }
      guard !isWaiting else { continue }
      if isErased { try Stripping.note(caseID, leaving: terms.tiers, in: database) }
      try forget(caseID, isEnded: terms == .ended)
      if caseID.isCase { outcome.casesPurged += 1 }
    }
    guard !ordered.isEmpty else { return }
    try Query(
      database, "UPDATE kreissync_replica SET purge_unproved = max(purge_unproved, ?)"
    ).run(.integer(isRewritten ? 2 : 1))
  }

  private func purge(
    _ table: Table, of caseID: CaseID, seenBy terms: GrantTerms, isWaiting: Bool,
    but own: Set<RowKey>
  ) throws {
    let place = table.scope == .ofCase ? "case_id" : "id"
    let name = file.quoted(table.name)
    guard terms == .ended || !table.isVisible(to: terms) else {
      return try clear(table, of: caseID, seenBy: terms, but: own)
    }
    let ids: [RowID] = try Query(database, "SELECT id FROM \(name) WHERE \(place) = ?").all(
      Parameter(caseID)
    ) { $0.identifier(0) }
    let delete = try Query(database, "DELETE FROM \(name) WHERE id = ?")
    for id in ids {
      let key = RowKey(table: table.number, id: id)
      // The root goes last: the rows that wait hang on it.
      guard !unsent.touches(key), !own.contains(key), !(isWaiting && table.scope == .caseRoot)
      else { continue }
      try delete.run(Parameter(id))
      try dropTraces(of: key)
    }
  }

  /// Removes the row that is a unit, of which nothing was seen but by mentions.
  private func purgeUnit(_ unit: CaseID) throws {
    guard let key = file.schema.row(ofUnit: unit), !unsent.touches(key),
      let table = file.schema.table(number: key.table)
    else { return }
    try Query(database, "DELETE FROM \(file.quoted(table.name)) WHERE id = ?").run(
      Parameter(key.id))
    try dropTraces(of: key)
  }

  /// Empties the columns of rows that stay, but for unsent values.
  private func clear(
    _ table: Table, of caseID: CaseID, seenBy terms: GrantTerms, but own: Set<RowKey>
  ) throws {
    let visible = table.columns(visibleTo: terms)
    // Whoever works on the case keeps what never leaves the site.
    let closed = table.columns.filter {
      !visible.contains($0.number) && !$0.isRequired && !(terms.role.mayWrite && $0.tier == .local)
    }
    guard !closed.isEmpty else { return }
    let place = table.scope == .ofCase ? "case_id" : "id"
    let name = file.quoted(table.name)
    let filled = closed.map { file.quoted($0.name) + " IS NOT NULL" }.joined(separator: " OR ")
    let ids: [RowID] = try Query(
      database, "SELECT id FROM \(name) WHERE \(place) = ? AND (\(filled))"
    ).all(Parameter(caseID)) { $0.identifier(0) }
    let empty = closed.map { file.quoted($0.name) + " = NULL" }.joined(separator: ", ")
    let update = try Query(database, "UPDATE \(name) SET \(empty) WHERE id = ?")
    for id in ids {
      let key = RowKey(table: table.number, id: id)
      guard !unsent.touches(key), !own.contains(key) else { continue }
      try update.run(Parameter(id))
    }
    try Query(
      database,
      """
      UPDATE kreissync_notice_log SET kept_value = NULL
      WHERE table_name = ?1 AND column_name IN (SELECT value FROM json_each(?2))
        AND row_id IN (SELECT id FROM \(name) WHERE \(place) = ?3)
      """
    ).run(
      .text(table.name),
      .text("[" + closed.map { "\"\($0.name)\"" }.joined(separator: ",") + "]"),
      Parameter(caseID))
  }

  /// What the replica keeps of a row beside it; of its notices only the site's own side.
  private func dropTraces(of key: RowKey) throws {
    for table in [
      "kreissync_baseline", "kreissync_refresh", "kreissync_pin", "kreissync_unknown",
      "kreissync_gated",
    ] {
      try Query(database, "DELETE FROM \(table) WHERE t = ? AND id = ?").run(
        .integer(Int64(key.table)), Parameter(key.id))
    }
    guard let name = file.schema.table(number: key.table)?.name else { return }
    try Query(
      database,
      "UPDATE kreissync_notice_log SET kept_value = NULL WHERE table_name = ? AND row_id = ?"
    ).run(.text(name), Parameter(key.id))
  }

  private func forget(_ caseID: CaseID, isEnded: Bool) throws {
    guard isEnded else {
      try Query(database, "UPDATE kreissync_case_state SET purge = 0 WHERE case_id = ?").run(
        Parameter(caseID))
      return
    }
    for table in [
      "kreissync_case_state", "kreissync_baseline", "kreissync_unknown", "kreissync_gated",
    ] {
      try Query(database, "DELETE FROM \(table) WHERE case_id = ?").run(Parameter(caseID))
    }
  }
}
