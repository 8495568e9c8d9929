import Foundation
import SwiftASN1
package import SyncCore
import SyncProtocol
import X509

/// The site's certificate as far as its age matters.
package struct SiteCertificate: Sendable, Equatable {
  package let notBefore: Milliseconds
  package let notAfter: Milliseconds

  private static let byteCountMax = 64 << 10

  /// Reads `site.crt` of the site's directory.
  ///
  /// - Throws: ``EnrolmentError/foreignCertificate`` where no certificate stands.
  package static func read(directory: String) throws(EnrolmentError) -> SiteCertificate {
    let path = "\(directory)/\(Enrolment.certificateName)"
    do {
      let pem = try DurableFile.read(path, byteCountMax: byteCountMax) ?? []
      let certificate = try Certificate(pemEncoded: String(decoding: pem, as: UTF8.self))
      return SiteCertificate(
        notBefore: Milliseconds(certificate.notValidBefore.timeIntervalSince1970 * 1_000),
        notAfter: Milliseconds(certificate.notValidAfter.timeIntervalSince1970 * 1_000))
    } catch let failure as FileFailure {
      throw .file(failure)
    } catch {
      throw .foreignCertificate
    }
  }

  /// Whether two thirds of its life are over: ten of thirty days are left to reach the hub.
  ///
  /// - Parameter now: the hub's clock, where it is known.
  package func isDue(at now: Milliseconds) -> Bool {
    now - notBefore >= (notAfter - notBefore) / 3 * 2
  }
}
