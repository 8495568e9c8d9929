import Foundation
import Glibc
import Synchronization

/// Says which seeds were running when the product trapped: a trap leaves no time to ask.
///
/// A signal handler may only do what cannot wait for a lock and needs no memory. So every text is
/// made before, the seeds stand in cells of their own, and the handler only copies bytes.
enum TrapReport {
  /// More workers than cells could not be told apart.
  static let workerCountMax = 64

  /// Signals by which a trap, a bad access or an abort shows, with their names.
  private static let traps: [(signal: CInt, name: String)] = [
    (SIGILL, "SIGILL"), (SIGTRAP, "SIGTRAP"), (SIGSEGV, "SIGSEGV"), (SIGBUS, "SIGBUS"),
    (SIGABRT, "SIGABRT"), (SIGFPE, "SIGFPE"),
  ]
  /// Somebody ends the run: no failure of a seed, but the seeds that were running may be why.
  private static let requests: [(signal: CInt, name: String)] = [
    (SIGTERM, "SIGTERM"), (SIGINT, "SIGINT"),
  ]
  private static let stackByteCount = 64 << 10
  /// All signals that are told have smaller numbers.
  private static let signalCount = 32

  private struct Cell: ~Copyable {
    let isUsed = Atomic<Bool>(false)
    let seed = Atomic<UInt64>(0)
  }

  /// A text made before it is needed, never freed.
  private struct Text {
    let bytes: UnsafePointer<UInt8>
    let count: Int

    init(_ text: String) {
      let utf8 = Array(text.utf8)
      let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, utf8.count))
      copy.initialize(from: utf8, count: utf8.count)
      bytes = UnsafePointer(copy)
      count = utf8.count
    }
  }

  /// What the handler reads. Each signal has its line in `openings` and in `previous`.
  private struct Prepared {
    let cells: UnsafeMutablePointer<Cell>
    let openings: UnsafeMutablePointer<Text>
    /// What happened at a signal before, in a process that prints backtraces.
    let previous: UnsafeMutablePointer<sigaction>
    let beforeSeed: Text
    let afterSeed: Text
    let end: Text
    /// The runtime was asked for a backtrace: it gets the signal after this.
    let leavesBacktrace: Bool
  }

  /// Proof: written in ``install(_:)`` only, while no worker runs; read by workers and by handlers,
  /// and what changes behind its pointers is atomic.
  nonisolated(unsafe) private static var prepared: Prepared?

  /// From now on a trap is told with its seeds, and ends the process with the exit code of a crash.
  ///
  /// - Precondition: no worker runs.
  static func install(_ plan: SimulationPlan) {
    let cells = UnsafeMutablePointer<Cell>.allocate(capacity: workerCountMax)
    for index in 0..<workerCountMax { (cells + index).initialize(to: Cell()) }
    let openings = UnsafeMutablePointer<Text>.allocate(capacity: signalCount)
    openings.initialize(repeating: Text(""), count: signalCount)
    let isFirst = prepared == nil
    let previous = prepared?.previous ?? .allocate(capacity: signalCount)
    if isFirst { previous.initialize(repeating: sigaction(), count: signalCount) }
    for trap in traps {
      openings[Int(trap.signal)] = Text("\nkreissync: the product trapped (\(trap.name))\n")
    }
    for request in requests {
      openings[Int(request.signal)] = Text("\nkreissync: ended by \(request.name)\n")
    }
    let wish = ProcessInfo.processInfo.environment["SWIFT_BACKTRACE"] ?? ""
    prepared = Prepared(
      cells: cells, openings: openings, previous: previous,
      beforeSeed: Text("  replay: " + plan.replay.beginning),
      afterSeed: Text(plan.replay.end + "\n"), end: Text("  commit: \(plan.commit)\n"),
      leavesBacktrace: wish.contains("enable=yes") || wish.contains("enable=true"))
    guard isFirst else { return }
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for (signal, _) in traps + requests {
      handle(signal, previous + Int(signal))
      sigaddset(&unblocked, signal)
    }
    // Whoever started the process may have left them blocked, and a program inherits that.
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
  }

  /// A worker begins a seed, on the thread that calls this.
  static func began(_ worker: Int, _ seed: UInt64) {
    guard let prepared, worker < workerCountMax else { return }
    prepared.cells[worker].seed.store(seed, ordering: .relaxed)
    let isFirst = !prepared.cells[worker].isUsed.exchange(true, ordering: .relaxed)
    // A stack that has overflown has no room for a handler: it runs on one of its own.
    if isFirst { lendStack() }
  }

  private static func lendStack() {
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stackByteCount, alignment: 16)
    stack.ss_size = stackByteCount
    sigaltstack(&stack, nil)
  }

  private static func handle(_ signal: CInt, _ previous: UnsafeMutablePointer<sigaction>) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { TrapReport.tell($0) }
    // The next signal ends the process at once, should the handler itself fail.
    action.sa_flags = CInt(bitPattern: UInt32(SA_RESETHAND)) | CInt(SA_ONSTACK)
    sigaction(signal, &action, previous)
  }

  private static func tell(_ signal: CInt) {
    guard let prepared else { _exit(SimulationExit.crash.rawValue) }
    write(prepared.openings[Int(signal) % signalCount])
    for worker in 0..<workerCountMax
    where prepared.cells[worker].isUsed.load(ordering: .relaxed) {
      write(prepared.beforeSeed)
      write(prepared.cells[worker].seed.load(ordering: .relaxed))
      write(prepared.afterSeed)
    }
    write(prepared.end)
    if signal == SIGTERM || signal == SIGINT { _exit(128 + signal) }
    guard prepared.leavesBacktrace else { _exit(SimulationExit.crash.rawValue) }
    sigaction(signal, prepared.previous + Int(signal) % signalCount, nil)
    raise(signal)
  }

  private static func write(_ text: Text) {
    var rest = UnsafeRawBufferPointer(start: text.bytes, count: text.count)
    while !rest.isEmpty {
      let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
      guard count > 0 else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// A number's digits, from the highest power of ten that it has.
  private static func write(_ number: UInt64) {
    var power: UInt64 = 1
    while number / power >= 10 { power *= 10 }
    while power > 0 {
      var digit = UInt8(ascii: "0") + UInt8(number / power % 10)
      _ = Glibc.write(STDERR_FILENO, &digit, 1)
      power /= 10
    }
  }
}
