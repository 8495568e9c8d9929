import HubStorage
import SyncCore
import SyncProtocol

/// The hub's verdicts beside the naive model's.
extension Witness {
  func compare(
    _ expected: [NaiveVerdict], with answer: PushResponse, of batch: Batch, from site: Int,
    _ tally: inout Tally
  ) -> Violation? {
    if let surprise = model.surprises.first { return Violation(breaking: .decision, surprise) }
    var exceptions: [Int64: WireAnswer] = [:]
    for verdict in answer.verdicts { exceptions[verdict.n] = verdict }
    for (change, verdict) in zip(batch.changes, expected) {
      tally.checked(.decision)
      let told = exceptions[change.id.n]
      let given = told?.verdict ?? .applied
      let columns = (told?.columns ?? []).map { outcome(of: $0, change.row.table) }
      guard given.rawValue == verdict.verdict, told?.rule?.rawValue == verdict.rule,
        columns == verdict.columns
      else {
        return Violation(
          breaking: .decision,
          "\(change.kind) of \(change.row) by \(name(site)) in batch \(batch.number): "
            + "the hub says \(given) \(told?.rule?.rawValue ?? ""), "
            + "the model \(verdict.verdict) \(verdict.rule ?? ""); "
            + "columns \(columns), the model \(verdict.columns); \(Self.words(for: change))")
      }
    }
    return nil
  }

  /// What a standing is decided by.
  private static func words(for change: Change) -> String {
    let bases = change.columnBases.map { "\($0.column): \($0.base)" }
    let times = change.columnTimes.map { "\($0.column): \($0.editedAt)" }
    return "of columns \(change.cells.mask.numbers), seen \(change.base) \(bases), "
      + "written at \(change.editedAt) \(times)"
  }

  private func outcome(of wire: WireOutcome, _ table: Int) -> NaiveVerdict.Column {
    NaiveVerdict.Column(
      name: schema.table(number: table)?.column(number: wire.column)?.name ?? "",
      verdict: wire.verdict.rawValue, rule: wire.rule.rawValue, kept: NaiveValue(wire.kept.value))
  }
}
