import Caseload
import Testing

@Suite("Small figures are not printed")
struct SuppressionTests {
  private func printed(_ counts: [Int], _ countMin: Int = 3, hiding kept: Set<Int> = [])
    -> [Int?]
  {
    Suppression.printable(counts, countMin: countMin, hiding: kept).counts
  }

  @Test("a published table of 395 people: the one missing cell followed by subtraction")
  func publishedTable() {
    let table = [103, 73, 62, 29, 20, 14, 10, 10, 9, 8, 7, 5, 5, 13, 12, 15]
    #expect(table.reduce(0, +) == 395)
    // Whoever left out the 15 alone told it: one more goes, the smallest.
    let one = Suppression.printable(table, countMin: 3, hiding: [15])
    #expect(one.counts[15] == nil && one.counts.count { $0 == nil } == 2 && one.total == 395)
    #expect(one.counts[11] == nil)
    // A "2" in such a table may not stand, and neither may what it follows from.
    var small = table
    small[15] = 2
    #expect(printed(small).count { $0 == nil } == 2)
    #expect(printed(small)[15] == nil && printed(small)[11] == nil)
    #expect(printed(table).allSatisfy { $0 != nil })
  }

  @Test("special categories need five, and what overlaps has no total to subtract from")
  func special() {
    #expect(printed([4, 20, 30], 5) == [nil, nil, 30])
    let overlapping = Suppression.printable([4, 20, 30], countMin: 5, isAdditive: false)
    #expect(overlapping.counts == [nil, 20, 30] && overlapping.total == nil)
  }

  @Test("where all is small the total is small, too, and not printed")
  func all() {
    for (counts, shown, total) in [
      ([2, 0], [nil, nil], nil), ([1, 1, 1, 0], [nil, nil, nil, nil], nil), ([0, 0], [0, 0], 0),
      ([], [], 0),
    ] as [([Int], [Int?], Int?)] {
      let printable = Suppression.printable(counts, countMin: 3)
      #expect(printable.counts == shown && printable.total == total)
    }
  }

  /// Every way in which the hidden cells can hold at least one person each and sum to what is
  /// missing.
  private func solutions(cells: Int, sum: Int) -> [[Int]] {
    guard cells > 1 else { return sum >= 1 ? [[sum]] : [] }
    guard sum >= cells else { return [] }
    return (1...(sum - cells + 1)).flatMap { first in
      solutions(cells: cells - 1, sum: sum - first).map { [first] + $0 }
    }
  }

  @Test("no hidden figure of any table of four can be computed from what is printed")
  func nothingFollows() {
    for code in 0..<(7 * 7 * 7 * 7) {
      let table = [code % 7, code / 7 % 7, code / 49 % 7, code / 343]
      let printable = Suppression.printable(table, countMin: 3)
      #expect(printable.counts.allSatisfy { !(1..<3).contains($0 ?? 0) })
      guard let total = printable.total, printable.counts.contains(nil) else { continue }
      let missing = total - printable.counts.compactMap { $0 }.reduce(0, +)
      let hidden = table.indices.filter { printable.counts[$0] == nil }
      let possible = solutions(cells: hidden.count, sum: missing)
      for place in hidden.indices {
        #expect(Set(possible.map { $0[place] }).count > 1, "\(table)")
      }
      #expect(missing >= 3, "\(table)")
    }
  }
}
