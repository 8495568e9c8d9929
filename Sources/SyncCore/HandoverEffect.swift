/// One case of a hand-over.
package struct HandoverCase: Hashable, Sendable {
  /// What became of the case when the date came.
  package enum Fate: Hashable, Sendable {
    case waiting
    /// It has the new lead; `isPseudonymous` where that got its header only.
    case moved(isPseudonymous: Bool)
    case leftOut(Reason)
  }

  /// Why a case did not move with its hand-over.
  package enum Reason: String, Sendable, CaseIterable {
    /// The site that leads it declined.
    case declined
    /// Another decision on its responsibility came first.
    case epochMoved = "epoch_moved"
    /// The site that was to give it does not lead it.
    case leadChanged = "lead_changed"
    /// The hub does not have it any more.
    case unknownCase = "unknown_case"
    /// The receiving site has left the county.
    case receiverGone = "receiver_gone"
    /// Rows of `responsibility` that somebody wrote by hand say that a later epoch is in force.
    case rowsDisagree = "rows_disagree"
  }

  package let caseID: CaseID
  package let from: SiteID
  /// Its epoch when it was proposed: with another one its fate was decided elsewhere.
  package let epoch: Int64
  package var fate = Fate.waiting
  /// The reference by which its giving site declined.
  package var answer: String?
  /// Its row in `responsibility`, once there is one.
  package var row: RowID?
  /// When the former lead's receipt came, or it turned out that it owes none.
  package var purgedAt: Milliseconds?

  package init(caseID: CaseID, from: SiteID, epoch: Int64) {
    self.caseID = caseID
    self.from = from
    self.epoch = epoch
  }

  package var isMoved: Bool {
    if case .moved = fate { true } else { false }
  }
}

/// What a hand-over does to its cases when its date comes: a pure function of what stands then.
///
/// | a case …                                           | becomes                          |
/// |----------------------------------------------------|----------------------------------|
/// | that its giving site declined to give              | stays left out, `declined`       |
/// | that the hub does not have                         | left out, `unknown_case`         |
/// | whose epoch is not the one that was proposed       | left out, `epoch_moved`          |
/// | whose lead is not the giving site                  | left out, `lead_changed`         |
/// | whose receiving site has left the county           | left out, `receiver_gone`        |
/// | whose rows in `responsibility` are ahead of it     | left out, `rows_disagree`        |
/// | that may be known to the receiver, or by a ground  | moves, with all tiers            |
/// | else                                               | moves, pseudonymous: header only |
///
/// What is left out keeps its lead and its epoch; what moves gets the next epoch, so that a second
/// hand-over of the same case, accepted too, finds the epoch moved.
package struct HandoverEffect: Sendable {
  /// The cases with their fates, in the order in which they were given.
  package private(set) var cases: [HandoverCase]
  /// Those that move, as they stand before.
  package private(set) var moving: [StoredCase] = []
  /// Those of them that go without personal data.
  package private(set) var pseudonymous: Set<CaseID> = []

  /// What the hub knows of a case beside its record.
  package struct Circumstances: Sendable {
    /// Whether the receiving site may see more than the header.
    package let mayBeKnown: Bool
    /// The highest epoch that a row of `responsibility` has put into force; 0 without one.
    package let rowEpoch: Int64

    package init(mayBeKnown: Bool, rowEpoch: Int64) {
      self.mayBeKnown = mayBeKnown
      self.rowEpoch = rowEpoch
    }
  }

  /// - Parameters:
  ///   - stored: the cases that the hub has.
  ///   - circumstances: asked for cases that are about to move.
  package init<Failure: Error>(
    on cases: [HandoverCase], stored: [CaseID: StoredCase], isReceiverThere: Bool,
    circumstances: (CaseID) throws(Failure) -> Circumstances
  ) throws(Failure) {
    self.cases = cases
    for place in cases.indices where cases[place].fate == .waiting {
      let named = cases[place]
      guard let now = stored[named.caseID] else {
        self.cases[place].fate = .leftOut(.unknownCase)
        continue
      }
      if let reason = Self.hindrance(of: named, as: now, isReceiverThere: isReceiverThere) {
        self.cases[place].fate = .leftOut(reason)
        continue
      }
      let circumstances = try circumstances(named.caseID)
      guard circumstances.rowEpoch <= now.epoch else {
        self.cases[place].fate = .leftOut(.rowsDisagree)
        continue
      }
      self.cases[place].fate = .moved(isPseudonymous: !circumstances.mayBeKnown)
      moving.append(now)
      if !circumstances.mayBeKnown { pseudonymous.insert(named.caseID) }
    }
  }

  private static func hindrance(
    of named: HandoverCase, as now: StoredCase, isReceiverThere: Bool
  ) -> HandoverCase.Reason? {
    if now.epoch != named.epoch { return .epochMoved }
    if now.lead != named.from { return .leadChanged }
    return isReceiverThere ? nil : .receiverGone
  }
}
