package import HubService
package import SyncCore
package import SyncProtocol

/// What the HTTPS shell asks of the hub behind it; the composition root answers with one service
/// for each county.
///
/// Every function blocks while it works on a database. The shell calls them on threads of its own,
/// several at a time, never on an event loop.
package protocol CountyRequests: Sendable {
  /// The site that holds the key, looked up in its county's table.
  ///
  /// Asked on every request, also on an open connection: nil when the key is unknown or revoked, or
  /// its county is not served. An error means that the question could not be answered now.
  ///
  /// - Parameter keyHash: SHA-256 of the DER of the key's SubjectPublicKeyInfo.
  func caller(keyHash: [UInt8], county: CountyKey) throws -> Caller?

  /// The site of a certificate whose key is unknown because the hub was restored; nil for others.
  func readmit(_ certificate: UnknownCertificate, county: CountyKey) throws -> Caller?

  /// Answers one request of a site that ``caller(keyHash:county:)`` has just named.
  func answer(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse

  /// Answers a ``RenewRequest`` of a site whose certificate has run out. It has proved the key that
  /// stands in its county's table, and nothing else.
  func recover(_ request: ProtocolRequest, from caller: Caller) -> ProtocolResponse

  /// Answers a ``JoinRequest`` of anyone. The token in it is the only proof.
  func join(_ request: ProtocolRequest) -> ProtocolResponse
}
