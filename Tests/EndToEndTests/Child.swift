import Foundation
import Glibc

/// What a finished program left.
struct Outcome {
  /// Nil when a signal ended it.
  let exit: Int32?
  let signal: Int32?
  let output: String
  let errors: String

  /// The one document that `--json` prints, and nothing else on standard output.
  var json: JSON {
    get throws { try JSON(parsing: output) }
  }
}

/// Why the harness itself could not go on.
struct HarnessError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// A program that a test started. It never outlives its owner.
///
/// A pipe that only the program holds tells of its end, so that waiting has a deadline without
/// polling and without signals.
final class Child {
  let pid: pid_t
  private let liveness: CInt
  private let output: Capture
  private let errors: Capture
  private var outcome: Outcome?

  /// - Parameters:
  ///   - streamsOutput: standard output is a pipe for ``line(within:)``, not a file.
  ///   - streamsErrors: the same of standard error, for ``errorLine(within:)``.
  init(
    _ arguments: [String], environment: [String: String] = [:], streamsOutput: Bool = false,
    streamsErrors: Bool = false
  ) throws {
    let (reading, writing) = try Child.pipe()
    defer { close(writing) }
    let output = try streamsOutput ? Capture.pipe() : Capture.file()
    let errors = try streamsErrors ? Capture.pipe() : Capture.file()
    defer {
      output.closeWriter()
      errors.closeWriter()
    }
    (liveness, self.output, self.errors) = (reading, output, errors)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.writer, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.writer, 2)
    posix_spawn_file_actions_adddup2(&actions, writing, 3)
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var pid: pid_t = 0
    let failure = Child.withCStrings(arguments) { arguments in
      Child.withCStrings(variables.map { "\($0)=\($1)" }) { variables in
        posix_spawn(&pid, arguments[0]!, &actions, nil, arguments, variables)
      }
    }
    guard failure == 0 else {
      throw HarnessError("\(arguments[0]) does not start: \(String(cString: strerror(failure)))")
    }
    self.pid = pid
  }

  deinit {
    if outcome == nil {
      Glibc.kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(liveness)
  }

  /// Runs a program to its end.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], within seconds: Int = 60
  ) throws -> Outcome {
    try Child(arguments, environment: environment).wait(within: seconds)
  }

  func send(_ signal: CInt) {
    if outcome == nil { Glibc.kill(pid, signal) }
  }

  /// Whether the program ended before the time was up.
  func ends(withinMilliseconds milliseconds: Int) -> Bool {
    outcome != nil || Child.isReadable(liveness, withinMilliseconds: milliseconds)
  }

  /// Waits for the end; a program that hangs is killed and fails the test.
  func wait(within seconds: Int = 60) throws -> Outcome {
    if let outcome { return outcome }
    let isOver = ends(withinMilliseconds: seconds * 1_000)
    if !isOver { Glibc.kill(pid, SIGKILL) }
    var status: CInt = 0
    waitpid(pid, &status, 0)
    let signal = status & 0x7F
    let outcome = Outcome(
      exit: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal == 0 ? nil : signal,
      output: output.text, errors: errors.text)
    self.outcome = outcome
    guard isOver else {
      throw HarnessError("no end within \(seconds) s; it had said: \(outcome.errors)")
    }
    return outcome
  }

  /// The next line of a streamed output.
  func line(within seconds: Int = 30) throws -> String {
    guard let line = Child.line(of: output, within: seconds) else {
      throw HarnessError("no line was printed; on standard error: \(errors.text)")
    }
    return line
  }

  /// The next line of a streamed standard error.
  func errorLine(within seconds: Int = 30) throws -> String {
    guard let line = Child.line(of: errors, within: seconds) else {
      throw HarnessError("no line was written to standard error")
    }
    return line
  }

  private static func line(of capture: Capture, within seconds: Int) -> String? {
    var bytes: [UInt8] = []
    while isReadable(capture.reader, withinMilliseconds: seconds * 1_000) {
      var byte: UInt8 = 0
      guard read(capture.reader, &byte, 1) == 1 else { return nil }
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    return nil
  }

  private static func isReadable(_ descriptor: CInt, withinMilliseconds milliseconds: Int) -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, CInt(milliseconds)) > 0
  }

  fileprivate static func pipe() throws -> (reading: CInt, writing: CInt) {
    // A pair of sockets, because only they are closed in other children from the start.
    var ends: [CInt] = [0, 0]
    guard socketpair(AF_UNIX, Sockets.stream, 0, &ends) == 0 else { throw HarnessError("no pipe") }
    return (ends[0], ends[1])
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

/// Where a program's output goes: a file without a name, or a pipe.
private final class Capture {
  let reader: CInt
  private(set) var writer: CInt
  private let isFile: Bool

  private init(reader: CInt, writer: CInt, isFile: Bool) {
    self.reader = reader
    self.writer = writer
    self.isFile = isFile
  }

  static func file() throws -> Capture {
    let path = NSTemporaryDirectory() + "/kreissync-output-" + UUID().uuidString
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw HarnessError("no file for a program's output") }
    unlink(path)
    return Capture(reader: descriptor, writer: descriptor, isFile: true)
  }

  static func pipe() throws -> Capture {
    let (reading, writing) = try Child.pipe()
    return Capture(reader: reading, writer: writing, isFile: false)
  }

  /// Only the program shall hold the pipe's other end: then its end shows.
  func closeWriter() {
    guard !isFile, writer >= 0 else { return }
    close(writer)
    writer = -1
  }

  var text: String {
    guard isFile else { return "" }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = pread(reader, &block, block.count, off_t(bytes.count))
      guard count > 0 else { break }
      bytes += block[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  deinit {
    close(reader)
    closeWriter()
  }
}
