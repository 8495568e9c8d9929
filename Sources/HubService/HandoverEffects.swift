import HubStorage
package import SyncCore

/// Hand-overs whose date has come, and their end. Whoever calls first lets them happen: a site's
/// hello, the ticker of `hub serve`, an administrator's command. Once is all: the state says so.
extension CountyAdministration {
  /// What became of the hand-overs that were due.
  package struct DueHandovers: Sendable {
    package fileprivate(set) var effective: [Handover] = []
    /// Those that could not be written, each as before, with the reason; tried again next time.
    package fileprivate(set) var failed: [(handover: HandoverID, error: any Error)] = []
  }

  /// Lets every hand-over take effect that is due, in the order of their dates, each in a
  /// transaction of its own: one that fails stops nothing else. A hub that was restored waits until
  /// the sites have told it what it forgot: a decision that was made since may be among that.
  package func takeDueEffects() throws -> DueHandovers {
    var outcome = DueHandovers()
    let now = environment.now()
    let due = try store.read { reader in
      let due = try reader.handovers(in: [.accepted]).filter { $0.isDue(at: now) }
      return try due.isEmpty || reader.isRecovering ? [] : due
    }
    for handover in due.sorted(by: Handover.takesEffectBefore) {
      do {
        let effective = try store.write { writer -> Handover? in
          guard let present = try writer.handover(handover.id), present.isDue(at: now) else {
            return nil
          }
          return try takeEffect(present, at: now, in: writer)
        }
        if let effective { outcome.effective.append(effective) }
      } catch {
        outcome.failed.append((handover.id, error))
      }
    }
    return outcome
  }

  /// The effect: cases, grants, rows and the hand-over itself, in the writer's transaction.
  func takeEffect(
    _ handover: Handover, at now: Milliseconds, in writer: some HubWriter
  ) throws -> Handover {
    let named = try writer.cases(of: handover.id)
    let receiver = try writer.site(handover.to)
    let schema = writer.schema
    let table = schema.table(named: "responsibility")
    let seq = try writer.counter.seq
    var rows = HandoverRows(schema: schema, seq: seq, now: now)
    var standing: [CaseID: [StoredRow]] = [:]
    let ownRows = Dictionary(uniqueKeysWithValues: named.map { ($0.caseID, $0.row) })
    let recipient = receiver?.recipient ?? GateRecipient(site: handover.to, isCounty: false)
    let stored = try writer.livingCases(named.map(\.caseID))
    // Who may not know of a case yet: what goes to the receiver passes through the hub.
    var gated: [CaseID: [GateRecipient]] = [:]
    let effect = try HandoverEffect(
      on: named, stored: stored, isReceiverThere: receiver.map { $0.state != .revoked } ?? false
    ) { caseID in
      standing[caseID] = try table.map { try writer.livingRows(of: $0, in: caseID) } ?? []
      let isOpen = try writer.isGateOpen(of: caseID, for: recipient, by: rules)
      for one in recipient.isCounty ? [recipient] : [recipient, .county] {
        if try !writer.isGateOpen(of: caseID, for: one, by: rules) {
          gated[caseID, default: []].append(one)
        }
      }
      return HandoverEffect.Circumstances(
        mayBeKnown: isOpen || handover.terms.legalGround != nil,
        rowEpoch: rows.epoch(in: standing[caseID]!, but: ownRows[caseID] ?? nil))
    }
    for entry in effect.cases where entry.isMoved {
      rows.closeOthers(standing[entry.caseID]!, than: entry)
      rows.turn(entry, from: .accepted, to: .effective, among: standing[entry.caseID]!)
      for one in gated[entry.caseID] ?? [] {
        rows.openGate(of: entry, for: one, by: handover, as: RowID(environment.uuid()))
      }
    }
    let leftOut = effect.cases.filter { !$0.isMoved && stored[$0.caseID] != nil }
    rows.turn(
      leftOut, from: .accepted, to: .withdrawn, among: try writer.rows(rows.keys(of: leftOut)))
    let units = try writer.units(
      mentionedIn: effect.moving.map(\.id), unknownTo: handover.to)
    try write(rows.changes, at: now, in: writer) { plan, head in
      plan.carryOut(effect, of: handover, headSeq: head, now: now)
      plan.grant(units, to: handover.to, as: .mention, headSeq: head, now: now)
    }
    var effective = handover
    effective.takeEffect(effect.cases, seq: try writer.counter.seq, at: now)
    try writer.put(effective)
    try writer.put(effect.cases, of: handover.id)
    return effective
  }
}

extension Handover {
  /// The order in which hand-overs that are due at once take effect.
  fileprivate static func takesEffectBefore(_ left: Handover, _ right: Handover) -> Bool {
    (left.terms.effectiveAt, left.progress.answeredAt ?? 0, left.id)
      < (right.terms.effectiveAt, right.progress.answeredAt ?? 0, right.id)
  }
}

extension Plan {
  /// Moves the cases, on top of what the plan does to their rows.
  fileprivate mutating func carryOut(
    _ effect: HandoverEffect, of handover: Handover, headSeq: Int64, now: Milliseconds
  ) {
    let changed = Dictionary(uniqueKeysWithValues: cases.map { ($0.id, $0) })
    let moving = effect.moving.map { changed[$0.id] ?? $0 }
    let ids = Set(moving.map(\.id))
    cases.removeAll { ids.contains($0.id) }
    for (part, tiers) in [
      (moving.filter { !effect.pseudonymous.contains($0.id) }, TierSet.all),
      (moving.filter { effect.pseudonymous.contains($0.id) }, .header),
    ] where !part.isEmpty {
      handOver(
        part, to: handover.to, tiers: tiers, effectiveAt: handover.terms.effectiveAt,
        handover: handover.id.string, headSeq: headSeq, now: now)
    }
  }
}
