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
    var outcomes: [ColumnOutcome] = []
    var effects: [ColumnEffect] = []
    for (position, incoming) in attempt.positions where existing.values[position] != incoming {
      guard let conflict = conflict(at: position, existing: existing, attempt) else {
        effects.append(ColumnEffect(position: position, value: incoming, isDirect: true))
        continue
      }
      let ending = settle(conflict, at: position, existing: existing, incoming, attempt)
      if let effect = ending.effect { effects.append(effect) }
      if let outcome = ending.outcome { outcomes.append(outcome) }
    }
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

  /// The conflict in one column, or nothing where nobody else touched it, or its group, above base.
  ///
  /// It is the same for all columns of a group, so that they end alike: the newest foreign version
  /// and the latest edit speak for all of it, and a group is empty only if all its columns are.
  private func conflict(at position: Int, existing: StoredRow, _ attempt: Attempt) -> Conflict? {
    let table = attempt.table
    let column = table.columns[position]
    let members = table.columns.indices.filter {
      $0 == position || column.group != nil && table.columns[$0].group == column.group
    }
    let touched = members.filter {
      isForeign(
        existing.versions[$0], above: attempt.change.base(ofColumn: table.columns[$0].number))
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

  private mutating func settle(
    _ conflict: Conflict, at position: Int, existing: StoredRow, _ value: Value,
    _ attempt: Attempt
  ) -> (effect: ColumnEffect?, outcome: ColumnOutcome?) {
    let column = conflict.column
    let version = existing.versions[position]
    let incoming = draft.contender(value, of: attempt.change, column: column.number)
    let current = Contender(
      value: existing.values[position], site: version.site, editedAt: version.editedAt)
    func effect(_ value: Value, isDirect: Bool) -> ColumnEffect {
      ColumnEffect(position: position, value: value, isDirect: isDirect)
    }
    func outcome(_ verdict: Verdict, _ rule: Rule, kept: Value) -> ColumnOutcome {
      ColumnOutcome(column: column.number, verdict: verdict, rule: rule, kept: kept)
    }
    switch resolve(conflict) {
    case .incomingWins(let rule):
      if !current.value.isNull {
        draft.record(
          attempt, column: column.number, seq: draft.nextSeq, policy: column.policy, rule: rule,
          kept: incoming, lost: current)
      }
      return (effect(incoming.value, isDirect: true), nil)
    case .currentStays(let rule):
      draft.record(
        attempt, column: column.number, seq: version.seq, policy: column.policy, rule: rule,
        kept: current, lost: incoming)
      return (nil, outcome(.overridden, rule, kept: current.value))
    case .merged(let value, _) where value == incoming.value:
      return (effect(value, isDirect: true), nil)
    case .merged(let value, let rule):
      let write = value == current.value ? nil : effect(value, isDirect: false)
      return (write, outcome(.merged, rule, kept: value))
    case .proposed(let rule):
      draft.propose(attempt, column: column, rule: rule, kept: current, proposed: incoming)
      return (nil, outcome(.proposal, rule, kept: current.value))
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

  func isForeign(_ version: ColumnVersion, above base: Int64) -> Bool {
    guard version.seq > base else { return false }
    let author = context.author
    let isOwn =
      version.site == author.site
      && (version.incarnation == author.incarnation
        || author.ancestors.contains(version.incarnation))
    return !(isOwn && version.isDirect)
  }

  func isForeignAppendRow(_ row: StoredRow, _ attempt: Attempt) -> Bool {
    attempt.table.isAppendOnly && row.writer != context.author.site
  }

  private func isCounty(_ site: SiteID) -> Bool {
    site == .hub || context.countySites.contains(site)
  }
}
