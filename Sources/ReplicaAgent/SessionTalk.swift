import ReplicaStorage
import SyncCore
import SyncProtocol

/// How a session reads what the hub says.
extension SyncSession {
  func verify(_ head: Position, proof: [String]) throws {
    let hashes = proof.compactMap { Hash256(text: $0) }
    guard hashes.count == proof.count, head.history == record.position.history,
      head.seq >= record.position.seq,
      MerkleTree.verifyConsistency(
        from: record.position.treeHead, to: head.treeHead, proof: hashes)
    else {
      throw SessionError.historyRewritten(
        proof: try environment.keepProof(
          HistoryProof(
            seen: WirePosition(record.position), shown: WirePosition(head), consistency: proof,
            at: environment.now())))
    }
  }

  static func json(_ path: String, _ message: some Encodable) throws -> ProtocolRequest {
    ProtocolRequest(path: path, contentType: .json, body: try WireJSON.encode(message))
  }
}

extension WireAnswer {
  var answer: Answer {
    Answer(
      id: EntryID(n: n, tag: 0), verdict: verdict, rule: rule,
      columns: columns.map {
        ColumnOutcome(column: $0.column, verdict: $0.verdict, rule: $0.rule, kept: $0.kept.value)
      })
  }
}
