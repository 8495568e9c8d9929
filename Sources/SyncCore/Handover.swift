/// A batch of cases that go to another lead by one decision.
///
/// | state       | accept     | decline         | withdraw                  | its date comes | the new lead is equal | the last receipt |
/// |-------------|------------|-----------------|---------------------------|----------------|-----------------------|------------------|
/// | `proposed`  | `accepted` | `declined`, see ``HandoverCase/Fate`` | `withdrawn` | waits | –  | –        |
/// | `accepted`  | stays      | refused         | `withdrawn`, by a decision | `effective`   | –                     | –                |
/// | `effective` | stays      | refused         | refused                   | stays          | purge ordered         | `closed`         |
/// | `declined`, `withdrawn`, `closed` | only what was said already, which changes nothing ||||||
///
/// Ordered by the county it begins as `accepted`, with the reference of a decision. Acceptance,
/// recorded at the hub, is the single commit point: before it the old responsibility is in force
/// whatever fails, behind it the date alone decides. An accepted one can be taken back until its
/// date, but only by a decision of its own: what was agreed is not undone in passing.
///
/// When the date comes each case moves in one transaction, or is left out with its reason
/// (``HandoverEffect``): a case has one lead before and one behind, and never two or none.
package struct Handover: Hashable, Sendable {
  /// Why a case changes hands.
  package enum Kind: String, Sendable, CaseIterable {
    case handover
    /// The county lets a municipality act for it.
    case delegation
    /// The person moved inside the county.
    case move
    /// Effective without acceptance.
    case byOrder = "by_order"
  }

  /// Where a hand-over stands.
  package enum State: String, Sendable, CaseIterable {
    case proposed
    case accepted
    case declined
    case withdrawn
    case effective
    case closed
  }

  package let id: HandoverID
  package let terms: Terms
  /// The sites that lead the cases, ascending, each once.
  package let givers: [SiteID]
  package let caseCount: Int
  package let proposedAt: Milliseconds
  package private(set) var progress: Progress

  /// Cases of one hand-over: four times a county's largest wave (5,000), and few enough for one
  /// transaction.
  package static let caseCountMax = 20_000
  /// A reference or a legal ground: some lines of text, for people.
  package static let textByteCountMax = 1_000

  package var to: SiteID { terms.to }
  package var state: State { progress.state }

  /// Whether its date has come and nothing is missing.
  package func isDue(at now: Milliseconds) -> Bool {
    state == .accepted && terms.effectiveAt <= now
  }
}

// MARK: - Beginning

extension Handover {
  /// What is proposed.
  package struct Terms: Hashable, Sendable {
    package let to: SiteID
    package let kind: Kind
    /// The day in Germany, `YYYY-MM-DD`, and its 00:00 in Europe/Berlin.
    package let effectiveOn: String
    package let effectiveAt: Milliseconds
    /// The reference of the decision that it rests on.
    package let decision: String?
    /// Set where personal data may go to the new lead without consent.
    package let legalGround: String?

    package init(
      to: SiteID, kind: Kind, effectiveOn: String, effectiveAt: Milliseconds,
      decision: String? = nil, legalGround: String? = nil
    ) {
      self.to = to
      self.kind = kind
      self.effectiveOn = effectiveOn
      self.effectiveAt = effectiveAt
      self.decision = decision
      self.legalGround = legalGround
    }
  }

  /// - Parameter cases: in ascending order, each once.
  /// - Throws: ``HandoverRefusal`` for no or too many cases, a case that the new lead leads
  ///   already, an order without a decision, or texts that are too long.
  package init(
    _ id: HandoverID, _ terms: Terms, cases: [HandoverCase], at now: Milliseconds
  ) throws(HandoverRefusal) {
    guard !cases.isEmpty else { throw .noCases }
    guard cases.count <= Self.caseCountMax else { throw .tooManyCases }
    if let own = cases.first(where: { $0.from == terms.to }) { throw .leadsAlready(own.caseID) }
    for text in [terms.decision, terms.legalGround].compactMap(\.self) {
      guard text.utf8.count <= Self.textByteCountMax else { throw .textTooLong }
    }
    let hasDecision = terms.decision?.isEmpty == false
    guard terms.kind != .byOrder || hasDecision else { throw .decisionNeeded }
    var progress = Progress(terms.kind == .byOrder ? .accepted : .proposed)
    if terms.kind == .byOrder {
      progress.answeredBy = .hub
      progress.answeredAt = now
      progress.answer = terms.decision
    }
    self.init(
      stored: id, terms, givers: Set(cases.map(\.from)).sorted(), caseCount: cases.count,
      proposedAt: now, progress: progress)
  }

  /// A hand-over as a store kept it.
  package init(
    stored id: HandoverID, _ terms: Terms, givers: [SiteID], caseCount: Int,
    proposedAt: Milliseconds, progress: Progress
  ) {
    self.id = id
    self.terms = terms
    self.givers = givers
    self.caseCount = caseCount
    self.proposedAt = proposedAt
    self.progress = progress
  }

  /// How far a hand-over has come.
  package struct Progress: Hashable, Sendable {
    package var state: State
    /// Who accepted, declined or withdrew it, and when; the county is ``SiteID/hub``.
    package var answeredBy: SiteID?
    package var answeredAt: Milliseconds?
    /// The reference of the decision by which it was answered.
    package var answer: String?
    /// The last entry of the log that belongs to the effect, and when it was written.
    package var effectSeq: Int64?
    package var tookEffectAt: Milliseconds?
    /// When the new lead proved that it holds the cases, and the entry that ordered the purges.
    package var confirmedAt: Milliseconds?
    package var purgeSeq: Int64?
    package var closedAt: Milliseconds?

    package init(_ state: State) {
      self.state = state
    }
  }
}

