/// The body of `POST /v1/renew`: a site asks for a certificate for its next key by its present one.
package struct RenewRequest: Codable, Sendable, Equatable {
  /// PKCS #10 in PEM, as in ``JoinRequest``.
  package let csr: String

  package init(csr: String) {
    self.csr = csr
  }
}

/// The certificate for the next key. The present key counts until the next one was used.
package struct RenewResponse: Codable, Sendable, Equatable {
  /// The site's next certificate in PEM.
  package let certificate: String

  package init(certificate: String) {
    self.certificate = certificate
  }
}
