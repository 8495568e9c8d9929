/// The hub's answer to a batch as it is kept, at both ends, when a case of it was forgotten.
extension PushResponse {
  private static let mark = Array("\"kept\":".utf8)

  /// The answer without the values that stood when it was given. A site that meets it once more is
  /// told its verdicts, and gets its rows with the next pull as ever.
  package static func strippingValues(of answer: [UInt8]) throws -> [UInt8] {
    try stripping(answer) { _ in true }
  }

  /// The answer without what it says of the values of these entries.
  package static func strippingValues(
    of answer: [UInt8], about entries: Set<Int64>
  ) throws -> [UInt8] {
    try stripping(answer, entries.contains)
  }

  private static func stripping(
    _ answer: [UInt8], _ isMeant: (Int64) -> Bool
  ) throws -> [UInt8] {
    guard answer.firstRange(of: mark) != nil else { return answer }
    let whole: PushResponse = try WireJSON.decode(answer)
    var stripped = whole
    for place in stripped.verdicts.indices where isMeant(stripped.verdicts[place].n) {
      stripped.verdicts[place].removeValues()
    }
    return stripped == whole ? answer : try WireJSON.encode(stripped)
  }
}
