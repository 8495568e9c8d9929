import Foundation

/// A fresh directory that is gone afterwards.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = makeTestDirectory()
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

func makeTestDirectory() -> String {
  let path = FileManager.default.temporaryDirectory
    .appendingPathComponent("kreissync-\(UUID().uuidString)").path
  try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}

func mode(of path: String) throws -> Int {
  let attributes = try FileManager.default.attributesOfItem(atPath: path)
  return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
}
