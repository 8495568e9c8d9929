/// One captured change: all that was written to a row at a site since the last build, as one.
struct NaiveChange {
  enum Kind { case insert, update, delete }

  var kind: Kind
  let row: NaiveRow
  var caseID: String
  /// What the author had seen of each column when the run of its edits began: the oldest base. A
  /// deletion has one for every column.
  var bases: [String: Int64] = [:]
  /// Columns of which the author could see nothing when the run of its edits began.
  var unseen: Set<String> = []
  /// The site's clock at each column's last edit.
  var times: [String: Int64] = [:]
  /// What the author had seen when the run began, and the clock at its end.
  var base: Int64
  var time: Int64 = 0
  var edited: Set<String> = []
  /// Of a row that is written as a whole: what was edited since.
  var rewritten: Set<String> = []
  /// The edited values: as they stand when the change is built, or stood when the row was deleted.
  var values: [String: NaiveValue] = [:]
  /// Of a deletion: the row as it stood, and whether it was inserted in the same run.
  var before: [String: NaiveValue] = [:]
  var wasInserted = false
  /// Of a row that had moved: the deletion from the case that it left, and where it went. That is
  /// all that counts if it is inserted there again.
  var departure: [NaiveChange] = []
  var destination = ""
  /// Set when the hub has decided; the site may not know it yet.
  var verdict: NaiveVerdict?
}

/// What the hub reads for a pull, at one moment: all its rows, and the cases granted to the site.
struct NaiveScope {
  var rows: [NaiveRow: NaiveHubRow] = [:]
  var cases: Set<String> = []
  /// What the site knows by mentions only.
  var heard: Set<String> = []
  /// The cases of which it sees the header only.
  var headers: Set<String> = []
  var tables: [String: NaiveTable] = [:]
  var position: Int64 = 0

  /// The row, if it lives in a granted case or in none; as far as the site may see it.
  subscript(row: NaiveRow) -> NaiveContent? {
    guard let found = rows[row], found.isAlive else { return nil }
    let caseID = found.content.caseID
    if caseID.isEmpty || cases.contains(caseID) && !headers.contains(caseID) {
      return found.content
    }
    guard let columns = tables[row.table]?.columns else { return nil }
    let isHeader = cases.contains(caseID)
    let isSeen = isHeader ? columns.contains(where: \.isHeader) : heard.contains(caseID)
    guard isSeen else { return nil }
    var content = found.content
    for column in columns where !(isHeader ? column.isHeader : column.isMentioned) {
      content.values[column.name] = .null
    }
    return content
  }
}

/// What one site holds: what the hub showed it last, and on top what stands otherwise here.
///
/// Knowledge is the position of what was shown: who writes has seen the hub's log up to there. The
/// exception are *pins*: a cell under which a pull passed, because a local edit lay on top, has not
/// shown the hub's value. Its base stays the oldest of its unanswered changes until a pull finds
/// none on it; in a row that is gone at the hub, until that pull takes the row.
struct NaiveReplica {
  let kind: String
  let areas: [String]
  /// As it was measured last; nil before.
  var skew: Int64?
  var isClockSteady = true
  private(set) var shown = NaiveScope()
  /// Rows that stand otherwise than shown, or (nil) do not stand here.
  private var here: [NaiveRow: NaiveContent?] = [:]
  private var pins: [NaiveRow: [String: Int64]] = [:]
  /// Those of the pinned cells that their author could not see.
  private var unseenPins: [NaiveRow: Set<String>] = [:]
  /// What no build has frozen: one change for each row; of a row that moved to another case two,
  /// the deletion and the insertion.
  private var unsent: [NaiveRow: [NaiveChange]] = [:]
  /// What is frozen and not answered, oldest first.
  var sent: [NaiveRow: [NaiveChange]] = [:]
  /// What the hub read for the pull that is under way.
  var served: NaiveScope?

  init(kind: String, areas: [String]) {
    self.kind = kind
    self.areas = areas
  }

  /// Below two seconds it is the measurement's own way.
  var trustedSkew: Int64 {
    guard let skew, abs(skew) >= 2_000 else { return 0 }
    return skew
  }

  subscript(row: NaiveRow) -> NaiveContent? { here[row] ?? shown[row] }

  var rows: [NaiveRow: NaiveContent] {
    var rows: [NaiveRow: NaiveContent] = [:]
    for row in shown.rows.keys { rows[row] = shown[row] }
    for (row, content) in here { rows[row] = content }
    return rows
  }

