import SyncCore
import Testing

@Suite("Scope comparison")
struct ScopeComparisonTests {
  private static let key = SipHash128Key(bytes: Array(0..<16))!
  private let p1 = RowKey(table: 3, id: RowID("p1"))
  private let one = Digest128(high: 0, low: 1)
  private let two = Digest128(high: 0, low: 2)

  private func differences(
    _ ours: Digest128?, _ theirs: ComparedRow?, isExcused: Bool = false
  ) -> [RowDifference] {
    var found = ScopeDifferences()
    found.compare(
      CaseID("c1"), here: ours.map { [p1: $0] } ?? [:], hub: theirs.map { [$0] } ?? []
    ) { _ in isExcused }
    return found.all
  }

  private func atHub(_ digest: Digest128?, isNews: Bool = false) -> ComparedRow {
    ComparedRow(key: p1, digest: digest, isNews: isNews)
  }

  private func difference(
    _ side: RowDifference.Side, _ cure: RowDifference.Cure, in caseID: String = "c1"
  ) -> [RowDifference] {
    [RowDifference(key: p1, caseID: CaseID(caseID), side: side, cure: cure)]
  }

  @Test("every cell of the table of differences")
  func table() {
    #expect(differences(one, atHub(one)) == [])
    #expect(differences(one, atHub(two)) == difference(.both, .takesHubs))
    #expect(differences(one, atHub(nil)) == difference(.replica, .takesHubs))
    #expect(differences(one, nil) == difference(.replica, .offers))
    #expect(differences(nil, atHub(one)) == difference(.hub, .takesHubs))
    #expect(differences(nil, atHub(nil)) == [])
    #expect(differences(nil, nil) == [])
    for ours in [one, nil] {
      for theirs in [one, two, nil] {
        #expect(differences(ours, atHub(theirs, isNews: true)) == [])
        #expect(differences(ours, atHub(theirs), isExcused: true) == [])
      }
      #expect(differences(ours, nil, isExcused: true) == [])
    }
  }

  @Test("a row that stands in another case at the hub is one difference, in the hub's case")
  func moved() {
    for order in [["c1", "c2"], ["c2", "c1"]] {
      var found = ScopeDifferences()
      for name in order {
        found.compare(
          CaseID(name), here: name == "c1" ? [p1: one] : [:], hub: name == "c2" ? [atHub(one)] : []
        ) { _ in false }
      }
      #expect(found.all == difference(.both, .takesHubs, in: "c2"))
    }
  }

  @Test("buckets lead to exactly the cases that differ, wherever they fall")
  func buckets() {
    for seed in UInt64(1)...200 {
      var random = SeededGenerator(seed: seed)
      var (ours, theirs) = (ScopeBuckets(), ScopeBuckets())
      var unequal: Set<Int> = []
      for number in 0..<Int(random.next() % 900) {
        let caseID = CaseID("case-\(seed)-\(number)")
        let digest = Digest128(high: random.next(), low: random.next())
        let differs = random.next() % 50 == 0
        ours.add(digest, of: caseID, key: Self.key)
        theirs.add(differs ? digest + one : digest, of: caseID, key: Self.key)
        if differs { unequal.insert(ScopeBuckets.bucket(of: caseID, key: Self.key)) }
      }
      #expect(ours.differing(from: theirs) == unequal.sorted(), "seed \(seed)")
      #expect(theirs.differing(from: ours) == unequal.sorted(), "seed \(seed)")
      #expect(ScopeBuckets(digests: ours.digests) == ours)
    }
  }

  @Test("buckets are keyed, all used, and as even as chance is")
  func evenness() {
    var counts = Array(repeating: 0, count: ScopeBuckets.count)
    for number in 0..<25_600 {
      counts[ScopeBuckets.bucket(of: CaseID("c\(number)"), key: Self.key)] += 1
    }
    #expect(counts.allSatisfy { (50...160).contains($0) })
    let other = SipHash128Key(bytes: Array(1...16))!
    let places = (0..<100).map { CaseID("c\($0)") }
    #expect(
      places.map { ScopeBuckets.bucket(of: $0, key: Self.key) }
        != places.map { ScopeBuckets.bucket(of: $0, key: other) })
    #expect(ScopeBuckets(digests: Array(repeating: one, count: 255)) == nil)
  }

  @Test(
    "a site mends 500 rows by itself, or a hundredth of a large scope",
    arguments: [
      (500, 0, true), (501, 0, false), (501, 50_000, false), (501, 50_100, true),
      (2_000, 200_000, true), (2_001, 200_000, false), (0, 0, true),
    ])
  func limit(differing: Int, rows: Int, isAllowed: Bool) {
    #expect(RepairLimit.allows(differing: differing, ofRows: rows) == isAllowed)
  }

  @Test("a selection takes what it names, and everything where it names nothing")
  func selection() {
    #expect(RowSelection.everything.isEverything && RowSelection.everything.includes(p1))
    let narrow = RowSelection(caseID: CaseID("c1"), table: 3)
    #expect(!narrow.isEverything && narrow.includes(p1) && narrow.includes(CaseID("c1")))
    #expect(!narrow.includes(CaseID("c2")))
    #expect(!narrow.includes(RowKey(table: 4, id: RowID("p1"))))
  }
}
