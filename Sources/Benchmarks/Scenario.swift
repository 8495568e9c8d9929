/// One line of the table of targets: a baseline, a candidate, and how far apart they may be.
package struct Scenario: Sendable {
  package let id: String
  package let title: String
  /// What the candidate is held against, in the same run.
  package let baseline: String
  let measure: @Sendable (Stage) throws -> [Measurement]

  /// Every scenario that is there, in the order of their numbers.
  package static let all: [Scenario] = [
    loadSmall, loadLarge, loadByRows, capture, suspendedCapture, changes, warmNight, caseloadSize,
    deltaSize, nothingChanged, deltaBytes, verification, repair, conflicts, countyNight, crowd,
    durableWrites, logGrowth,
  ]

  /// Takes all rounds. Files of its own stand in the stage's directory and are gone afterwards.
  package func run(on stage: Stage) throws -> Outcome {
    Outcome(scenario: self, measurements: try measure(stage))
  }

  /// What a scenario measured, one entry for each of its targets.
  package struct Outcome: Sendable {
    package let scenario: Scenario
    package let measurements: [Measurement]

    /// All targets are met.
    package var isMet: Bool { measurements.allSatisfy(\.isMet) }

    /// The one that is furthest from its target: it stands for the scenario.
    package var worst: Measurement {
      measurements.max { $0.ratio / $0.target < $1.ratio / $1.target }!
    }
  }
}

/// One target of a scenario and what was measured for it.
package struct Measurement: Sendable {
  /// What the target is a bound of.
  package enum Figures: Sendable {
    /// Wall time against wall time.
    case times(Comparison)
    /// Bytes against bytes.
    case bytes(candidate: Int64, baseline: Int64)
    /// The ratio of two comparisons: how the cost grows with something that should not matter.
    case growth(from: Comparison, to: Comparison)
  }

  /// A bound beside the ratio.
  package struct Limit: Sendable {
    /// With its unit, as `resident_bytes`.
    package let name: String
    package let value: Double
    package let most: Double

    package init(name: String, value: Double, most: Double) {
      self.name = name
      self.value = value
      self.most = most
    }

    package var isMet: Bool { value <= most }
  }

  package let title: String
  package let figures: Figures
  /// The greatest ratio that is good enough; infinite where only limits are set.
  package let target: Double
  package var limits: [Limit] = []
  /// The most memory that the candidate had resident; nil where it was not looked at.
  package var peakByteCount: Int64?
  /// What went over the line, both ways.
  package var lineByteCount: Int64?

  package init(_ title: String, _ figures: Figures, target: Double) {
    self.title = title
    self.figures = figures
    self.target = target
  }

  /// What the target is held against: the median ratio of wall time, or of bytes.
  package var ratio: Double {
    switch figures {
    case .times(let comparison): comparison.wallRatio
    case .bytes(let candidate, let baseline): Double(candidate) / Double(baseline)
    case .growth(let small, let large): large.wallRatio / small.wallRatio
    }
  }

  /// Nil where no time was taken.
  package var cpuRatio: Double? {
    switch figures {
    case .times(let comparison): comparison.cpuRatio
    case .bytes: nil
    case .growth(let small, let large): large.cpuRatio / small.cpuRatio
    }
  }

  /// Of the rounds' ratios of wall time; of a growth the greater one of both.
  package var spread: Double? {
    switch figures {
    case .times(let comparison): comparison.spread
    case .bytes: nil
    case .growth(let small, let large): max(small.spread, large.spread)
    }
  }

  package var isMet: Bool { ratio <= target && limits.allSatisfy(\.isMet) }
}
