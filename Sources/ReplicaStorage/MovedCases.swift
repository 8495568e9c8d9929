import SQLiteAccess
import SyncCore

/// Cases that changed hands over unsent work.
///
/// What an author knew of a hand-over is told by the base of its edit. Who goes on with an edit
/// goes on with what it began before: the unanswered columns keep their oldest base, also where the
/// pull brought nothing for them (DESIGN.md section 9, "pinned"). In a case that stays in its hands
/// a base decides conflicts alone, and there is none in a column that no pull brings.
extension Application {
  /// Whether there is unsent work in a case in which this site had another part, or the same one in
  /// an earlier epoch, when it wrote. Of a case that no pull has told of, it opened it and was its
  /// first lead. To be asked before the state is written.
  func hasMoved(_ state: PulledScope.CaseState) throws -> Bool {
    guard unsent.cases.contains(state.caseID) else { return false }
    let known = try Query(
      database, "SELECT role, epoch FROM kreissync_case_state WHERE case_id = ?"
    ).first(Parameter(state.caseID)) { ($0.text(0), $0.integer(1)) }
    let (role, epoch) = known ?? (Role.lead.rawValue, 1)
    return state.terms.role.rawValue != role || state.epoch != epoch
  }

  /// The rows are asked for again: so the pins go once nothing is unsent on them.
  func pinWorkInMovedCases() throws {
    guard !movedCases.isEmpty else { return }
    for key in unsent.rows.sorted() {
      let changes = unsent.changes(of: key)
      guard let last = changes.last, changes.contains(where: { movedCases.contains($0.caseID) }),
        let table = file.schema.table(number: key.table)
      else { continue }
      let isWhole = changes.contains { $0.kind != .update }
      let columns = changes.reduce(isWhole ? table.travellingColumns : .empty) {
        $0.union($1.cells.mask)
      }
      try file.putOnRefreshList(key, caseID: last.caseID, in: database)
      try pin(columns, of: key)
    }
  }
}
