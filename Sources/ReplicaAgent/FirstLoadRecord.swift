package import ReplicaStorage
import SyncCore
package import SyncProtocol

/// What a first load needs to go on after it was cut off: whose replica it is to be, and what the
/// hub has offered. Stands in the site's directory from the enrolment until the replica is there.
package struct FirstLoadRecord: Codable, Sendable, Equatable {
  package let county: String
  package let countyName: String
  package let site: String
  package let siteName: String
  package let schema: String
  /// base64url.
  package let digestKey: String
  package let history: String
  package let incarnation: String
  package var snapshot: SnapshotOffer?

  private static let name = "first-load.json"
  /// A schema's text has some 30 KiB.
  private static let byteCountMax = 4 << 20

  package init(_ origin: ReplicaOrigin) {
    county = origin.county.string
    countyName = origin.countyName
    site = origin.site.string
    siteName = origin.siteName
    schema = origin.schemaText
    digestKey = Base64URL.encode(origin.digestKey)
    history = origin.history.string
    incarnation = origin.incarnation.string
  }

  /// The record in a site's directory; nil where no first load is under way.
  package static func read(from directory: String) throws -> FirstLoadRecord? {
    try DurableFile.read("\(directory)/\(name)", byteCountMax: byteCountMax)
      .map { try WireJSON.decode($0) }
  }

  package func write(to directory: String) throws {
    try DurableFile.write(try WireJSON.encode(self), to: "\(directory)/\(Self.name)")
  }

  /// Says that no first load is under way any more.
  package static func remove(from directory: String) throws {
    try SnapshotPart.remove("\(directory)/\(name)")
  }

  func origin() throws -> ReplicaOrigin {
    guard let digestKey = Base64URL.decode(digestKey) else {
      throw SessionError.unfitAnswer("the request to join")
    }
    return ReplicaOrigin(
      county: CountyKey(county), countyName: countyName, site: SiteID(site), siteName: siteName,
      schemaText: schema, digestKey: digestKey, history: HistoryID(history),
      incarnation: IncarnationID(incarnation))
  }
}
