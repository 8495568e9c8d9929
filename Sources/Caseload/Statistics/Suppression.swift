/// Which cells of a table of counts may be printed so that nobody can be recognised in it.
///
/// | cells                                             | printed                                 |
/// |---------------------------------------------------|-----------------------------------------|
/// | a count of 1 … k - 1                              | no                                      |
/// | hidden ones that follow from a printed total      | the smallest one that is still printed is hidden, too |
/// | all others hidden, and they still follow          | no cell, and the total neither          |
/// | 0                                                 | yes, unless all is hidden: nobody is in it |
///
/// Hidden ones follow where it is only one, where they sum to less than k, or where their sum is
/// their number, so that each must be 1.
///
/// It is the usual rule of official statistics: primary suppression, and complementary suppression
/// of what would follow by subtraction.
package enum Suppression {
  /// The smallest count that may be printed.
  package static let countMin = 3
  /// Likewise of special categories of personal data (Art. 9 GDPR).
  package static let specialCountMin = 5

  /// A table's cells as they may be printed.
  package struct Printable: Sendable, Equatable {
    /// One for each cell; nil stands for `.`.
    package let counts: [Int?]
    package let total: Int?
  }

  /// - Parameters:
  ///   - counts: 0 or more each.
  ///   - isAdditive: whether each is counted in one cell only, so that the sum is printed as total.
  ///     Else no total is printed, and nothing follows by subtraction.
  ///   - kept: places that are not to be printed for reasons of their own.
  package static func printable(
    _ counts: [Int], countMin: Int, isAdditive: Bool = true, hiding kept: Set<Int> = []
  ) -> Printable {
    var hidden = Set(counts.indices.filter { (1..<countMin).contains(counts[$0]) }).union(kept)
    let total = counts.reduce(0, +)
    while isAdditive, follows(hidden, of: counts, countMin: countMin) {
      let rest = counts.indices.filter { !hidden.contains($0) && counts[$0] > 0 }
      guard let smallest = rest.min(by: { counts[$0] < counts[$1] }) else {
        return Printable(counts: counts.map { _ in nil }, total: nil)
      }
      hidden.insert(smallest)
    }
    return Printable(
      counts: counts.indices.map { hidden.contains($0) ? nil : counts[$0] },
      total: isAdditive ? total : nil)
  }

  /// Whether the total tells too much of what is hidden.
  private static func follows(_ hidden: Set<Int>, of counts: [Int], countMin: Int) -> Bool {
    let people = hidden.map { counts[$0] }.filter { $0 > 0 }
    guard !people.isEmpty else { return false }
    let sum = people.reduce(0, +)
    return people.count == 1 || sum < countMin || sum == people.count
  }
}
