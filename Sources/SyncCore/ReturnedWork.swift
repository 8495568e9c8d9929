/// Changes that came back to a restored hub, parted by whether what they rest on is there.
///
/// A site returns its own work, and that may rest on a row or a case that another has still to
/// return, or to write anew. Once every site has ended a session in the new history nobody has:
///
/// | rests on                              | somebody may bring it | nobody does any more        |
/// |---------------------------------------|-----------------------|-----------------------------|
/// | an erased case                        | refused               | refused                     |
/// | nothing that is missing               | decided               | decided                     |
/// | a missing row of a known case: update | waits                 | proposal `row_deleted`      |
/// | a missing case: insert, update        | waits                 | its values to the ledger, `row_deleted`: nobody leads what is not there |
/// | either: delete                        | waits                 | nothing to do               |
/// | a gate that is closed for the county  | waits                 | forgotten: a revocation wins |
///
/// What lies behind a missing row in its own batch waits only if it rests on that row, too.
package struct ReturnedWork: Sendable {
  /// In their order.
  package private(set) var ready: [Change] = []
  /// Those whose case or row is not there.
  package private(set) var early: [Change] = []
  /// All that waits, in order: the early ones, and what is behind closed gates.
  package private(set) var waiting: [Change] = []

  /// - Parameters:
  ///   - view: every row and case that `changes` name, as far as there are any.
  ///   - gates: which tiers the hub may hold.
  package init(_ changes: [Change], view: HubView, schema: Schema, gates: ReturnedGates) {
    var gates = gates
    var cases = Set(view.cases.keys)
    var rows = Set(view.rows.keys)
    for sent in changes {
      let table = schema.table(number: sent.row.table)
      let part = table.map { gates.part(sent, in: $0) } ?? (passing: sent, closed: nil)
      guard let change = part.passing else {
        waiting.append(sent)
        continue
      }
      let opens =
        change.kind == .insert && (table?.scope == .caseRoot || table?.scope == .ofSite)
      let isReady =
        table == nil || view.erased.contains(change.caseID)
        || (opens || cases.contains(change.caseID))
          && (change.kind == .insert || rows.contains(change.row))
      guard isReady else {
        early.append(change)
        waiting.append(sent)
        continue
      }
      if let closed = part.closed { waiting.append(closed) }
      ready.append(change)
      cases.insert(change.caseID)
      rows.insert(change.row)
    }
  }
}

extension Decision {
  /// What becomes of changes that came back and rest on what nobody brings any more: the last
  /// column of the table of ``ReturnedWork``. No row moves.
  ///
  /// - Parameter context: of the site that returned them; its clock is not corrected.
  package static func giveUp(
    _ changes: [Change], view: HubView, context: DecisionContext, digestKey: SipHash128Key
  ) -> Plan {
    var draft = DecisionDraft(context: context, view: view, digestKey: digestKey)
    for change in changes where change.kind != .delete {
      guard let table = context.schema.table(number: change.row.table) else { continue }
      let attempt = Attempt(
        change: change, table: table, role: view.roles[change.caseID] ?? .contributor)
      if view.cases[change.caseID] == nil {
        draft.keepValues(of: attempt)
      } else {
        let gone = StoredRow.missing(change.row, of: change.caseID, in: table, by: .hub)
        _ = draft.propose(attempt, existing: view.rows[change.row] ?? gone, rule: .rowDeleted)
      }
    }
    return draft.finished()
  }
}

extension DecisionDraft {
  /// Every value that the change brings goes to the ledger: its row is gone.
  mutating func keepValues(of attempt: Attempt) {
    for (position, value) in attempt.positions where !value.isNull {
      let column = attempt.table.columns[position]
      record(
        attempt, column: column.number, seq: nextSeq - 1, policy: nil, rule: .rowDeleted,
        kept: Contender(value: .null, site: .hub, editedAt: 0),
        lost: contender(value, of: attempt.change, column: column.number))
    }
  }
}

extension StoredRow {
  /// What stands for a row that the hub has never had.
  static func missing(_ key: RowKey, of caseID: CaseID, in table: Table, by writer: SiteID)
    -> StoredRow
  {
    StoredRow(
      key: key, caseID: caseID, isAlive: false, writer: writer,
      values: table.columns.map { _ in .null },
      versions: table.columns.map { _ in .unwritten }, lastSeq: 0)
  }
}
