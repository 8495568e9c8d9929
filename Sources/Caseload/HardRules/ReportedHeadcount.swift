import SyncCore

/// The head count of a grant that was reported stands: it may not change, go with its row, or be
/// freed by a site that takes the report back. Only the county itself re-opens a report.
struct ReportedHeadcount: HardRule {
  private static let reported: [Value] = [.text("reported"), .text("closed")]

  func links(of row: RowState, in schema: Schema) -> [RowLink] { [] }

  func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    guard edit.table.name == "grant_allocation", let before = edit.before,
      Self.reported.contains(before["status"])
    else { return nil }
    guard let after = edit.after else { return .headcountReported }
    let isReopened = !Self.reported.contains(after["status"]) && !edit.isByHub
    return edit.alters("headcount") || isReopened ? .headcountReported : nil
  }
}
