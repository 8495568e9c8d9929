package import SyncCore

/// Which proposals to read; all without a filter.
package struct ProposalFilter: Sendable, Equatable {
  package var id: String?
  package var caseID: CaseID?
  package var row: RowKey?
  package var state: ProposalState?
  /// In cases and units that this site leads.
  package var lead: SiteID?

  package init(
    id: String? = nil, caseID: CaseID? = nil, row: RowKey? = nil, state: ProposalState? = nil,
    lead: SiteID? = nil
  ) {
    self.id = id
    self.caseID = caseID
    self.row = row
    self.state = state
    self.lead = lead
  }
}

/// A proposal as it is kept.
package struct StoredProposal: Sendable, Equatable {
  package let id: String
  package let recordedAt: Milliseconds
  /// Nil until somebody decides.
  package let decision: DecidedProposal?
  package let proposal: Proposal

  package init(
    id: String, recordedAt: Milliseconds, proposal: Proposal, decision: DecidedProposal? = nil
  ) {
    self.id = id
    self.recordedAt = recordedAt
    self.proposal = proposal
    self.decision = decision
  }

  package var state: ProposalState { decision?.state ?? .open }

  /// The proposal with its id, as a decision reads it.
  package var filed: FiledProposal { FiledProposal(id: id, proposal: proposal) }
}

extension HubReader {
  /// Every proposal, decided or not, oldest first.
  package func proposals() throws -> [StoredProposal] { try proposals(ProposalFilter()) }
}
