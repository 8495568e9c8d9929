import Glibc

/// A file that somebody else fills, beside its place, and that takes its place when it is proved.
///
/// For what ``DurableFile`` cannot write in one go: databases.
package struct DraftFile: Sendable {
  /// Where it is filled.
  package let path: String
  private let target: String

  /// What SQLite may have left beside a draft of a process that was killed.
  private static let suffixes = ["", "-journal", "-wal", "-shm"]

  /// Makes an empty file, mode 0600, beside `target`; what an earlier try has left there goes.
  ///
  /// - Throws: a failure with the code EEXIST where something stands at `target`.
  package init(for target: String) throws(FileFailure) {
    self.target = target
    path = target + ".new"
    try Self.refuseExisting(target)
    try discard()
    let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw FileFailure(.write, target) }
    close(file)
  }

  /// Puts the file in its place. When this returns it survives a power cut; before, nothing stands
  /// there. The file is nobody's at this time: a database's connections are closed.
  ///
  /// - Returns: its length in bytes.
  package func keep() throws(FileFailure) -> Int64 {
    let file = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { throw FileFailure(.write, target) }
    var status = stat()
    do {
      defer { close(file) }
      guard fsync(file) == 0, fstat(file, &status) == 0 else { throw FileFailure(.write, target) }
    }
    if link(path, target) == 0 {
      guard unlink(path) == 0 else { throw FileFailure(.write, path) }
    } else {
      // A memory stick knows no second name of a file.
      guard [EPERM, ENOTSUP, ENOSYS].contains(errno) else { throw FileFailure(.write, target) }
      try Self.refuseExisting(target)
      guard rename(path, target) == 0 else { throw FileFailure(.write, target) }
    }
    try DurableFile.syncDirectory(of: target)
    return Int64(status.st_size)
  }

  /// Removes the file, and what SQLite left beside it; nothing happens where there is none.
  package func discard() throws(FileFailure) {
    for suffix in Self.suffixes {
      guard unlink(path + suffix) == 0 || errno == ENOENT else {
        throw FileFailure(.write, path + suffix)
      }
    }
  }

  private static func refuseExisting(_ target: String) throws(FileFailure) {
    var status = stat()
    guard lstat(target, &status) != 0 else { throw FileFailure(.write, target, code: EEXIST) }
  }
}
