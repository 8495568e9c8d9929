import Glibc

/// Files that a power cut may not lose: keys, certificates, sidecars.
///
/// One writer at a time: the new content stands in `PATH.new` until it is complete.
package enum DurableFile {
  /// Puts `bytes` at `path`. When this returns they survive a power cut; when it throws, or the
  /// power fails before, `path` is as it was.
  ///
  /// - Parameter mode: the file's permissions, whatever the umask says.
  package static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32 = 0o600
  ) throws(FileFailure) {
    let draft = path + ".new"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
    let file = open(draft, flags, mode)
    guard file >= 0 else { throw FileFailure(.write, path) }
    do {
      defer { close(file) }
      guard fchmod(file, mode) == 0 else { throw FileFailure(.write, path) }
      try writeAll(bytes, to: file, path: path)
      guard fsync(file) == 0 else { throw FileFailure(.write, path) }
    }
    guard rename(draft, path) == 0 else { throw FileFailure(.write, path) }
    try syncDirectory(of: path)
  }

  /// Puts the file at `path` in the place of the one at `target`. When this returns it survives a
  /// power cut; before, the one or the other stands there, whole.
  package static func move(_ path: String, to target: String) throws(FileFailure) {
    guard rename(path, target) == 0 else { throw FileFailure(.write, target) }
    try syncDirectory(of: target)
  }

  /// Removes the file at `path`, durably; nothing happens when there is none.
  package static func remove(_ path: String) throws(FileFailure) {
    guard unlink(path) == 0 else {
      if errno == ENOENT { return }
      throw FileFailure(.write, path)
    }
    try syncDirectory(of: path)
  }

  /// The file's bytes; nil when there is none at `path`.
  package static func read(
    _ path: String, byteCountMax: Int
  ) throws(FileFailure) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 && errno == ENOENT { return nil }
    guard file >= 0 else { throw FileFailure(.read, path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let byteCount = Glibc.read(file, &chunk, chunk.count)
      if byteCount < 0 && errno == EINTR { continue }
      guard byteCount >= 0 else { throw FileFailure(.read, path) }
      if byteCount == 0 { return bytes }
      bytes += chunk[..<byteCount]
      guard bytes.count <= byteCountMax else { throw FileFailure(.read, path, code: EFBIG) }
    }
  }

  /// Makes the directory at `path`, mode 0700 and durable, and what is missing above it. An
  /// existing directory keeps its mode: an administrator may have opened it to the other program.
  package static func makeDirectory(_ path: String) throws(FileFailure) {
    if mkdir(path, 0o700) == 0 { return try syncDirectory(of: path) }
    switch errno {
    case EEXIST:
      var status = stat()
      guard stat(path, &status) == 0 else { throw FileFailure(.makeDirectory, path) }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw FileFailure(.makeDirectory, path, code: ENOTDIR)
      }
    case ENOENT where parent(of: path) != path:
      try makeDirectory(parent(of: path))
      try makeDirectory(path)
    default:
      throw FileFailure(.makeDirectory, path)
    }
  }

  private static func writeAll(
    _ bytes: [UInt8], to file: Int32, path: String
  ) throws(FileFailure) {
    var written = 0
    while written < bytes.count {
      let byteCount = bytes.withUnsafeBytes { buffer in
        Glibc.write(file, buffer.baseAddress! + written, buffer.count - written)
      }
      if byteCount < 0 && errno == EINTR { continue }
      guard byteCount >= 0 else { throw FileFailure(.write, path) }
      written += byteCount
    }
  }

  /// Makes what was created, renamed or removed beside `path` survive a power cut.
  ///
  /// > Calling fsync() does not necessarily ensure that the entry in the directory containing the
  /// > file has also reached disk. For that an explicit fsync() on a file descriptor for the
  /// > directory is also needed. (fsync(2))
  package static func syncDirectory(of path: String) throws(FileFailure) {
    let directory = open(parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw FileFailure(.write, path) }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw FileFailure(.write, path) }
  }

  private static func parent(of path: String) -> String {
    var name = path[...]
    while name.count > 1 && name.hasSuffix("/") { name.removeLast() }
    guard let slash = name.lastIndex(of: "/") else { return "." }
    return slash == name.startIndex ? "/" : String(name[..<slash])
  }
}

/// A file that could not be read or written.
package struct FileFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was tried, in words for a message.
  package enum Operation: String, Sendable {
    case read, write
    case makeDirectory = "make directory"
  }

  package let operation: Operation
  package let path: String
  /// The system's errno.
  package let code: Int32

  package init(_ operation: Operation, _ path: String, code: Int32 = errno) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// The code of a disk without room, for failures that another library met.
  package static let storageFullCode = ENOSPC
  /// The code of a file that is not there.
  package static let missingCode = ENOENT

  /// Whether free space is the cure.
  package var isStorageFull: Bool { code == ENOSPC || code == EDQUOT }

  package var description: String {
    let cure =
      switch code {
      case ENOSPC, EDQUOT: "free some space and repeat the command"
      case EACCES, EPERM: "give the account that runs kreissync the right to it"
      case EROFS: "mount the file system for writing"
      case EEXIST: "choose another name: nothing is overwritten"
      default: "look at the path and repeat the command"
      }
    return "cannot \(operation.rawValue) \(path): \(String(cString: strerror(code))); \(cure)"
  }
}
