import Glibc
import SyncCore
import SyncProtocol

/// The bytes of a snapshot that have come so far. Those that ``append(_:)`` took survive a power
/// cut.
final class SnapshotPart {
  private let path: String
  private let file: Int32
  private(set) var byteCount: Int64

  /// Opens what is there, or an empty file. What is longer than it can be begins anew.
  init(_ path: String, byteCountMax: Int64) throws {
    self.path = path
    // The permissions that SQLite gives a replica: it becomes one.
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard opened >= 0 else { throw FileFailure(.write, path) }
    file = opened
    byteCount = 0
    var status = stat()
    guard fstat(opened, &status) == 0 else { throw FileFailure(.read, path) }
    byteCount = Int64(status.st_size)
    if byteCount > byteCountMax {
      guard ftruncate(opened, 0) == 0 else { throw FileFailure(.write, path) }
      byteCount = 0
    }
  }

  deinit { close(file) }

  func append(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        pwrite(
          file, buffer.baseAddress! + written, bytes.count - written,
          off_t(byteCount) + off_t(written))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileFailure(.write, path) }
      written += count
    }
    guard fsync(file) == 0 else { throw FileFailure(.write, path) }
    byteCount += Int64(bytes.count)
  }

  /// The hash of everything that is there.
  func hash() throws -> Hash256 {
    var hash = RunningHash256()
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var offset: off_t = 0
    while true {
      let count = pread(file, &piece, piece.count, offset)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileFailure(.read, path) }
      if count == 0 { return hash.value }
      hash.append(Array(piece[..<count]))
      offset += off_t(count)
    }
  }

  /// Removes a file if it is there.
  static func remove(_ path: String) throws(FileFailure) {
    guard unlink(path) == 0 || errno == ENOENT else { throw FileFailure(.write, path) }
  }

  static func rename(_ path: String, to target: String) throws(FileFailure) {
    guard Glibc.rename(path, target) == 0 else { throw FileFailure(.write, path) }
  }
}
