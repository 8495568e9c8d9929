/// What lists of figures say, as the benchmarks read them. Pure.
package enum Statistics {
  /// The figure in the middle; of an even number the mean of the two in the middle.
  ///
  /// - Precondition: there is at least one.
  package static func median(_ figures: [Double]) -> Double {
    precondition(!figures.isEmpty, "a median of nothing")
    let sorted = figures.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  /// How far the figures lie apart: the distance from least to greatest as a share of the median.
  ///
  /// - Precondition: there is at least one, and the median is not 0.
  package static func spread(_ figures: [Double]) -> Double {
    (figures.max()! - figures.min()!) / median(figures)
  }
}

/// What a piece of work took, in seconds.
package struct Cost: Sendable, Equatable {
  /// By the wall's clock.
  package var wall: Double
  /// Of the processor, user and system, of every process that took part.
  package var cpu: Double

  package init(wall: Double, cpu: Double) {
    self.wall = wall
    self.cpu = cpu
  }

  package static let zero = Cost(wall: 0, cpu: 0)

  package static func += (left: inout Cost, right: Cost) {
    left.wall += right.wall
    left.cpu += right.cpu
  }
}

/// Rounds of a baseline and a candidate, taken in turn on one machine.
///
/// Only ratios count: the machine is shared, and a neighbour's load hits both halves of a round
/// nearly alike. So wall time is compared within each round, and the median round stands. CPU time
/// only ever grows by disturbance, so the least of each side is nearest to the truth.
package struct Comparison: Sendable, Equatable {
  /// Both halves of one round.
  package struct Round: Sendable, Equatable {
    package let baseline: Cost
    package let candidate: Cost

    package init(baseline: Cost, candidate: Cost) {
      self.baseline = baseline
      self.candidate = candidate
    }
  }

  package let rounds: [Round]

  /// - Precondition: there is at least one round.
  package init(rounds: [Round]) {
    precondition(!rounds.isEmpty, "a comparison without rounds")
    self.rounds = rounds
  }

  private var wallRatios: [Double] { rounds.map { $0.candidate.wall / $0.baseline.wall } }

  /// The median of the rounds' ratios of wall time.
  package var wallRatio: Double { Statistics.median(wallRatios) }
  /// The candidate's least CPU time by the baseline's least.
  package var cpuRatio: Double {
    rounds.map(\.candidate.cpu).min()! / rounds.map(\.baseline.cpu).min()!
  }
  /// Of the rounds' ratios of wall time.
  package var spread: Double { Statistics.spread(wallRatios) }
  /// Median wall time in seconds.
  package var baselineWall: Double { Statistics.median(rounds.map(\.baseline.wall)) }
  package var candidateWall: Double { Statistics.median(rounds.map(\.candidate.wall)) }
}
