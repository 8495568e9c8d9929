package import SyncCore

/// The body of `POST /v1/proposals`: asks for what waits for a decision in the cases that the site
/// leads.
package struct ProposalsRequest: Codable, Sendable, Equatable {
  package var session: Int64
  /// The last proposal of the answer before this one; nil for the first.
  package var after: String?

  package init(session: Int64, after: String? = nil) {
    self.session = session
    self.after = after
  }

  /// An answer is closed above so many bytes of text: with every byte escaped, and one more
  /// proposal of three long cells, it keeps within ``ProtocolLimit/bodyByteCountMax``.
  package static let textByteCountTarget = 256 << 10
  /// Proposals of one answer, however short.
  package static let itemCountMax = 1_000
}

/// The answer: open proposals, oldest first.
package struct ProposalsResponse: Codable, Sendable, Equatable {
  package var proposals: [WireProposal]
  /// Whether further ones follow behind the last of these.
  package var hasMore: Bool

  package init(proposals: [WireProposal], hasMore: Bool) {
    self.proposals = proposals
    self.hasMore = hasMore
  }
}

/// An edit that waits for the lead's decision.
package struct WireProposal: Codable, Sendable, Equatable {
  package var id: String
  package var recordedAtMilliseconds: Int64
  package var `case`: String
  package var row: WireRowKey
  /// Nil proposes to delete the row.
  package var column: Int?
  package var base: Int64
  package var seq: Int64
  /// Nil where a rule of rows decided.
  package var policy: String?
  package var rule: String
  package var epoch: Int64
  /// What stood there when it was proposed.
  package var kept: WireContender
  package var proposed: WireContender
  /// What stands there now; nil where the row is not there.
  package var stands: WireContender?

  package init(
    id: String, recordedAt: Milliseconds, _ proposal: Proposal, stands: Contender?
  ) {
    self.id = id
    recordedAtMilliseconds = recordedAt
    `case` = proposal.caseID.string
    row = WireRowKey(proposal.row)
    column = proposal.column
    base = proposal.base
    seq = proposal.seq
    policy = proposal.policy?.rawValue
    rule = proposal.rule.rawValue
    epoch = proposal.epoch
    kept = WireContender(proposal.kept)
    proposed = WireContender(proposal.proposed)
    self.stands = stands.map(WireContender.init)
  }
}

/// One side of a conflict, in JSON.
package struct WireContender: Codable, Sendable, Equatable {
  package var value: WireValue
  package var site: String
  package var editedAtMilliseconds: Int64

  package init(_ contender: Contender) {
    value = WireValue(contender.value)
    site = contender.site.string
    editedAtMilliseconds = contender.editedAt
  }

  package var contender: Contender {
    Contender(value: value.value, site: SiteID(site), editedAt: editedAtMilliseconds)
  }
}

/// The body of `POST /v1/proposals/decide`: the lead decides a proposal.
package struct DecideRequest: Codable, Sendable, Equatable {
  package var session: Int64
  package var id: String
  /// `accepted` or `rejected`.
  package var state: ProposalState

  package init(session: Int64, id: String, state: ProposalState) {
    self.session = session
    self.id = id
    self.state = state
  }
}

/// What was decided; a repeat of the same decision by the same site gets the same answer.
package struct DecideResponse: Codable, Sendable, Equatable {
  package var id: String
  package var state: ProposalState
  package var decidedAtMilliseconds: Int64
  /// The log's entry that tells of it.
  package var seq: Int64

  package init(_ decided: DecidedProposal) {
    id = decided.id
    state = decided.state
    decidedAtMilliseconds = decided.decidedAt
    seq = decided.seq
  }
}