// MARK: - Answers

extension Handover {
  /// - Parameter actor: the county, ``SiteID/hub``, or a site: only the receiving one may.
  /// - Returns: false where it was accepted before, and nothing changes.
  package mutating func accept(
    by actor: SiteID, answer: String?, at now: Milliseconds
  ) throws(HandoverRefusal) -> Bool {
    guard actor == .hub || actor == to else { throw .onlyTheReceiver }
    switch state {
    case .accepted, .effective, .closed: return false
    case .declined, .withdrawn: throw .over(state)
    case .proposed:
      try note(answer, by: actor, at: now)
      progress.state = .accepted
      return true
    }
  }

  /// The county or the receiving site ends a proposal; a giving site keeps its own cases, and ends
  /// it where nothing is left.
  ///
  /// - Returns: false where it was declined before, and nothing changes.
  package mutating func decline(
    by actor: SiteID, answer: String?, cases: inout [HandoverCase], at now: Milliseconds
  ) throws(HandoverRefusal) -> Bool {
    let isGiver = givers.contains(actor)
    guard actor == .hub || actor == to || isGiver else { throw .onlyParties }
    switch state {
    case .declined: return false
    case .accepted, .effective, .closed: throw .accepted
    case .withdrawn: throw .over(state)
    case .proposed:
      let isKept = { (entry: HandoverCase) in actor == entry.from && entry.fate == .waiting }
      guard !isGiver || cases.contains(where: isKept) else { return false }
      try Self.check(answer)
      for place in cases.indices where cases[place].fate == .waiting {
        guard !isGiver || cases[place].from == actor else { continue }
        cases[place].fate = .leftOut(.declined)
        cases[place].answer = answer
      }
      guard !cases.contains(where: { $0.fate == .waiting }) else { return true }
      try note(answer, by: actor, at: now)
      progress.state = .declined
      return true
    }
  }

  /// The county takes a proposal back, or, by a decision, what was accepted and is not effective.
  ///
  /// - Returns: false where it was withdrawn before, and nothing changes.
  package mutating func withdraw(
    answer: String?, at now: Milliseconds
  ) throws(HandoverRefusal) -> Bool {
    switch state {
    case .withdrawn: return false
    case .declined: throw .over(state)
    case .effective, .closed: throw .effective
    case .accepted where answer?.isEmpty != false: throw .accepted
    case .proposed, .accepted:
      try note(answer, by: .hub, at: now)
      progress.state = .withdrawn
      return true
    }
  }

  private mutating func note(
    _ answer: String?, by actor: SiteID, at now: Milliseconds
  ) throws(HandoverRefusal) {
    try Self.check(answer)
    progress.answer = answer
    progress.answeredBy = actor
    progress.answeredAt = now
  }

  private static func check(_ answer: String?) throws(HandoverRefusal) {
    guard (answer ?? "").utf8.count <= textByteCountMax else { throw .textTooLong }
  }
}

// MARK: - What happens to it

extension Handover {
  /// Its date has come: what moves has moved, with the log's entries up to `seq`.
  ///
  /// - Precondition: it is due; a case moved wherever one is `.moved`.
  package mutating func takeEffect(_ cases: [HandoverCase], seq: Int64, at now: Milliseconds) {
    precondition(isDue(at: now), "only what was accepted takes effect, and not before its date")
    progress.state = .effective
    progress.effectSeq = seq
    progress.tookEffectAt = now
    guard !cases.contains(where: \.isMoved) else { return }
    // Nobody has anything to confirm or to purge.
    progress.state = .closed
    progress.closedAt = now
  }

  /// Whether a session of the new lead that ended equal at `cursor` proves that it holds the cases.
  package func isConfirmed(by site: SiteID, cursor: Int64) -> Bool {
    state == .effective && progress.purgeSeq == nil && site == to
      && progress.effectSeq.map { $0 <= cursor } == true
  }

  /// The new lead holds all; the former leads are ordered to purge, by entries up to `seq`.
  package mutating func confirm(orderedBy seq: Int64, at now: Milliseconds) {
    precondition(state == .effective, "only an effective hand-over is confirmed")
    progress.confirmedAt = now
    progress.purgeSeq = seq
  }

  /// Closes it if no receipt is missing.
  package mutating func closeIfPurged(_ cases: [HandoverCase], at now: Milliseconds) {
    guard state == .effective, progress.purgeSeq != nil,
      cases.allSatisfy({ !$0.isMoved || $0.purgedAt != nil })
    else { return }
    progress.state = .closed
    progress.closedAt = now
  }
}

/// Why a hand-over cannot be what somebody wants.
package enum HandoverRefusal: Error, Hashable, Sendable {
  case noCases
  case tooManyCases
  /// A case that the receiving site leads.
  case leadsAlready(CaseID)
  /// An order without the reference of a decision.
  case decisionNeeded
  case textTooLong
  case onlyTheReceiver
  /// Neither the county nor one of the sites that it concerns.
  case onlyParties
  /// It was accepted: the single commit point is behind.
  case accepted
  case effective
  /// It ended before.
  case over(Handover.State)
}
