import HubStorage
import SyncCore

/// A case that went to its lead pseudonymous opens to it when a consent of its own arrives.
extension CountyService {
  /// Adds to a plan what the consents that it writes open: whoever leads such a case and holds it
  /// by less than all tiers gets all of them, from this plan on.
  func widen(_ plan: inout Plan, at now: Milliseconds, in writer: some HubWriter) throws {
    guard let table = rules?.gateTable(in: writer.schema) else { return }
    let written = Dictionary(grouping: plan.rows.filter { $0.key.table == table.number }) {
      $0.caseID
    }
    guard !written.isEmpty else { return }
    let head = try writer.counter.seq
    let ids = written.keys.filter(\.isCase).sorted()
    for (caseID, known) in try writer.cases(ids).sorted(by: { $0.key < $1.key }) {
      let terms = try writer.terms(of: known.lead, in: [caseID])[caseID]
      guard let terms, terms.role == .lead, terms.tiers != .all,
        let lead = try writer.site(known.lead),
        try writer.isGateOpen(
          of: caseID, for: lead.recipient, by: rules, with: written[caseID]!)
      else { continue }
      plan.grant([caseID], to: known.lead, as: .lead, tiers: .all, headSeq: head, now: now)
    }
  }
}
