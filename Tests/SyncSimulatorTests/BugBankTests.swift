import SyncSimulator
import Testing

/// A simulator that finds nothing is worth nothing: each broken product has to be found.
struct BugBankTests {
  /// What a person would wait for in a night, not in a build; most are found by the first seeds.
  private static let seedCount = 2_000

  @Test(arguments: BugBank.all.map(\.name))
  func `a broken product is found, by what is broken`(name: String) throws {
    let variant = try #require(BugBank.variant(named: name))
    let found = try #require(
      variant.hunt(seedCount: Self.seedCount), "no seed finds \(variant.name): \(variant.doc)")
    let violation = try #require(found.violation)
    let symptom = try #require(Symptom(violation))
    #expect(
      variant.symptoms.contains(symptom),
      "seed \(found.seed) finds \(variant.name) by something else: \(violation.what)")
  }

  @Test func `the bank holds many variants of many parts, each under its own name`() {
    let names = BugBank.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(names.count >= 75)
    for name in names { #expect(name.allSatisfy { $0.isLowercase && $0.isASCII || $0 == "-" }) }
    let sentences = BugBank.all.map(\.doc)
    #expect(Set(sentences).count == sentences.count)
    #expect(sentences.allSatisfy { $0.hasSuffix(".") })
  }

  @Test func `a variant is known by its name and by no other`() {
    #expect(BugBank.variant(named: "no-barrier")?.tier == .storage)
    #expect(BugBank.variant(named: "no-bug") == nil)
  }
}
