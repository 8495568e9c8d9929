package import SyncCore
import X509

/// Whom a client certificate names: `kreissync://COUNTY/SITE/AGENT` as its only subject
/// alternative name.
package struct SiteName: Hashable, Sendable {
  package let county: CountyKey
  package let site: SiteID
  /// Random, of one installation: tells two certificates of one site apart.
  package let agent: String

  private static let scheme = "kreissync://"
  private static let partByteCountMax = 128

  /// Nil when a part holds what a URI would have to escape.
  package init?(county: CountyKey, site: SiteID, agent: String) {
    guard county.isWellFormed, Self.isPlain(site.string), Self.isPlain(agent) else { return nil }
    self.county = county
    self.site = site
    self.agent = agent
  }

  package var uri: String { "\(Self.scheme)\(county)/\(site)/\(agent)" }

  init?(uri: String) {
    guard uri.hasPrefix(Self.scheme) else { return nil }
    let parts = uri.dropFirst(Self.scheme.count)
      .split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3 else { return nil }
    self.init(county: CountyKey(parts[0]), site: SiteID(parts[1]), agent: parts[2])
  }

  /// Nil unless the certificate has exactly one name and it has this form.
  init?(in certificate: Certificate) throws {
    guard let names = try certificate.extensions.subjectAlternativeNames, names.count == 1,
      case .uniformResourceIdentifier(let uri)? = names.first
    else { return nil }
    self.init(uri: uri)
  }

  private static func isPlain(_ part: String) -> Bool {
    (1...partByteCountMax).contains(part.utf8.count)
      && part.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "_"), UInt8(ascii: "~"):
          true
        default: false
        }
      }
  }
}
