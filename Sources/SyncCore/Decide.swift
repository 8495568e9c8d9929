/// The hub's decision on one batch: a pure function from what the hub holds to what it will write.
///
/// Each change passes these steps in order and ends at the first that applies. The rows marked
/// *seat* are decided by steps that exist but cannot be reached while every grant covers all tiers
/// and no case changes hands.
///
/// | # | question                        | answer                                                  |
/// |---|---------------------------------|---------------------------------------------------------|
/// | 1 | table, columns, values known?   | no → refused `unknown_table`, `unknown_column`, `value_not_allowed` |
/// | 2 | does the hub alone write it?    | yes → refused `hub_writes_only`                         |
/// | 3 | case erased?                    | *seat*: no case is erased yet                           |
/// | 4 | granted to the author?          | no → refused `not_granted`; a new `case_file` opens its case |
/// | 5 | role at `base`                  | lead, contributor → on; others refused (*seat*: former leads) |
/// | 6 | insert, row never seen or dead  | created, revived                                        |
/// |   | insert, alive in another case   | refused `id_taken`                                      |
/// |   | insert, alive in this case      | as an update of all its columns                         |
/// |   | update, never seen              | refused `unknown_row`: the site offers the whole row    |
/// |   | update, dead or moved away      | proposal `row_deleted`                                  |
/// |   | delete, dead or never seen      | applied, nothing to do                                  |
/// |   | delete of a `case_file`         | proposal `case_erasure`                                 |
/// |   | append table, other writer      | update, delete → proposal `written_by_another_site`     |
/// |   | delete, changed above base      | by the lead: applied, values to the ledger `deleted_by_lead`; else proposal `changed_meanwhile` |
/// | 7 | per column, or group of columns | equal → nothing; untouched since base → applied; touched → ``resolve(_:)`` |
///
/// *Touched* means: its version is above the base of that column in the change, unless it is the
/// author's own (same incarnation or an ancestor) and holds exactly what the author sent. Later
/// changes of a batch see the effects of earlier ones.
package struct Decision {
  private let context: DecisionContext
  private var view: HubView
  private var plan = Plan()
  private var digester: RowDigester
  private var nextSeq: Int64
  private var touchedRows: TouchedRows = TouchedRows()
  private var touchedCases: [CaseID] = []

  private init(context: DecisionContext, view: HubView, digestKey: SipHash128Key) {
    self.context = context
    self.view = view
    digester = RowDigester(key: digestKey)
    nextSeq = context.headSeq + 1
  }

  /// - Parameter view: every row and case that `changes` name; what is missing counts as never seen.
  /// - Returns: answers in the order of `changes`, and everything to be written, in one transaction.
  package static func decide(
    _ changes: [Change], view: HubView, context: DecisionContext, digestKey: SipHash128Key
  ) -> Plan {
    var decision = Decision(context: context, view: view, digestKey: digestKey)
    for change in changes {
      decision.plan.answers.append(decision.answer(to: change))
    }
    return decision.finished()
  }

  private mutating func finished() -> Plan {
    plan.rows = touchedRows.inOrder
    plan.cases = touchedCases.map { view.cases[$0]! }
    return plan
  }

  private func refused(_ change: Change, _ rule: Rule) -> Answer {
    Answer(id: change.id, verdict: .refused, rule: rule)
  }

  private mutating func answer(to change: Change) -> Answer {
    guard let table = context.schema.table(number: change.row.table) else {
      return refused(change, .unknownTable)
    }
    if let rule = firstBrokenRule(of: change, in: table) { return refused(change, rule) }
    let isHub = context.author.site == .hub
    if table.isHubOnly && !isHub { return refused(change, .hubWritesOnly) }

    let opensCase =
      table.scope == .caseRoot && change.kind == .insert && view.cases[change.caseID] == nil
    if opensCase { return openCase(change, in: table) }
    let role = isHub ? .lead : view.roles[change.caseID]
    guard let role, role.mayWrite else { return refused(change, .notGranted) }
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
      case .caseRoot: change.caseID.text == change.row.id.text
      case .ofCase: !change.caseID.isNone
      case .global: change.caseID.isNone
      }
    guard isPlaced, !change.row.id.string.isEmpty else { return .valueNotAllowed }
    guard change.cells.mask.subtracting(table.travellingColumns).isEmpty else {
      return .unknownColumn
    }
    for (number, value) in zip(change.cells.mask.numbers, change.cells.values) {
      guard let column = table.column(number: number) else { return .unknownColumn }
      guard column.type.admits(value), !(column.isRequired && value.isNull) else {
        return .valueNotAllowed
      }
    }
    guard change.kind == .insert else { return nil }
    let isComplete = table.columns.allSatisfy {
      !$0.isRequired || change.cells.mask.contains($0.number)
    }
    return isComplete ? nil : .valueNotAllowed
  }

  /// Step 4: the site that opens a case leads it; the sites that share its area contribute.
  private mutating func openCase(_ change: Change, in table: Table) -> Answer {
    let author = context.author.site
    view.cases[change.caseID] = StoredCase(
      id: change.caseID, lead: author, epoch: 1, epochSince: 0, digest: .zero)
    view.roles[change.caseID] = .lead
    create(Attempt(change: change, table: table, role: .lead))
    grant(change.caseID, to: author, as: .lead, isHeldAlready: true)
    for site in context.viewersOfNewCases where site != author {
      grant(change.caseID, to: site, as: .contributor, isHeldAlready: false)
    }
    return Answer(id: change.id, verdict: .applied)
  }

  private mutating func grant(
    _ caseID: CaseID, to site: SiteID, as role: Role, isHeldAlready: Bool
  ) {
    let seq = takeSeq()
    plan.grants.append(
      Grant(
        caseID: caseID, site: site, role: role, fromSeq: seq, isHeldAlready: isHeldAlready))
    plan.log.append(
      LogEntry(
        seq: seq, content: .grant(caseID, site, role), site: .hub,
        incarnation: IncarnationID(""), origin: EntryID(n: 0, tag: 0), base: 0,
        editedAt: context.now, recordedAt: context.now))
  }

  // MARK: Rows

  private mutating func insert(_ attempt: Attempt) -> Answer {
    let change = attempt.change
    if let existing = view.rows[change.row], existing.isAlive {
      guard existing.caseID == change.caseID else { return refused(change, .idTaken) }
      return edit(existing, attempt)
    }
    create(attempt)
    return Answer(id: change.id, verdict: .applied)
  }

  private mutating func update(_ attempt: Attempt) -> Answer {
    let change = attempt.change
    guard let existing = view.rows[change.row] else { return refused(change, .unknownRow) }
    guard existing.isAlive, existing.caseID == change.caseID else {
      return propose(attempt, existing: existing, rule: .rowDeleted)
    }
    return edit(existing, attempt)
  }

  private mutating func delete(_ attempt: Attempt) -> Answer {
    let change = attempt.change
    guard let existing = view.rows[change.row], existing.isAlive,
      existing.caseID == change.caseID
    else { return Answer(id: change.id, verdict: .applied) }
    if attempt.table.scope == .caseRoot {
      return propose(attempt, existing: existing, rule: .caseErasure)
    }
    if isForeignAppendRow(existing, attempt) {
      return propose(attempt, existing: existing, rule: .writtenByAnotherSite)
    }
    let touched = attempt.table.columns.indices.filter {
      isForeign(existing.versions[$0], above: change.oldestBase)
    }
    guard touched.isEmpty || isKnowingLead(attempt) else {
      return propose(attempt, existing: existing, rule: .changedMeanwhile)
    }
    let seq = takeSeq()
    for position in touched where !existing.values[position].isNull {
      let version = existing.versions[position]
      record(
        attempt, column: attempt.table.columns[position].number, seq: seq, policy: nil,
        rule: .deletedByLead, kept: contender(.null, of: change),
        lost: Contender(
          value: existing.values[position], site: version.site, editedAt: version.editedAt))
    }
    var dead = existing
    dead.isAlive = false
    dead.values = existing.values.map { _ in .null }
    dead.lastSeq = seq
    replace(existing, with: dead, in: attempt.table)
    log(attempt, seq: seq, kind: .delete, cells: .empty)
    return Answer(id: change.id, verdict: .applied)
  }

  private mutating func create(_ attempt: Attempt) {
    let change = attempt.change
    let seq = takeSeq()
    let version = ownVersion(of: change, seq: seq, isDirect: true)
    let row = StoredRow(
      key: change.row, caseID: change.caseID, isAlive: true, writer: context.author.site,
      values: attempt.table.columns.map { change.cells[$0.number] ?? .null },
      versions: attempt.table.columns.map { _ in version }, lastSeq: seq)
    replace(nil, with: row, in: attempt.table)
    log(attempt, seq: seq, kind: .insert, cells: change.cells)
  }

  // MARK: Columns

  private mutating func edit(_ existing: StoredRow, _ attempt: Attempt) -> Answer {
    let change = attempt.change
    if isForeignAppendRow(existing, attempt) {
      let isChanged = attempt.positions.contains { existing.values[$0.0] != $0.1 }
      guard isChanged else { return Answer(id: change.id, verdict: .applied) }
      return propose(attempt, existing: existing, rule: .writtenByAnotherSite)
    }
    var row = existing
    var outcomes: [ColumnOutcome] = []
    var effective: [(number: Int, value: Value)] = []
    for (position, incoming) in attempt.positions where existing.values[position] != incoming {
      let column = attempt.table.columns[position]
      let write: (value: Value, isDirect: Bool)?
      if let conflict = conflict(at: position, existing: existing, incoming, attempt) {
        let ending = settle(conflict, at: position, existing: existing, attempt)
        write = ending.write
        if let outcome = ending.outcome { outcomes.append(outcome) }
      } else {
        write = (incoming, true)
      }
      guard let write else { continue }
      row.values[position] = write.value
      row.versions[position] = ownVersion(of: change, seq: nextSeq, isDirect: write.isDirect)
      effective.append((column.number, write.value))
    }
    if !effective.isEmpty {
      let seq = takeSeq()
      row.lastSeq = seq
      replace(existing, with: row, in: attempt.table)
      let mask = ColumnMask(effective.map(\.number))
      log(
        attempt, seq: seq, kind: .update,
        cells: Cells(mask: mask, values: effective.map(\.value)))
    }
    let worst = outcomes.max { $0.verdict < $1.verdict }
    return Answer(
      id: change.id, verdict: worst?.verdict ?? .applied, rule: worst?.rule, columns: outcomes)
  }

  /// The conflict in one column, or nothing where nobody else touched it, or its group, above base.
  private func conflict(
    at position: Int, existing: StoredRow, _ incoming: Value, _ attempt: Attempt
  ) -> Conflict? {
    let table = attempt.table
    let column = table.columns[position]
    let members =
      column.group.map { group in table.columns.indices.filter { table.columns[$0].group == group } }
      ?? [position]
    let touched = members.filter {
      isForeign(
        existing.versions[$0], above: attempt.change.base(ofColumn: table.columns[$0].number))
    }
    // The newest foreign version of the group speaks for all of it, so that its columns end alike.
    guard let newest = touched.map({ existing.versions[$0] }).max(by: { $0.seq < $1.seq }) else {
      return nil
    }
    let speaker = touched.first { !existing.values[$0].isNull } ?? position
    return Conflict(
      column: column, incoming: contender(incoming, of: attempt.change),
      current: Contender(
        value: column.group == nil ? existing.values[position] : existing.values[speaker],
        site: newest.site, editedAt: newest.editedAt),
      incomingIsLead: isKnowingLead(attempt), incomingIsCounty: isCounty(context.author.site),
      currentIsCounty: isCounty(newest.site))
  }

  private mutating func settle(
    _ conflict: Conflict, at position: Int, existing: StoredRow, _ attempt: Attempt
  ) -> (write: (value: Value, isDirect: Bool)?, outcome: ColumnOutcome?) {
    let column = conflict.column
    let current = Contender(
      value: existing.values[position], site: existing.versions[position].site,
      editedAt: existing.versions[position].editedAt)
    let incoming = conflict.incoming
    func outcome(_ verdict: Verdict, _ rule: Rule, kept: Value) -> ColumnOutcome {
      ColumnOutcome(column: column.number, verdict: verdict, rule: rule, kept: kept)
    }
    switch resolve(conflict) {
    case .incomingWins(let rule):
      if !current.value.isNull {
        record(
          attempt, column: column.number, seq: nextSeq, policy: column.policy, rule: rule,
          kept: incoming, lost: current)
      }
      return ((incoming.value, true), nil)
    case .currentStays(let rule):
      record(
        attempt, column: column.number, seq: existing.versions[position].seq,
        policy: column.policy, rule: rule, kept: current, lost: incoming)
      return (nil, outcome(.overridden, rule, kept: current.value))
    case .merged(let value, _) where value == incoming.value:
      return ((value, true), nil)
    case .merged(let value, let rule):
      let write = value == current.value ? nil : (value, false)
      return (write, outcome(.merged, rule, kept: value))
    case .proposed(let rule):
      plan.proposals.append(
        proposal(
          attempt, column: column.number, policy: column.policy, rule: rule, kept: current,
          proposed: incoming))
      return (nil, outcome(.proposal, rule, kept: current.value))
    }
  }

  // MARK: Knowledge

  /// The lead wins only if it knew the current epoch when it wrote: a case that went from A to B
  /// and back has a new one.
  private func isKnowingLead(_ attempt: Attempt) -> Bool {
    if context.author.site == .hub { return true }
    guard attempt.role == .lead, let stored = view.cases[attempt.change.caseID] else {
      return false
    }
    return attempt.change.oldestBase >= stored.epochSince
  }

  private func isForeign(_ version: ColumnVersion, above base: Int64) -> Bool {
    guard version.seq > base else { return false }
    let author = context.author
    let isOwn =
      version.site == author.site
      && (version.incarnation == author.incarnation
        || author.ancestors.contains(version.incarnation))
    return !(isOwn && version.isDirect)
  }

  private func isForeignAppendRow(_ row: StoredRow, _ attempt: Attempt) -> Bool {
    attempt.table.isAppendOnly && row.writer != context.author.site
  }

  private func isCounty(_ site: SiteID) -> Bool {
    site == .hub || context.countySites.contains(site)
  }

  // MARK: Writing the plan

  private mutating func takeSeq() -> Int64 {
    defer { nextSeq += 1 }
    return nextSeq
  }

  private func corrected(_ change: Change) -> Milliseconds {
    change.editedAt &- context.author.clockSkew
  }

  private func ownVersion(of change: Change, seq: Int64, isDirect: Bool) -> ColumnVersion {
    ColumnVersion(
      seq: seq, site: context.author.site, incarnation: context.author.incarnation,
      isDirect: isDirect, editedAt: corrected(change))
  }

  private func contender(_ value: Value, of change: Change) -> Contender {
    Contender(value: value, site: context.author.site, editedAt: corrected(change))
  }

  private mutating func replace(_ old: StoredRow?, with new: StoredRow, in table: Table) {
    if !touchedCases.contains(new.caseID) { touchedCases.append(new.caseID) }
    var digest = view.cases[new.caseID]!.digest
    if let old, old.isAlive {
      digest -= digester.digest(of: old.key, caseID: old.caseID, row: old.values, in: table)
    }
    if new.isAlive {
      digest += digester.digest(of: new.key, caseID: new.caseID, row: new.values, in: table)
    }
    view.cases[new.caseID]!.digest = digest
    view.rows[new.key] = new
    touchedRows.put(new)
  }

  private mutating func log(_ attempt: Attempt, seq: Int64, kind: ChangeKind, cells: Cells) {
    let change = attempt.change
    plan.log.append(
      LogEntry(
        seq: seq,
        content: .row(
          kind, RowImage(key: change.row, caseID: change.caseID, cells: cells)),
        site: context.author.site, incarnation: context.author.incarnation, origin: change.id,
        base: change.base, editedAt: corrected(change), recordedAt: context.now))
  }

  private mutating func record(
    _ attempt: Attempt, column: Int, seq: Int64, policy: Policy?, rule: Rule, kept: Contender,
    lost: Contender
  ) {
    let change = attempt.change
    plan.ledger.append(
      LedgerEntry(
        caseID: change.caseID, row: change.row, column: column,
        base: change.base(ofColumn: column), seq: seq, policy: policy, rule: rule,
        epoch: view.cases[change.caseID]?.epoch ?? 0, role: attempt.role, kept: kept, lost: lost))
  }

  private func proposal(
    _ attempt: Attempt, column: Int?, policy: Policy?, rule: Rule, kept: Contender,
    proposed: Contender
  ) -> Proposal {
    let change = attempt.change
    return Proposal(
      caseID: change.caseID, row: change.row, column: column,
      base: column.map(change.base(ofColumn:)) ?? change.oldestBase, seq: nextSeq - 1,
      policy: policy, rule: rule, epoch: view.cases[change.caseID]?.epoch ?? 0, kept: kept,
      proposed: proposed)
  }

  /// A whole change waits for a person: its deletion, if it is one, and each value it carries.
  private mutating func propose(_ attempt: Attempt, existing: StoredRow, rule: Rule) -> Answer {
    let change = attempt.change
    let last = existing.versions.max { $0.seq < $1.seq }
    func kept(_ value: Value) -> Contender {
      Contender(
        value: value, site: last?.site ?? existing.writer, editedAt: last?.editedAt ?? 0)
    }
    if change.kind == .delete {
      plan.proposals.append(
        proposal(
          attempt, column: nil, policy: nil, rule: rule, kept: kept(.null),
          proposed: contender(.null, of: change)))
    }
    for (position, value) in attempt.positions where existing.values[position] != value {
      let column = attempt.table.columns[position]
      plan.proposals.append(
        proposal(
          attempt, column: column.number, policy: column.policy, rule: rule,
          kept: kept(existing.values[position]), proposed: contender(value, of: change)))
    }
    return Answer(id: change.id, verdict: .proposal, rule: rule)
  }
}

/// One change on its way through the steps.
private struct Attempt {
  let change: Change
  let table: Table
  let role: Role

  /// The change's cells by position in the table's columns.
  var positions: [(Int, Value)] {
    zip(change.cells.mask.numbers, change.cells.values).map {
      (table.position(ofColumn: $0)!, $1)
    }
  }
}

/// The rows that a decision wrote, each once, in the order of their first write.
private struct TouchedRows {
  private struct Place: Hashable {
    let key: RowKey
    let caseID: CaseID
  }
  private var positions: [Place: Int] = [:]
  private(set) var inOrder: [StoredRow] = []

  mutating func put(_ row: StoredRow) {
    let place = Place(key: row.key, caseID: row.caseID)
    if let position = positions[place] {
      inOrder[position] = row
    } else {
      positions[place] = inOrder.count
      inOrder.append(row)
    }
  }
}
