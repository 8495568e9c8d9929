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
  /// Whether bodies are compressed; nil leaves it to the hub's address.
  var compresses: Bool?

  var replicaPath: String { "\(path)/caseload.sqlite" }
  /// Bytes of the replica's file; 0 where it cannot be told.
  var replicaByteCount: Int64 {
    var status = stat()
    return stat(replicaPath, &status) == 0 ? Int64(status.st_size) : 0
  }
  var configurationPath: String { "\(path)/site.toml" }
  /// Held by the daemon that serves this directory, as long as it runs.
  var daemonLockPath: String { "\(path)/daemon.lock" }

  /// Runs `body` while no other agent works on this directory.
  ///
  /// - Throws: a deferred failure `busy` if one does; the lock ends with the process, also when it
  ///   is killed.
  func alone<Result>(_ body: () throws -> Result) throws -> Result {
    guard access(path, F_OK) == 0 else { throw ReplicaError.missing(path: replicaPath) }
    let lock: ProcessLock?
    do {
      lock = try ProcessLock(path + "/agent.lock")
    } catch {
      throw error.isStorageFull ? ReplicaError.storageFull : ReplicaError.readOnly
    }
    guard let lock else {
      throw CommandFailure(
        .deferred, "busy", "another agent works on \(path)", hint: "wait until it has finished")
    }
    defer { withExtendedLifetime(lock) {} }
    return try body()
  }

  func configuration() throws -> SiteConfiguration {
    try SiteConfiguration.read(configurationPath, environment: ProcessInfo.processInfo.environment)
  }

  /// What a person has chosen before; nil where nobody has.
  func knownSchedule() throws -> SiteSchedule? {
    guard access(configurationPath, F_OK) == 0 else { return nil }
    return try SiteConfiguration.read(configurationPath, environment: [:]).schedule
  }

  /// The line to the hub.
  ///
  /// - Parameter isStopping: ends a request that is under way, see ``CurlTransport``.
  func line(
    _ configuration: SiteConfiguration, until isStopping: @escaping () -> Bool
  ) throws -> RenewingLink {
    try RenewingLink(directory: path) { try transport(configuration, until: isStopping) }
  }

  /// A file that was put into the wrong directory: what its site has not sent yet would go out in
  /// the name of this one.
  ///
  /// - Throws: `foreign_replica` where key and certificate are of another site than the replica.
  func refuseForeignReplica(_ replica: ReplicaRecord) throws {
    let certificate: CertificateExamination
    do {
      certificate = try CertificateExamination.read(directory: path)
    } catch {
      // Whoever shows it to the hub says what is wrong with it.
      return
    }
    guard let site = certificate.site, let county = certificate.county,
      site != replica.site || county != replica.county
    else { return }
    throw CommandFailure(
      .failed, "foreign_replica",
      "\(replicaPath) is the replica of \(replica.siteName), and key and certificate beside it are "
        + "of another site; nothing was sent",
      hint: "the files of two sites are mixed: put those that belong together into one directory")
  }

  private func transport(
    _ configuration: SiteConfiguration, until isStopping: @escaping () -> Bool
  ) throws -> CurlTransport {
    try CertificateRenewal.recover(in: path)
    let announced = try HubPinsFile(directory: path).read()
    return try CurlTransport(
      hub: configuration.hub,
      pins: announced?.accepted(configured: configuration.pin) ?? [configuration.pin],
      certificate: ClientCertificate(directory: path), compresses: compresses, until: isStopping)
  }
}

struct SiteOptions: ParsableArguments {
  @Option(name: .customLong("data"), help: "The site's directory.")
  var path: String

  var directory: SiteDirectory { SiteDirectory(path: path) }
}
