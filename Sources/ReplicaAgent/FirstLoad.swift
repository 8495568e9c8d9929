import ReplicaStorage
import SyncCore
import SyncProtocol

/// How a site that has joined gets its replica: as a ready file from the hub where the scope is
/// large, else as an empty one that the first session fills.
///
/// It may be cut off anywhere and goes on where it was: what is known stands in
/// ``FirstLoadRecord``, what has come in `snapshot.part`. Nothing is at the replica's place before
/// it is whole and proved, and nothing that stands there is ever touched.
///
///     asked ──→ fetched, part by part ──→ hash equal ──→ proved ──→ renamed into place
///       │  hub has none, or cannot now          │ no: once more      │ no
///       └───────────────→ an empty replica ←────┴────────────────────┘
package struct FirstLoad {
  /// How it ended.
  package enum Outcome: Sendable, Equatable {
    case bySnapshot(rowCount: Int64)
    /// Empty: the rows come with the first session. With what was wrong, for people, if something
    /// was.
    case byPages(String?)
  }

  private let directory: String
  private let replicaPath: String
  private let link: any HubLink
  private let environment: SessionEnvironment

  private var partPath: String { directory + "/snapshot.part" }

  /// A snapshot that came and is not what its hash says was torn on its way or at the hub. More
  /// than a few are no accident.
  private static let attemptCountMax = 3

  /// - Parameter directory: the site's; the caller holds its lock.
  package init(
    directory: String, replicaPath: String, link: any HubLink, environment: SessionEnvironment
  ) {
    self.directory = directory
    self.replicaPath = replicaPath
    self.link = link
    self.environment = environment
  }

  /// Gets the replica that the record in the directory promises.
  ///
  /// - Throws: ``SessionError/unreachable(_:)`` where the line was cut in the middle of a snapshot,
  ///   and ``SessionError/refused(code:message:hint:)`` with `busy` while the hub makes another
  ///   site's: the next run goes on.
  package func run(_ record: FirstLoadRecord) throws -> Outcome {
    var record = record
    for _ in 0..<Self.attemptCountMax {
      if record.snapshot == nil {
        switch try ask() {
        case .offered(let offer):
          try SnapshotPart.remove(partPath)
          record.snapshot = offer
          try record.write(to: directory)
        case .none(let reason):
          return try byPages(record, reason)
        }
      }
      guard let offer = record.snapshot else { continue }
      if try fetch(offer) {
        return try install(offer, record)
      }
      record.snapshot = nil
      try record.write(to: directory)
    }
    return try byPages(record, "the hub's snapshots are not what their hashes say")
  }

  private func byPages(_ record: FirstLoadRecord, _ reason: String?) throws -> Outcome {
    try SnapshotPart.remove(partPath)
    try ReplicaFile.create(at: replicaPath, origin: try record.origin())
    try DurableFile.syncDirectory(of: replicaPath)
    try FirstLoadRecord.remove(from: directory)
    return .byPages(reason)
  }

  // MARK: Asking

  private enum Answer {
    case offered(SnapshotOffer)
    case none(String?)
  }

  private func ask() throws -> Answer {
    let response: ProtocolResponse
    do {
      response = try link.exchange(
        ProtocolRequest(
          path: ProtocolPath.snapshot, contentType: .json,
          body: try WireJSON.encode(SnapshotRequest(software: environment.software))))
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
  private func fetch(_ offer: SnapshotOffer) throws -> Bool {
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

  private func install(_ offer: SnapshotOffer, _ record: FirstLoadRecord) throws -> Outcome {
    // From here on the file is SQLite's, which knows what it left beside it.
    let draft = replicaPath + ".new"
    for suffix in ["", "-journal", "-wal", "-shm"] { try SnapshotPart.remove(draft + suffix) }
    try SnapshotPart.rename(partPath, to: draft)
    do {
      try ReplicaFile.adopt(draft, as: replicaPath, origin: try record.origin())
    } catch ReplicaError.unfitSnapshot(let reason) {
      for suffix in ["", "-journal", "-wal", "-shm"] { try SnapshotPart.remove(draft + suffix) }
      return try byPages(record, "the hub's snapshot was not used: \(reason)")
    }
    try DurableFile.syncDirectory(of: replicaPath)
    try FirstLoadRecord.remove(from: directory)
    return .bySnapshot(rowCount: offer.rowCount)
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
