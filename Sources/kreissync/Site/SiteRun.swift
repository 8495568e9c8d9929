import ArgumentParser
import Dispatch
import Foundation
import Logging
import Replica

/// `site run`: the daemon, for one or several replicas.
struct SiteRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs sessions by itself, for one or several replicas.")

  @Option(name: .customLong("data"), help: "A site's directory; may be repeated.")
  var paths: [String]

  @OptionGroup var log: LogOptions
  @OptionGroup var output: OutputOptions

  /// A session ends between two steps, and no step is longer than a wave of rows may hold the
  /// replica's lock. Whoever needs longer is cut off, as a power cut would.
  private static let endSecondsMax = 6

  func run() throws {
    let logger = try log.logger("kreissync.site")
    let directories = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    guard Set(directories).count == directories.count else {
      throw CommandFailure(
        .usage, "data", "a directory is named twice", hint: "name each directory once")
    }
    let stop = StopSignal()
    let working = DispatchGroup()
    logger.notice("started", metadata: ["replicas": "\(directories.count)"])
    for path in directories {
      var logger = logger
      logger[metadataKey: "directory"] = .string(path)
      let agent = SiteAgent(SiteDirectory(path: path), until: stop, logger: logger)
      working.enter()
      // A thread each: sessions block, and one that hangs holds no other.
      Thread.detachNewThread {
        agent.run()
        working.leave()
      }
    }
    stop.wait()
    let isOver = working.wait(timeout: .now() + .seconds(Self.endSecondsMax)) == .success
    logger.notice("ended", metadata: ["all_sessions_ended": .stringConvertible(isOver)])
  }
}
