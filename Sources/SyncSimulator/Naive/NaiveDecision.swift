/// A row as the hub holds it; a deleted one is kept, so that the dead stay dead.
struct NaiveHubRow {
  /// Who wrote the value that stands in a column, and at which position.
  struct Stamp {
    let position: Int64
    let writer: String
    /// A merged value is the hub's: its author has not seen it.
    let isHubs: Bool
    let time: Int64
  }

  var content: NaiveContent
  var isAlive = true
  /// The site that wrote the row: in an append table only it may change it.
  let writer: String
  var stamps: [String: Stamp] = [:]
}

/// One change, with what the hub knows of its author.
private struct NaiveAttempt {
  let change: NaiveChange
  let table: NaiveTable
  let site: String
  let isLead: Bool
  let isCounty: Bool
  let skew: Int64
  let hubTime: Int64

  /// Nothing was edited after it arrived: a clock that runs ahead must not win for years.
  func time(_ column: String) -> Int64 {
    min((change.times[column] ?? hubTime) &- skew, hubTime)
  }

  /// Whether another than the author wrote the column, above what the author had seen of it: at
  /// any time, where the author could not see it. The author's own value, applied at once as it was
  /// sent, is never a conflict.
  func isTouched(_ column: String, of row: NaiveHubRow) -> Bool {
    guard let stamp = row.stamps[column], let base = change.bases[column] else { return false }
    let isNews = stamp.position > base || change.unseen.contains(column)
    return isNews && (stamp.writer != site || stamp.isHubs)
  }

  func verdict(_ verdict: String, _ rule: String? = nil) -> NaiveVerdict {
    NaiveVerdict(row: change.row, verdict: verdict, rule: rule)
  }
}

extension NaiveCounty {
  /// Granted? In which part? Row alive? Then column by column.
  mutating func decide(_ change: NaiveChange, by site: String, at hubTime: Int64) -> NaiveVerdict {
    let table = tables[change.row.table]!
    let isCounty = sites[site]!.kind == "county"
    let skew = sites[site]!.trustedSkew
    if table.isHubOnly {
      return NaiveVerdict(row: change.row, verdict: "refused", rule: "hub_writes_only")
    }
    if leads[change.caseID] == nil {
      let attempt = NaiveAttempt(
        change: change, table: table, site: site, isLead: true, isCounty: isCounty, skew: skew,
        hubTime: hubTime)
      // A case that nobody opened: it is opened now, or it was deleted before it was ever sent.
      if change.kind == .insert && attempt.table.isCaseRoot {
        open(change.caseID, by: site)
        create(attempt)
        return attempt.verdict("applied")
      }
      if attempt.table.isUnit && change.kind != .delete {
        guard change.kind == .insert else { return attempt.verdict("refused", "unknown_row") }
        hire(change, by: site)
        create(attempt)
        return attempt.verdict("applied")
      }
      if change.kind == .delete { return attempt.verdict("applied") }
    }
    let pieces = pieces(of: change, by: site, at: hubTime)
    var verdicts: [NaiveVerdict] = []
    for (piece, standing) in pieces {
      // Of a case that came back to its lead, or went on, it has to know that it did.
      let knows = piece.oldestBase >= leadSince[change.caseID] ?? 0
      let attempt = NaiveAttempt(
        change: piece, table: table, site: site, isLead: standing == .acts(asLead: true) && knows,
        isCounty: isCounty, skew: skew, hubTime: hubTime)
      verdicts.append(decide(attempt, standing))
      if pieces.count > 1 { spellOut(&verdicts[verdicts.count - 1], attempt) }
    }
    var worst = verdicts[0]
    for verdict in verdicts where verdict.severity > worst.severity { worst = verdict }
    worst.columns = table.columns.flatMap { column in
      verdicts.flatMap(\.columns).filter { $0.name == column.name }
    }
    return worst
  }

