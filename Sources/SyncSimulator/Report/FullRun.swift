/// What a full run of the simulator is to reach, and what one has reached.
///
/// Nobody else's figures are as high: the largest published run of a system of this kind is 30,000
/// writes and 600 comparisons. Forty minutes on two cores are what a person waits for.
package struct FullRun: Sendable {
  package static let modelSeedCount = 20_000
  /// So many are run: a seed writes some 250 rows, and 20,000 end just below ``writeCount``.
  static let runModelSeedCount = 20_200
  package static let storageSeedCount = 2_000
  package static let powerCutCount = 20_000
  package static let writeCount = 5_000_000
  package static let convergenceCheckCount = 100_000

  /// One of the five totals.
  package struct Line: Sendable, Equatable {
    package let title: String
    package let reached: Int
    package let target: Int

    package var isReached: Bool { reached >= target }
  }

  package let lines: [Line]

  /// Whether a run may call itself full.
  package var reachesAll: Bool { lines.allSatisfy(\.isReached) }

  /// The totals of both tiers against their targets.
  ///
  /// - Parameter percent: how much of a full run was run; the targets shrink with it.
  package init(
    model: SimulationReport.Totals, storage: SimulationReport.Totals, percent: Int
  ) {
    func line(_ title: String, _ reached: Int, _ target: Int) -> Line {
      Line(title: title, reached: reached, target: Self.share(percent, of: target))
    }
    lines = [
      line("model seeds", model.seeds - model.failures, Self.modelSeedCount),
      line("storage seeds", storage.seeds - storage.failures, Self.storageSeedCount),
      line("power cuts", model.powerCuts + storage.powerCuts, Self.powerCutCount),
      line("writes", model.writes + storage.writes, Self.writeCount),
      line(
        "convergence checks", model.convergenceChecks + storage.convergenceChecks,
        Self.convergenceCheckCount),
    ]
  }

  /// How many seeds of a tier so much of a full run is.
  package static func seedCount(of tier: Tier, percent: Int) -> Int {
    max(1, share(percent, of: tier == .model ? runModelSeedCount : storageSeedCount))
  }

  private static func share(_ percent: Int, of count: Int) -> Int { count * percent / 100 }
}
