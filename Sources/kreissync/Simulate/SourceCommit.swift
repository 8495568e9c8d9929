import Foundation

/// The commit that a binary was built from, as far as it can know: nothing is stamped into it, so
/// that a build does not depend on when it was made.
enum SourceCommit {
  /// `KREISSYNC_COMMIT`, else what the checkout around the binary has checked out, else `unknown`.
  static var current: String {
    if let told = ProcessInfo.processInfo.environment["KREISSYNC_COMMIT"], !told.isEmpty {
      return told
    }
    // The kernel's link, because a command that was found on the PATH does not name its place.
    let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return commit(around: binary) ?? "unknown"
  }

  private static func commit(around binary: URL) -> String? {
    var directory = binary.deletingLastPathComponent()
    while directory.path != "/" {
      let candidate = directory.appendingPathComponent(".git")
      if FileManager.default.fileExists(atPath: candidate.path) {
        return commit(repository: gitDirectory(candidate))
      }
      directory.deleteLastPathComponent()
    }
    return nil
  }

  /// In a worktree `.git` is a file that names the directory.
  private static func gitDirectory(_ candidate: URL) -> URL {
    guard let text = text(candidate), text.hasPrefix("gitdir: ") else { return candidate }
    let path = String(text.dropFirst("gitdir: ".count))
    return URL(fileURLWithPath: path, relativeTo: candidate.deletingLastPathComponent())
  }

  private static func commit(repository: URL) -> String? {
    guard let head = text(repository.appendingPathComponent("HEAD")) else { return nil }
    guard head.hasPrefix("ref: ") else { return head }
    let name = String(head.dropFirst("ref: ".count))
    // A worktree keeps its HEAD, and shares the branches.
    let shared = text(repository.appendingPathComponent("commondir")).map {
      URL(fileURLWithPath: $0, relativeTo: repository)
    }
    for place in [repository, shared].compactMap(\.self) {
      if let commit = text(place.appendingPathComponent(name)) { return commit }
      let packed = text(place.appendingPathComponent("packed-refs")) ?? ""
      for line in packed.split(separator: "\n") where line.hasSuffix(" \(name)") {
        return String(line.dropLast(name.count + 1))
      }
    }
    return nil
  }

  private static func text(_ url: URL) -> String? {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory),
      !isDirectory.boolValue, let bytes = FileManager.default.contents(atPath: url.path)
    else { return nil }
    return String(decoding: bytes, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
