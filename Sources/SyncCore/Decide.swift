/// The hub's decision on one batch: a pure function from what the hub holds to what it will write.
///
/// Each change passes these steps in order and ends at the first that applies.
///
/// | # | question                        | answer                                                  |
/// |---|---------------------------------|---------------------------------------------------------|
/// | 1 | table, columns, values known?   | no → refused `unknown_table`, `unknown_column`, `value_not_allowed` |
/// | 2 | does the hub alone write it?    | yes → refused `hub_writes_only`                         |
/// | 3 | case erased?                    | yes → refused `erased`, also what came back             |
/// |   | behind a closed gate?           | ``admitted(_:in:)``: goes on without, or refused `gate_closed` |
/// | 4 | granted to the author?          | no → refused `not_granted`; a new `case_file` opens its case |
/// |   | a row of scope `site`           | a new one is opened as ``openUnit(_:in:)`` says; an update of one never seen: refused `unknown_row` |
/// |   | a deletion in a case never seen | applied, nothing to do: opened and deleted between two sessions |
/// | 5 | role at `base`, and in time?    | lead, contributor → on; who was one → ``Standing``, column by column |
/// | 6 | insert, row never seen or dead  | created, revived                                        |
/// |   | insert, alive in another case   | refused `id_taken`                                      |
/// |   | insert, alive in this case      | as an update of all its columns                         |
/// |   | update, never seen              | refused `unknown_row`: the site offers the whole row    |
/// |   | update, dead or moved away      | proposal `row_deleted`                                  |
/// |   | delete, dead or never seen      | applied, nothing to do; a row that may still come back to a restored hub is dead from now on |
/// |   | delete of a `case_file`         | proposal `case_erasure`                                 |
/// |   | append table, other writer      | update, delete → proposal `written_by_another_site`     |
/// |   | delete, a column touched        | by the lead: applied, values to the ledger `deleted_by_lead`; else proposal `changed_meanwhile` |
/// |   | scope `site`, update            | takes the row from a site → refused `row_stays`; names what may not be named → refused |
/// | 7 | per column, or group of columns | equal → nothing; untouched since base → applied; touched → ``resolve(_:)`` |
/// |   | the column restricts the case   | by another than the lead, or the hub: proposal `lead_decides` |
/// | 8 | does the row break a hard rule? | yes → the whole change is refused with it: ``DomainRules`` |
///
/// *Touched* means: its version is above the base of that column in the change, unless it is the
/// author's own (same incarnation, or an ancestor's that its file knows) and holds exactly what the
/// author sent. A column that the author could not see at its base it has not seen at all: there
/// every version of another touches it. Later changes of a batch see the effects of earlier ones.
///
/// Step 8 judges the row as the steps before would leave it, new, changed or deleted, so that no
/// mixture of two edits breaks a rule that neither broke; and before anything is written, so that a
/// refused change leaves no entry in the ledger. What becomes a proposal is judged when it is
/// accepted.
package struct Decision {
  let context: DecisionContext
  var draft: DecisionDraft
  /// Cases that this batch would have opened, with the rule that kept them out: their rows are told
  /// the same.
  private var refusedCases: [CaseID: Rule] = [:]

  private init(context: DecisionContext, view: HubView, digestKey: SipHash128Key) {
    self.context = context
    draft = DecisionDraft(context: context, view: view, digestKey: digestKey)
  }

  /// - Parameter view: every row and case that `changes` name; what is missing counts as never
  ///   seen.
  /// - Returns: answers in the order of `changes`, and everything to be written, in one
  ///   transaction.
  package static func decide(
    _ changes: [Change], view: HubView, context: DecisionContext, digestKey: SipHash128Key
  ) -> Plan {
    var decision = Decision(context: context, view: view, digestKey: digestKey)
    for change in changes {
      let answer = decision.answer(to: change)
      decision.draft.answer(answer)
    }
    return decision.draft.finished()
  }

  func refused(_ change: Change, _ rule: Rule) -> Answer {
    Answer(id: change.id, verdict: .refused, rule: rule)
  }

  private mutating func answer(to change: Change) -> Answer {
    guard let table = context.schema.table(number: change.row.table) else {
      return refused(change, .unknownTable)
    }
    if let rule = firstBrokenRule(of: change, in: table) { return refused(change, rule) }
    let isHub = context.author.site == .hub
    if table.isHubOnly && !isHub { return refused(change, .hubWritesOnly) }
    if draft.view.erased.contains(change.caseID) { return refused(change, .erased) }
    guard let admitted = admitted(change, in: table) else { return refused(change, .gateClosed) }
    return answer(toAdmitted: admitted.change, in: table).refusing(admitted.closed, of: change)
  }

  private mutating func answer(toAdmitted change: Change, in table: Table) -> Answer {
    let opensCase =
      table.scope == .caseRoot && change.kind == .insert
      && draft.view.cases[change.caseID] == nil
    if opensCase { return openCase(change, in: table) }
    if table.scope == .ofSite && draft.view.cases[change.caseID] == nil {
      switch change.kind {
      case .insert: return openUnit(change, in: table)
      case .update: return refused(change, .unknownRow)
      case .delete: break
      }
    }
    if change.kind == .delete && draft.view.cases[change.caseID] == nil {
      return Answer(id: change.id, verdict: .applied)
    }
    guard change.kind == .delete else { return answer(toEditOf: change, in: table) }
    return answer(to: change, standing(of: change), in: table)
  }

  /// From step 6 on.
  mutating func answer(to change: Change, _ standing: Standing, in table: Table) -> Answer {
    let role: Role
    switch standing {
    case .acts(let then): role = then
    case .proposes: return proposal(of: change, in: table)
    case .refused(let rule): return refused(change, refusedCases[change.caseID] ?? rule)
    }
    let attempt = Attempt(change: change, table: table, role: role)
    switch change.kind {
    case .insert: return insert(attempt)
    case .update: return update(attempt)
    case .delete: return delete(attempt)
    }
  }

  /// Step 1: what no well-behaved replica sends.
  private func firstBrokenRule(of change: Change, in table: Table) -> Rule? {
    let isPlaced =
      switch table.scope {
      case .caseRoot: change.caseID.text == change.row.id.text && change.caseID.isCase
      case .ofCase: change.caseID.isCase
      case .global: change.caseID.isNone
      case .ofSite: change.caseID == table.unit(of: change.row.id)
      }
    guard isPlaced, !change.row.id.string.isEmpty else { return .valueNotAllowed }
    // Nobody has seen what has not happened: such a base would hide every conflict.
    let bases = [change.base] + change.columnBases.map(\.base)
    guard context.returned != nil || bases.allSatisfy({ $0 <= context.headSeq }) else {
      return .valueNotAllowed
    }
    let byteCount = change.cells.values.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
    guard byteCount <= RowLimit.rowByteCountMax else { return .valueNotAllowed }
    guard change.cells.mask.subtracting(table.travellingColumns).isEmpty else {
      return .unknownColumn
    }
    for (number, value) in zip(change.cells.mask.numbers, change.cells.values) {
      guard let column = table.column(number: number) else { return .unknownColumn }
      guard column.type.accepts(value), !(column.isRequired && value.isNull) else {
        return .valueNotAllowed
      }
    }
    guard change.kind == .insert else { return nil }
    // A site whose schema is older lacks columns that were added since; those have a default.
    let isComplete = table.columns.allSatisfy {
      !$0.isRequired || change.cells.mask.contains($0.number) || !$0.defaultValue.isNull
    }
    return isComplete ? nil : .valueNotAllowed
  }

  /// Step 4: the site that opens a case leads it; the county's sites and those that share its area
  /// get their part.
  private mutating func openCase(_ change: Change, in table: Table) -> Answer {
    let author = context.author.site
    let attempt = Attempt(change: change, table: table, role: .lead)
    if let rule = objection(toNew: attempt) {
      refusedCases[change.caseID] = rule
      return refused(change, rule)
    }
    refusedCases[change.caseID] = nil
    draft.open(change.caseID, lead: author)
    draft.create(attempt)
    draft.grant(change.caseID, to: author, as: .lead, isHeldAlready: true)
    for (site, role) in context.viewersOfNewCases.sorted(by: { $0.key < $1.key })
    where site != author {
      draft.grant(change.caseID, to: site, as: role, isHeldAlready: false)
    }
    mentionNew(change, in: table)
    return Answer(id: change.id, verdict: .applied)
  }

  // MARK: Rows

  private mutating func insert(_ attempt: Attempt) -> Answer {
    let change = attempt.change
    if let existing = draft.view.rows[change.row], existing.isAlive {
      guard existing.caseID == change.caseID else { return refused(change, .idTaken) }
      return edit(existing, attempt)
    }
    if isOutlived(attempt) { return Answer(id: change.id, verdict: .applied) }
    if let rule = objection(toNew: attempt) { return refused(change, rule) }
    draft.create(attempt)
    mentionNew(change, in: attempt.table)
    return Answer(id: change.id, verdict: .applied)
  }

  private mutating func mentionNew(_ change: Change, in table: Table) {
    guard let row = draft.view.rows[change.row] else { return }
    spreadMentions(of: row, columns: change.cells.mask, in: table)
  }

  private mutating func update(_ attempt: Attempt) -> Answer {
    let change = attempt.change
    guard let existing = draft.view.rows[change.row] else { return refused(change, .unknownRow) }
    if isOutlived(attempt) { return Answer(id: change.id, verdict: .applied) }
    guard existing.isAlive, existing.caseID == change.caseID else {
      return draft.propose(attempt, existing: existing, rule: .rowDeleted)
    }
    return edit(existing, attempt)
  }

  /// A write that came back, to a row that was deleted behind it. Whoever deleted it in the earlier
  /// history had been decided upon there; whoever did since may never have heard of the write.
  private mutating func isOutlived(_ attempt: Attempt) -> Bool {
    guard let returned = context.returned, let existing = draft.view.rows[attempt.change.row],
      !existing.isAlive, existing.caseID == attempt.change.caseID,
      returned.isBefore(deletionOf: existing)
    else { return false }
    if returned.returnedDeath(of: existing) == nil { draft.keepValues(of: attempt) }
    return true
  }

  private mutating func delete(_ attempt: Attempt) -> Answer {
    let change = attempt.change
    guard let existing = draft.view.rows[change.row], existing.isAlive,
      existing.caseID == change.caseID
    else {
      let mayCome = context.awaitsReturns && draft.view.rows[change.row] == nil
      // Whose row of an append table it is nobody can tell yet.
      if mayCome && !attempt.table.isAppendOnly { bury(attempt) }
      return Answer(id: change.id, verdict: .applied)
    }
    if attempt.table.scope == .caseRoot {
      return draft.propose(attempt, existing: existing, rule: .caseErasure)
    }
    if isForeignAppendRow(existing, attempt) {
      return draft.propose(attempt, existing: existing, rule: .writtenByAnotherSite)
    }
    let touched = attempt.table.columns.indices.filter {
      isForeign(existing.versions[$0], above: seen(attempt.table.columns[$0], in: change))
    }
    if let returned = context.returned {
      let isLate = existing.versions.contains(where: returned.isBefore)
      if !isLate { draft.delete(existing, attempt, lost: []) }
      return Answer(id: change.id, verdict: .applied)
    }
    guard touched.isEmpty || isKnowingLead(attempt) else {
      return draft.propose(attempt, existing: existing, rule: .changedMeanwhile)
    }
    if let rule = objection(toDeletionOf: existing, attempt) { return refused(change, rule) }
    draft.delete(existing, attempt, lost: touched.filter { !existing.values[$0].isNull })
    return Answer(id: change.id, verdict: .applied)
  }

  /// A row that has not come back is dead from now on, and stays dead when it comes.
  private mutating func bury(_ attempt: Attempt) {
    let change = attempt.change
    let row = StoredRow.missing(
      change.row, of: change.caseID, in: attempt.table, by: context.author.site)
    draft.delete(row, attempt, lost: [])
  }
}
