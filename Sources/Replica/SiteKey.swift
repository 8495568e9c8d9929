import Crypto
import SwiftASN1
import SyncProtocol
import X509

/// The site's own P-256 key, `site.key` in its directory: made here, on the spot, and never sent.
struct SiteKey: Sendable {
  private let key: P256.Signing.PrivateKey

  /// A PEM key of P-256 is below 1 KiB.
  private static let byteCountMax = 64 << 10

  /// Reads the key at `path`, or makes one there, mode 0600. When this returns the key survives a
  /// power cut: a join that is cut off is repeated with the same key.
  init(path: String) throws(EnrolmentError) {
    do {
      if let pem = try DurableFile.read(path, byteCountMax: Self.byteCountMax) {
        key = try P256.Signing.PrivateKey(
          pemRepresentation: String(decoding: pem, as: UTF8.self))
      } else {
        key = P256.Signing.PrivateKey()
        try DurableFile.write(Array(key.pemRepresentation.utf8), to: path)
      }
    } catch let failure as FileFailure {
      throw .file(failure)
    } catch {
      throw .foreignKeyFile(path: path)
    }
  }

  /// A PKCS #10 request in PEM, signed by the key. It names nobody: the hub gives the name.
  func certificateRequest() throws(EnrolmentError) -> String {
    do {
      let request = try CertificateSigningRequest(
        version: .v1, subject: DistinguishedName(), privateKey: Certificate.PrivateKey(key),
        attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
      return try request.serializeAsPEM().pemString
    } catch {
      throw .requestNotMade
    }
  }

  /// Whether the certificate, PEM, is for this key.
  func isNamed(by certificatePEM: String) -> Bool {
    do {
      let certificate = try Certificate(pemEncoded: certificatePEM)
      return certificate.publicKey == Certificate.PublicKey(key.publicKey)
    } catch {
      return false
    }
  }
}
