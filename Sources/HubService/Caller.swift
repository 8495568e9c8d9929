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
