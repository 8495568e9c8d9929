/// A session as the site sees it: which step follows which, as a machine without I/O.
///
///     greeting ─→ building ─→ sending ─→ pulling ─→ applying ─→ parting ─→ ended
///                    ↑           │          ↑          │
///                    ├───────────┘          └──────────┤
///                    │ more of the log       unequal cases: pulled again, whole
///                    └─────────────────────────────────┘
///                      the scrub found writes that no trigger saw
///
/// More unequal rows than ``RepairLimit`` lets a replica mend by itself lead to `parting`, unequal.
///
/// Between greeting and building the state is `growing` where the hub's schema is newer: the site
/// takes it over, or goes on with its own. Before greeting it is `renaming` where the replica's
/// file was restored, and behind it where only the hub has seen that; behind it `adopting` and
/// `returning` where the hub itself was restored. Push comes first, so that a pull brings the
/// verdicts' consequences. A failure at any step leads to `parting` with its code if the hub was
/// reached, and ends the session.
package struct ReplicaSession: Sendable {
  /// The step that is under way.
  package enum State: Hashable, Sendable {
    case renaming
    case greeting
    /// Finding its place in the history of a hub that was restored.
    case adopting
    /// Returning what that hub has forgotten.
    case returning
    case growing
    case building
    case sending
    case pulling
    case applying
    case parting
    case ended
  }

  /// What the shell tells the machine.
  package enum Event: Hashable, Sendable {
    case begun
    /// As `begun`, and the file is not the one that the last session left.
    case begunRestored
    /// The hub knows more of the replica than its file: it was restored, or has joined again.
    case restoreSeen
    /// The hub has answered for a stretch of what waits, and the new incarnation has begun if that
    /// was the last.
    case incarnationAnswered(isLast: Bool)
    /// The hub was restored, and has a new history since.
    case historyChanged
    case historyAdopted
    /// As `greeted`, and the hub has forgotten batches that it had answered.
    case returnDue
    case batchReturned
    case nothingToReturn
    /// The hub answered the hello and its log extends the one the site saw.
    case greeted
    /// As `greeted`, and the county's schema is newer than the replica's.
    case schemaOffered
    /// The newer schema is the replica's, or cannot be: the session goes on either way.
    case schemaSettled
    /// A stretch of the log stands in the outbox; `reachesEnd` if none is left.
    case built(reachesEnd: Bool)
    /// The outbox has no batch without an answer.
    case outboxEmpty
    /// A batch was answered.
    case answered
    /// The hub cannot take the batch as it is: the upload waits for a person, the download goes on.
    case uploadRefused
    case pageReceived(isLast: Bool)
    /// `unequalCases`: clean cases whose digest is not the hub's.
    case applied(unequalCases: Int)
    case scrubbed(Scrubbing)
    case failed
    case parted
  }

  /// What a look for writes that no trigger saw has brought to light.
  package enum Scrubbing: Hashable, Sendable {
    /// Some: they are offered like any other.
    case found
    case nothing
    /// None, and what differs is beyond ``RepairLimit``: a person decides.
    case nothingAndTooMuchToMend
  }

  /// What the machine asks the shell to do.
  package enum Action: Hashable, Sendable {
    /// Begin a new incarnation, and ask for what waits.
    case beginIncarnation
    case sayHello
    case askForHistory
    case returnNextBatch
    case fetchSchema
    case buildBatches
    case sendNextBatch
    case pullNextPage
    case applyPages
    /// Look for writes that no trigger saw, before the hub's copy covers them.
    case scrub
    /// Pull again, with the unequal cases whole.
    case pullUnequalCases
    case sayGoodbye
    case finish
  }

  package private(set) var state = State.greeting
  private var logReachedEnd = false
  private var repairCount = 0
  private var buildCount = 0

  /// Rounds of repair: the first mends what differs; the second catches what was written meanwhile.
  package static let repairCountMax = 2
  /// Stretches of the log in one session: beyond, somebody writes faster than the line carries, and
  /// the rest goes with the next session.
  package static let buildCountMax = 1_000

  package init() {}

  /// - Precondition: the event can occur in this state; anything else is an error of the shell.
  package mutating func handle(_ event: Event) -> Action {
    switch (state, event) {
    case (.renaming, _), (.adopting, _), (.returning, _):
      return handleIdentity(event)
    case (.greeting, .begun):
      return .sayHello
    case (.greeting, .begunRestored), (.greeting, .restoreSeen):
      state = .renaming
      return .beginIncarnation
    case (.greeting, .historyChanged):
      state = .adopting
      return .askForHistory
    case (.greeting, .returnDue):
      state = .returning
      return .returnNextBatch
    case (.greeting, .greeted), (.growing, .schemaSettled):
      return build()
    case (.greeting, .schemaOffered):
      state = .growing
      return .fetchSchema
    case (.building, .built(let reachesEnd)):
      logReachedEnd = reachesEnd || buildCount == Self.buildCountMax
      state = .sending
      return .sendNextBatch
    case (.sending, .answered):
      return .sendNextBatch
    case (.sending, .uploadRefused):
      state = .pulling
      return .pullNextPage
    case (.sending, .outboxEmpty) where !logReachedEnd:
      return build()
    case (.sending, .outboxEmpty):
      state = .pulling
      return .pullNextPage
    case (.pulling, .pageReceived(isLast: false)):
      return .pullNextPage
    case (.pulling, .pageReceived(isLast: true)):
      state = .applying
      return .applyPages
    case (.applying, .applied(let unequalCases)):
      return judge(unequalCases)
    case (.applying, .scrubbed(let found)):
      return go(on: found)
    case (.parting, .parted):
      state = .ended
      return .finish
    case (_, .failed):
      return fail()
    default:
      preconditionFailure("a session in state \(state) cannot meet \(event)")
    }
  }

  /// The steps of a replica or a hub that was restored.
  private mutating func handleIdentity(_ event: Event) -> Action {
    switch (state, event) {
    case (.renaming, .incarnationAnswered(isLast: false)):
      return .beginIncarnation
    case (.renaming, .incarnationAnswered(isLast: true)), (.adopting, .historyAdopted):
      state = .greeting
      return .sayHello
    case (.returning, .batchReturned):
      return .returnNextBatch
    case (.returning, .nothingToReturn):
      return build()
    case (.returning, .uploadRefused):
      state = .pulling
      return .pullNextPage
    case (_, .failed):
      return fail()
    default:
      preconditionFailure("a session in state \(state) cannot meet \(event)")
    }
  }

  /// What an apply leads to.
  private mutating func judge(_ unequalCases: Int) -> Action {
    guard unequalCases > 0, repairCount < Self.repairCountMax else {
      state = .parting
      return .sayGoodbye
    }
    repairCount += 1
    return .scrub
  }

  /// What a scrub leads to.
  private mutating func go(on found: Scrubbing) -> Action {
    switch found {
    case .found:
      return build()
    case .nothing:
      state = .pulling
      return .pullUnequalCases
    case .nothingAndTooMuchToMend:
      state = .parting
      return .sayGoodbye
    }
  }

  /// A hub that was reached is said goodbye to.
  private mutating func fail() -> Action {
    switch state {
    case .returning, .growing, .building, .sending, .pulling, .applying:
      state = .parting
      return .sayGoodbye
    case .greeting, .renaming, .adopting, .parting:
      state = .ended
      return .finish
    case .ended:
      preconditionFailure("a session that has ended cannot fail")
    }
  }

  private mutating func build() -> Action {
    state = .building
    buildCount += 1
    return .buildBatches
  }
}
