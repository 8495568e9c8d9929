import Foundation
import GRDBSQLite
import Glibc
import ReplicaStorage

/// Which programs have the replica open, and with which SQLite.
///
/// > If two or more connections … write to or checkpoint a WAL-mode database at the same instant,
/// > a race may corrupt it; fixed in 3.51.3. (sqlite.org, "The WAL-Reset Bug")
struct NeighbourChecks {
  private let path: String
  private let replica: ReplicaExamination

  /// 3.51.3 as SQLite counts.
  private static let soundVersion: Int32 = 3_051_003

  init(_ directory: SiteDirectory, _ replica: ReplicaExamination) {
    path = directory.replicaPath
    self.replica = replica
  }

  func findings() -> [DoctorFinding] {
    [library(), programs()]
  }

  private func library() -> DoctorFinding {
    let found = "kreissync uses SQLite " + String(cString: sqlite3_libversion())
    guard sqlite3_libversion_number() < Self.soundVersion, replica.journalMode != "delete" else {
      return .ok("sqlite", found)
    }
    return .warning(
      "sqlite",
      "\(found); before 3.51.3 two programs that write in WAL mode can, very rarely, "
        + "damage the file",
      cure: "update SQLite when the system offers it; back up with `kreissync site backup`")
  }

  private func programs() -> DoctorFinding {
    let programs = Self.programs(holding: path)
    guard !programs.isEmpty else {
      return .ok("programs", "none that this account may see has the replica open")
    }
    return .ok("programs", DoctorFinding.list(programs))
  }

  /// Name, process and library of each program that has the file open and may be looked at.
  private static func programs(holding path: String) -> [String] {
    guard let real = realpath(path, nil) else { return [] }
    defer { free(real) }
    let wanted = Set(["", "-wal", "-shm"].map { String(cString: real) + $0 })
    return entries(of: "/proc").compactMap { Int32($0) }.sorted().compactMap { process in
      guard process != getpid() else { return nil }
      let isHolder = entries(of: "/proc/\(process)/fd").contains { descriptor in
        target(of: "/proc/\(process)/fd/\(descriptor)").map(wanted.contains) ?? false
      }
      guard isHolder else { return nil }
      let name = text(of: "/proc/\(process)/comm").trimmingCharacters(in: .whitespacesAndNewlines)
      return "\(name) (process \(process)) with \(library(of: process))"
    }
  }

  private static func library(of process: Int32) -> String {
    let paths = text(of: "/proc/\(process)/maps").split(separator: "\n").compactMap { line in
      line.split(separator: " ", omittingEmptySubsequences: true).last
    }
    let library = paths.first { $0.hasPrefix("/") && $0.contains("sqlite") && $0.contains(".so") }
    // libsqlite3.so.0 is a name; the file behind it tells more.
    return library.map(String.init) ?? "an SQLite of its own"
  }

  /// Nothing where this account may not look, or the process has just ended.
  private static func entries(of directory: String) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory)
    } catch {
      return []
    }
  }

  private static func target(of link: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes {
      readlink(link, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }

  private static func text(of path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }
}
