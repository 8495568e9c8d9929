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
    else { throw SessionError.historyRewritten }
  }

  static func json(_ path: String, _ message: some Encodable) throws -> ProtocolRequest {
    ProtocolRequest(path: path, contentType: .json, body: try WireJSON.encode(message))
  }

  static func accepted(
    _ outcome: Result<ProtocolResponse, LinkFailure>
  ) throws -> ProtocolResponse {
    let response: ProtocolResponse
    switch outcome {
    case .success(let answer):
      response = answer
    case .failure(let failure):
      switch failure.cause {
      case .unreachable: throw SessionError.unreachable(failure.detail)
      case .wrongIdentity: throw SessionError.wrongIdentity(failure.detail)
      case .certificateRefused: throw SessionError.certificateRefused(failure.detail)
      }
    }
    guard response.status == 200 else {
      let refusal: ProtocolError.Lenient = try WireJSON.decode(response.body)
      throw SessionError.refused(
        code: refusal.error.code, message: refusal.error.message, hint: refusal.error.hint)
    }
    return response
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