  /// Of a change that was taken apart each column is answered.
  private func spellOut(_ verdict: inout NaiveVerdict, _ attempt: NaiveAttempt) {
    guard verdict.verdict != "applied", verdict.columns.isEmpty, let rule = verdict.rule else {
      return
    }
    let row = rows[attempt.change.row]
    let isHere = row?.isAlive == true && row?.content.caseID == attempt.change.caseID
    for column in attempt.table.columns where attempt.change.values[column.name] != nil {
      let isShown = isHere && isShown(column, of: attempt.change.caseID, to: attempt.site)
      verdict.columns.append(
        NaiveVerdict.Column(
          name: column.name, verdict: verdict.verdict, rule: rule,
          kept: isShown ? row!.content.values[column.name]! : .null))
    }
  }

  private mutating func decide(_ attempt: NaiveAttempt, _ standing: NaiveStanding) -> NaiveVerdict {
    let change = attempt.change
    let row = rows[change.row]
    let living = row.flatMap { $0.isAlive ? $0 : nil }
    let isHere = living?.content.caseID == change.caseID
    switch standing {
    case .acts: break
    case .refused(let rule): return attempt.verdict("refused", rule)
    case .proposes:
      let values = isHere ? living!.content.values : [:]
      let says = change.kind == .delete || change.values.contains { values[$0.key] != $0.value }
      guard says || !isHere else { return attempt.verdict("applied") }
      return propose(attempt, over: isHere ? living : nil, "handed_over")
    }
    switch change.kind {
    case .insert where living == nil:
      create(attempt)
      return attempt.verdict("applied")
    case .insert where !isHere: return attempt.verdict("refused", "id_taken")
    case .update where row == nil: return attempt.verdict("refused", "unknown_row")
    // An edit of a deleted row, whatever its base: the row stays deleted; only an insert revives
    // it.
    case .update where !isHere: return propose(attempt, over: nil, "row_deleted")
    case .delete where !isHere: return attempt.verdict("applied")
    case .delete: return delete(living!, attempt)
    case .insert, .update: return edit(living!, attempt)
    }
  }

  private mutating func create(_ attempt: NaiveAttempt) {
    position += 1
    var row = NaiveHubRow(
      content: NaiveContent(caseID: attempt.change.caseID, values: [:]), writer: attempt.site)
    for column in attempt.table.columns.map(\.name) {
      row.content.values[column] = attempt.change.values[column] ?? .null
      row.stamps[column] = stamp(attempt, column, isHubs: false)
    }
    rows[attempt.change.row] = row
    mention(attempt, changed: attempt.table.columns.map(\.name))
  }

  // MARK: Rows of no case

  /// A row that nobody else is named in is its writer's. Cases may have named it before.
  private mutating func hire(_ change: NaiveChange, by site: String) {
    leads[change.caseID] = site
    grants[site, default: []].insert(change.caseID)
    for (row, held) in rows where held.isAlive && tables[row.table]!.isCaseRoot {
      for column in tables[row.table]!.columns
      where column.mentions == change.row.table
        && held.content.values[column.name] == .text(change.row.id)
      {
        tell(of: change.caseID, toHoldersOf: held.content.caseID)
      }
    }
  }

  /// Who holds a case learns whom it mentions, if its author knew him.
  private mutating func mention(_ attempt: NaiveAttempt, changed: [String]) {
    guard let content = rows[attempt.change.row]?.content else { return }
    for column in attempt.table.columns where changed.contains(column.name) {
      guard let table = column.mentions, case .text(let id) = content.values[column.name],
        let unit = rows[NaiveRow(table: table, id: id)]?.content.caseID
      else { continue }
      let isKnown =
        grants[attempt.site]?.contains(unit) == true || heard[attempt.site]?.contains(unit) == true
      if isKnown { tell(of: unit, toHoldersOf: content.caseID) }
    }
  }

