import SyncCore

extension PushResponse {
  /// A stored answer without the values that it tells: what became of each change stays. For
  /// answers that are kept to be repeated, once a value in them is to be forgotten.
  ///
  /// - Throws: `DecodingError` for bytes that are no answer.
  package static func withoutKeptValues(_ bytes: [UInt8]) throws -> [UInt8] {
    let answer: PushResponse = try WireJSON.decode(bytes)
    var stripped = answer
    for verdict in stripped.verdicts.indices {
      for column in stripped.verdicts[verdict].columns.indices {
        stripped.verdicts[verdict].columns[column].kept = WireValue(.null)
      }
    }
    return try stripped == answer ? bytes : WireJSON.encode(stripped)
  }
}
