import SyncCore

/// Whether a recipient may know the person of a case: the gate of purpose `casework`.
///
/// | basis                             | the gate is open while …                                  |
/// |-----------------------------------|-----------------------------------------------------------|
/// | `consent`, or none                | one was given, and no refusal, revocation or expiry of a consent stands with a date that is not before it |
/// | `handover`                        | the same: a revocation wins over what was agreed          |
/// | `statute`, `processing_on_behalf` | the row stands as given: nobody's consent is asked        |
///
/// On one day, and where a date is missing, the more restrictive stands. Sites of kind county are
/// one recipient, which an empty `recipient_site` means.
struct CaseworkGate {
  static let table = "consent"

  private let rows: [RowState]

  /// - Parameter consents: the living rows of the case.
  init(recipient: GateRecipient, consents: [RowState]) {
    rows = consents.filter { row in
      guard row["purpose"] == .text("casework") else { return false }
      let named = row["recipient_site"].text ?? ""
      return named == recipient.site.string || named.isEmpty && recipient.isCounty
    }
  }

  var isOpen: Bool {
    rows.contains { row in
      guard row["event"] == .given else { return false }
      if [.text("statute"), .text("processing_on_behalf")].contains(row["basis"]) { return true }
      return !restrictions.contains { !isEarlier($0, than: row) }
    }
  }

  private var restrictions: [RowState] {
    rows.filter { $0["event"] != .given }
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
