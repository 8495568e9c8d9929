import Crypto
import Foundation
import HubService
import SwiftASN1
import SyncCore
import X509

/// Who stands behind a client certificate, asked anew on every request: a site may have been
/// revoked since the connection began, or its certificate may have run out.
///
/// TLS proves that the caller holds the certificate's key, and
/// ``CertificateAuthority/areIssuers(of:among:)`` that one of the counties' authorities signed it;
/// dates are judged here alone, by the hub's clock. So a site that comes back after its certificate
/// ran out can be told so, and may renew it: the handshake has proved its key, and the county's
/// table says that the key is still the site's.
///
/// A county counts only if three things agree: the certificate's name, the authority that signed
/// it, and the table that holds its key.
struct SiteAuthentication: Sendable {
  /// What a certificate lets its holder do.
  enum Standing: Sendable, Equatable {
    /// Nobody here: unknown, revoked, replaced, or of a county that is not served.
    case nobody
    case admitted(Caller)
    /// A site whose certificate is not valid now. It may renew it, or nothing.
    case outOfDate(Caller, mayRenew: Bool)
  }

  private let authorities: [CountyKey: CertificateAuthority]
  private let requests: any CountyRequests
  private let grace: Milliseconds
  private let now: @Sendable () -> Milliseconds

  /// - Parameter grace: how far outside its dates a certificate may still be renewed.
  init(
    authorities: [CertificateAuthority], requests: any CountyRequests, grace: Milliseconds,
    now: @escaping @Sendable () -> Milliseconds
  ) {
    self.authorities = Dictionary(authorities.map { ($0.county, $0) }) { first, _ in first }
    self.requests = requests
    self.grace = grace
    self.now = now
  }

  /// Blocks.
  ///
  /// | signed, named and in the table | dates by the hub's clock | then |
  /// |---|---|---|
  /// | not by one county alone | any | nobody |
  /// | yes | valid now | admitted |
  /// | yes | outside, by no more than the grace | out of date, may renew |
  /// | yes | outside by more | out of date |
  ///
  /// A certificate that is not valid *yet* is one that a hub with a wrong clock issued.
  func standing(certificateDER: [UInt8]) throws -> Standing {
    let certificate = try Certificate(derEncoded: certificateDER)
    let distance = distance(from: certificate)
    guard let name = try SiteName(in: certificate),
      let key = P256.Signing.PublicKey(certificate.publicKey),
      let authority = authorities[name.county], authority.hasSigned(certificate),
      let caller = try requests.caller(keyHash: key.keyHash, county: name.county)
        ?? (distance <= grace ? readmit(certificate, name, keyHash: key.keyHash) : nil),
      caller.county == name.county, caller.site == name.site
    else { return .nobody }
    return distance == 0 ? .admitted(caller) : .outOfDate(caller, mayRenew: distance <= grace)
  }

  /// How far the hub's time is outside the certificate's dates; 0 within them.
  private func distance(from certificate: Certificate) -> Milliseconds {
    let time = now()
    let start = milliseconds(certificate.notValidBefore)
    let end = milliseconds(certificate.notValidAfter)
    return time < start ? start - time : time >= end ? time - end + 1 : 0
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
