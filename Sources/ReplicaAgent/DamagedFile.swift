import SyncProtocol

/// A file of the site's directory that cannot be read as what it is.
package struct DamagedFile: Error, Sendable, Equatable {
  package let path: String
  /// What puts it right.
  package let cure: String

  /// Reads the JSON of a file that this program wrote.
  static func decode<Content: Decodable>(_ bytes: [UInt8], of path: String, cure: String) throws
    -> Content
  {
    do {
      return try WireJSON.decode(bytes)
    } catch {
      throw DamagedFile(path: path, cure: cure)
    }
  }
}
