import Synchronization

/// What gives a variant away: the first thing that a run finds wrong.
package enum Symptom: Hashable, Sendable {
  /// The product stopped, or said what it must not say.
  case crash
  case broken(Invariant)

  /// The symptom as which a violation counts; nil where the simulation itself is broken.
  package init?(_ violation: Violation) {
    switch violation.kind {
    case .crash: self = .crash
    case .safety, .liveness:
      guard let invariant = violation.invariant else { return nil }
      self = .broken(invariant)
    case .notRepeatable: return nil
    }
  }
}

/// One deliberately broken product: a right part of it replaced by a wrong one.
package struct BugVariant: Sendable {
  /// `--bug NAME`.
  package let name: String
  /// What is broken, in one sentence.
  package let doc: String
  /// Where it is to be found.
  package let tier: Tier
  /// What may be found first.
  package let symptoms: Set<Symptom>
  /// For one run.
  package let makeSeams: @Sendable () -> Seams

  init(
    _ name: String, _ doc: String, tier: Tier = .model, _ symptoms: Set<Symptom>,
    seams: @escaping @Sendable () -> Seams
  ) {
    self.name = name
    self.doc = doc
    self.tier = tier
    self.symptoms = symptoms
    makeSeams = seams
  }

  init(
    _ name: String, _ doc: String, tier: Tier = .model, _ symptoms: Set<Symptom>,
    hub: HubTap.Type? = nil, site: ReplicaTap.Type? = nil
  ) {
    self.init(name, doc, tier: tier, symptoms) { TapSeams(hub: hub, site: site) }
  }

  /// Runs seeds, each once, until one finds the variant.
  ///
  /// - Returns: the run that found it; nil if none of the seeds did.
  package func hunt(from first: UInt64 = 1, seedCount: Int) -> SeedResult? {
    let number = Self.runnerCount.subtract(1, ordering: .relaxed).newValue
    let runner = SeedRunner(tier: tier, number: number, seams: makeSeams)
    for place in 0..<UInt64(seedCount) {
      let result = runner.run(first &+ place)
      if result.violation != nil { return result }
    }
    return nil
  }

  /// Below zero, where no ``Simulation`` numbers its runners.
  private static let runnerCount = Atomic<Int>(0)
}
