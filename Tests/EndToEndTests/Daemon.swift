import Foundation
import Glibc
import Testing

/// A daemon that a test started: `site run` or `hub serve`, with its log as it is written.
final class Daemon {
  let child: Child
  /// Every line so far.
  private(set) var log: [JSON] = []
  /// Lines that ``event(_:of:within:)`` has not returned yet.
  private var waiting: [JSON] = []

  /// - Parameter environment: settings, as `KREISSYNC_SCHEDULE`.
  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    child = try Child(
      [Binary.path] + arguments, environment: environment, streamsErrors: true)
  }

  /// `site run` over these directories, talkative.
  static func run(
    _ directories: String..., environment: [String: String] = [:]
  ) throws -> Daemon {
    try Daemon(
      ["site", "run", "--log-level", "info"] + directories.flatMap { ["--data", $0] },
      environment: environment)
  }

  /// The next line that tells of the event, of this directory if one is named; each is returned
  /// once. Lines of other events stay for those who ask for them.
  @discardableResult
  func event(
    _ name: String, of directory: String? = nil, within seconds: Int = 30
  ) throws -> JSON {
    let end = ContinuousClock.now + .seconds(3 * seconds)
    // As the daemon names it: the system's folder for temporary files may end with a slash.
    let directory = directory.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    func isWanted(_ line: JSON) -> Bool {
      line["event"].text == name && (directory == nil || line["directory"].text == directory)
    }
    if let place = waiting.firstIndex(where: isWanted) { return waiting.remove(at: place) }
    while ContinuousClock.now < end {
      let line = try JSON(parsing: try child.errorLine(within: seconds))
      log.append(line)
      if isWanted(line) { return line }
      waiting.append(line)
    }
    throw HarnessError("no \(name) among \(log.map { $0["event"].text ?? "" })")
  }

  /// Ends it as a service manager does; its last lines are read.
  func stop(
    within seconds: Int = 5, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    child.send(SIGTERM)
    #expect(
      child.ends(withinMilliseconds: seconds * 1_000), "it did not end",
      sourceLocation: sourceLocation)
    try event("ended")
    let outcome = try child.wait(within: 1)
    #expect(outcome.exit == 0, "\(outcome)", sourceLocation: sourceLocation)
  }
}
