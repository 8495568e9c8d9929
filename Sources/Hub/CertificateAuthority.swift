import Crypto
import FoundationEssentials
import SwiftASN1
package import SyncCore
import SyncProtocol
import X509

/// A county's authority: it signs the certificates by which the hub knows the county's sites.
///
/// There is one for each county and no common root, so one county's authority can never speak for
/// another. Nothing is revoked here: a certificate counts only while its key stands in the county's
/// table.
package struct CertificateAuthority: Sendable {
  package let county: CountyKey
  /// For the site's files, PEM.
  package let certificatePEM: String
  let certificate: Certificate
  private let key: P256.Signing.PrivateKey

  /// What an issued certificate is valid for unless the caller says otherwise.
  package static let lifetimeDaysDefault = 30
  private static let authorityLifetimeDays = 20 * 365
  /// 16 random bytes are above the 64 bits that the CA/Browser Forum demands of a serial number.
  package static let serialByteCount = 16
  /// Certificates begin that much before the hub's time: another machine may judge them as well.
  static let backdatingMilliseconds: Milliseconds = 5 * 60 * 1_000

  /// Makes the county's authority in the hub's directory, durably, as `authority-COUNTY.key` and
  /// `.crt`, mode 0600. An authority that is there already is kept.
  package static func create(
    county: CountyKey, directory: String, now: Milliseconds
  ) throws(IdentityError) -> CertificateAuthority {
    let files = KeyFile(directory: directory, name: "authority-\(county)")
    return try CertificateAuthority(
      county: county,
      files.create { key in
        let name = try DistinguishedName { CommonName("KreisSync authority \(county)") }
        return try Certificate(
          version: .v3, serialNumber: Certificate.SerialNumber(),
          publicKey: Certificate.PublicKey(key.publicKey),
          notValidBefore: date(now - backdatingMilliseconds),
          notValidAfter: date(now, plusDays: authorityLifetimeDays),
          issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
          extensions: Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true))
          },
          issuerPrivateKey: Certificate.PrivateKey(key))
      })
  }

  /// Reads the authority that ``create(county:directory:now:)`` left.
  package static func load(
    county: CountyKey, directory: String
  ) throws(IdentityError) -> CertificateAuthority {
    try CertificateAuthority(
      county: county, KeyFile(directory: directory, name: "authority-\(county)").load())
  }

  private init(
    county: CountyKey, _ pair: (key: P256.Signing.PrivateKey, certificate: Certificate)
  ) throws(IdentityError) {
    self.county = county
    key = pair.key
    certificate = pair.certificate
    do {
      certificatePEM = try certificate.serializeAsPEM().pemString
    } catch {
      throw .malformed(path: "authority-\(county).crt")
    }
  }

  /// Signs a certificate for the key in `csr`, a PKCS #10 request in PEM.
  ///
  /// The request must be signed by its own key, of P-256. Every name and extension in it is
  /// ignored: the certificate names `name` and nothing else.
  ///
  /// - Parameter serial: ``serialByteCount`` random bytes.
  package func issue(
    csr: String, to name: SiteName, now: Milliseconds, lifetimeDays: Int = lifetimeDaysDefault,
    serial: [UInt8]
  ) throws(CertificateRequestError) -> IssuedCertificate {
    precondition(name.county == county, "an authority speaks for its own county only")
    precondition(serial.count == Self.serialByteCount)
    let key = try Self.key(in: csr)
    do {
      let certificate = try Certificate(
        version: .v3, serialNumber: Certificate.SerialNumber(bytes: serial),
        publicKey: Certificate.PublicKey(key),
        notValidBefore: date(now - Self.backdatingMilliseconds),
        notValidAfter: date(now, plusDays: lifetimeDays),
        issuer: certificate.subject,
        subject: DistinguishedName { CommonName("KreisSync site") },
        signatureAlgorithm: .ecdsaWithSHA256,
        extensions: Certificate.Extensions {
          Critical(BasicConstraints.notCertificateAuthority)
          Critical(KeyUsage(digitalSignature: true))
          try ExtendedKeyUsage([.clientAuth])
          SubjectAlternativeNames([.uniformResourceIdentifier(name.uri)])
        },
        issuerPrivateKey: Certificate.PrivateKey(self.key))
      return IssuedCertificate(
        pem: try certificate.serializeAsPEM().pemString, keyHash: key.keyHash)
    } catch {
      throw .unsigned
    }
  }

  /// The hash of the key in `csr`, after the same checks as
  /// ``issue(csr:to:now:lifetimeDays:serial:)`` makes: lets a caller recognise a repeated request
  /// before anything is signed.
  package static func keyHash(inCSR csr: String) throws(CertificateRequestError) -> [UInt8] {
    try key(in: csr).keyHash
  }

  /// A site's certificate has about 600 bytes; nobody else's is looked at.
  private static let certificateByteCountMax = 4 << 10

  /// Whether one of the authorities has signed the certificate, whatever its dates: what a
  /// handshake asks. The bytes are a stranger's.
  package static func areIssuers(
    of certificateDER: [UInt8], among authorities: [CertificateAuthority]
  ) -> Bool {
    guard certificateDER.count <= certificateByteCountMax else { return false }
    do {
      let certificate = try Certificate(derEncoded: certificateDER)
      return authorities.contains { authority in
        authority.certificate.subject == certificate.issuer && authority.hasSigned(certificate)
      }
    } catch {
      // No certificate at all.
      return false
    }
  }

  func hasSigned(_ signed: Certificate) -> Bool {
    certificate.publicKey.isValidSignature(signed.signature, for: signed)
  }

  private static func key(
    in csr: String
  ) throws(CertificateRequestError) -> P256.Signing.PublicKey {
    guard csr.utf8.count <= JoinRequest.csrByteCountMax else { throw .malformed }
    let request: CertificateSigningRequest
    do {
      request = try CertificateSigningRequest(pemEncoded: csr)
    } catch {
      throw .malformed
    }
    guard let key = P256.Signing.PublicKey(request.publicKey) else { throw .foreignKey }
    guard request.publicKey.isValidSignature(request.signature, for: request) else {
      throw .wrongSignature
    }
    return key
  }
}

/// A signed certificate with the hash under which the hub finds its key.
package struct IssuedCertificate: Sendable, Equatable {
  package let pem: String
  /// SHA-256 of the DER of the key's SubjectPublicKeyInfo: what the county's table of keys holds.
  package let keyHash: [UInt8]
}

/// Why no certificate was issued.
package enum CertificateRequestError: Error, Sendable, Equatable, CustomStringConvertible {
  case malformed
  case foreignKey
  case wrongSignature
  case unsigned

  package var description: String {
    switch self {
    case .malformed: "the request is no PKCS #10 in PEM; make it with kreissync site join"
    case .foreignKey: "the request is not for a P-256 key; make it with kreissync site join"
    case .wrongSignature: "the request is not signed by its own key; make a new one"
    case .unsigned: "the authority could not sign; repeat the request"
    }
  }
}

func date(_ time: Milliseconds, plusDays dayCount: Int = 0) -> Date {
  Date(timeIntervalSince1970: Double(time) / 1_000 + Double(dayCount) * 86_400)
}
