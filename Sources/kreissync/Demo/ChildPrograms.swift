import Foundation
import Glibc
import Synchronization

/// The programs that the demo starts: at the end, on failure and on Ctrl-C none of them is left.
///
/// Each runs in a process group of its own, so that a terminal's Ctrl-C reaches the demo alone,
/// which then ends them in order. What they say on standard error goes to one log file.
final class ChildPrograms: Sendable {
  private struct State {
    var isInterrupted = false
    var running: Set<pid_t> = []
  }

  private let state = Mutex(State())
  private let logPath: String
  private let environment: [String]

  /// A hub in the middle of a request needs up to eight seconds to end.
  private static let stopMillisecondsMax = 15_000

  init(logPath: String) {
    self.logPath = logPath
    // What the person's own environment says about hubs, proxies and SQLite is not about the demo.
    environment = ProcessInfo.processInfo.environment
      .filter { !$0.key.hasPrefix("KREISSYNC_") && !$0.key.lowercased().hasSuffix("_proxy") }
      .map { "\($0.key)=\($0.value)" }
  }

  /// Ends what runs; from now on ``checkInterrupted()`` throws. Called on another thread.
  func interrupt() {
    state.withLock { state in
      state.isInterrupted = true
      for pid in state.running { kill(pid, SIGTERM) }
    }
  }

  func checkInterrupted() throws {
    guard !state.withLock({ $0.isInterrupted }) else {
      throw CommandFailure(
        .failed, "interrupted", "the demo was interrupted", hint: "its hub was ended")
    }
  }

  /// Starts a program; the caller ends it with ``end(of:)`` or ``stop(_:)``.
  func start(_ program: String, _ arguments: [String]) throws -> RunningChild {
    try checkInterrupted()
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Self.cannotStart(program, code: errno) }
    defer { close(ends[1]) }
    // Only the demo's own thread starts programs: none can slip in between and keep an end open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    // The demo ignores these signals; its children must not.
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&defaults, signal) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))

    let argumentPointers = ([program] + arguments).map { strdup($0) } + [nil]
    let environmentPointers = environment.map { strdup($0) } + [nil]
    defer { (argumentPointers + environmentPointers).forEach { free($0) } }
    var pid: pid_t = 0
    let code = state.withLock { state in
      let code = posix_spawn(
        &pid, program, &actions, &attributes, argumentPointers, environmentPointers)
      if code == 0 { state.running.insert(pid) }
      return code
    }
    guard code == 0 else {
      close(ends[0])
      throw Self.cannotStart(program, code: code)
    }
    return RunningChild(pid: pid, output: ends[0])
  }

  /// Waits for a program and takes what is left of its output.
  func end(of child: RunningChild) throws -> ChildEnd {
    let output = try child.readToEnd()
    close(child.output)
    return ChildEnd(exit: reap(child.pid), output: output)
  }

  /// Runs a program once for each list of arguments, at most `countMax` at the same time, and hands
  /// over each end with its place among the lists, in the order in which they end.
  func runAll(
    _ program: String, _ lists: [[String]], atMost countMax: Int,
    ended: (Int, ChildEnd) throws -> Void
  ) throws {
    var places = lists.indices[...]
    var running: [(place: Int, child: RunningChild)] = []
    defer { for one in running { _ = stop(one.child) } }
    while !places.isEmpty || !running.isEmpty {
      while running.count < countMax, let place = places.popFirst() {
        running.append((place, try start(program, lists[place])))
      }
      guard let first = RunningChild.firstThatSpeaks(of: running.map(\.child)) else { continue }
      let one = running.remove(at: first)
      try ended(one.place, try end(of: one.child))
    }
  }

  /// Ends a program and waits until it is gone, by force if it does not listen.
  func stop(_ child: RunningChild) -> Int32 {
    state.withLock { _ in _ = kill(child.pid, SIGTERM) }
    if !child.closesOutput(withinMilliseconds: Self.stopMillisecondsMax) {
      kill(child.pid, SIGKILL)
    }
    close(child.output)
    return reap(child.pid)
  }

  /// Waits for the end first and forgets the number before the system may give it to another: so
  /// an interruption never hits a stranger.
  private func reap(_ pid: pid_t) -> Int32 {
    var end = siginfo_t()
    while waitid(P_PID, id_t(pid), &end, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
    return state.withLock { state in
      state.running.remove(pid)
      var status: Int32 = 0
      waitpid(pid, &status, 0)
      let signal = status & 0x7F
      return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
  }

  private static func cannotStart(_ program: String, code: Int32) -> CommandFailure {
    CommandFailure(
      .failed, "cannot_start", "cannot start \(program): \(String(cString: strerror(code)))",
      hint: "look at the program and its permissions")
  }
}
