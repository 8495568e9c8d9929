package import SyncCore

/// Whom the hub talks to: derived from the verified client certificate alone, never from a body.
package struct Caller: Sendable, Hashable {
  package let county: CountyKey
  package let site: SiteID

  package init(county: CountyKey, site: SiteID) {
    self.county = county
    self.site = site
  }
}

/// A certificate of one of the county's own that names a site and whose key the hub does not know:
/// issued after the backup from which the hub was restored, or long replaced.
package struct UnknownCertificate: Sendable {
  package let site: SiteID
  package let keyHash: [UInt8]
  package let issuedAt: Milliseconds
  package let expiresAt: Milliseconds

  package init(
    site: SiteID, keyHash: [UInt8], issuedAt: Milliseconds, expiresAt: Milliseconds
  ) {
    self.site = site
    self.keyHash = keyHash
    self.issuedAt = issuedAt
    self.expiresAt = expiresAt
  }
}
