import CSQLite
import Glibc
import GRDBSQLite

/// Where database files lie: one of the file systems (VFS) that are registered with SQLite.
package struct FileSystem: Sendable, Equatable {
  /// The name under which it is registered; nil for SQLite's default.
  private let vfs: String?

  /// The operating system's own.
  package static let ofTheSystem = FileSystem(vfs: nil)

  private init(vfs: String?) {
    self.vfs = vfs
  }

  /// The file system that a simulator has registered under `vfs`.
  package init(registeredAs vfs: String) {
    self.vfs = vfs
  }

  /// Whether there is a file at `path`; nothing is opened.
  package func holds(_ path: String) -> Bool {
    // NB: SQLite's own file system says that an empty file is not there.
    if vfs == nil { return access(path, F_OK) == 0 }
    guard let found = sqlite3_vfs_find(vfs) else { return false }
    var isThere: Int32 = 0
    let code = found.pointee.xAccess(found, path, SQLITE_ACCESS_EXISTS, &isThere)
    return code == SQLITE_OK && isThere != 0
  }

  /// What SQLite has to be given to open `path` here.
  ///
  /// - Precondition: on a registered file system `path` has none of the characters that mean
  ///   something in a URI.
  package func name(of path: String) -> String {
    guard let vfs else { return path }
    precondition(!path.contains { "?#%".contains($0) }, "a simulated path is plain")
    return "file:\(path)?vfs=\(vfs)"
  }

  /// The numbers of statfs(2) for NFS, SMB, SMB2, CIFS, AFS and NCP. FUSE is let through: it cannot
  /// be told whether a local disk or a server stands behind it.
  private static let remoteTypes: [Int] = [
    0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x5346_414F, 0x564C,
  ]

  /// Whether a path lies on a network file system, where locks between processes do not hold; false
  /// where that cannot be told.
  package static func isRemote(_ path: String) -> Bool {
    remoteTypes.contains(kreissync_file_system_type(path))
  }

  /// Whether the file system on which a path lies has no room for another page; false where that
  /// cannot be told.
  package static func isFull(_ path: String) -> Bool {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return false }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize) < pageByteCount
  }

  /// What SQLite's smallest growth of a file, or of the shared memory beside it, takes.
  private static let pageByteCount: UInt64 = 32 << 10
}
