import Foundation
import Testing

/// The shell scripts, wherever they stand.
enum Scripts {
  static func files() throws -> [TextFile] {
    try Repository.files(under: "deploy", endingIn: ".sh") + [Repository.file(".ci/run")]
  }
}

@Suite("Shell scripts")
struct ScriptTests {
  @Test("are bash that parses, stop at the first error and can be executed")
  func scripts() throws {
    let scripts = try Scripts.files()
    #expect(scripts.count >= 4)
    for script in scripts {
      #expect(try parses(script.text), "\(script.path)")
      #expect(script.lines.first == "#!/usr/bin/env bash", "\(script.path)")
      #expect(script.lines.contains("set -euo pipefail"), "\(script.path)")
      let path = Repository.path(script.path)
      #expect(FileManager.default.isExecutableFile(atPath: path), "\(script.path)")
    }
  }

  @Test("a script with an open quote does not parse")
  func sample() throws {
    #expect(try !parses("echo \"open"))
    #expect(try parses("echo closed"))
  }

  private func parses(_ text: String) throws -> Bool {
    let bash = Process()
    bash.executableURL = URL(filePath: "/usr/bin/env")
    bash.arguments = ["bash", "-n", "-c", text]
    bash.standardError = FileHandle.nullDevice
    try bash.run()
    bash.waitUntilExit()
    return bash.terminationStatus == 0
  }
}
