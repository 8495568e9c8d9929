import Benchmarks
import Foundation
import HubService
import HubStorage
import ReplicaAgent
import SyncCore
import SyncProtocol

/// The hub that benchmarks measure over HTTPS: `hub init` and `hub serve` of this executable, and
/// sites that join as any other.
final class BenchHub: ServedHub {
  let processID: Int32
  private let directory: HubDirectory
  private let county = CountyKey("08118")
  private let children: ChildPrograms
  private let child: RunningChild
  private let ports: (sites: Int, joining: Int)

  /// Both listeners need a port that is free; whether it is only the hub can tell.
  private static let portAttemptCountMax = 8
  private static let startMillisecondsMax: Int32 = 15_000
  private static let program = "/proc/self/exe"

  /// - Parameter path: where the hub's directory is made.
  init(in path: String, _ children: ChildPrograms) throws {
    directory = HubDirectory(path: path)
    self.children = children
    let made = try children.end(
      of: try children.start(
        Self.program,
        [
          "hub", "init", "--data", path, "--county", county.string,
          "--name", "Landkreis der Messungen",
        ]))
    guard made.exit == 0 else { throw Self.failure("`hub init` ended with \(made.exit)") }
    for _ in 0..<Self.portAttemptCountMax {
      let port = 32_768 + Int(Surroundings.draw(0...12_000))
      let child = try children.start(
        Self.program,
        [
          "hub", "serve", "--data", path, "--listen", "127.0.0.1:\(port)",
          "--join-listen", "127.0.0.1:\(port + 1)",
        ])
      let line = try child.readLine(withinMilliseconds: Self.startMillisecondsMax)
      if line?.hasPrefix("listening on ") == true {
        self.child = child
        processID = child.pid
        ports = (port, port + 1)
        return
      }
      _ = children.stop(child)
    }
    throw Self.failure("the hub did not start in \(Self.portAttemptCountMax) attempts")
  }

  var databasePath: String { directory.databasePath(of: county) }

  func enrol(_ name: String, kind: SiteKind, area: String, in path: String) throws {
    let added = try directory.administration(county).add(
      CountyAdministration.NewSite(
        name: name, kind: kind, areas: [area], url: "https://127.0.0.1:\(ports.sites)",
        joinURL: "https://127.0.0.1:\(ports.joining)"))
    let join = try directory.joinString(for: added.site, token: added.token, county: county)
    try DurableFile.makeDirectory(path)
    let site = SiteDirectory(path: path)
    _ = try site.alone { try site.enrol(join) }
  }

  func completeFirstLoad(in path: String, isCompressed: Bool) throws -> Bool {
    let site = SiteDirectory(path: path, compresses: isCompressed)
    let outcome = try site.completeFirstLoad(wait: Surroundings.waitForHub)
    if case .bySnapshot? = outcome { return true } else { return false }
  }

  func connect(_ path: String) throws -> any HubLink {
    let site = SiteDirectory(path: path)
    return try site.line(try site.configuration(), until: { false })
  }

  func stop() { _ = children.stop(child) }

  private static func failure(_ message: String) -> CommandFailure {
    CommandFailure(
      .failed, "bench_hub", message,
      hint: "look whether another program takes all ports, or the disk is full")
  }
}
