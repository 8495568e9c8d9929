import Foundation
package import SyncCore
package import SyncProtocol

/// What shows that a hub's past was changed: the head that a site saw, the head that it was shown,
/// and the proof that should have led from the one to the other. Whoever has the three can check
/// it: RFC 9162, section 2.1.4.
package struct HistoryProof: Encodable, Sendable, Equatable {
  package let seen: WirePosition
  package let shown: WirePosition
  /// The hub's proof, as it came.
  package let consistency: [String]
  /// By the site's clock.
  package let at: Milliseconds

  /// A hub that goes on lying proves nothing new.
  private static let countMax = 8
  /// A hub's answer has 8 MiB at most; a proof that is one has 64 hashes.
  private static let hashCountMax = 64
  private static let prefix = "proof-"

  package init(seen: WirePosition, shown: WirePosition, consistency: [String], at: Milliseconds) {
    self.seen = seen
    self.shown = shown
    self.consistency = Array(consistency.prefix(Self.hashCountMax))
    self.at = at
  }

  /// Writes the proof into the site's directory, durably; the oldest of more than a few go.
  ///
  /// - Returns: the file's name.
  package func write(to directory: String) throws -> String {
    let time = Date(timeIntervalSince1970: Double(at) / 1_000).formatted(.iso8601)
      .filter { $0.isLetter || $0.isNumber }
    let name = "\(Self.prefix)\(time).json"
    try DurableFile.write(try WireJSON.encode(self), to: "\(directory)/\(name)")
    let kept = try Self.names(in: directory)
    for old in kept.dropLast(Self.countMax) { try DurableFile.remove("\(directory)/\(old)") }
    return name
  }

  /// The name of the newest proof in a site's directory; nil without any.
  package static func latest(in directory: String) throws -> String? {
    try names(in: directory).last
  }

  private static func names(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory)
      .filter { $0.hasPrefix(prefix) && $0.hasSuffix(".json") }.sorted()
  }
}
