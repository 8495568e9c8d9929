import Foundation
package import ReplicaStorage
import SyncCore
package import SyncProtocol

/// What a replica keeps of its identity outside the database file, so that a restored or swapped
/// file shows: it is behind its sidecar.
///
/// Written after the file's commit and before anything is sent. A crash between the two leaves the
/// file ahead, which is no sign of anything.
package struct Sidecar: Codable, Sendable, Equatable {
  package var incarnation: String
  package var batchNumber: Int64
  package var batchHash: String
  package var batchedThrough: Int64
  package var position: WirePosition
  /// The session number that the hub gave last; nil in a sidecar of a program that kept none.
  package var session: Int64?
  /// The incarnation that a restored file is about to begin: chosen once, so that a crash does not
  /// make two of it.
  package var successor: String?

  package init(_ record: ReplicaRecord) {
    session = record.session
    incarnation = record.incarnation.string
    batchNumber = record.batchNumber
    batchHash = record.batchHash?.text ?? ""
    batchedThrough = record.batchedThrough
    position = WirePosition(record.position)
  }

  /// Whether the file lacks something that the sidecar says it had, or is about to have.
  package func isAhead(of record: ReplicaRecord) -> Bool {
    // The file has begun it, and the sidecar was not yet written; or the hub may have begun it and
    // takes the older log for a second copy's.
    if let successor { return ByteText(successor) != record.incarnation.text }
    // The file has taken the hub's new history over; the sidecar was not yet written.
    let history = HistoryID(position.history)
    if history != record.position.history {
      return ByteText(incarnation) != record.incarnation.text
        || !record.formerPlaces.contains { $0.history == history }
    }
    return ByteText(incarnation) != record.incarnation.text || batchNumber > record.batchNumber
      || batchedThrough > record.batchedThrough
      || position.seq > record.position.seq || (session ?? 0) > record.session
      || (batchNumber == record.batchNumber && batchHash != record.batchHash?.text ?? "")
  }
}

/// Where a replica's sidecar is kept.
package protocol SidecarStore {
  /// The sidecar; nil before the first session.
  func read() throws -> Sidecar?
  /// Durable when it returns; a crash leaves the old or the new one, whole.
  func write(_ sidecar: Sidecar) throws
}

/// A sidecar as a file in the site's directory.
package struct SidecarFile: SidecarStore {
  package static let name = "identity.json"
  /// A sidecar has some 400 bytes.
  private static let byteCountMax = 64 << 10
  private let path: String

  /// - Parameter directory: the site's directory.
  package init(directory: String) {
    path = directory + "/" + Self.name
  }

  package func read() throws -> Sidecar? {
    guard let bytes = try DurableFile.read(path, byteCountMax: Self.byteCountMax) else {
      return nil
    }
    return try DamagedFile.decode(
      bytes, of: path, cure: "remove it: the hub knows the replica, and tells if it was restored")
  }

  /// One that says so already stays. Each session writes one that does not, for it has a new
  /// number: so what stands here is durable, also where a process was killed in a write.
  package func write(_ sidecar: Sidecar) throws {
    guard try read() != sidecar else { return }
    try DurableFile.write(try WireJSON.encode(sidecar), to: path, mode: 0o600)
  }
}
