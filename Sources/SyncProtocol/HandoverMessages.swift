package import SyncCore

/// The body of `POST /v1/handover`: a site asks for the hand-overs in which it has a part, or
/// answers one.
package struct HandoverRequest: Codable, Sendable, Equatable {
  /// What a site may do with hand-overs.
  package enum Action: String, Codable, Sendable, CaseIterable {
    case list
    case accept
    case decline
  }

  package var session: Int64
  package var action: Action
  /// The hand-over that is answered; nil for a list.
  package var handover: String?
  /// The reference of the decision by which it is answered.
  package var decision: String?

  package init(
    session: Int64, action: Action, handover: HandoverID? = nil, decision: String? = nil
  ) {
    self.session = session
    self.action = action
    self.handover = handover?.string
    self.decision = decision
  }

  /// Whether texts keep their limits and an answer names what it answers.
  package var isWellFormed: Bool {
    (action == .list) == (handover == nil)
      && (handover ?? "").utf8.count <= RowLimit.identifierByteCountMax
      && (decision ?? "").utf8.count <= Handover.textByteCountMax
  }
}

/// The answer: the site's hand-overs, or the one that it answered as it stands now.
package struct HandoverResponse: Codable, Sendable, Equatable {
  /// The latest last; of those that are over the latest few.
  package var handovers: [WireHandover]

  /// More than a site has under way; texts at their limits take half a megabyte of them.
  package static let countMax = 200

  package init(handovers: [WireHandover]) {
    self.handovers = handovers
  }
}

/// A hand-over as far as it is the asking site's business.
package struct WireHandover: Codable, Sendable, Equatable {
  /// What part the asking site has.
  package enum Part: String, Codable, Sendable, CaseIterable {
    case giving
    case receiving
  }

  package var handover: String
  package var part: Part
  package var state: String
  package var kind: String
  /// The sites that give; for a giving site itself alone.
  package var from: [String]
  package var to: String
  /// `YYYY-MM-DD`.
  package var effectiveOn: String
  package var decision: String?
  package var legalGround: String?
  /// How many cases: for a giving site its own.
  package var cases: Int64
  package var proposedAt: Int64

  /// - Parameters:
  ///   - site: who asks.
  ///   - caseCount: the cases that are its business.
  package init(_ handover: Handover, for site: SiteID, caseCount: Int) {
    let isReceiving = site == handover.to
    self.handover = handover.id.string
    part = isReceiving ? .receiving : .giving
    state = handover.state.rawValue
    kind = handover.terms.kind.rawValue
    from = isReceiving ? handover.givers.map(\.string) : [site.string]
    to = handover.to.string
    effectiveOn = handover.terms.effectiveOn
    decision = handover.terms.decision
    legalGround = handover.terms.legalGround
    cases = Int64(caseCount)
    proposedAt = handover.proposedAt
  }
}
