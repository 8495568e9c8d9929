import ReplicaStorage
import SyncCore
import SyncProtocol

/// What a session does when its hub was restored: it finds its place in the new history, and
/// returns what the hub has forgotten.
extension SyncSession {
  /// Behind a restored hub's new history no digest of the old one counts, and after a proof that
  /// failed none that came before.
  var comparesAll: Bool {
    asksForAllDigests || hasAdoptedHistory || record.digestEqual == false
      || greeting?.isRecovering == true || greeting?.asksToCompareAll == true
  }

  /// Whether what the hub does not name in a pull is not the site's: not while others may still
  /// return what a restored hub has forgotten.
  var learnsAll: Bool { comparesAll && greeting?.isRecovering != true }

  func historyRequest() throws -> ProtocolRequest {
    let logs = try file.logs()
    return try Self.json(
      ProtocolPath.history,
      HistoryRequest(
        position: record.position, earlier: record.formerPlaces, incarnation: record.incarnation,
        batchStart: logs.batchStart,
        logs: logs.incarnations.suffix(HistoryRequest.logCountMax), machine: environment.machine))
  }

  mutating func takeHistory(_ response: ProtocolResponse) throws {
    let answer: HistoryResponse = try WireJSON.decode(response.body)
    // What the site has seen and the hub still has must be the same; that the rest is gone only the
    // hub can say, and the event tells people that it did.
    guard let place = answer.position.position, place.history != record.position.history,
      place.seq <= record.position.seq, place.seq <= answer.sharedSeq,
      place.seq < record.position.seq || place.treeHead == record.position.treeHead
    else {
      throw SessionError.historyRewritten(
        proof: try environment.keepProof(
          HistoryProof(
            seen: WirePosition(record.position), shown: answer.position, consistency: [],
            at: environment.now())))
    }
    var known: [IncarnationID: Int64] = [:]
    for end in answer.known { known[IncarnationID(end.incarnation)] = end.batchNumber }
    try file.adopt(
      AdoptedHistory(place: place, sharedSeq: answer.sharedSeq, known: known),
      at: environment.now())
    record = try file.record()
    try sidecars.write(Sidecar(record))
    report.position = record.position
    report.events.append(SessionEvent.hubRestored.rawValue)
  }

  func returnRequest() throws -> ProtocolRequest? {
    try file.nextForgottenBatch().map {
      ProtocolRequest(
        path: ProtocolPath.returned, contentType: .rows,
        body: ReturnBody.encode(
          session: sessionNumber, answer: $0.answer, hash: $0.hash, batch: $0.bytes))
    }
  }

  mutating func takeReturned(_ response: ProtocolResponse) throws {
    let answer: ReturnResponse = try WireJSON.decode(response.body)
    guard let sent = try file.nextForgottenBatch(), sent.number == answer.batchNumber else {
      throw SessionError.unfitAnswer("the return of a batch")
    }
    try file.returned(sent.number)
    record = try file.record()
  }
}

extension SessionError {
  /// Whether the hub has a new history since the site's last session.
  ///
  /// - Parameter knowsFormer: whether the site has known the hub restored before: it may have been
  ///   restored to a state in which it does not know the present history.
  func saysHistoryChanged(knowsFormer: Bool) -> Bool {
    guard case .refused(let text, _, _) = self else { return false }
    let code = ProtocolError.Code(rawValue: text)
    return code == .historyChanged || knowsFormer && code == .unknownPosition
  }
}
