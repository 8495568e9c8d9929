/// Step 8 of a decision: what the domain says to a row before it is written.
extension Decision {
  /// The hard rule that a new row breaks.
  func objection(toNew attempt: Attempt) -> Rule? {
    objection(attempt, existing: nil, after: draft.values(ofNew: attempt))
  }

  /// The hard rule that a row breaks once these values stand in it.
  func objection(_ attempt: Attempt, existing: StoredRow, effects: [ColumnEffect]) -> Rule? {
    guard !effects.isEmpty else { return nil }
    var values = existing.values
    for effect in effects { values[effect.position] = effect.value }
    return objection(attempt, existing: existing, after: values)
  }

  /// The hard rule that the deletion of a row breaks.
  func objection(toDeletionOf existing: StoredRow, _ attempt: Attempt) -> Rule? {
    objection(attempt, existing: existing, after: nil)
  }

  private func objection(_ attempt: Attempt, existing: StoredRow?, after: [Value]?) -> Rule? {
    guard let rules = context.rules else { return nil }
    let author = context.author.site
    func state(_ values: [Value]) -> RowState {
      RowState(
        table: attempt.table, id: attempt.change.row.id, caseID: attempt.change.caseID,
        writer: existing?.writer ?? author, values: values)
    }
    return rules.objection(
      to: RowEdit(
        before: existing.map { state($0.values) }, after: after.map(state),
        isByHub: context.settlement?.isByCounty ?? (author == .hub)),
      in: DomainView(schema: context.schema, view: draft.view))
  }
}