  /// Who heard of somebody by a case hears of him no more when none of its cases mentions him.
  mutating func endMentions(after batch: [NaiveRow]) {
    guard batch.contains(where: { tables[$0.table]!.isCaseRoot }) else { return }
    var mentioned: [String: Set<String>] = [:]
    for (row, held) in rows where held.isAlive && tables[row.table]!.isCaseRoot {
      for column in tables[row.table]!.columns {
        guard let table = column.mentions, case .text(let id) = held.content.values[column.name],
          let unit = rows[NaiveRow(table: table, id: id)]?.content.caseID
        else { continue }
        mentioned[held.content.caseID, default: []].insert(unit)
      }
    }
    for (site, units) in heard {
      let cases = grants[site] ?? []
      heard[site] = units.filter { unit in cases.contains { mentioned[$0]?.contains(unit) == true }
      }
    }
  }

  private mutating func tell(of unit: String, toHoldersOf caseID: String) {
    for (site, cases) in grants where cases.contains(caseID) && !cases.contains(unit) {
      heard[site, default: []].insert(unit)
    }
  }

  /// A deletion conflicts with every column that another changed above its base (each column's own,
  /// as for an edit): by the lead it is applied and those values go to the ledger; otherwise it is
  /// a proposal and the row returns.
  private mutating func delete(_ row: NaiveHubRow, _ attempt: NaiveAttempt) -> NaiveVerdict {
    if attempt.table.isCaseRoot { return propose(attempt, over: row, "case_erasure") }
    if attempt.table.isAppend && row.writer != attempt.site {
      return propose(attempt, over: row, "written_by_another_site")
    }
    let touched = attempt.table.columns.map(\.name).filter { attempt.isTouched($0, of: row) }
    if !touched.isEmpty && !attempt.isLead {
      return propose(attempt, over: row, "changed_meanwhile")
    }
    for column in touched where row.content.values[column] != .null {
      record(attempt, column, kept: .null, lost: row, "deleted_by_lead")
    }
    position += 1
    var dead = row
    dead.isAlive = false
    rows[attempt.change.row] = dead
    return attempt.verdict("applied")
  }

  /// Per column: equal value → nothing; untouched since base → apply; touched → policy. Columns of
  /// a group decide as one.
  private mutating func edit(_ old: NaiveHubRow, _ attempt: NaiveAttempt) -> NaiveVerdict {
    let change = attempt.change
    if attempt.table.isAppend && old.writer != attempt.site {
      return change.values.allSatisfy({ old.content.values[$0.key] == $0.value })
        ? attempt.verdict("applied") : propose(attempt, over: old, "written_by_another_site")
    }
    var new = old
    position += 1
    var fates: [NaiveVerdict.Column] = []
    for unit in attempt.table.units {
      let differing = unit.map(\.name).filter {
        change.values[$0] != nil && change.values[$0] != old.content.values[$0]
      }
      guard !differing.isEmpty else { continue }
      let ending = conflict(unit, old, attempt)?.ending()
      for column in differing {
        fates += settle(column, ending, old, attempt, &new).map { [$0] } ?? []
      }
    }
    rows[change.row] = new
    mention(
      attempt,
      changed: attempt.table.columns.map(\.name).filter {
        new.content.values[$0] != old.content.values[$0]
      })
    let worst = ["refused", "proposal", "overridden", "merged"].lazy.compactMap { verdict in
      fates.first { $0.verdict == verdict }
    }.first
    return NaiveVerdict(
      row: change.row, verdict: worst?.verdict ?? "applied", rule: worst?.rule, columns: fates)
  }

  private func conflict(_ unit: [NaiveColumn], _ row: NaiveHubRow, _ attempt: NaiveAttempt)
    -> NaiveConflict?
  {
    let touched = unit.map(\.name).filter { attempt.isTouched($0, of: row) }
    let newest = touched.compactMap { row.stamps[$0] }.max { $0.position < $1.position }
    guard let newest else { return nil }
    return NaiveConflict(
      unit: unit,
      incoming: NaiveConflict.Side(
        values: unit.map { attempt.change.values[$0.name] ?? .null },
        time: unit.map { attempt.time($0.name) }.max()!, isCounty: attempt.isCounty),
      current: NaiveConflict.Side(
        values: unit.map { row.content.values[$0.name]! }, time: newest.time,
        isCounty: sites[newest.writer]?.kind == "county"),
      incomingIsLead: attempt.isLead)
  }

