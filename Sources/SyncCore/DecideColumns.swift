/// Step 7 of a decision: the columns of a row that is there, each by its own base.
extension Decision {
  mutating func edit(_ existing: StoredRow, _ attempt: Attempt) -> Answer {
    let change = attempt.change
    if isForeignAppendRow(existing, attempt) {
      let isChanged = attempt.positions.contains { existing.values[$0.0] != $0.1 }
      guard isChanged else { return Answer(id: change.id, verdict: .applied) }
      return draft.propose(attempt, existing: existing, rule: .writtenByAnotherSite)
    }
    if let rule = refusalOfNaming(existing, attempt) { return refused(change, rule) }
    let contested = attempt.positions.filter { existing.values[$0.0] != $0.1 }.map {
      contest(at: $0.0, $0.1, existing: existing, attempt)
    }
    let effects = contested.compactMap { effect(of: $0, on: existing) }
    // Before anything is recorded: a refused change leaves no trace but its answer.
    if let rule = objection(attempt, existing: existing, effects: effects) {
      return refused(change, rule)
    }
    let outcomes = contested.compactMap { settle($0, existing: existing, attempt) }
    if !effects.isEmpty {
      draft.update(existing, attempt, effects: effects)
      spread(effects, attempt)
    }
    let worst = outcomes.max { $0.verdict < $1.verdict }
    return Answer(
      id: change.id, verdict: worst?.verdict ?? .applied, rule: worst?.rule, columns: outcomes)
  }

  /// What follows from new values that say where rows go.
  private mutating func spread(_ effects: [ColumnEffect], _ attempt: Attempt) {
    guard let row = draft.view.rows[attempt.change.row] else { return }
    let columns = effects.map { attempt.table.columns[$0.position] }
    if columns.contains(where: { $0.follows != nil }) { grantToNamed(row, in: attempt.table) }
    spreadMentions(of: row, columns: ColumnMask(columns.map(\.number)), in: attempt.table)
  }

  /// How one column of a change ends, before anything of it is written.
  private struct Contest {
    let position: Int
    let incoming: Value
    /// nil where nobody else touched the column above its base.
    let resolution: Resolution?
  }

  private func contest(
    at position: Int, _ incoming: Value, existing: StoredRow, _ attempt: Attempt
  ) -> Contest {
    if let returned = context.returned {
      let isLate = members(of: position, in: attempt.table).contains {
        returned.isBefore(existing.versions[$0])
      }
      return Contest(
        position: position, incoming: incoming,
        resolution: isLate ? .currentStays(.laterInHistory) : nil)
    }
    let column = attempt.table.columns[position]
    if column.restricts && attempt.role != .lead {
      return Contest(position: position, incoming: incoming, resolution: .proposed(.leadDecides))
    }
    let conflict = conflict(at: position, existing: existing, attempt)
    return Contest(position: position, incoming: incoming, resolution: conflict.map(resolve))
  }

  /// The positions of the columns that end as this one does: its group's, or its own.
  private func members(of position: Int, in table: Table) -> [Int] {
    let group = table.columns[position].group
    return table.columns.indices.filter {
      $0 == position || group != nil && table.columns[$0].group == group
    }
  }

  /// What is written into the column, if anything is.
  private func effect(of contest: Contest, on existing: StoredRow) -> ColumnEffect? {
    let (position, incoming) = (contest.position, contest.incoming)
    switch contest.resolution {
    case nil, .incomingWins:
      return ColumnEffect(position: position, value: incoming, isDirect: true)
    case .merged(let value, _):
      guard value != existing.values[position] else { return nil }
      return ColumnEffect(position: position, value: value, isDirect: value == incoming)
    case .currentStays, .proposed:
      return nil
    }
  }