  private mutating func put(_ row: NaiveRow, _ content: NaiveContent?) {
    here.updateValue(content, forKey: row)
  }

  // MARK: The local program

  /// INSERT, and INSERT OR REPLACE. Of the same key it is an update of the columns that differ,
  /// also when DELETE and INSERT do it one after the other before anything was sent; of another
  /// case it is a deletion and an insertion.
  mutating func insert(
    _ row: NaiveRow, caseID: String, _ values: [String: NaiveValue], at time: Int64,
    in table: NaiveTable
  ) {
    var content = NaiveContent(caseID: caseID, values: [:])
    for column in table.columns { content.values[column.name] = values[column.name] ?? .null }
    if let old = self[row], old.caseID == caseID {
      put(row, content)
      return edit(row, table.differing(old.values, content.values), at: time, in: table)
    }
    if self[row] != nil { delete(row, at: time, in: table) }
    put(row, content)
    // What else was written to a row that is not here was never to leave the site.
    var run = (unsent[row] ?? []).filter { $0.kind == .delete }
    if var again = run.last, again.caseID == caseID {
      run.removeLast()
      if !again.wasInserted {
        again.kind = .update
        again.bases = again.bases.filter { again.edited.contains($0.key) }
        unsent[row] = run + [again]
        return edit(row, table.differing(again.before, content.values), at: time, in: table)
      }
    }
    if let gone = run.last, let left = gone.departure.first, gone.destination == caseID {
      run[run.count - 1] = left
    }
    unsent[row] =
      run + [NaiveChange(kind: .insert, row: row, caseID: caseID, base: shown.position)]
    edit(row, table.columns.map(\.name), at: time, in: table, isWhole: true)
  }

  /// UPDATE. Writing what stands there is no change.
  mutating func update(
    _ row: NaiveRow, _ values: [String: NaiveValue], at time: Int64, in table: NaiveTable
  ) {
    guard var content = self[row] else { return }
    let old = content.values
    content.values.merge(values) { $1 }
    put(row, content)
    let changed = table.differing(old, content.values)
    if !changed.isEmpty { edit(row, changed, at: time, in: table) }
  }

  /// DELETE. What was edited before in the same run goes with it.
  mutating func delete(_ row: NaiveRow, at time: Int64, in table: NaiveTable) {
    guard let old = self[row] else { return }
    put(row, nil)
    var run = unsent[row] ?? []
    var gone = NaiveChange(
      kind: .delete, row: row, caseID: old.caseID, base: shown.position, before: old.values)
    if let last = run.popLast() {
      gone.edited = last.edited
      gone.times = last.times
      gone.wasInserted = last.kind == .insert
      if let left = run.popLast() {
        // It had moved: the hub knows it in the case that it left first.
        gone = left
        gone.departure = [left]
        gone.destination = old.caseID
        let differing = table.differing(left.before, old.values)
        for name in last.rewritten.union(differing) {
          gone.edited.insert(name)
          gone.times[name] = last.times[name]
        }
      }
    }
    gone.values = old.values
    gone.base = shown.position
    gone.time = time
    for column in table.columns {
      gone.bases[column.name] = seen(row, column.name)
      if isUnseen(row, column, in: old.caseID) { gone.unseen.insert(column.name) }
    }
    unsent[row] = run + [gone]
  }

  /// Columns of a group are edited together. A run of edits to one column keeps its oldest base.
  private mutating func edit(
    _ row: NaiveRow, _ columns: [String], at time: Int64, in table: NaiveTable,
    isWhole: Bool = false
  ) {
    var run = unsent[row] ?? []
    var change =
      run.popLast() ?? NaiveChange(kind: .update, row: row, caseID: "", base: shown.position)
    change.time = time
    for unit in table.units where unit.contains(where: { columns.contains($0.name) }) {
      for column in unit {
        let name = column.name
        let isFirst = change.bases[name] == nil
        if isFirst && isUnseen(row, column, in: self[row]?.caseID) { change.unseen.insert(name) }
        change.bases[name] = min(change.bases[name] ?? .max, seen(row, name))
        change.times[name] = time
        change.edited.insert(name)
        if !isWhole { change.rewritten.insert(name) }
      }
    }
    unsent[row] = run + [change]
  }

