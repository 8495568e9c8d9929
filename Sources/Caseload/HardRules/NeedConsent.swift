import SyncCore

/// A special need (Art. 9 GDPR) is recorded on a consent of its own: one of the same case, given
/// for `special_needs`, that its `consent_id` names and that is in force.
///
/// In force means: no refusal, revocation or expiry for the same purpose and recipient stands with
/// a date that is not before the consent's. On one day, and where a date is missing, the more
/// restrictive stands. Whether whoever gave it anew had seen the revocation is not asked.
///
/// Emptying and deleting are always free: what may not be there may go.
struct NeedConsent: HardRule {
  private static let table = "person_need"

  func links(of row: RowState, in schema: Schema) -> [RowLink] {
    row.table.name == Self.table ? schema.link(toAll: "consent", in: row.caseID) : []
  }

  func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
    guard edit.table.name == Self.table, let after = edit.after, addsContent(edit, after) else {
      return nil
    }
    let consents = view.rows("consent", in: after.caseID).filter {
      $0["purpose"] == .text("special_needs")
    }
    guard let named = consents.first(where: { .text($0.id.text) == after["consent_id"] }),
      named["event"] == .given
    else { return .consentMissing }
    let isRestricted = consents.contains { other in
      other["event"] != .given && other["recipient_site"] == named["recipient_site"]
        && !isEarlier(other, than: named)
    }
    return isRestricted ? .consentMissing : nil
  }

  private func addsContent(_ edit: RowEdit, _ after: RowState) -> Bool {
    guard let before = edit.before else { return true }
    return after.values.indices.contains {
      !after.values[$0].isNull && after.values[$0] != before.values[$0]
    }
  }

  private func isEarlier(_ row: RowState, than other: RowState) -> Bool {
    guard case .text(let day) = row["on_date"], case .text(let otherDay) = other["on_date"] else {
      return false
    }
    return day < otherDay
  }
}

extension Value {
  fileprivate static let given = Value.text("given")
}
