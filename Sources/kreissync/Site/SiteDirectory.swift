import ArgumentParser
import Foundation
import Glibc
import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

/// A site's directory: replica, key, certificate, sidecar, configuration.
struct SiteDirectory {
  let path: String

  var replicaPath: String { "\(path)/caseload.sqlite" }
  var configurationPath: String { "\(path)/site.toml" }

  /// Runs `body` while no other agent works on this directory.
  ///
  /// - Throws: a deferred failure `busy` if one does; the lock ends with the process, also when it
  ///   is killed.
  func alone<Result>(_ body: () throws -> Result) throws -> Result {
    guard access(path, F_OK) == 0 else { throw ReplicaError.missing(path: replicaPath) }
    let lock = open(path + "/agent.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw [ENOSPC, EDQUOT].contains(errno) ? ReplicaError.storageFull : ReplicaError.readOnly
    }
    defer { close(lock) }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      throw CommandFailure(
        .deferred, "busy", "another agent works on \(path)", hint: "wait until it has finished")
    }
    return try body()
  }

  func configuration() throws -> SiteConfiguration {
    try SiteConfiguration.read(configurationPath, environment: ProcessInfo.processInfo.environment)
  }

  func transport() throws -> CurlTransport {
    let configuration = try configuration()
    return try CurlTransport(
      hub: configuration.hub, pin: configuration.pin,
      certificate: ClientCertificate(directory: path))
  }
}

struct SiteOptions: ParsableArguments {
  @Option(name: .customLong("data"), help: "The site's directory.")
  var path: String

  var directory: SiteDirectory { SiteDirectory(path: path) }
}
