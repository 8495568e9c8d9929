package import SyncCore
package import SyncProtocol

/// What waits for this site's decision in the cases that it leads, asked and decided at the hub.
///
/// Runs behind a session, under its number, so that the site sees what stands and nobody decides
/// from an older copy of its replica.
package struct LedProposals {
  private let link: any HubLink
  private let session: Int64

  /// Answers of one list: a million proposals. A hub that goes on is none.
  private static let answerCountMax = 1_000

  /// - Parameter session: of a session that went through.
  package init(link: any HubLink, session: Int64) {
    self.link = link
    self.session = session
  }

  /// The open ones, oldest first.
  ///
  /// - Throws: ``SessionError``.
  package func list() throws -> [WireProposal] {
    var all: [WireProposal] = []
    for _ in 0..<Self.answerCountMax {
      let answer: ProposalsResponse = try link.ask(
        ProtocolPath.proposals, ProposalsRequest(session: session, after: all.last?.id))
      guard answer.proposals.allSatisfy({ $0.row.key != nil }) else {
        throw SessionError.unfitAnswer(ProtocolPath.proposals)
      }
      all += answer.proposals
      guard answer.hasMore, !answer.proposals.isEmpty else { return all }
    }
    throw SessionError.unfitAnswer(ProtocolPath.proposals)
  }

  /// Accepts or rejects one; durable at the hub when it returns.
  ///
  /// - Throws: ``SessionError``; `refused` with the hub's code where it cannot be decided so.
  package func decide(_ id: String, _ state: ProposalState) throws -> DecideResponse {
    try link.ask(ProtocolPath.decide, DecideRequest(session: session, id: id, state: state))
  }
}
