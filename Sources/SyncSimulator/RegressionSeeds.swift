/// A seed that once found something.
package struct RegressionSeed: Sendable, Equatable {
  package let tier: Tier
  package let seed: UInt64
  /// What it found, in one sentence.
  package let found: String

  package init(_ tier: Tier, _ seed: UInt64, _ found: String) {
    self.tier = tier
    self.seed = seed
    self.found = found
  }
}

/// The seeds that every simulation runs before any other, and so do the tests.
///
/// A seed stands for its run only as long as the simulator draws the same numbers: when the world
/// changes it becomes a seed like any other. So what a seed found also gets a test of its own where
/// the defect was; the line here keeps the neighbourhood watched until then.
package enum RegressionSeeds {
  package static let all: [RegressionSeed] = [
    RegressionSeed(.model, 38, "Who had only emptied a cell and lost was not told."),
    RegressionSeed(
      .model, 338, "A row that moved under an unsent edit made the wrong case wait for its proof."),
    RegressionSeed(
      .model, 1252,
      "A former lead kept rows written in a part that came and went between two pulls."),
    RegressionSeed(
      .model, 3290, "A mention that ended and was made again on a later page was lost."),
    RegressionSeed(
      .model, 7432,
      "A batch withdrawn from a rebuilt hub left the insertion behind that was folded into it."),
    RegressionSeed(
      .model, 8805, "What had ended and waited for its purge was counted into the proof."),
    RegressionSeed(
      .model, 14414, "A copied directory named a successor that had gone on without it."),
    RegressionSeed(
      .model, 15177, "A case that its author had still to return was taken from its rows."),
    RegressionSeed(
      .model, 18141, "A mention that a restored hub had forgotten stood at a site for good."),
    RegressionSeed(
      .model, 18230, "What a former lead wrote behind its purge stayed when it was answered."),
    RegressionSeed(
      .storage, 316,
      "What the hub remembered while its disk was full hid a new incarnation that it had written."),
  ]

  /// The seeds of a tier, in the order of the table.
  package static func seeds(of tier: Tier) -> [UInt64] {
    all.filter { $0.tier == tier }.map(\.seed)
  }
}
