import Foundation

/// The demo's hub and its sites, each a process of this executable that knows nothing of the others
/// but an address on this machine.
final class DemoHub {
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
  /// How many commands run beside the hub: with more, two cores only change between them.
  private static let commandCountMax = 3
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

  /// Makes the counties and starts one process for all of them.
  /// - Returns: where it listens.
  func found(_ counties: [CountyPlan]) throws -> String {
    for county in counties {
      try narrator.progress("making \(county.name)")
      try succeed(
        ["hub", "init", "--data", hubDirectory, "--county", county.key, "--name", county.name])
    }
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

  /// Puts rows of the county's own from a spreadsheet's export.
  func importRows(_ table: String, county: String, file: String) throws {
    try succeed(["hub", "row", "import", table, file] + options(county))
  }

  // MARK: Sites

  /// Adds sites at the hub and joins them with the strings that the hub printed.
  /// - Returns: them in the order of the plans.
  func add(_ plans: [SitePlan]) throws -> [DemoSite] {
    let added: [DemoAnswer.Added] = try askAll("sites are added", plans.map(addition))
    let paths = plans.map { "\(directory)/\($0.folder)" }
    let joined: [DemoAnswer.Joined] = try askAll(
      "sites join",
      zip(added, paths).map { ["site", "join", $0.join, "--data", $1] })
    return plans.indices.map {
      DemoSite(
        id: added[$0].site, plan: plans[$0], directory: paths[$0],
        replicaPath: joined[$0].replica)
    }
  }

  private func addition(of plan: SitePlan) -> [String] {
    ["hub", "site", "add", "--data", hubDirectory, "--county", plan.county]
      + ["--name", plan.name, "--kind", plan.kind] + plan.areas.flatMap { ["--area", $0] }
      + [
        "--url", "https://127.0.0.1:\(ports.sites)",
        "--join-url", "https://127.0.0.1:\(ports.joining)",
      ]
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
    return try checked(session, of: site)
  }

  /// A session of each site, several at once, checked as one alone.
  /// - Returns: them in the order of the sites.
  func sync(_ sites: [DemoSite], _ work: String) throws -> [DemoAnswer.Session] {
    let sessions: [DemoAnswer.Session] = try askAll(
      work, sites.map { ["site", "sync", "--data", $0.directory] })
    return try zip(sessions, sites).map(checked)
  }

  private func checked(
    _ session: DemoAnswer.Session, of site: DemoSite
  ) throws -> DemoAnswer.Session {
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

  func status(of county: String) throws -> DemoAnswer.CountyStatus {
    try ask(["hub", "status"] + options(county))
  }

  /// The ledger, oldest first.
  func conflicts(of county: String) throws -> [DemoAnswer.Contest] {
    try ask(["hub", "conflicts", "list"] + options(county))
  }

  func proposals(of county: String) throws -> [DemoAnswer.Contest] {
    try ask(["hub", "proposals", "list"] + options(county))
  }

  /// - Throws: if the log does not match its tree.
  func verifyLog(of county: String) throws -> DemoAnswer.Log {
    try ask(["hub", "log", "verify"] + options(county))
  }

  private func options(_ county: String) -> [String] {
    ["--data", hubDirectory, "--county", county]
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

  /// Asks several times at once; `work` says to the reader what.
  private func askAll<Answer: Decodable>(
    _ work: String, _ commands: [[String]]
  ) throws -> [Answer] {
    var answers: [Int: Answer] = [:]
    try narrator.progress(work, 0, of: commands.count)
    try children.runAll(
      Self.program, commands.map { $0 + ["--json"] }, atMost: Self.commandCountMax
    ) { place, end in
      answers[place] = try decode(end, commands[place])
      try narrator.progress(work, answers.count, of: commands.count)
    }
    return commands.indices.compactMap { answers[$0] }
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
