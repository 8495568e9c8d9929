import Benchmarks
import Testing

@Suite("What figures say")
struct StatisticsTests {
  @Test func `the median is the one in the middle, whatever the order`() {
    #expect(Statistics.median([3, 1, 2]) == 2)
    #expect(Statistics.median([7]) == 7)
    #expect(Statistics.median([4, 1, 3, 2]) == 2.5)
    #expect(Statistics.median([1, 1, 1, 1_000]) == 1)
  }

  @Test func `the spread is the way from least to greatest as a share of the median`() {
    #expect(Statistics.spread([2, 2, 2]) == 0)
    #expect(Statistics.spread([3, 1, 2]) == 1)
    #expect(Statistics.spread([8, 10, 14]) == 0.6)
  }

  /// A neighbour's load slows one round down on both sides, and another one on the candidate's.
  private let comparison = Comparison(rounds: [
    StatisticsTests.round(baseline: (10, 8), candidate: (15, 12)),
    StatisticsTests.round(baseline: (40, 9), candidate: (60, 13)),
    StatisticsTests.round(baseline: (10, 8), candidate: (90, 16)),
  ])

  @Test func `wall time is compared within each round, and the median round stands`() {
    #expect(comparison.wallRatio == 1.5)
    #expect(comparison.spread == 5)
    #expect(comparison.baselineWall == 10)
    #expect(comparison.candidateWall == 60)
  }

  @Test func `CPU time is compared least by least`() {
    #expect(comparison.cpuRatio == 1.5)
  }

  @Test func `a target is met at its very value, and missed by any limit beside it`() {
    var met = Measurement("x", .times(comparison), target: 1.5)
    #expect(met.isMet)
    #expect(!Measurement("x", .times(comparison), target: 1.49).isMet)
    met.limits = [Measurement.Limit(name: "resident_bytes", value: 11, most: 10)]
    #expect(!met.isMet)
  }

  @Test func `growth is the ratio of two ratios`() {
    let small = Comparison(rounds: [Self.round(baseline: (10, 10), candidate: (20, 20))])
    let large = Comparison(rounds: [Self.round(baseline: (30, 30), candidate: (90, 90))])
    let growth = Measurement("x", .growth(from: small, to: large), target: 2)
    #expect(growth.ratio == 1.5)
    #expect(growth.cpuRatio == 1.5)
  }

  private static func round(
    baseline: (wall: Double, cpu: Double), candidate: (wall: Double, cpu: Double)
  ) -> Comparison.Round {
    Comparison.Round(
      baseline: Cost(wall: baseline.wall, cpu: baseline.cpu),
      candidate: Cost(wall: candidate.wall, cpu: candidate.cpu))
  }
}
