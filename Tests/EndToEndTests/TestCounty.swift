import Foundation
import Glibc
import Synchronization
import Testing

/// The program under test.
enum Binary {
  /// `KREISSYNC_BINARY`, or where a release build leaves it.
  static let path =
    ProcessInfo.processInfo.environment["KREISSYNC_BINARY"]
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent(".build/release/kreissync").path

  static func isThere(_ program: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: program)
  }

  static func run(
    _ arguments: String..., environment: [String: String] = [:], within seconds: Int = 60
  ) throws -> Outcome {
    try Child.run([path] + arguments, environment: environment, within: seconds)
  }
}

/// Runs a test with a directory of its own, and removes it.
func withDirectory(_ body: (String) throws -> Void) throws {
  var template = Array((NSTemporaryDirectory() + "/kreissync-XXXXXX").utf8CString)
  guard mkdtemp(&template) != nil else { throw HarnessError("no temporary directory") }
  let path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
  defer { try? FileManager.default.removeItem(atPath: path) }
  try body(path)
}

/// Runs a test with a hub of its own that serves; ends the hub in all cases.
func withCounty(servesAtOnce: Bool = true, _ body: (TestCounty) throws -> Void) throws {
  try withDirectory { directory in
    let county = try TestCounty(directory: directory)
    defer { county.killHub() }
    if servesAtOnce { try county.serve() }
    try body(county)
  }
}

/// A county: one hub as a process of its own, and the sites that joined it.
final class TestCounty {
  static let key = "08118"

  let directory: String
  let sitePort = Ports.next()
  let joinPort = Ports.next()
  let hubStart: Outcome
  private var hub: Child?
  private var siteCount = 0

  var hubDirectory: String { directory + "/hub" }
  var url: String { "https://127.0.0.1:\(sitePort)" }

  init(directory: String) throws {
    self.directory = directory
    hubStart = try Binary.run(
      "hub", "init", "--data", directory + "/hub", "--county", Self.key, "--name",
      "Landkreis Ludwigsburg", "--json")
    guard hubStart.exit == 0 else { throw HarnessError("hub init: \(hubStart)") }
  }

  // MARK: The hub

  /// Starts `hub serve` and waits until it says that it listens.
  func serve(logLevel: String = "notice") throws {
    let child = try Child(
      [
        Binary.path, "hub", "serve", "--data", hubDirectory, "--listen", "127.0.0.1:\(sitePort)",
        "--join-listen", "127.0.0.1:\(joinPort)", "--log-level", logLevel,
      ], streamsOutput: true)
    hub = child
    let line = try child.line()
    #expect(line == "listening on \(url)")
  }

  /// Starts `hub serve` for a test that reads its log, and ends it itself.
  func daemon(environment: [String: String] = [:]) throws -> Daemon {
    try Daemon(
      [
        "hub", "serve", "--data", hubDirectory, "--listen", "127.0.0.1:\(sitePort)",
        "--join-listen", "127.0.0.1:\(joinPort)",
      ], environment: environment)
  }

  /// The most memory that the hub had resident so far, in MiB, as the system counts.
  func hubPeakMebibytes() throws -> Int {
    guard let hub else { throw HarnessError("the hub is not running") }
    let status = try String(contentsOfFile: "/proc/\(hub.pid)/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = Int(line.split(whereSeparator: \.isWhitespace)[1])
    else { throw HarnessError("the system does not tell a program's memory") }
    return kibibytes / 1_024
  }

  func killHub() {
    hub = nil
  }

  /// Ends the hub as a service manager does.
  func stopHub(within seconds: Int = 10) throws -> Outcome? {
    defer { hub = nil }
    hub?.send(SIGTERM)
    return try hub?.wait(within: seconds)
  }

  /// Runs `kreissync hub …` on this hub.
  @discardableResult
  func hub(_ arguments: String..., county: String? = nil) throws -> Outcome {
    try hub(arguments, county: county)
  }

  func hub(_ arguments: [String], county: String? = nil) throws -> Outcome {
    try Child.run(
      [Binary.path, "hub"] + arguments + ["--data", hubDirectory, "--json"]
        + (county.map { ["--county", $0] } ?? []))
  }

  /// The hub's database, for a reader of the test's own.
  func database(of county: String = TestCounty.key) throws -> SQLClient {
    try SQLClient("\(hubDirectory)/\(county).sqlite", isReadOnly: true)
  }

  // MARK: Sites

  /// Adds a site and returns what the hub printed.
  func add(
    _ name: String, kind: String = "municipality", areas: [String] = ["08118027"],
    county: String = TestCounty.key
  ) throws -> JSON {
    let outcome = try Child.run(
      [
        Binary.path, "hub", "site", "add", "--data", hubDirectory, "--name", name, "--kind", kind,
        "--url", url, "--join-url", "https://127.0.0.1:\(joinPort)", "--county", county, "--json",
      ] + areas.flatMap { ["--area", $0] })
    guard outcome.exit == 0 else { throw HarnessError("site add: \(outcome)") }
    return try outcome.json
  }

  /// Adds a site and joins it.
  func site(
    _ name: String, kind: String = "municipality", areas: [String] = ["08118027"],
    county: String = TestCounty.key
  ) throws -> TestSite {
    let added = try add(name, kind: kind, areas: areas, county: county)
    siteCount += 1
    let path = "\(directory)/site\(siteCount)"
    guard let id = added["site"].text, let join = added["join"].text else {
      throw HarnessError("site add printed no site or no join string: \(added)")
    }
    let outcome = try Binary.run("site", "join", join, "--data", path, "--json")
    guard outcome.exit == 0 else { throw HarnessError("site join: \(outcome)") }
    return TestSite(id: id, directory: path)
  }

  /// The county's own field service: it holds every case.
  func fieldService() throws -> TestSite {
    try site("Kreis", kind: "county", areas: [])
  }
}

/// Ports below the range that outgoing connections use: a hub that is killed and started again
/// finds its port free.
enum Ports {
  private static let last = Mutex(12_000 + Int(getpid()) % 10_000)

  static func next() -> Int {
    last.withLock { port in
      repeat { port = port < 31_000 ? port + 1 : 12_000 } while !isFree(port)
      return port
    }
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Sockets.stream, 0)
    defer { close(descriptor) }
    return Sockets.bind(descriptor, port: port)
  }
}

/// Numbers that look random and are the same in every run.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
