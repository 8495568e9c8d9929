package import HubStorage
package import SyncCore
import SyncProtocol

extension CountyService {
  /// The site that holds this certificate key, if it is served at all: looked up on each request,
  /// so that a revocation holds from the next one on.
  ///
  /// The first use of a renewed certificate's key makes it the site's present one, durably, and
  /// ends the one before it.
  package func caller(keyHash: [UInt8]) throws -> Caller? {
    let (caller, isNext) = try store.read { reader -> (Caller?, Bool) in
      guard let site = try Self.holder(of: keyHash, in: reader) else { return (nil, false) }
      return (
        Caller(county: try reader.county.key, site: site.id), site.nextKeyHash == keyHash
      )
    }
    guard isNext else { return caller }
    return try store.write { writer in
      // It may have been revoked since.
      guard var site = try Self.holder(of: keyHash, in: writer) else { return nil }
      if site.nextKeyHash == keyHash {
        site.keyHash = keyHash
        site.certificateExpiresAt = site.nextCertificateExpiresAt
        site.nextKeyHash = nil
        site.nextCertificateExpiresAt = nil
        try writer.put(site)
        try finish(.renewCertificate, of: site.id, result: "renewed", in: writer)
      }
      return caller
    }
  }

  private static func holder(of keyHash: [UInt8], in reader: some HubReader) throws -> SiteRecord? {
    guard let site = try reader.site(keyHash: keyHash), site.state != .revoked,
      site.state != .waiting
    else { return nil }
    return site
  }

  /// Binds a site's next key beside its present one, which counts until the next one is used;
  /// durable when it returns. A repeat with the same key, or with another, takes its place.
  ///
  /// - Parameter isRecovery: the present certificate has run out, which is kept on record: a person
  ///   may want to know that a key that was silent for long has come back.
  /// - Throws: ``ProtocolError`` `refused` for a site that may not call, `bad_certificate_request`
  ///   for a key that is not new.
  package func renew(
    keyHash: [UInt8], of id: SiteID, certificateExpiresAt: Milliseconds, isRecovery: Bool = false
  ) throws -> SiteRecord {
    try store.write { writer in
      guard var site = try writer.site(id), site.state == .joined || site.state == .paused else {
        throw Self.refusal
      }
      let holder = try writer.site(keyHash: keyHash)
      guard holder == nil || holder?.id == id && site.nextKeyHash == keyHash else {
        throw ProtocolError(
          .badCertificateRequest, "the key of the request has a certificate already",
          hint: "make a new key for each renewal")
      }
      if isRecovery && holder == nil { try recordRecovery(of: id, in: writer) }
      site.nextKeyHash = keyHash
      site.nextCertificateExpiresAt = certificateExpiresAt
      try writer.put(site)
      return site
    }
  }

  /// What came of a certificate that had run out, among what was asked of the site.
  package static var recoveryResult: String { "recovered" }

  private func recordRecovery(of id: SiteID, in writer: some HubWriter) throws {
    let now = environment.now()
    try writer.put(
      StoredInstruction(
        id: environment.uuid(), site: id, kind: Instruction.renewCertificate.rawValue,
        issuedAt: now, doneAt: now, result: Self.recoveryResult))
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
      if let holder = try writer.site(keyHash: keyHash), holder.id != site.id {
        throw ProtocolError(
          .badCertificateRequest, "the key of the request is that of another site of this county",
          hint: "join in a directory of the site's own")
      }
      site.state = .joined
      site.keyHash = keyHash
      site.nextKeyHash = nil
      site.nextCertificateExpiresAt = nil
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
