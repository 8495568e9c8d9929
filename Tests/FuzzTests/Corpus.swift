import Foundation

/// The kept inputs: one folder for each decoder, one file for each input.
enum Corpus {
  static let repository = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let folder = repository.appending(path: "Tests/FuzzTests/Corpus")

  struct Input: CustomStringConvertible {
    let name: String
    let bytes: [UInt8]

    var description: String { name }
  }

  /// The decoders' names, in ascending order.
  static func folders() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).sorted()
  }

  /// The inputs of a decoder, in the order of their names.
  static func inputs(of decoder: String) throws -> [Input] {
    let own = folder.appending(path: decoder)
    return try FileManager.default.contentsOfDirectory(atPath: own.path(percentEncoded: false))
      .sorted().map { name in
        Input(
          name: "\(decoder)/\(name)",
          bytes: Array(try Data(contentsOf: own.appending(path: name))))
      }
  }
}
