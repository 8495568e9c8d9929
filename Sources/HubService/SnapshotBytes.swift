import Glibc
import SyncCore
import SyncProtocol

/// A snapshot's file as bytes, once SQLite has closed it.
struct SnapshotBytes: ~Copyable {
  private let path: String
  private let file: Int32

  init(path: String) throws {
    self.path = path
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileFailure(.read, path) }
  }

  deinit { close(file) }

  var byteCount: Int64 {
    get throws {
      var status = stat()
      guard fstat(file, &status) == 0 else { throw FileFailure(.read, path) }
      return Int64(status.st_size)
    }
  }

  /// - Throws: ``FileFailure`` also where the file is shorter.
  func read(_ byteCount: Int, at offset: Int64) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var filled = 0
    while filled < byteCount {
      let count = bytes.withUnsafeMutableBytes { buffer in
        pread(file, buffer.baseAddress! + filled, byteCount - filled, off_t(offset) + off_t(filled))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileFailure(.read, path) }
      filled += count
    }
    return bytes
  }

  /// Makes the file durable, for its owner only, and returns the hash of all of it.
  func sealed() throws -> Hash256 {
    guard fchmod(file, 0o600) == 0, fsync(file) == 0 else { throw FileFailure(.write, path) }
    var hash = RunningHash256()
    var offset: Int64 = 0
    let end = try byteCount
    while offset < end {
      let piece = try read(Int(min(1 << 20, end - offset)), at: offset)
      hash.append(piece)
      offset += Int64(piece.count)
    }
    return hash.value
  }
}
