import Crypto
import Foundation
import SwiftASN1
package import SyncCore
import SyncProtocol
import X509

/// What stands in `site.crt`, and whether it fits `site.key`: for whoever looks why a site cannot
/// call. Nothing is made, moved or renewed.
package struct CertificateExamination: Sendable, Equatable {
  package let notAfter: Milliseconds
  /// Whether the key beside it is the one that it is for.
  package let isForKey: Bool
  /// Whom it names; nil where it names nobody as the county's certificates do.
  package let county: CountyKey?
  package let site: SiteID?
  /// A renewal that was cut off: the next session finishes it.
  package let isBeingRenewed: Bool

  private static let byteCountMax = 64 << 10
  private static let scheme = "kreissync://"

  /// Looks at the two files in a site's directory.
  ///
  /// - Throws: ``EnrolmentError/file(_:)`` where one cannot be read or is missing,
  ///   ``EnrolmentError/foreignCertificate`` and ``EnrolmentError/foreignKeyFile(path:)`` where it
  ///   is not what it should be.
  package static func read(directory: String) throws(EnrolmentError) -> CertificateExamination {
    let keyPath = "\(directory)/\(Enrolment.keyName)"
    let keyText = try text(keyPath)
    let key: P256.Signing.PrivateKey
    do {
      key = try P256.Signing.PrivateKey(pemRepresentation: keyText)
    } catch {
      throw .foreignKeyFile(path: keyPath)
    }
    let pem = try text("\(directory)/\(Enrolment.certificateName)")
    do {
      let certificate = try Certificate(pemEncoded: pem)
      let names = try certificate.extensions.subjectAlternativeNames
      var parts: [String] = []
      if case .uniformResourceIdentifier(let uri)? = names?.first, uri.hasPrefix(scheme) {
        parts = uri.dropFirst(scheme.count).split(separator: "/").map(String.init)
      }
      return CertificateExamination(
        notAfter: Milliseconds(certificate.notValidAfter.timeIntervalSince1970 * 1_000),
        isForKey: certificate.publicKey == Certificate.PublicKey(key.publicKey),
        county: parts.count == 3 ? CountyKey(parts[0]) : nil,
        site: parts.count == 3 ? SiteID(parts[1]) : nil,
        isBeingRenewed: try DurableFile.read(
          "\(directory)/\(CertificateRenewal.nextCertificateName)", byteCountMax: byteCountMax)
          != nil)
    } catch let failure as FileFailure {
      throw .file(failure)
    } catch {
      throw .foreignCertificate
    }
  }

  private static func text(_ path: String) throws(EnrolmentError) -> String {
    do throws(FileFailure) {
      guard let bytes = try DurableFile.read(path, byteCountMax: byteCountMax) else {
        throw FileFailure(.read, path, code: FileFailure.missingCode)
      }
      return String(decoding: bytes, as: UTF8.self)
    } catch {
      throw .file(error)
    }
  }
}
