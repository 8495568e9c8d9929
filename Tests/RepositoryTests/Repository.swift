import Foundation

/// The repository that these tests were compiled from.
enum Repository {
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// All Swift files, read once for all tests.
  private static let swiftFiles = Result {
    try files(under: "Sources", endingIn: ".swift") + files(under: "Tests", endingIn: ".swift")
      + [file("Package.swift")]
  }

  static func swift() throws -> [TextFile] {
    try swiftFiles.get()
  }

  /// The Swift files whose paths begin with the folder.
  static func swift(under folder: String) throws -> [TextFile] {
    try swift().filter { $0.path.hasPrefix(folder + "/") }
  }

  /// The files below the folder whose names end so, in the order of their paths.
  static func files(under folder: String, endingIn suffix: String) throws -> [TextFile] {
    try FileManager.default.subpathsOfDirectory(atPath: path(folder))
      .filter { $0.hasSuffix(suffix) }.sorted()
      .map { try file("\(folder)/\($0)") }
  }

  static func file(_ path: String) throws -> TextFile {
    let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
    return TextFile(path: path, text: text)
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: self.path(path))
  }

  /// The path as the file system knows it.
  static func path(_ path: String) -> String {
    root.appending(path: path).path(percentEncoded: false)
  }
}
