import ReplicaStorage
import SyncCore
import SyncProtocol

/// The way of a snapshot from the hub into a file of the site's, part by part.
struct SnapshotDownload {
  /// Where what has come so far lies.
  let partPath: String
  let link: any HubLink
  /// Name and version of the program, for people.
  let software: String

  /// A snapshot that came and is not what its hash says was torn on its way or at the hub. More
  /// than a few are no accident.
  static let attemptCountMax = 3

  // MARK: Asking

  /// What the hub says to the question for a snapshot.
  enum Answer {
    case offered(SnapshotOffer)
    case none(String?)
  }

  /// - Parameter forReload: for a replica that stands, however small its scope is.
  func ask(forReload: Bool) throws -> Answer {
    let response: ProtocolResponse
    do {
      response = try link.exchange(
        ProtocolRequest(
          path: ProtocolPath.snapshot, contentType: .json,
          body: try WireJSON.encode(SnapshotRequest(software: software, isReload: forReload))))
    } catch let failure as LinkFailure {
      return .none(failure.detail)
    }
    guard response.status == 200 else {
      let refusal = try Self.refusal(response)
      if refusal.code == ProtocolError.Code.busy.rawValue { throw refusal.error }
      return .none(refusal.message)
    }
    let answer: SnapshotResponse = try Self.reading { try WireJSON.decode(response.body) }
    guard let offer = answer.snapshot else { return .none(nil) }
    guard offer.isWellFormed else { throw SessionError.unfitAnswer("the request for a snapshot") }
    return .offered(offer)
  }

  // MARK: Fetching

  /// Fetches what is missing.
  ///
  /// - Returns: false where the file is gone at the hub, or is not what its hash says.
  func fetch(_ offer: SnapshotOffer) throws -> Bool {
    let part = try SnapshotPart(partPath, byteCountMax: offer.byteCount)
    while part.byteCount < offer.byteCount {
      let request = SnapshotPartRequest(id: offer.id, offset: part.byteCount)
      let response: ProtocolResponse
      do {
        response = try link.exchange(
          ProtocolRequest(
            path: ProtocolPath.snapshotPart, contentType: .json,
            body: try WireJSON.encode(request)))
      } catch let failure as LinkFailure {
        throw SessionError.unreachable(
          "\(part.byteCount) of \(offer.byteCount) bytes of the first load are here: "
            + failure.detail)
      }
      guard response.status == 200 else {
        let refusal = try Self.refusal(response)
        guard refusal.code == ProtocolError.Code.snapshotUnknown.rawValue else {
          throw refusal.error
        }
        return false
      }
      let isFit =
        response.contentType == .snapshot && !response.body.isEmpty
        && Int64(response.body.count) <= offer.byteCount - part.byteCount
      guard isFit else { throw SessionError.unfitAnswer("the request for a part of a snapshot") }
      try part.append(response.body)
    }
    return try part.hash().text == offer.sha256
  }

  // MARK: Reading answers

  private struct Refusal {
    let code: String
    let message: String
    let error: SessionError
  }

  private static func refusal(_ response: ProtocolResponse) throws -> Refusal {
    let answer: ProtocolError.Lenient = try reading { try WireJSON.decode(response.body) }
    return Refusal(
      code: answer.error.code, message: answer.error.message,
      error: .refused(
        code: answer.error.code, message: answer.error.message, hint: answer.error.hint))
  }

  /// What cannot be decoded was cut, or made by something that is no hub.
  private static func reading<Message>(_ body: () throws -> Message) throws -> Message {
    do {
      return try body()
    } catch is ProtocolError {
      throw SessionError.unfitAnswer("the request for a snapshot")
    }
  }
}
