import ArgumentParser
import Benchmarks
import Dispatch
import Foundation
import Glibc
import ReplicaAgent
import SyncProtocol

/// `bench`: how fast this machine's KreisSync is, against baselines of the same run.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures KreisSync against baselines in the same run.",
    discussion: """
      Every figure is a ratio: the same work by a bare program through the same SQLite library \
      stands beside it, rounds taken in turn. Figures of two runs or two machines cannot be \
      compared. All scenarios together take some minutes and up to 4 GB of disk; nothing else \
      should run meanwhile.
      """)

  @Option(help: "Which scenarios, as B4,B17; all that are there by default.")
  var scenario: String?
  @Option(help: "Rounds of each; fewer than 5 make figures that nobody should rely on.")
  var rounds = Stage.roundCountMin
  @Option(help: "Where files are made meanwhile: a disk, not memory.")
  var directory: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let scenarios = try chosen()
    guard (1...Self.roundCountMax).contains(rounds) else {
      throw CommandFailure(
        .usage, "rounds", "--rounds \(rounds) is not within 1 and \(Self.roundCountMax)",
        hint: "five are enough for a figure, more make it steadier")
    }
    if rounds < Stage.roundCountMin { warn("fewer than 5 rounds: take these figures for nothing") }
    let place = (directory ?? NSTemporaryDirectory()) + "/kreissync-bench-\(Surroundings.uuid())"
    try DurableFile.makeDirectory(place)
    let progress = ProgressText()
    let children = ChildPrograms(logPath: "\(place)/hub.log")
    let signals = heed([SIGINT, SIGTERM, SIGHUP], children, place)
    defer { signals.forEach { $0.cancel() } }
    let stage = stage(in: place, children, progress)
    let outcomes = Result { try scenarios.map { try $0.run(on: stage) } }
    stage.close()
    progress.end()
    try FileManager.default.removeItem(atPath: place)
    let report = BenchReport(outcomes: try outcomes.get(), roundCount: rounds)
    if output.json { printJSON(report.document) } else { print(report.text) }
  }

  private static let removalAttemptCountMax = 16
  /// A day of rounds is no measurement.
  private static let roundCountMax = 1_000

  private func chosen() throws -> [Scenario] {
    guard let scenario else { return Scenario.all }
    return try scenario.split(separator: ",").map { name in
      guard let found = Scenario.all.first(where: { $0.id.lowercased() == name.lowercased() })
      else {
        throw CommandFailure(
          .usage, "scenario", "there is no scenario '\(name)'",
          hint: "there are \(Scenario.all.map(\.id).joined(separator: ", "))")
      }
      return found
    }
  }

  /// Nothing of an interrupted run is left: neither hubs nor files.
  private func heed(
    _ numbers: [Int32], _ children: ChildPrograms, _ place: String
  ) -> [any DispatchSourceSignal] {
    numbers.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        children.interrupt()
        // The scenario may put another file there while the first ones go.
        for _ in 0..<Self.removalAttemptCountMax
        where FileManager.default.fileExists(atPath: place) {
          _ = Result { try FileManager.default.removeItem(atPath: place) }
        }
        if FileManager.default.fileExists(atPath: place) {
          FileHandle.standardError.write(Data("\(place) was not removed\n".utf8))
        }
        Foundation.exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  private func stage(
    in directory: String, _ children: ChildPrograms, _ progress: ProgressText
  ) -> Stage {
    Stage(
      roundCount: rounds, directory: directory, hub: Surroundings.hub,
      session: { path in
        Surroundings.session(
          in: path, takesSchemas: true,
          keepPins: { announced in
            let configured = try SiteDirectory(path: path).configuration().pin
            try HubPinsFile(directory: path).write(
              HubPins(configured: configured, pins: announced))
          })
      }, serve: { try BenchHub(in: $0, children) }, progress: { progress.show($0) })
  }

  private func warn(_ text: String) {
    FileHandle.standardError.write(Data("warning: \(text)\n".utf8))
  }
}

/// What is being done, on one line of a terminal; nothing where standard error is none.
private final class ProgressText: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) != 0

  func show(_ text: String) { put("\r\u{1B}[2K\(text)") }

  func end() { put("\r\u{1B}[2K") }

  private func put(_ text: String) {
    guard isTerminal else { return }
    FileHandle.standardError.write(Data(text.utf8))
  }
}