  /// The row as it stands is written anew, as an insertion.
  mutating func offerWhole(_ row: NaiveRow, at time: Int64, in table: NaiveTable) {
    guard let content = self[row] else { return }
    var run = unsent[row] ?? []
    var change =
      run.popLast() ?? NaiveChange(kind: .insert, row: row, caseID: "", base: shown.position)
    change.kind = .insert
    change.caseID = content.caseID
    unsent[row] = run + [change]
    edit(row, table.columns.map(\.name), at: time, in: table, isWhole: true)
  }

  /// The hub position of which this cell's reader knows.
  private func seen(_ row: NaiveRow, _ column: String) -> Int64 {
    pins[row]?[column] ?? shown.position
  }

  /// Whether this site could see the header of the case only, and not this cell.
  private func isUnseen(_ row: NaiveRow, _ column: NaiveColumn, in caseID: String?) -> Bool {
    if pins[row]?[column.name] != nil { return unseenPins[row]?.contains(column.name) == true }
    return !column.isHeader && caseID.map(shown.headers.contains) == true
  }

  // MARK: The agent

  /// Freezes what was written. A change of nothing but columns that never leave the site is
  /// withheld.
  mutating func build(_ tables: [String: NaiveTable]) {
    for (row, run) in unsent {
      for var change in run where change.travels(in: tables[row.table]!) {
        if change.kind != .delete, let content = self[row] {
          change.caseID = content.caseID
          change.values = content.values
        }
        change.edited.formIntersection(tables[row.table]!.travelling)
        change.values = change.values.filter { change.edited.contains($0.key) }
        sent[row, default: []].append(change)
      }
    }
    unsent = [:]
  }

  /// What a pull passes under, oldest first.
  func unanswered(_ row: NaiveRow, in table: NaiveTable) -> [NaiveChange] {
    (sent[row] ?? []) + (unsent[row] ?? []).filter { $0.travels(in: table) }
  }

  /// The replica becomes what the hub served, in one step. Unanswered columns stay on top and are
  /// pinned; a row with an unanswered insertion or deletion stays as it is here, and no pull
  /// removes a row with unanswered changes. Columns that never travel stay while their row stays in
  /// its case.
  mutating func apply(_ tables: [String: NaiveTable]) {
    guard let served else { return }
    var onTop: [NaiveRow: NaiveContent?] = [:]
    for case (let row, let mine?) in here {
      let kept = tables[row.table]!.columns.filter { !$0.travels && mine.values[$0.name] != .null }
      guard !kept.isEmpty, var theirs = served[row], theirs.caseID == mine.caseID else { continue }
      for column in kept { theirs.values[column.name] = mine.values[column.name] }
      onTop.updateValue(theirs, forKey: row)
    }
    let (formerPins, formerUnseen) = (pins, unseenPins)
    pins = [:]
    unseenPins = [:]
    for row in Set(sent.keys).union(unsent.keys) {
      let waiting = unanswered(row, in: tables[row.table]!)
      guard !waiting.isEmpty else { continue }
      for change in waiting {
        pins[row, default: [:]].merge(change.bases, uniquingKeysWith: min)
        unseenPins[row, default: []].formUnion(change.unseen)
      }
      let mine = self[row]
      var result = mine
      var isShown = false
      if waiting.allSatisfy({ $0.kind == .update }), let mine, let theirs = served[row] {
        let edited = waiting.reduce(into: Set()) { $0.formUnion($1.edited) }
        result = theirs
        isShown = true
        for column in tables[row.table]!.columns
        where edited.contains(column.name) || !column.travels {
          result?.values[column.name] = mine.values[column.name]
        }
      }
      onTop.updateValue(result, forKey: row)
      guard !isShown else { continue }
      pins[row, default: [:]].merge(formerPins[row] ?? [:], uniquingKeysWith: min)
      unseenPins[row, default: []].formUnion(formerUnseen[row] ?? [])
    }
    here = onTop
    shown = served
    self.served = nil
  }
}

extension NaiveChange {
  /// A REPLACE by equal values edits nothing and is a change all the same.
  func travels(in table: NaiveTable) -> Bool {
    kind != .update || edited.isEmpty || !edited.isDisjoint(with: table.travelling)
  }
}

extension NaiveTable {
  func differing(_ left: [String: NaiveValue], _ right: [String: NaiveValue]) -> [String] {
    columns.map(\.name).filter { left[$0] != right[$0] }
  }
}
