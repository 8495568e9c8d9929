import Caseload
import Foundation
import Glibc
import HubService
import ReplicaAgent
import SyncCore

/// The composition root's clock and randomness: nothing else in the product reads either.
enum Surroundings {
  static let version = "0.1.0"
  static let software = "kreissync \(version)"

  static func now() -> Milliseconds {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// The day in Germany: dates in a caseload are days on paper.
  static func today() -> CalendarDay {
    let zone = TimeZone(identifier: "Europe/Berlin") ?? .gmt
    let seconds = now() / 1_000
    let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    return CalendarDay(daysSince1970: Int(seconds + Int64(offset)) / 86_400)
  }

  /// So many bytes, eight from each draw: a draw is a call of the system, and the hub salts every
  /// entry of its log.
  static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      withUnsafeBytes(of: generator.next()) { bytes += $0.prefix(count - bytes.count) }
    }
    return bytes
  }

  /// A number of the range, each as likely as any other.
  static func draw(_ range: ClosedRange<Milliseconds>) -> Milliseconds {
    Milliseconds.random(in: range)
  }

  static var hub: HubEnvironment { hub { [] } }

  /// - Parameter pins: what the hub announces, see ``HubEnvironment``.
  static func hub(pins: @escaping @Sendable () -> [[UInt8]]) -> HubEnvironment {
    HubEnvironment(now: now, random: random, pins: pins)
  }

  /// This machine's name and the site's directory on it: what tells two copies of a replica apart.
  static func machine(_ directory: String) -> String {
    "\(ProcessInfo.processInfo.hostName):\(URL(filePath: directory).standardizedFileURL.path)"
  }

  /// - Parameters:
  ///   - directory: the site's.
  ///   - takesSchemas: as the site's configuration says.
  ///   - keepPins: keeps the hub's announced pins, see ``SessionEnvironment``.
  ///   - keepProof: keeps what shows that the hub's past was changed.
  static func session(
    in directory: String, takesSchemas: Bool,
    keepPins: @escaping ([[UInt8]]) throws -> Void,
    keepProof: @escaping (HistoryProof) throws -> String? = { _ in nil }
  ) -> SessionEnvironment {
    SessionEnvironment(
      software: software, now: now, random: random, machine: machine(directory),
      takesSchemas: takesSchemas, keepPins: keepPins, keepProof: keepProof)
  }

  /// Lets this process have as many open files as a hub's connections and databases need, or as
  /// many as it may.
  static func allowFiles(_ count: UInt) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
      limit.rlim_cur < count
    else { return }
    limit.rlim_cur = min(count, limit.rlim_max)
    // Below what it may have nothing can refuse; at worst it stays as it was.
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  /// What this account may still write where `path` lies, in bytes; nil where that cannot be told.
  static func freeByteCount(at path: String) -> Int64? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let blocks = Int64(clamping: status.f_bavail)
    let (bytes, isTooMany) = blocks.multipliedReportingOverflow(by: Int64(status.f_frsize))
    return isTooMany ? .max : bytes
  }

  /// Returns after so many seconds; whoever watches is told why it takes so long.
  static func waitForHub(seconds: Int) {
    if isatty(STDERR_FILENO) != 0 {
      let line = "the hub is busy; the next try is in \(seconds) s\n"
      FileHandle.standardError.write(Data(line.utf8))
    }
    Thread.sleep(forTimeInterval: Double(seconds))
  }

  /// A random name that no two places share.
  static func uuid() -> String {
    UUIDv7.text(milliseconds: now(), random: random(UUIDv7.randomByteCount))
  }
}
