import Foundation
import Testing

/// The systemd units, as far as they can be judged without being run.
@Suite("Units of systemd")
struct UnitTests {
  private static let analyzer = "/usr/bin/systemd-analyze"
  /// In tenths; 0 is a service that can do nothing, and the network alone is 10.
  private static let exposureMax = 15

  @Test(
    "expose no more than a service that has to reach the network",
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: analyzer), "there is no systemd-analyze"))
  func exposure() throws {
    let units = try Repository.files(under: "deploy", endingIn: ".service")
    #expect(units.count == 2)
    for unit in units {
      #expect(try isWithin(unit.text, Self.exposureMax), "\(unit.path)")
      let open = unit.lines.filter { !$0.hasPrefix("Protect") }
      #expect(try !isWithin(open.joined(separator: "\n"), Self.exposureMax), "\(unit.path)")
    }
  }

  private func isWithin(_ unit: String, _ tenths: Int) throws -> Bool {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "kreissync-unit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appending(path: "kreissync@x.service")
    try unit.write(to: file, atomically: true, encoding: .utf8)
    let analyzer = Process()
    analyzer.executableURL = URL(filePath: Self.analyzer)
    analyzer.arguments = [
      "security", "--offline=yes", "--no-pager", "--threshold=\(tenths)", file.path,
    ]
    analyzer.standardOutput = FileHandle.nullDevice
    analyzer.standardError = FileHandle.nullDevice
    try analyzer.run()
    analyzer.waitUntilExit()
    return analyzer.terminationStatus == 0
  }
}
