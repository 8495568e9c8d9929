/// One change on its way through the steps of a decision.
struct Attempt {
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

/// The plan of a decision while it is being written.
///
/// Every effect goes through here, so that what belongs together moves together: a row, its case's
/// digest, its entry in the log, and the view by which later changes of the batch are decided.
struct DecisionDraft {
  private(set) var view: HubView
  private let context: DecisionContext
  private var plan = Plan()
  private var digester: RowDigester
  private var rows = FirstWriteOrder<RowPlace, StoredRow>()
  private var cases = FirstWriteOrder<CaseID, StoredCase>()
  /// The sequence number that the next effect takes.
  private(set) var nextSeq: Int64

  init(context: DecisionContext, view: HubView, digestKey: SipHash128Key) {
    self.context = context
    self.view = view
    digester = RowDigester(key: digestKey)
    nextSeq = context.headSeq + 1
  }

  func finished() -> Plan {
    var plan = plan
    plan.rows = rows.elements
    plan.cases = cases.elements
    return plan
  }

  mutating func answer(_ answer: Answer) {
    plan.answers.append(answer)
  }

  // MARK: Cases

  mutating func open(_ caseID: CaseID, lead: SiteID) {
    view.cases[caseID] = StoredCase(
      id: caseID, lead: lead, epoch: 1, epochSince: 0, digests: .zero)
  }

  /// The case mentions a unit that is not there yet; it may come later in this batch.
  mutating func expect(_ unit: CaseID, in caseID: CaseID) {
    view.mentions[unit, default: []].append(caseID)
  }

  mutating func grant(_ caseID: CaseID, to site: SiteID, as role: Role, isHeldAlready: Bool) {
    let seq = takeSeq()
    view.holders[caseID, default: [:]][site] = role
    if site == context.author.site {
      view.roles[caseID] = role
      view.tiers[caseID] = role.tiers
    }
    plan.grants.append(
      Grant(
        caseID: caseID, site: site, role: role, fromSeq: seq, isHeldAlready: isHeldAlready,
        effectiveAt: context.now))
    plan.log.append(
      LogEntry(
        seq: seq, content: .grant(caseID, site, GrantTerms(role)), site: .hub,
        incarnation: IncarnationID(""), origin: EntryID(n: 0, tag: 0), base: 0,
        editedAt: context.now, recordedAt: context.now))
  }

  // MARK: Rows

  /// The values of the row that an insertion makes.
  func values(ofNew attempt: Attempt) -> [Value] {
    attempt.table.columns.map { attempt.change.cells[$0.number] ?? $0.valueOfOlderRows }
  }

  mutating func create(_ attempt: Attempt) {
    let change = attempt.change
    let seq = takeSeq()
    let row = StoredRow(
      key: change.row, caseID: change.caseID, isAlive: true,
      writer: context.settlement?.writer ?? context.author.site,
      values: values(ofNew: attempt),
      versions: attempt.table.columns.map {
        version(of: change, column: $0.number, seq: seq, isDirect: true)
      }, lastSeq: seq)
    replace(nil, with: row, in: attempt.table)
    log(attempt, seq: seq, kind: .insert, cells: change.cells)
  }

  /// - Parameter effects: by position in the table's columns, ascending; not empty.
  mutating func update(_ existing: StoredRow, _ attempt: Attempt, effects: [ColumnEffect]) {
    let seq = takeSeq()
    var row = existing
    for effect in effects {
      row.values[effect.position] = effect.value
      row.versions[effect.position] = version(
        of: attempt.change, column: attempt.table.columns[effect.position].number, seq: seq,
        isDirect: effect.isDirect)
    }
    row.lastSeq = seq
    replace(existing, with: row, in: attempt.table)
    let mask = ColumnMask(effects.map { attempt.table.columns[$0.position].number })
    log(
      attempt, seq: seq, kind: .update, cells: Cells(mask: mask, values: effects.map(\.value)))
  }

  /// - Parameter lost: the positions of values that go to the ledger, because their authors wrote
  ///   them without knowing of the deletion.
  mutating func delete(_ existing: StoredRow, _ attempt: Attempt, lost: [Int]) {
    let seq = takeSeq()
    for position in lost {
      let version = existing.versions[position]
      record(
        attempt, column: attempt.table.columns[position].number, seq: seq, policy: nil,
        rule: .deletedByLead, kept: contender(.null, of: attempt.change),
        lost: Contender(
          value: existing.values[position], site: version.site, editedAt: version.editedAt))
    }
    var dead = existing
    dead.isAlive = false
    dead.values = existing.values.map { _ in .null }
    dead.lastSeq = seq
    if context.returned != nil {
      dead.versions = attempt.table.columns.map {
        version(of: attempt.change, column: $0.number, seq: seq, isDirect: true)
      }
    }
    replace(existing, with: dead, in: attempt.table)
    log(attempt, seq: seq, kind: .delete, cells: .empty)
  }

