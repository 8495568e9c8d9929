package import HubStorage
package import SyncCore
import SyncProtocol

extension CountyService {
  /// The site that holds this certificate key, if it is served at all: looked up on each request,
  /// so that a revocation holds from the next one on.
  package func caller(keyHash: [UInt8]) throws -> Caller? {
    try store.read { reader in
      guard let site = try reader.site(keyHash: keyHash), site.state != .revoked,
        site.state != .waiting
      else { return nil }
      return Caller(county: try reader.county.key, site: site.id)
    }
  }

  /// Whether this county has handed out the token.
  package func knows(tokenHash: [UInt8]) throws -> Bool {
    try store.read { try $0.site(tokenHash: tokenHash) != nil }
  }

  /// Binds a joining site to its key; durable when it returns.
  ///
  /// A token joins once. The same key may repeat the request within the token's hour: its answer
  /// was lost.
  ///
  /// - Throws: ``ProtocolError`` `join_string_unknown`, `join_string_used`, `join_string_expired`.
  package func redeem(
    tokenHash: [UInt8], keyHash: [UInt8], certificateExpiresAt: Milliseconds
  ) throws -> SiteRecord {
    try store.write { writer in
      guard var site = try writer.site(tokenHash: tokenHash), site.state != .revoked else {
        throw ProtocolError(
          .joinStringUnknown, "no site of this county waits with this join string",
          hint: "ask the county for a new one (`kreissync hub site rejoin`)")
      }
      guard environment.now() < site.tokenExpiresAt else {
        throw ProtocolError(
          .joinStringExpired, "the join string has expired: it is valid for one hour",
          hint: "ask the county for a new one (`kreissync hub site rejoin`)")
      }
      guard site.state == .waiting || site.keyHash == keyHash else {
        throw ProtocolError(
          .joinStringUsed, "the join string was used before: it joins one site, once",
          hint: "ask the county for a new one (`kreissync hub site rejoin`)")
      }
      site.state = .joined
      site.keyHash = keyHash
      site.certificateExpiresAt = certificateExpiresAt
      try writer.put(site)
      return site
    }
  }
}

/// How join tokens are kept: the hub's file holds nothing by which anybody could join.
package enum JoinToken {
  package static let lifetime: Milliseconds = 60 * 60 * 1_000

  package static func hash(_ token: [UInt8]) -> [UInt8] {
    Hash256(sha256Of: token).bytes
  }
}
