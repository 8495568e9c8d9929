import CAllocator
import Foundation
import Glibc

/// The most memory that a process had resident since it was told to forget its peak.
///
/// Linux keeps the peak for each process (`VmHWM`) and lets it be reset (`proc(5)`, `clear_refs`),
/// so a candidate's peak is its own even where the benchmark's rows were in memory before.
package struct PeakMemory {
  private let name: String

  /// - Parameter process: another one; nil for this one.
  package init(of process: Int32? = nil) {
    name = process.map(String.init) ?? "self"
  }

  /// Gives freed memory back first, so that it does not count as the candidate's.
  package func reset() throws {
    if name == "self" { kreissync_allocator_return_free() }
    guard let file = fopen("/proc/\(name)/clear_refs", "w") else {
      throw BenchmarkError("cannot reset the peak memory of process \(name)")
    }
    fputs("5", file)
    fclose(file)
  }

  /// In bytes.
  package func read() throws -> Int64 {
    let status = try String(contentsOfFile: "/proc/\(name)/status", encoding: .utf8)
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap { Int64($0) }
      if let kibibytes { return kibibytes << 10 }
    }
    throw BenchmarkError("process \(name) does not tell its peak memory")
  }
}

/// Why a measurement could not be taken.
package struct BenchmarkError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
