import Foundation

/// The demo's county: one hub and its sites, each a process of this executable that knows nothing
/// of the others but an address on this machine.
final class DemoCounty {
  let directory: String
  let children: ChildPrograms
  private let narrator: Narrator
  private var hub: RunningChild?
  private var ports = Ports(sites: 0, joining: 0)

  private struct Ports {
    let sites: Int
    let joining: Int
  }

  /// Both listeners need a port that is free; whether it is only the hub can tell.
  private static let portAttemptCountMax = 8
  private static let startMillisecondsMax: Int32 = 15_000
  /// The program itself, also if its file was replaced meanwhile.
  private static let program = "/proc/self/exe"

  init(directory: String, children: ChildPrograms, narrator: Narrator) {
    self.directory = directory
    self.children = children
    self.narrator = narrator
  }

  var hubDirectory: String { "\(directory)/hub" }
  func databasePath(of county: String) -> String { "\(hubDirectory)/\(county).sqlite" }

  // MARK: The hub

  /// Makes the county and starts its hub.
  /// - Returns: where it listens.
  func found(key: String, name: String) throws -> String {
    try narrator.progress("making the hub")
    try succeed(["hub", "init", "--data", hubDirectory, "--county", key, "--name", name])
    for _ in 0..<Self.portAttemptCountMax {
      let port = 20_000 + Int(Surroundings.random(2).reduce(0) { $0 << 8 | Int($1) }) % 12_000
      ports = Ports(sites: port, joining: port + 1)
      let child = try children.start(
        Self.program,
        [
          "hub", "serve", "--data", hubDirectory, "--listen", "127.0.0.1:\(ports.sites)",
          "--join-listen", "127.0.0.1:\(ports.joining)",
        ])
      let line = try child.readLine(withinMilliseconds: Self.startMillisecondsMax)
      if let line, let address = line.split(separator: " ").last, line.hasPrefix("listening on ") {
        hub = child
        return String(address)
      }
      _ = children.stop(child)
      try children.checkInterrupted()
    }
    throw failure("hub_start", "the hub did not start in \(Self.portAttemptCountMax) attempts")
  }

  /// Ends the hub and waits for it; nothing happens if none runs.
  /// - Returns: its exit code.
  @discardableResult
  func close() -> Int32 {
    guard let hub else { return 0 }
    self.hub = nil
    return children.stop(hub)
  }

  // MARK: Sites

  /// Adds a site at the hub and joins it with the string that the hub printed.
  func add(_ name: String, kind: String, area: String?, directory folder: String) throws -> DemoSite
  {
    try narrator.progress("\(name) joins")
    let added: DemoAnswer.Added = try ask(
      ["hub", "site", "add", "--data", hubDirectory, "--name", name, "--kind", kind]
        + (area.map { ["--area", $0] } ?? [])
        + [
          "--url", "https://127.0.0.1:\(ports.sites)",
          "--join-url", "https://127.0.0.1:\(ports.joining)",
        ])
    let path = "\(directory)/\(folder)"
    let joined: DemoAnswer.Joined = try ask(["site", "join", added.join, "--data", path])
    return DemoSite(
      id: added.site, name: name, kind: kind, directory: path, replicaPath: joined.replica)
  }

  /// One session, checked: its sums must add up and both digests be equal.
  ///
  /// - Parameter whileRunning: called again and again until the session has ended.
  func sync(_ site: DemoSite, whileRunning: () throws -> Void = {}) throws -> DemoAnswer.Session {
    try narrator.progress("\(site.name) syncs")
    let arguments = ["site", "sync", "--data", site.directory, "--json"]
    let child = try children.start(Self.program, arguments)
    let outcome = Result {
      while !child.speaks(withinMilliseconds: 5) { try whileRunning() }
    }
    let session: DemoAnswer.Session = try decode(try children.end(of: child), arguments)
    try outcome.get()
    guard session.sumsAreEqual else {
      throw failure("sums", "\(site.name): the sums of the session differ: \(session)")
    }
    guard session.digest.equal, session.digest.hub == session.digest.replica else {
      throw failure("digests", "\(site.name): the digests differ at the end of the session")
    }
    return session
  }

  func siteStatus(_ site: DemoSite) throws -> DemoAnswer.SiteStatus {
    try ask(["site", "status", "--data", site.directory])
  }

  func status() throws -> DemoAnswer.CountyStatus {
    try ask(["hub", "status", "--data", hubDirectory])
  }

  /// The ledger, oldest first.
  func conflicts() throws -> [DemoAnswer.Contest] {
    try ask(["hub", "conflicts", "list", "--data", hubDirectory])
  }

  func proposals() throws -> [DemoAnswer.Contest] {
    try ask(["hub", "proposals", "list", "--data", hubDirectory])
  }

  /// - Throws: if the log does not match its tree.
  func verifyLog() throws -> DemoAnswer.Log {
    try ask(["hub", "log", "verify", "--data", hubDirectory])
  }

  // MARK: Commands

  private func succeed(_ arguments: [String]) throws {
    let end = try children.end(of: try children.start(Self.program, arguments + ["--json"]))
    try children.checkInterrupted()
    guard end.exit == 0 else { throw refusal(end, arguments) }
  }

  private func ask<Answer: Decodable>(_ arguments: [String]) throws -> Answer {
    let arguments = arguments + ["--json"]
    return try decode(
      try children.end(of: try children.start(Self.program, arguments)), arguments)
  }

  private func decode<Answer: Decodable>(
    _ end: ChildEnd, _ arguments: [String]
  ) throws -> Answer {
    try children.checkInterrupted()
    guard end.exit == 0 else { throw refusal(end, arguments) }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(Answer.self, from: end.output)
    } catch is DecodingError {
      throw failure("answer", "`\(Self.words(arguments))` did not answer as the contract says")
    }
  }

  private func refusal(_ end: ChildEnd, _ arguments: [String]) -> CommandFailure {
    let said: String
    do {
      said = try JSONDecoder().decode(DemoAnswer.Refusal.self, from: end.output).error.message
    } catch {
      // Not the contract's error object, for example after a crash: as it is, then.
      said = String(decoding: end.output, as: UTF8.self)
    }
    return failure("command", "`\(Self.words(arguments))` ended with \(end.exit): \(said)")
  }

  private func failure(_ code: String, _ message: String) -> CommandFailure {
    CommandFailure(
      .failed, "demo_\(code)", message,
      hint: "repeat with --directory DIR --keep and look at DIR/demo.log")
  }

  /// Which command it was, without what it was given.
  private static func words(_ arguments: [String]) -> String {
    "kreissync " + arguments.prefix { !$0.hasPrefix("-") }.prefix(3).joined(separator: " ")
  }
}

/// A site that has joined.
struct DemoSite {
  let id: String
  let name: String
  let kind: String
  let directory: String
  let replicaPath: String
  /// Ids of the sites that serve the same municipality.
  var neighbours: Set<String> = []

  var isCounty: Bool { kind == "county" }
}
