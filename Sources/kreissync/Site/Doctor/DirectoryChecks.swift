import Foundation
import Glibc
import Replica
import ReplicaAgent

/// The site's directory and the files with its identity: there, readable, and nobody else's.
struct DirectoryChecks {
  private let directory: SiteDirectory

  init(_ directory: SiteDirectory) {
    self.directory = directory
  }

  func findings() -> [DoctorFinding] {
    [self.folder(), keyFiles(), smallFiles(), agents()]
  }

  private func folder() -> DoctorFinding {
    let path = directory.path
    guard let status = Self.status(path) else {
      return .error(
        "directory", "\(path): \(String(cString: strerror(errno)))",
        cure: "check --data; `kreissync site join` makes a site's directory")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return .error("directory", "\(path) is no directory", cure: "check --data")
    }
    let mode = "mode " + String(status.st_mode & 0o7777, radix: 8)
    guard access(path, R_OK | W_OK | X_OK) == 0 else {
      return .error(
        "directory",
        "\(path), \(mode), belongs to account \(status.st_uid); this one may not write",
        cure: "run kreissync as the account that owns the directory, or give it to this one (chown)"
      )
    }
    if status.st_mode & 0o007 != 0 {
      return .warning(
        "directory", "\(path), \(mode): every account on this machine may look in",
        cure: "chmod 700 \(path); where another program needs the replica, give its group the right"
      )
    }
    if status.st_uid != geteuid() {
      return .warning(
        "directory", "\(path), \(mode), belongs to account \(status.st_uid), not to this one",
        cure: "files that this account makes may be closed to the other: use one account")
    }
    return .ok("directory", "\(path), \(mode)")
  }

  private func keyFiles() -> DoctorFinding {
    for name in [Enrolment.keyName, Enrolment.certificateName] {
      let path = "\(directory.path)/\(name)"
      guard Self.status(path) != nil else {
        return .error(
          "key_files", "\(name) is missing",
          cure: "`kreissync site join` with a join string of `kreissync hub site rejoin` makes it")
      }
      guard access(path, R_OK) == 0 else {
        return .error(
          "key_files", "this account may not read \(name)",
          cure: "run kreissync as the account that owns the file, or give it to this one (chown)")
      }
    }
    let key = "\(directory.path)/\(Enrolment.keyName)"
    if let status = Self.status(key), status.st_mode & 0o077 != 0 {
      return .warning(
        "key_files", "\(Enrolment.keyName) has mode " + String(status.st_mode & 0o7777, radix: 8),
        cure: "chmod 600 \(key): whoever reads it can call in this site's name")
    }
    return .ok("key_files", "key and certificate are there")
  }

  /// What a session reads before anything else; `identity.json` has a check of its own.
  private func smallFiles() -> DoctorFinding {
    do {
      _ = try HubPinsFile(directory: directory.path).read()
      _ = try ReplicaCheckFile(directory: directory.path).read()
      _ = try FirstLoadRecord.read(from: directory.path)
      return .ok("small_files", "the agent's own files can be read")
    } catch {
      let failure = CommandFailure(translating: error)
      return .error("small_files", failure.message, cure: failure.hint)
    }
  }

  private func agents() -> DoctorFinding {
    let isWorking = ProcessLock.isHeld(directory.path + "/agent.lock")
    let isServed = ProcessLock.isHeld(directory.daemonLockPath)
    switch (isWorking, isServed) {
    case (true, true): return .ok("agents", "a daemon runs; a session is under way")
    case (false, true): return .ok("agents", "a daemon runs")
    case (true, false):
      return .warning(
        "agents", "another command works on this directory now",
        cure: "wait until it has finished; if it never does, look for a `kreissync` that hangs")
    case (false, false):
      return .ok("agents", "no daemon runs: sessions begin by hand or by another timer")
    }
  }

  static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}

/// `site.toml`.
enum ConfigurationCheck {
  /// The settings, where they can be used.
  static func run(on directory: SiteDirectory) -> (SiteConfiguration?, DoctorFinding) {
    do {
      let configuration = try directory.configuration()
      return (
        configuration,
        .ok("site_toml", "hub \(configuration.hub), schedule \(configuration.schedule.text)")
      )
    } catch {
      let failure = CommandFailure(translating: error)
      return (nil, .error("site_toml", failure.message, cure: failure.hint))
    }
  }
}
