/// What a decision writes: the same plan for every storage engine.
package struct Plan: Sendable {
  /// One for each change of the batch, in its order.
  package var answers: [Answer] = []
  /// New entries of the log, dense from the head.
  package var log: [LogEntry] = []
  /// Rows as they stand afterwards, at most one for each key and case.
  package var rows: [StoredRow] = []
  package var ledger: [LedgerEntry] = []
  package var proposals: [Proposal] = []
  /// Proposals that a person has decided.
  package var decidedProposals: [DecidedProposal] = []
  package var grants: [Grant] = []
  package var ends: [GrantEnd] = []
  /// New and changed cases, digests included.
  package var cases: [StoredCase] = []

  package init() {}
}

/// One entry of the hub's log: something that happened, with its place in the county's one order.
package struct LogEntry: Hashable, Sendable {
  /// What happened.
  package enum Content: Hashable, Sendable {
    /// What a change did to a row: the columns that really changed, with their new values.
    case row(ChangeKind, RowImage)
    /// A site may hold a case from this entry on, in place of what it was granted of it before.
    case grant(CaseID, SiteID, GrantTerms)
    /// A site may hold nothing of a case from this entry on.
    case end(CaseID, SiteID)
    /// A site is responsible for a case from this entry on; the number of its responsibility.
    case lead(CaseID, SiteID, epoch: Int64)
    /// The hub was restored: this history goes on from an earlier one behind its entry `through`.
    case history(HistoryID, through: Int64)
    /// A person has decided a proposal, by the id under which it is kept.
    case decision(CaseID, proposal: String, ProposalState)
  }

  package let seq: Int64
  package let content: Content
  package let site: SiteID
  package let incarnation: IncarnationID
  /// The change it came from; n 0 and tag 0 for what the hub itself did.
  package let origin: EntryID
  package let base: Int64
  package let editedAt: Milliseconds
  package let recordedAt: Milliseconds

  package init(
    seq: Int64, content: Content, site: SiteID, incarnation: IncarnationID, origin: EntryID,
    base: Int64, editedAt: Milliseconds, recordedAt: Milliseconds
  ) {
    self.seq = seq
    self.content = content
    self.site = site
    self.incarnation = incarnation
    self.origin = origin
    self.base = base
    self.editedAt = editedAt
    self.recordedAt = recordedAt
  }

  package var caseID: CaseID {
    switch content {
    case .row(_, let image): image.caseID
    case .grant(let caseID, _, _), .end(let caseID, _), .lead(let caseID, _, _): caseID
    case .decision(let caseID, _, _): caseID
    case .history: .none
    }
  }
}

extension LogEntry {
  /// The bytes that the log's tree commits to: everything the entry says, in the canonical
  /// encoding.
  package func encodedPayload() -> [UInt8] {
    var writer = ByteWriter(capacity: 256)
    writer.varint(UInt64(seq))
    writer.text(site.text)
    writer.text(incarnation.text)
    writer.varint(UInt64(origin.n))
    writer.fixed64(UInt64(bitPattern: origin.tag))
    writer.varint(UInt64(base))
    writer.signed(editedAt)
    writer.signed(recordedAt)
    switch content {
    case .row(let kind, let image):
      writer.byte(kind.rawValue)
      image.encode(into: &writer)
    case .grant(let caseID, let site, let terms):
      writer.byte(16)
      writer.text(caseID.text)
      writer.text(site.text)
      writer.text(ByteText(terms.role.rawValue))
      writer.byte(terms.tiers.rawValue)
    case .end(let caseID, let site):
      writer.byte(18)
      writer.text(caseID.text)
      writer.text(site.text)
    case .lead(let caseID, let site, let epoch):
      writer.byte(19)
      writer.text(caseID.text)
      writer.text(site.text)
      writer.varint(UInt64(epoch))
    case .history(let history, let through):
      writer.byte(17)
      writer.text(history.text)
      writer.varint(UInt64(through))
    case .decision(let caseID, let proposal, let state):
      writer.byte(32)
      writer.text(caseID.text)
      writer.text(ByteText(proposal))
      writer.text(ByteText(state.rawValue))
    }
    return writer.bytes
  }
}

/// One side of a conflict.
package struct Contender: Hashable, Sendable {
  package let value: Value
  package let site: SiteID
  package let editedAt: Milliseconds

  package init(value: Value, site: SiteID, editedAt: Milliseconds) {
    self.value = value
    self.site = site
    self.editedAt = editedAt
  }
}

/// A value that lost, with everything needed to understand why and to bring it back.
package struct LedgerEntry: Hashable, Sendable {
  package let caseID: CaseID
  package let row: RowKey
  package let column: Int
  /// What the incoming change's author had seen.
  package let base: Int64
  /// The sequence number at which the kept value stands.
  package let seq: Int64
  /// nil where a rule of rows decided.
  package let policy: Policy?
  package let rule: Rule
  package let epoch: Int64
  /// The role of the incoming change's author.
  package let role: Role
  package let kept: Contender
  package let lost: Contender

  package init(
    caseID: CaseID, row: RowKey, column: Int, base: Int64, seq: Int64, policy: Policy?,
    rule: Rule, epoch: Int64, role: Role, kept: Contender, lost: Contender
  ) {
    self.caseID = caseID
    self.row = row
    self.column = column
    self.base = base
    self.seq = seq
    self.policy = policy
    self.rule = rule
    self.epoch = epoch
    self.role = role
    self.kept = kept
    self.lost = lost
  }
}

/// An edit that waits for the lead's decision.
package struct Proposal: Hashable, Sendable {
  package let caseID: CaseID
  package let row: RowKey
  /// nil proposes to delete the row.
  package let column: Int?
  package let base: Int64
  /// The head of the log when it was proposed.
  package let seq: Int64
  package let policy: Policy?
  package let rule: Rule
  package let epoch: Int64
  package let kept: Contender
  package let proposed: Contender

  package init(
    caseID: CaseID, row: RowKey, column: Int?, base: Int64, seq: Int64, policy: Policy?,
    rule: Rule, epoch: Int64, kept: Contender, proposed: Contender
  ) {
    self.caseID = caseID
    self.row = row
    self.column = column
    self.base = base
    self.seq = seq
    self.policy = policy
    self.rule = rule
    self.epoch = epoch
    self.kept = kept
    self.proposed = proposed
  }
}
