import CSQLite

/// What SQLite needs of a file system: locks that hold between processes.
package enum FileSystem {
  /// The numbers of statfs(2) for NFS, SMB, SMB2, CIFS, AFS and NCP. FUSE is let through: it cannot
  /// be told whether a local disk or a server stands behind it.
  private static let remoteTypes: [Int] = [
    0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x5346_414F, 0x564C,
  ]

  /// Whether a path lies on a network file system; false where that cannot be told.
  package static func isRemote(_ path: String) -> Bool {
    remoteTypes.contains(kreissync_file_system_type(path))
  }
}
