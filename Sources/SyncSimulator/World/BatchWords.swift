import SyncCore
import SyncProtocol

/// What a batch brought and what became of it, for a trace: who reads a story wants to know why a
/// row is not where it should be.
extension SimulatedCounty {
  /// A trace keeps every line of a run: of a large batch the beginning is enough.
  private static let toldChangeCountMax = 6

  /// - Parameter response: the hub has taken the request.
  /// - Returns: nothing for what is no batch.
  func words(for request: ProtocolRequest, answered response: ProtocolResponse) throws -> String {
    switch request.path {
    case ProtocolPath.push:
      return try words(
        forBatch: PushBody.decode(request.body).batch, WireJSON.decode(response.body))
    case ProtocolPath.returned:
      let (_, answer, _, batch) = try ReturnBody.decode(request.body)
      return try words(forBatch: batch, WireJSON.decode(answer))
    default: return ""
    }
  }

  private func words(forBatch bytes: [UInt8], _ answer: PushResponse) throws -> String {
    let batch = try Batch(decoding: bytes, changeCountMax: .max)
    let told = batch.changes.prefix(Self.toldChangeCountMax).map { change in
      let row = NaiveRow(change.row, witness.schema)
      let verdict = answer.verdicts.first { $0.n == change.id.n }
      let rule = verdict?.rule.map { " " + $0.rawValue } ?? ""
      let columns = (verdict?.columns ?? []).map { "\($0.column) \($0.verdict.rawValue)" }
      return "\(change.kind) \(row.table) \(row.id) "
        + "\((verdict?.verdict ?? .applied).rawValue)\(rule)"
        + (columns.isEmpty ? "" : " (columns \(columns.joined(separator: ", ")))")
    }
    let rest = batch.changes.count - told.count
    return "batch \(batch.number): " + told.joined(separator: "; ")
      + (rest > 0 ? "; and \(rest) more" : "")
  }
}
