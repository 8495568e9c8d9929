import Crypto
import FoundationEssentials
import SwiftASN1
package import SyncCore
import X509

/// The hub's own key and self-signed certificate, `server.key` and `server.crt` in its directory.
///
/// Sites know the hub by the hash of this key and by nothing else: no name, no date, no authority.
/// So the site's clock never judges, and the key lives until the county replaces it: see
/// ``switchToNext(directory:)``.
package struct ServerIdentity: Sendable {
  /// SHA-256 of the DER of the key's SubjectPublicKeyInfo.
  package let pin: [UInt8]
  let certificateDER: [UInt8]
  let keyDER: [UInt8]
  /// When the certificate begins to be valid: for a next identity, when it takes over.
  package let validFrom: Milliseconds

  static let name = "server"
  package static let lifetimeDaysDefault = 10 * 365

  /// Makes the identity in the hub's directory, durably and with mode 0600; one that is there
  /// already is kept.
  package static func create(
    directory: String, now: Milliseconds, lifetimeDays: Int = lifetimeDaysDefault
  ) throws(IdentityError) -> ServerIdentity {
    try create(directory: directory, name: name, validFrom: now, lifetimeDays: lifetimeDays)
  }

  static func create(
    directory: String, name: String, validFrom: Milliseconds,
    lifetimeDays: Int = lifetimeDaysDefault
  ) throws(IdentityError) -> ServerIdentity {
    try ServerIdentity(
      directory: directory, name: name,
      KeyFile(directory: directory, name: name).create { key in
        let name = try DistinguishedName { CommonName("KreisSync hub") }
        return try Certificate(
          version: .v3, serialNumber: Certificate.SerialNumber(),
          publicKey: Certificate.PublicKey(key.publicKey),
          notValidBefore: date(validFrom),
          notValidAfter: date(validFrom, plusDays: lifetimeDays),
          issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
          extensions: Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([.serverAuth])
          },
          issuerPrivateKey: Certificate.PrivateKey(key))
      })
  }

  /// Reads the identity that ``create(directory:now:lifetimeDays:)`` left.
  package static func load(directory: String) throws(IdentityError) -> ServerIdentity {
    try load(directory: directory, name: name)
  }

  static func load(directory: String, name: String) throws(IdentityError) -> ServerIdentity {
    try ServerIdentity(
      directory: directory, name: name, KeyFile(directory: directory, name: name).load())
  }

  private init(
    directory: String, name: String,
    _ pair: (key: P256.Signing.PrivateKey, certificate: Certificate)
  ) throws(IdentityError) {
    pin = pair.key.publicKey.keyHash
    keyDER = Array(pair.key.derRepresentation)
    validFrom = Milliseconds(pair.certificate.notValidBefore.timeIntervalSince1970 * 1_000)
    do {
      certificateDER = try pair.certificate.derBytes()
    } catch {
      throw .malformed(path: "\(directory)/\(name).crt")
    }
  }
}

extension Certificate {
  func derBytes() throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serialize(into: &serializer)
    return serializer.serializedBytes
  }
}
