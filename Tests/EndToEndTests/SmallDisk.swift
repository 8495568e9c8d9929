import Foundation
import Glibc

/// A file system of a few mebibytes of its own, where one may be mounted.
final class SmallDisk {
  private let path: String

  /// Whether this process may mount: tried, because neither being root nor a capability tells.
  static let isPossible: Bool = {
    let path = NSTemporaryDirectory() + "/kreissync-disk-\(getpid())"
    guard mkdir(path, 0o700) == 0 else { return false }
    defer { rmdir(path) }
    guard mount("tmpfs", path, "tmpfs", 0, "size=1m") == 0 else { return false }
    return umount2(path, Int32(MNT_DETACH)) == 0
  }()

  init(at path: String, mebibytes: Int) throws {
    self.path = path
    guard mkdir(path, 0o700) == 0,
      mount("tmpfs", path, "tmpfs", 0, "size=\(mebibytes)m,mode=0700") == 0
    else { throw HarnessError("no file system at \(path): errno \(errno)") }
  }

  private var ballast: String { path + "/ballast" }

  /// Leaves not a block.
  func fill() throws {
    let file = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw HarnessError("no ballast") }
    defer { close(file) }
    let block = [UInt8](repeating: 1, count: 4_096)
    while write(file, block, block.count) == block.count {}
    guard errno == ENOSPC else { throw HarnessError("the disk is not full: errno \(errno)") }
  }

  func empty() throws {
    guard unlink(ballast) == 0 else { throw HarnessError("no ballast") }
  }

  func unmount() {
    umount2(path, Int32(MNT_DETACH))
  }
}
