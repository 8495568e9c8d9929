/// Where a hub's listener stands: `https://HOST` or `https://HOST:PORT`, nothing behind it.
///
/// The address says where to dial and nothing about who answers: that is the pin's business.
package struct HubURL: Hashable, Sendable, CustomStringConvertible {
  /// Without a slash at its end.
  package let text: String
  /// A name or an address; IPv6 without its brackets.
  package let host: String

  /// A host name has at most 253 bytes; scheme, brackets and port come on top.
  package static let byteCountMax = 280

  package var description: String { text }

  /// Whether the address stays on this machine, where compressing costs more than sending.
  package var isLoopback: Bool {
    host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }

  package init(parsing input: String) throws(HubURLError) {
    guard input.utf8.count <= Self.byteCountMax else { throw .tooLong }
    guard input.hasPrefix("https://") else { throw .notHTTPS }
    var origin = input.dropFirst("https://".count)
    if origin.hasSuffix("/") { origin.removeLast() }
    let isPlain = origin.utf8.allSatisfy { byte in
      (0x21...0x7E).contains(byte) && !#"/?#@\"<>^`{|}"#.utf8.contains(byte)
    }
    guard isPlain else { throw .malformed }

    let port: Substring?
    if origin.hasPrefix("["), let end = origin.firstIndex(of: "]") {
      host = String(origin[origin.index(after: origin.startIndex)..<end])
      port = try Self.port(after: origin[origin.index(after: end)...])
    } else {
      let end = origin.firstIndex(of: ":") ?? origin.endIndex
      host = String(origin[..<end])
      port = try Self.port(after: origin[end...])
    }
    if let port, UInt16(port) ?? 0 == 0 { throw .malformed }
    guard !host.isEmpty else { throw .malformed }
    text = "https://" + origin
  }

  private static func port(after rest: Substring) throws(HubURLError) -> Substring? {
    if rest.isEmpty { return nil }
    guard rest.hasPrefix(":") else { throw .malformed }
    return rest.dropFirst()
  }
}

/// Why a text is no address of a hub.
package enum HubURLError: Error, Sendable, Equatable, CustomStringConvertible {
  case tooLong
  case notHTTPS
  case malformed

  package var description: String {
    switch self {
    case .tooLong: "the address has more than \(HubURL.byteCountMax) bytes"
    case .notHTTPS: "the address does not begin with https://; a hub is reached over HTTPS only"
    case .malformed: "the address is not of the form https://HOST:PORT"
    }
  }
}
