/// A reader of foreign bytes, with the laws that must hold whatever the bytes are.
///
/// The same row serves three: libFuzzer, which looks for bytes that break it; the ordinary tests,
/// which repeat every input that was ever kept; and people, who see what the product believes from
/// whom.
package struct FuzzedDecoder: Sendable {
  /// The folder of its corpus, and the argument of `deploy/fuzz.sh`.
  package let name: String
  /// What the bytes claim to be.
  package let reads: String
  /// Who can have written them.
  package let from: String
  /// The declarations in the sources that it covers, each as `Target/File.swift declaration`.
  package let covers: [String]
  /// Longer inputs are not tried: nothing new is in them, and shorter ones are faster.
  package let byteCountMax: Int

  private let check: @Sendable ([UInt8]) throws(BrokenLaw) -> Outcome

  /// What became of an input; both are right.
  package enum Outcome: Sendable {
    case read
    case refused
  }

  package init(
    _ name: String, reads: String, from: String, covers: [String], byteCountMax: Int = 4 << 10,
    check: @escaping @Sendable ([UInt8]) throws(BrokenLaw) -> Outcome
  ) {
    self.name = name
    self.reads = reads
    self.from = from
    self.covers = covers
    self.byteCountMax = byteCountMax
    self.check = check
  }

  /// Reads the bytes and checks the laws.
  package func examine(_ bytes: [UInt8]) throws(BrokenLaw) -> Outcome {
    try check(bytes)
  }
}

/// A decoder read something wrong, or refused in a way that it does not promise. Repeats nothing of
/// the input.
package struct BrokenLaw: Error, Sendable, Equatable, CustomStringConvertible {
  /// The law, as a sentence.
  package let law: String

  package init(_ law: String) {
    self.law = law
  }

  package var description: String { "this does not hold: \(law)" }
}

/// Throws the law where it does not hold.
func require(_ holds: Bool, _ law: String) throws(BrokenLaw) {
  guard holds else { throw BrokenLaw(law) }
}
