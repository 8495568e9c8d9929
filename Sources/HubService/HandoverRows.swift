import HubStorage
import SyncCore

/// What sites see of hand-overs: rows of the domain's table `responsibility`, one for each case and
/// epoch, and the gate that a legal ground opens, a row of `consent`.
///
/// A row comes with the acceptance: who holds the case knows then from when another leads it. What
/// is only proposed is no fact yet, and nobody's but its parties'. Later its state follows the
/// hand-over's. A county whose schema lacks the tables does without.
struct HandoverRows {
  private let table: Table?
  private let consents: Table?
  private let now: Milliseconds
  private let seq: Int64
  private(set) var changes: [Change] = []

  /// - Parameter seq: the head of the log.
  init(schema: Schema, seq: Int64, now: Milliseconds) {
    table = schema.table(named: "responsibility")
    consents = schema.table(named: "consent")
    self.now = now
    self.seq = seq
  }

  /// The row of a case whose hand-over was accepted; nil without a table for it.
  mutating func announce(
    _ entry: HandoverCase, of handover: Handover, as id: RowID
  ) -> RowID? {
    guard let table else { return nil }
    let terms = handover.terms
    insert(
      id, into: table, of: entry.caseID,
      [
        "epoch": .integer(entry.epoch + 1), "from_site": .text(entry.from.text),
        "to_site": .text(terms.to.text), "kind": .text(terms.kind.rawValue),
        "effective_on": .text(terms.effectiveOn),
        "legal_ground": terms.legalGround.map { .text($0) } ?? .null,
        "decision_ref": (terms.decision ?? handover.progress.answer).map { .text($0) } ?? .null,
        "state": .text(Handover.State.accepted.rawValue),
      ])
    return id
  }

  /// Lets a case's row follow its hand-over. One that somebody changed or deleted stays as it is.
  ///
  /// - Parameter rows: the living rows of the case, or at least this one.
  mutating func turn(
    _ entry: HandoverCase, from former: Handover.State, to state: Handover.State,
    among rows: some Sequence<StoredRow>
  ) {
    guard let table, let id = entry.row,
      rows.contains(where: {
        $0.key.id == id && $0.isAlive
          && $0.value("state", in: table) == .text(former.rawValue)
      })
    else { return }
    turn(id, of: entry.caseID, to: state)
  }

  /// The same of several cases, whose rows are at hand by their keys.
  mutating func turn(
    _ cases: [HandoverCase], from former: Handover.State, to state: Handover.State,
    among rows: [RowKey: StoredRow]
  ) {
    for entry in cases {
      let own = keys(of: [entry]).first.flatMap { rows[$0] }
      turn(entry, from: former, to: state, among: own.map { [$0] } ?? [])
    }
  }

  /// The keys of the rows of these cases.
  func keys(of cases: [HandoverCase]) -> [RowKey] {
    guard let table else { return [] }
    return cases.compactMap(\.row).map { RowKey(table: table.number, id: $0) }
  }

  /// Ends whatever is in force in a case but its hand-over's own row.
  mutating func closeOthers(_ rows: [StoredRow], than entry: HandoverCase) {
    for row in inForce(rows) where row.key.id != entry.row {
      turn(row.key.id, of: entry.caseID, to: .closed)
    }
  }

  /// The highest epoch that rows of the case have put into force; 0 without one.
  func epoch(in rows: [StoredRow], but own: RowID?) -> Int64 {
    guard let table else { return 0 }
    return rows.filter { row in
      let state = row.value("state", in: table).text
      return row.key.id != own
        && [Handover.State.effective, .closed].contains {
          $0.rawValue == state
        }
    }.compactMap { $0.value("epoch", in: table).integer }.max() ?? 0
  }

  /// The gate that a legal ground opens: for the receiving site, or for the hub that passes on.
  mutating func openGate(
    of entry: HandoverCase, for recipient: GateRecipient, by handover: Handover, as id: RowID
  ) {
    guard let consents, let ground = handover.terms.legalGround else { return }
    insert(
      id, into: consents, of: entry.caseID,
      [
        "purpose": .text("casework"), "basis": .text("handover"), "event": .text("given"),
        "recipient_site": recipient.isCounty ? .null : .text(recipient.site.text),
        "on_date": .text(handover.terms.effectiveOn), "decision_ref": .text(ground),
      ])
  }

  private func inForce(_ rows: [StoredRow]) -> [StoredRow] {
    guard let table else { return [] }
    return rows.filter {
      $0.value("state", in: table) == .text(Handover.State.effective.rawValue)
    }
  }

  private mutating func turn(_ id: RowID, of caseID: CaseID, to state: Handover.State) {
    guard let table, let column = table.columns.first(where: { $0.name == "state" }) else { return }
    changes.append(
      Change(
        id: EntryID(n: 0, tag: 0), kind: .update, row: RowKey(table: table.number, id: id),
        caseID: caseID,
        cells: Cells(mask: ColumnMask([column.number]), values: [.text(state.rawValue)]),
        base: seq, editedAt: now))
  }

  private mutating func insert(
    _ id: RowID, into table: Table, of caseID: CaseID, _ values: [String: Value]
  ) {
    let row = table.columns.map { values[$0.name] ?? $0.defaultValue }
    changes.append(
      Change(
        id: EntryID(n: 0, tag: 0), kind: .insert, row: RowKey(table: table.number, id: id),
        caseID: caseID, cells: Cells(of: row, in: table, mask: table.travellingColumns),
        base: seq, editedAt: now))
  }
}

extension StoredRow {
  func value(_ column: String, in table: Table) -> Value {
    table.columns.firstIndex { $0.name == column }.map { values[$0] } ?? .null
  }
}

extension HubReader {
  /// The living rows of a table in a case.
  func livingRows(of table: Table, in caseID: CaseID) throws -> [StoredRow] {
    try livingRows(of: table, in: [caseID])[caseID] ?? []
  }

  /// Whether a recipient may know the person of a case.
  func isGateOpen(
    of caseID: CaseID, for recipient: GateRecipient, by rules: (any DomainRules)?
  ) throws -> Bool {
    guard let rules, let table = rules.gateTable(in: schema) else { return true }
    let states = try livingRows(of: table, in: caseID).map {
      RowState(
        table: table, id: $0.key.id, caseID: $0.caseID, writer: $0.writer, values: $0.values)
    }
    return rules.openTiers(for: recipient, rows: states).contains(.personal)
  }
}
