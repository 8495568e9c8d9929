/// The body of `POST /v1/join`, sent once by a site that has no certificate yet.
package struct JoinRequest: Codable, Sendable, Equatable {
  /// The join string's token, base64url.
  package let token: String
  /// PKCS #10 in PEM. The hub takes the key from it and no name.
  package let csr: String

  /// A P-256 request is below 1 KiB in PEM.
  package static let csrByteCountMax = 8 << 10
  /// A whole request: strangers may send these, so far below ``ProtocolLimit/bodyByteCountMax``.
  package static let bodyByteCountMax = 64 << 10

  package init(token: [UInt8], csr: String) {
    self.token = Base64URL.encode(token)
    self.csr = csr
  }

  /// The token's bytes; nil when it has not the form of one.
  package var tokenBytes: [UInt8]? {
    guard let bytes = Base64URL.decode(token), bytes.count == JoinString.tokenByteCount else {
      return nil
    }
    return bytes
  }
}

/// The hub's answer: everything a site needs to make its replica and call the hub.
package struct JoinResponse: Codable, Sendable, Equatable {
  package let site: String
  package let county: String
  package let countyName: String
  /// The site's own name, for people.
  package let name: String
  /// Municipality, association, carrier or county field service, as the county's schema says.
  package let kind: String
  /// The site's certificate in PEM.
  package let certificate: String
  /// The county's authority in PEM. The site does not judge by it; it is kept for diagnosis.
  package let authority: String
  package let hubURL: String
  /// The county's schema, TOML text.
  package let schema: String
  /// The county's key of digests, 16 bytes in base64url.
  package let digestKey: String
  package let history: String

  package init(
    site: String, county: String, countyName: String, name: String, kind: String,
    certificate: String, authority: String, hubURL: String, schema: String, digestKey: String,
    history: String
  ) {
    self.site = site
    self.county = county
    self.countyName = countyName
    self.name = name
    self.kind = kind
    self.certificate = certificate
    self.authority = authority
    self.hubURL = hubURL
    self.schema = schema
    self.digestKey = digestKey
    self.history = history
  }

  /// ``WireJSON`` turns these into snake_case; it would read `hub_url` back as `hubUrl`.
  private enum CodingKeys: String, CodingKey {
    case site, county, countyName, name, kind, certificate, authority, schema, digestKey, history
    case hubURL = "hubUrl"
  }
}
