import Crypto
import Foundation
import HubService
import SwiftASN1
import SyncCore
import X509

/// Who stands behind a client certificate, asked anew on every request: TLS has judged it once,
/// when the connection began, and a site may have been revoked or its certificate may have run out
/// since.
///
/// A county counts only if three things agree: the certificate's name, the authority that signed
/// it, and the table that holds its key.
struct SiteAuthentication: Sendable {
  private let authorities: [CountyKey: CertificateAuthority]
  private let requests: any CountyRequests
  private let now: @Sendable () -> Milliseconds

  init(
    authorities: [CertificateAuthority], requests: any CountyRequests,
    now: @escaping @Sendable () -> Milliseconds
  ) {
    self.authorities = Dictionary(authorities.map { ($0.county, $0) }) { first, _ in first }
    self.requests = requests
    self.now = now
  }

  /// Nil when the certificate's holder is nobody here. Blocks.
  func caller(certificateDER: [UInt8]) throws -> Caller? {
    let certificate = try Certificate(derEncoded: certificateDER)
    let time = date(now())
    guard let name = try SiteName(in: certificate),
      let key = P256.Signing.PublicKey(certificate.publicKey),
      let authority = authorities[name.county],
      authority.certificate.publicKey.isValidSignature(certificate.signature, for: certificate),
      certificate.notValidBefore <= time, time < certificate.notValidAfter,
      let caller = try requests.caller(keyHash: key.keyHash, county: name.county)
        ?? readmit(certificate, name, keyHash: key.keyHash),
      caller.county == name.county, caller.site == name.site
    else { return nil }
    return caller
  }

  private func readmit(
    _ certificate: Certificate, _ name: SiteName, keyHash: [UInt8]
  ) throws -> Caller? {
    let unknown = UnknownCertificate(
      site: name.site, keyHash: keyHash,
      issuedAt: milliseconds(certificate.notValidBefore)
        + CertificateAuthority.backdatingMilliseconds,
      expiresAt: milliseconds(certificate.notValidAfter))
    return try requests.readmit(unknown, county: name.county)
  }

  private func milliseconds(_ date: Date) -> Milliseconds {
    Milliseconds(date.timeIntervalSince1970 * 1_000)
  }
}