  private mutating func settle(
    _ column: String, _ ending: NaiveEnding?, _ old: NaiveHubRow, _ attempt: NaiveAttempt,
    _ new: inout NaiveHubRow
  ) -> NaiveVerdict.Column? {
    let incoming = attempt.change.values[column]!
    let current = old.content.values[column]!
    func write(_ value: NaiveValue, isHubs: Bool) {
      new.content.values[column] = value
      new.stamps[column] = stamp(attempt, column, isHubs: isHubs)
    }
    let described = attempt.table.columns.first { $0.name == column }!
    let isShown = isShown(described, of: attempt.change.caseID, to: attempt.site)
    func fate(_ verdict: String, _ rule: String, kept: NaiveValue) -> NaiveVerdict.Column {
      NaiveVerdict.Column(
        name: column, verdict: verdict, rule: rule, kept: isShown ? kept : .null)
    }
    switch ending {
    case nil:
      write(incoming, isHubs: false)
      return nil
    case .incomingWins(let rule):
      write(incoming, isHubs: false)
      // An empty cell has no value to lose.
      if current != .null { record(attempt, column, kept: incoming, lost: old, rule) }
      return nil
    case .currentStays(let rule):
      ledger.append(
        NaiveLoss(
          row: attempt.change.row, caseID: old.content.caseID, column: column, kept: current,
          keptBy: old.stamps[column]!.writer, lost: incoming, lostBy: attempt.site, rule: rule))
      return fate("overridden", rule, kept: current)
    case .merged(let value, let rule):
      if value != current { write(value, isHubs: value != incoming) }
      return value == incoming ? nil : fate("merged", rule, kept: value)
    case .personDecides(let rule):
      propose(attempt, column, kept: current, rule)
      return fate("proposal", rule, kept: current)
    }
  }

  private func stamp(_ attempt: NaiveAttempt, _ column: String, isHubs: Bool) -> NaiveHubRow.Stamp {
    NaiveHubRow.Stamp(
      position: position, writer: attempt.site, isHubs: isHubs, time: attempt.time(column))
  }

  // MARK: What did not win

  private mutating func record(
    _ attempt: NaiveAttempt, _ column: String, kept: NaiveValue, lost row: NaiveHubRow,
    _ rule: String
  ) {
    ledger.append(
      NaiveLoss(
        row: attempt.change.row, caseID: row.content.caseID, column: column, kept: kept,
        keptBy: attempt.site, lost: row.content.values[column]!, lostBy: row.stamps[column]!.writer,
        rule: rule))
  }

  /// The whole change waits for a person: its deletion, if it is one, and each edited value. Over a
  /// row that is gone, or stands in another case, every value is news.
  private mutating func propose(_ attempt: NaiveAttempt, over row: NaiveHubRow?, _ rule: String)
    -> NaiveVerdict
  {
    if attempt.change.kind == .delete { propose(attempt, nil, kept: .null, rule) }
    for column in attempt.table.columns.map(\.name) {
      let current = row?.content.values[column] ?? .null
      guard let value = attempt.change.values[column], value != current else { continue }
      propose(attempt, column, kept: current, rule)
    }
    return attempt.verdict("proposal", rule)
  }

  private mutating func propose(
    _ attempt: NaiveAttempt, _ column: String?, kept: NaiveValue, _ rule: String
  ) {
    proposals.append(
      NaiveProposal(
        row: attempt.change.row, caseID: attempt.change.caseID, column: column, kept: kept,
        proposed: column.flatMap { attempt.change.values[$0] } ?? .null, proposedBy: attempt.site,
        rule: rule))
  }
}
