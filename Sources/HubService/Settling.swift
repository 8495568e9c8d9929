package import HubStorage
package import SyncCore

/// What people decide of values that did not win: proposals and the ledger. Each decision is one
/// durable transaction, with the hub's edit that it makes; where it cannot be made, nothing of it
/// is written.
extension CountyAdministration {
  /// Accepts or rejects a proposal, with what belongs to it (``ProposalDecision``).
  ///
  /// - Parameter state: how it is decided; not `open`.
  /// - Returns: the proposals that are decided by it, the named one first.
  /// - Throws: ``AdministrationError``: unknown, decided before, not to be carried out, or refused
  ///   by a hard rule.
  package func decide(_ id: String, _ state: ProposalState) throws -> [StoredProposal] {
    var past = DeletedRow()
    if let proposal = try store.read({ try $0.proposals(ProposalFilter(id: id)) }).first?.proposal {
      try past.look(at: proposal.row, in: proposal.caseID, of: store)
    }
    return try store.write { try decide(id, state, by: .hub, past: &past, in: $0) }
  }

  /// As ``decide(_:_:)`` inside a transaction.
  ///
  /// - Parameters:
  ///   - decider: the hub, or a site: it decides in the cases that it leads, and the proposals of
  ///     others do not exist for it.
  ///   - past: what was read of the row's past before the transaction.
  func decide(
    _ id: String, _ state: ProposalState, by decider: SiteID, past: inout DeletedRow,
    in writer: some HubWriter
  ) throws -> [StoredProposal] {
    precondition(state != .open)
    guard let stored = try writer.proposals(ProposalFilter(id: id)).first,
      let held = try writer.cases([stored.proposal.caseID])[stored.proposal.caseID],
      try decider == .hub
        || held.lead == decider && writer.isShown(stored.proposal, to: decider)
    else { throw AdministrationError.unknownProposal(id) }
    guard stored.decision == nil else { throw AdministrationError.proposalDecided(stored) }
    let proposal = stored.proposal
    let row = try settledRow(proposal.row, in: proposal.caseID, past: &past, writer)
    let open = try writer.proposals(
      ProposalFilter(caseID: proposal.caseID, row: proposal.row, state: .open)
    ).map(\.filed)
    let moment = SettlementMoment(
      decider: decider, headSeq: try writer.counter.seq, now: environment.now(),
      epoch: held.epoch)
    let decision: ProposalDecision
    do throws(SettlementObstacle) {
      decision =
        state == .accepted
        ? try .accepting(stored.filed, among: open, about: row, at: moment)
        : .rejecting(stored.filed, among: open, about: row, at: moment)
    } catch {
      throw AdministrationError.undecidable(error, table: row.table.name, row.key.id)
    }
    try write(
      [decision.change].compactMap(\.self),
      as: Settlement(writer: decision.writer, isByCounty: decider == .hub), at: moment.now,
      in: writer
    ) { plan, _ in decision.complete(&plan) }
    return try decision.decided.map(\.filed.id).flatMap {
      try writer.proposals(ProposalFilter(id: $0))
    }
  }

  /// A value of the ledger as it was put back.
  package struct RestoredValue: Sendable {
    /// The entries whose values stand again: the named one, and those of its column's group that
    /// lost with it.
    package let entries: [StoredLedgerEntry]
    /// The head of the county's log afterwards.
    package let seq: Int64
  }

  /// Puts a value that lost back, as a new edit of the hub (``Restoration``).
  ///
  /// - Parameter revives: whether a row that was deleted comes back with it.
  /// - Throws: ``AdministrationError``: unknown, not to be carried out, or refused by a hard rule.
  package func restore(_ id: String, revives: Bool) throws -> RestoredValue {
    var past = DeletedRow()
    if let lost = try store.read({ try $0.ledger(LedgerFilter(id: id)) }).first?.entry {
      try past.look(at: lost.row, in: lost.caseID, of: store)
    }
    return try store.write { writer in
      guard let chosen = try writer.ledger(LedgerFilter(id: id)).first,
        let held = try writer.cases([chosen.entry.caseID])[chosen.entry.caseID]
      else { throw AdministrationError.unknownConflict(id) }
      let row = try settledRow(chosen.entry.row, in: chosen.entry.caseID, past: &past, writer)
      let recorded = try writer.ledger(LedgerFilter(caseID: chosen.entry.caseID)).filter {
        $0.recordedAt == chosen.recordedAt
      }
      let moment = SettlementMoment(
        decider: .hub, headSeq: try writer.counter.seq, now: environment.now(),
        epoch: held.epoch)
      let restoration: Restoration
      do throws(SettlementObstacle) {
        restoration = try .of(
          chosen.entry, recordedWith: recorded.map(\.entry), about: row, revives: revives,
          at: moment)
      } catch {
        throw AdministrationError.undecidable(error, table: row.table.name, row.key.id)
      }
      try write(
        [restoration.change], as: Settlement(writer: restoration.writer, isByCounty: true),
        at: moment.now, in: writer
      ) { plan, _ in restoration.complete(&plan) }
      return RestoredValue(
        entries: recorded.filter { restoration.entries.contains($0.entry) },
        seq: try writer.counter.seq)
    }
  }

  private func settledRow(
    _ key: RowKey, in caseID: CaseID, past: inout DeletedRow, _ reader: some HubReader
  ) throws -> SettledRow {
    guard let table = reader.schema.table(number: key.table) else {
      throw AdministrationError.unknownRow(String(key.table), key.id)
    }
    return SettledRow(
      table: table, key: key, caseID: caseID, stored: try reader.rows([key])[key],
      former: try past.values(of: key, in: caseID, reader))
  }
}

/// Reads from the log what a row held that is deleted now.
///
/// The log has no index by rows, and need not: it is read once for a decision on a deleted row, and
/// before the county's lock is taken but for what comes meanwhile.
struct DeletedRow {
  private var history: RowHistory?
  private var nextSeq: Int64 = 1

  /// Entries read at a time: their payloads are in memory at once.
  private static let readCount = 1_000

  /// Reads what there is so far, if the row is deleted.
  mutating func look(at key: RowKey, in caseID: CaseID, of store: some HubStore) throws {
    let before = self
    self = try store.read { reader in
      var past = before
      _ = try past.values(of: key, in: caseID, reader)
      return past
    }
  }

  /// What the row held before it was deleted; nil where it was not, or the log does not tell.
  mutating func values(
    of key: RowKey, in caseID: CaseID, _ reader: some HubReader
  ) throws -> [Value]? {
    guard let stored = try reader.rows([key])[key], !stored.isAlive,
      let table = reader.schema.table(number: key.table)
    else { return nil }
    var history = history ?? RowHistory(of: key, in: caseID, table: table)
    while true {
      let entries = try reader.log(from: nextSeq, limit: Self.readCount)
      for entry in entries where entry.caseID == caseID {
        // An erased payload is told by the row's place alone.
        guard let payload = entry.payload, let logged = try LoggedRow(decoding: payload) else {
          continue
        }
        history.append(logged)
      }
      guard let last = entries.last else { break }
      nextSeq = last.seq + 1
    }
    self.history = history
    return history.lastValues
  }
}
