import Glibc
import SyncProtocol

/// A lock on a directory that ends with the process, also when it is killed.
final class ProcessLock {
  private let file: CInt

  /// Takes the lock; nil while another process, or another part of this one, has it.
  ///
  /// - Parameter path: of the lock's own file, which stays when the lock is gone.
  init?(_ path: String) throws(FileFailure) {
    file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileFailure(.write, path) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      return nil
    }
  }

  deinit {
    close(file)
  }

  /// Whether anyone has the lock. Whoever tries to take it in this moment may be turned away.
  static func isHeld(_ path: String) -> Bool {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return flock(file, LOCK_SH | LOCK_NB) != 0
  }
}
