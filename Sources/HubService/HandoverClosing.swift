import HubStorage
import SyncCore

/// How a hand-over ends: the new lead proves that it holds the cases, the former leads are ordered
/// to keep the header only, and their receipts close it.
extension CountyAdministration {
  /// Looks at what a session that went through means for hand-overs.
  ///
  /// - Parameter equalAt: where the site's replica was proved equal to the hub; nil where it was
  ///   not.
  func noteSession(of site: SiteID, equalAt cursor: Int64?) throws {
    let open = try store.read { try $0.handovers(in: [.effective]) }
      .filter { $0.concerns(site) }
    for handover in open {
      if let cursor, handover.isConfirmed(by: site, cursor: cursor) {
        try orderPurges(handover.id, confirmedBy: site, cursor: cursor)
      }
      if handover.givers.contains(site), handover.progress.purgeSeq != nil {
        try noteReceipts(of: site, for: handover.id)
      }
    }
  }

  /// Narrows the former leads to the header. Whoever got another role since has nothing to purge.
  private func orderPurges(
    _ id: HandoverID, confirmedBy site: SiteID, cursor: Int64
  ) throws {
    let now = environment.now()
    try store.write { writer in
      guard var handover = try writer.handover(id),
        handover.isConfirmed(by: site, cursor: cursor)
      else { return }
      var cases = try writer.cases(of: id)
      var plan = Plan()
      let head = try writer.counter.seq
      for giver in handover.givers {
        let given = cases.filter { $0.isMoved && $0.from == giver }.map(\.caseID)
        let terms = try writer.terms(of: giver, in: given)
        let narrowed = given.filter { terms[$0]?.role == .formerLead }
        plan.grant(
          narrowed, to: giver, as: .formerLead, tiers: .header, handover: id.string,
          headSeq: head, now: now)
        let owing = Set(narrowed)
        for place in cases.indices where cases[place].isMoved && cases[place].from == giver {
          if !owing.contains(cases[place].caseID) { cases[place].purgedAt = now }
        }
      }
      try writer.write(plan, at: now, random: environment.random)
      handover.confirm(orderedBy: try writer.counter.seq, at: now)
      try close(handover, cases, at: now, in: writer)
    }
  }

  /// Notes which cases a former lead has purged.
  private func noteReceipts(of giver: SiteID, for id: HandoverID) throws {
    let now = environment.now()
    try store.write { writer in
      guard let handover = try writer.handover(id), handover.state == .effective else { return }
      var cases = try writer.cases(of: id)
      let unpurged = Set(try writer.unpurged(at: giver))
      for place in cases.indices
      where cases[place].isMoved && cases[place].from == giver && cases[place].purgedAt == nil {
        if !unpurged.contains(cases[place].caseID) { cases[place].purgedAt = now }
      }
      try close(handover, cases, at: now, in: writer)
    }
  }

  /// Keeps both, and closes the hand-over with the rows of its cases if no receipt is missing.
  private func close(
    _ handover: Handover, _ cases: [HandoverCase], at now: Milliseconds, in writer: some HubWriter
  ) throws {
    var handover = handover
    handover.closeIfPurged(cases, at: now)
    try writer.put(handover)
    try writer.put(cases, of: handover.id)
    guard handover.state == .closed else { return }
    var rows = HandoverRows(schema: writer.schema, seq: try writer.counter.seq, now: now)
    let moved = cases.filter(\.isMoved)
    rows.turn(
      moved, from: .effective, to: .closed, among: try writer.rows(rows.keys(of: moved)))
    try write(rows.changes, at: now, in: writer)
  }
}