  /// The conflict in one column, or nothing where nobody else touched it, or its group, above base.
  ///
  /// It is the same for all columns of a group, so that they end alike: the newest foreign version
  /// and the latest edit speak for all of it, and a group is empty only if all its columns are.
  private func conflict(at position: Int, existing: StoredRow, _ attempt: Attempt) -> Conflict? {
    let table = attempt.table
    let column = table.columns[position]
    let members = members(of: position, in: table)
    let touched = members.filter {
      isForeign(existing.versions[$0], above: seen(table.columns[$0], in: attempt.change))
    }
    guard let newest = touched.map({ existing.versions[$0] }).max(by: { $0.seq < $1.seq }) else {
      return nil
    }
    let sent = members.compactMap { member in
      let number = table.columns[member].number
      return attempt.change.cells[number].map {
        draft.contender($0, of: attempt.change, column: number)
      }
    }
    let held = members.map { existing.values[$0] }
    return Conflict(
      column: column,
      incoming: Contender(
        value: sent.lazy.map(\.value).first { !$0.isNull } ?? .null, site: context.author.site,
        editedAt: sent.map(\.editedAt).max()!),
      current: Contender(
        value: held.first { !$0.isNull } ?? .null, site: newest.site, editedAt: newest.editedAt),
      incomingIsLead: isKnowingLead(attempt), incomingIsCounty: isCounty(context.author.site),
      currentIsCounty: isCounty(newest.site))
  }

  /// Records what did not simply win: in the ledger, or as a proposal.
  ///
  /// - Returns: nothing where the column holds what its author sent.
  private mutating func settle(
    _ contest: Contest, existing: StoredRow, _ attempt: Attempt
  ) -> ColumnOutcome? {
    guard let resolution = contest.resolution else { return nil }
    let column = attempt.table.columns[contest.position]
    let version = existing.versions[contest.position]
    let incoming = draft.contender(contest.incoming, of: attempt.change, column: column.number)
    let current = Contender(
      value: existing.values[contest.position], site: version.site, editedAt: version.editedAt)
    // A former lead may be told that its value lost, and not to what.
    let isShown =
      context.author.site == .hub || draft.view.isVisible(column, in: attempt.change.caseID)
    func outcome(_ verdict: Verdict, _ rule: Rule, kept: Value) -> ColumnOutcome {
      ColumnOutcome(
        column: column.number, verdict: verdict, rule: rule, kept: isShown ? kept : .null)
    }
    switch resolution {
    case .incomingWins(let rule):
      if !current.value.isNull {
        draft.record(
          attempt, column: column.number, seq: draft.nextSeq, policy: column.policy, rule: rule,
          kept: incoming, lost: current)
      }
      return nil
    case .currentStays(let rule):
      draft.record(
        attempt, column: column.number, seq: version.seq, policy: column.policy, rule: rule,
        kept: current, lost: incoming)
      return outcome(.overridden, rule, kept: current.value)
    case .merged(let value, let rule):
      return value == incoming.value ? nil : outcome(.merged, rule, kept: value)
    case .proposed(let rule):
      draft.propose(attempt, column: column, rule: rule, kept: current, proposed: incoming)
      return outcome(.proposal, rule, kept: current.value)
    }
  }

  // MARK: Knowledge

  /// The lead wins only if it knew the current epoch when it wrote: a case that went from A to B
  /// and back has a new one.
  func isKnowingLead(_ attempt: Attempt) -> Bool {
    if context.author.site == .hub { return true }
    guard attempt.role == .lead, let stored = draft.view.cases[attempt.change.caseID] else {
      return false
    }
    return attempt.change.oldestBase >= stored.epochSince
  }

  /// What the author of a change had seen of a column: nothing, where the column was outside its
  /// tiers at its base, because a gate was closed, or the case had narrowed to its header or had
  /// left its scope.
  func seen(_ column: Column, in change: Change) -> Int64 {
    let base = change.base(ofColumn: column.number)
    guard column.tier != .local, context.author.site != .hub else { return base }
    // Who writes before it has heard of its first grant opened the case itself.
    guard let periods = draft.view.periods[change.caseID], let first = periods.first,
      first.fromSeq <= base
    else { return base }
    let isVisible = periods.contains {
      $0.fromSeq <= base && base < $0.untilSeq ?? .max && $0.tiers.contains(column.tier)
    }
    return isVisible ? base : 0
  }

  func isForeign(_ version: ColumnVersion, above base: Int64) -> Bool {
    guard version.seq > base else { return false }
    let author = context.author
    let isOwn =
      version.site == author.site
      && (version.incarnation == author.incarnation
        || author.ancestors.contains {
          $0.incarnation == version.incarnation && version.seq <= $0.throughSeq
        })
    return !(isOwn && version.isDirect)
  }

  func isForeignAppendRow(_ row: StoredRow, _ attempt: Attempt) -> Bool {
    attempt.table.isAppendOnly && row.writer != context.author.site && context.settlement == nil
  }

  private func isCounty(_ site: SiteID) -> Bool {
    site == .hub || context.countySites.contains(site)
  }
}
