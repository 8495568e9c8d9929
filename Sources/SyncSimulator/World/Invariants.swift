/// What must be true, by the numbers of the product's list of invariants. The doc line of each case
/// says what the simulator checks; a new rule of the product gets its checker in the same commit.
package enum Invariant: Int, Sendable, CaseIterable, Comparable {
  /// A batch is decided once; a repeat gets the same bytes and moves nothing.
  case exactlyOnce = 1
  /// The log holds no value that nobody wrote, and each site's changes in its order.
  case noInvention = 2
  /// Sequence numbers are dense, in commit order, and never seen late.
  case denseOrder = 3
  /// The tree only grows: every head that a site has seen is a prefix of today's.
  case growingTree = 4
  /// What was sent stands in the sender's outbox afterwards, byte for byte.
  case durableBeforeSent = 5
  /// After each apply the replica is the naive model's: the hub's state at one position, with
  /// unsent work on top.
  case oneState = 6
  /// At rest every replica holds what the hub holds of its scope, told by plain SQL and by digests.
  case convergence = 7
  /// No answer holds a word of a case that the site does not hold.
  case scope = 8
  /// A county's answers do not change when another county's data does.
  case tenantSafety = 9
  /// Every open case has one lead, and epochs only rise.
  case oneLead = 10
  /// Every verdict, and the hub's rows, are the naive model's.
  case decision = 11
  /// Every value that was sent stands at the hub, in its log, its ledger, among its proposals or in
  /// a notice of its author.
  case conservation = 12
  case consent = 13
  case erasure = 14
  /// The log verifies from its first entry, and no salt is used twice.
  case soundLog = 15
  /// Bodies, pages and logs stay below their limits.
  case boundedResources = 16
  /// When the faults have stopped, every backlog empties within three sessions of each site.
  case liveness = 17
  /// No site waits for another's session.
  case fairness = 18
  /// The local program sees no error and waits for nobody.
  case harmlessness = 19
  /// Every session's sums are equal, and what lost is told to its author.
  case accounts = 20
  /// Wrong clocks change no decision but those of `latest`.
  case clockIndependence = 21
  /// A site one version behind holds what it knows of, proves equality of the rest by digests, and
  /// lacks nothing when it takes the newer schema over.
  case versionIndependence = 22

  /// Why nothing checks it in a tier; nil where something does.
  package func reasonLeftOut(in tier: Tier) -> String? {
    switch self {
    case .tenantSafety:
      "each county has a store of its own; who is of which county, TLS says: NetworkTests"
    case .consent, .erasure: "there is no consent gate and no erasure yet"
    case .oneState, .decision, .clockIndependence, .harmlessness:
      tier == .storage ? "the model does not follow disks that forget: tier model" : nil
    default: nil
    }
  }

  package var title: String {
    switch self {
    case .exactlyOnce: "exactly once"
    case .noInvention: "no invention"
    case .denseOrder: "dense, in commit order"
    case .growingTree: "the tree only grows"
    case .durableBeforeSent: "durable before sent"
    case .oneState: "replica = one state of the hub"
    case .convergence: "equal at rest"
    case .scope: "nothing leaves its scope"
    case .tenantSafety: "counties do not mix"
    case .oneLead: "one lead"
    case .decision: "decided as the model says"
    case .conservation: "nothing is lost"
    case .consent: "consent"
    case .erasure: "erased stays erased"
    case .soundLog: "the log verifies"
    case .boundedResources: "bounded"
    case .liveness: "comes to rest"
    case .fairness: "nobody starves"
    case .harmlessness: "harmless to the neighbour"
    case .accounts: "sums are equal"
    case .clockIndependence: "clocks decide nothing"
    case .versionIndependence: "versions mix"
    }
  }

  package static func < (left: Invariant, right: Invariant) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What a run found wrong.
package struct Violation: Error, Sendable, Equatable {
  /// What kind of wrong it is; the command's exit code tells it.
  package enum Kind: String, Sendable {
    /// The product stopped, or raised what it must not raise.
    case crash
    /// Something is false that must always be true.
    case safety
    /// Something does not come about that must.
    case liveness
    /// Two runs of one seed differ.
    case notRepeatable
  }

  package let kind: Kind
  package let invariant: Invariant?
  /// With names of rows and sites of the simulation.
  package let what: String

  package init(breaking invariant: Invariant, _ what: String) {
    kind = invariant == .liveness || invariant == .fairness ? .liveness : .safety
    self.invariant = invariant
    self.what = what
  }

  package init(_ kind: Kind, _ what: String) {
    self.kind = kind
    invariant = nil
    self.what = what
  }
}

/// How often what happened: summed over all runs for the report.
package struct Tally: Sendable {
  package var faults: [FaultCell: Int] = [:]
  package var checks: [Invariant: Int] = [:]
  package var events = 0
  package var statements = 0
  /// Rows that the local programs' committed statements wrote.
  package var writes = 0
  package var powerCuts = 0
  package var sessions = 0
  package var deliveries = 0
  package var simulatedTime: Int64 = 0

  package init() {}

  /// A fault struck.
  package mutating func met(_ fault: Int, at point: PipelinePoint) {
    faults[FaultCell(fault: fault, point: point), default: 0] += 1
  }

  /// A rule was really checked.
  package mutating func checked(_ invariant: Invariant, _ count: Int = 1) {
    checks[invariant, default: 0] += count
  }

  /// Adds another run's counts.
  package mutating func add(_ other: Tally) {
    faults.merge(other.faults, uniquingKeysWith: +)
    checks.merge(other.checks, uniquingKeysWith: +)
    events += other.events
    statements += other.statements
    writes += other.writes
    powerCuts += other.powerCuts
    sessions += other.sessions
    deliveries += other.deliveries
    simulatedTime += other.simulatedTime
  }
}