  // MARK: What did not win

  mutating func record(
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

  /// - Parameter column: nil proposes to delete the row.
  mutating func propose(
    _ attempt: Attempt, column: Column?, rule: Rule, kept: Contender, proposed: Contender
  ) {
    let change = attempt.change
    plan.proposals.append(
      Proposal(
        caseID: change.caseID, row: change.row, column: column?.number,
        base: column.map { change.base(ofColumn: $0.number) } ?? change.oldestBase,
        seq: nextSeq - 1, policy: column?.policy, rule: rule,
        epoch: view.cases[change.caseID]?.epoch ?? 0, kept: kept, proposed: proposed))
  }

  /// A whole change waits for a person: its deletion, if it is one, and each value it carries.
  mutating func propose(_ attempt: Attempt, existing: StoredRow, rule: Rule) -> Answer {
    let change = attempt.change
    // What stands in another case is not for this one's lead to see.
    let isHere = existing.caseID == change.caseID
    let last = isHere ? existing.versions.max { $0.seq < $1.seq } : nil
    func kept(_ value: Value) -> Contender {
      Contender(value: value, site: last?.site ?? .hub, editedAt: last?.editedAt ?? 0)
    }
    if change.kind == .delete {
      propose(
        attempt, column: nil, rule: rule, kept: kept(.null),
        proposed: contender(.null, of: change))
    }
    for (position, value) in attempt.positions {
      let current = isHere ? existing.values[position] : .null
      guard current != value else { continue }
      propose(
        attempt, column: attempt.table.columns[position], rule: rule, kept: kept(current),
        proposed: contender(value, of: change, column: attempt.table.columns[position].number))
    }
    return Answer(id: change.id, verdict: .proposal, rule: rule)
  }

  // MARK: Bookkeeping

  func contender(_ value: Value, of change: Change, column: Int? = nil) -> Contender {
    Contender(
      value: value, site: context.author.site,
      editedAt: corrected(column.map(change.editedAt(ofColumn:)) ?? change.editedAt))
  }

  private func version(of change: Change, column: Int, seq: Int64, isDirect: Bool) -> ColumnVersion
  {
    ColumnVersion(
      seq: seq, site: context.author.site, incarnation: context.author.incarnation,
      isDirect: isDirect && context.settlement == nil,
      editedAt: corrected(change.editedAt(ofColumn: column)),
      formerSeq: context.returned?.formerSeq)
  }

  /// Nothing was edited after it arrived: a clock that runs ahead must not win for years.
  func corrected(_ editedAt: Milliseconds) -> Milliseconds {
    min(editedAt &- context.author.clockSkew, context.now)
  }

  private mutating func takeSeq() -> Int64 {
    defer { nextSeq += 1 }
    return nextSeq
  }

  private mutating func replace(_ old: StoredRow?, with new: StoredRow, in table: Table) {
    var digests = view.cases[new.caseID]!.digests
    if let old, old.isAlive {
      digests -= digester.digests(of: old.key, caseID: old.caseID, row: old.values, in: table)
    }
    if new.isAlive {
      digests += digester.digests(of: new.key, caseID: new.caseID, row: new.values, in: table)
    }
    view.cases[new.caseID]!.digests = digests
    view.put(new)
    cases.put(view.cases[new.caseID]!, at: new.caseID)
    rows.put(new, at: RowPlace(key: new.key, caseID: new.caseID))
  }

  private mutating func log(_ attempt: Attempt, seq: Int64, kind: ChangeKind, cells: Cells) {
    let change = attempt.change
    plan.log.append(
      LogEntry(
        seq: seq,
        content: .row(
          kind, RowImage(key: change.row, caseID: change.caseID, cells: cells)),
        site: context.author.site, incarnation: context.author.incarnation, origin: change.id,
        base: change.base, editedAt: corrected(change.editedAt), recordedAt: context.now))
  }
}

/// What a decision writes into one column.
struct ColumnEffect {
  /// In the table's columns.
  let position: Int
  let value: Value
  /// It is exactly what the author sent.
  let isDirect: Bool
}

/// A row in one case: a row that moved leaves a deleted one behind in the case it left.
private struct RowPlace: Hashable {
  let key: RowKey
  let caseID: CaseID
}

/// Things that are written several times, each once, in the order of their first write.
private struct FirstWriteOrder<Key: Hashable, Element> {
  private var positions: [Key: Int] = [:]
  private(set) var elements: [Element] = []

  mutating func put(_ element: Element, at key: Key) {
    if let position = positions[key] {
      elements[position] = element
    } else {
      positions[key] = elements.count
      elements.append(element)
    }
  }
}
