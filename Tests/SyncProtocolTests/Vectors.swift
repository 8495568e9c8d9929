import Foundation
import SyncCore
import Testing

/// The golden bytes in `schemas/vectors.json`, written by an encoder that shares no code with this
/// package.
enum Vectors {
  struct Vector: Decodable {
    let name: String
    /// What the bytes say, complete enough to write them again.
    let what: String
    let hex: String
    /// The bytes as text, where they are text.
    let text: String?
  }

  private struct Document: Decodable {
    let vectors: [Vector]
  }

  private static let read = Result {
    try JSONDecoder().decode(
      Document.self, from: Data(contentsOf: Folder.schemas.appending(path: "vectors.json"))
    ).vectors
  }

  static func all() throws -> [Vector] {
    try read.get()
  }

  /// The bytes of the vector with that name.
  static func bytes(_ name: String) throws -> [UInt8] {
    let vector = try #require(try all().first { $0.name == name }, "no vector \(name)")
    return try #require(Hexadecimal.bytes(vector.hex))
  }

  static func hash(_ name: String) throws -> Hash256 {
    try #require(Hash256(bytes: try bytes(name)))
  }

  static func digest(_ name: String) throws -> Digest128 {
    try #require(Digest128(bytes: try bytes(name)))
  }
}

/// The folder that this package's protocol is specified in.
enum Folder {
  static let schemas = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "schemas")

  static func text(_ name: String) throws -> String {
    try String(contentsOf: schemas.appending(path: name), encoding: .utf8)
  }
}
