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

  package init(_ record: ReplicaRecord) {
    incarnation = record.incarnation.string
    batchNumber = record.batchNumber
    batchHash = record.batchHash?.text ?? ""
    batchedThrough = record.batchedThrough
    position = WirePosition(record.position)
  }

  package static let fileName = "identity.json"

  /// Durable when it returns.
  package func write(in directory: String) throws {
    try DurableFile.write(
      try WireJSON.encode(self), to: directory + "/" + Self.fileName, mode: 0o600)
  }

  /// The sidecar in a site's directory; nil before the first session.
  package static func read(in directory: String) throws -> Sidecar? {
    guard
      let bytes = try DurableFile.read(
        directory + "/" + fileName, byteCountMax: 64 << 10)
    else { return nil }
    return try WireJSON.decode(bytes)
  }

  /// Whether the file lacks something that the sidecar says it had.
  package func isAhead(of record: ReplicaRecord) -> Bool {
    ByteText(incarnation) != record.incarnation.text || batchNumber > record.batchNumber
      || batchedThrough > record.batchedThrough
      || position.seq > record.position.seq
      || (batchNumber == record.batchNumber && batchHash != record.batchHash?.text ?? "")
  }
}
