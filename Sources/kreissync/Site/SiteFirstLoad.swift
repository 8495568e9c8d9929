import Foundation
import Replica
import ReplicaAgent

extension SiteDirectory {
  /// Gets the replica that a join has promised, or goes on with getting it; nil where none is
  /// missing.
  ///
  /// - Parameters:
  ///   - isStopping: ends a request that is under way.
  ///   - wait: returns after so many seconds, to wait while the hub makes other sites' snapshots;
  ///     nil throws the hub's refusal at once.
  /// - Throws: ``SessionError/unreachable(_:)`` where the line was cut: the next call goes on.
  func completeFirstLoad(
    until isStopping: @escaping () -> Bool = { false }, wait: ((Int) -> Void)?
  ) throws -> FirstLoad.Outcome? {
    guard let record = try FirstLoadRecord.read(from: path) else { return nil }
    guard !FileManager.default.fileExists(atPath: replicaPath) else {
      try FirstLoadRecord.remove(from: path)
      return nil
    }
    let link = try line(configuration(), until: isStopping)
    let load = FirstLoad(
      directory: path, replicaPath: replicaPath,
      link: PatientLink(link, secondsMax: wait == nil ? 0 : PatientLink<RenewingLink>.secondsMax) {
        wait?($0)
      }, environment: Surroundings.session(in: path, takesSchemas: true) { _ in })
    return try load.run(record)
  }
}
