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

  static func random(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  static var hub: HubEnvironment {
    HubEnvironment(now: now, random: random)
  }

  static var session: SessionEnvironment {
    SessionEnvironment(software: software, now: now, random: random)
  }

  /// A random name that no two places share.
  static func uuid() -> String {
    UUIDv7.text(milliseconds: now(), random: random(UUIDv7.randomByteCount))
  }
}
