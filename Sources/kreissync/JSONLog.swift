import ArgumentParser
import Foundation
import Glibc
import Logging

/// The daemons' log: one JSON object a line on standard error, for journald and for programs.
///
/// `time`, `level` and `event` stand in every line; the rest are the event's own fields. Fields are
/// counts, codes, times, and ids of sites: no value of a row, no name of a person, no id of a case.
struct JSONLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .notice

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields: [String: JSONValue] = [:]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
      fields[key] = Self.json(value)
    }
    fields["time"] = .text(rfc3339(Surroundings.now()))
    fields["level"] = .text(event.level.rawValue)
    fields["event"] = .text(event.message.description)
    let line = jsonText(.object(fields)) + "\n"
    // One write: lines of several threads do not mix.
    line.utf8CString.withUnsafeBytes { bytes in
      _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count - 1)
    }
  }

  private static func json(_ value: Logger.Metadata.Value) -> JSONValue {
    switch value {
    case .string(let text): .text(text)
    case .stringConvertible(let number as Int64): .integer(number)
    case .stringConvertible(let number as Int): .integer(Int64(number))
    case .stringConvertible(let flag as Bool): .bool(flag)
    case .stringConvertible(let other): .text(other.description)
    case .array(let values): .list(values.map(json))
    case .dictionary(let values): .object(values.mapValues(json))
    }
  }
}

/// How much a daemon says.
struct LogOptions: ParsableArguments {
  @Option(help: "How much to log: debug, info, notice, warning or error.")
  var logLevel = "notice"

  /// - Throws: a usage failure for a word that is no level.
  func logger(_ label: String) throws -> Logger {
    guard let level = Logger.Level(rawValue: logLevel) else {
      throw CommandFailure(
        .usage, "log_level", "'\(logLevel)' is no level of a log",
        hint: "choose one of: debug, info, notice, warning, error")
    }
    var logger = Logger(label: label) { _ in JSONLogHandler() }
    logger.logLevel = level
    return logger
  }
}
