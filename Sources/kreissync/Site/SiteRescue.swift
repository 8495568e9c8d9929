import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore

extension SiteDirectory {
  /// Builds the replica anew where its file is damaged; nil where it is sound.
  ///
  /// The caller holds the directory's lock.
  ///
  /// - Throws: ``ReplicaError/notAReplica(path:)`` for a file where no replica ever stood.
  func rescue() throws -> Rescue.Outcome? {
    let isUnfinished = Rescue.isUnfinished(at: replicaPath)
    guard try isUnfinished || isDamaged() else { return nil }
    let link = try line(configuration(), until: { false })
    let rescue = Rescue(
      directory: path, replicaPath: replicaPath,
      link: PatientLink(link, wait: Surroundings.waitForHub),
      environment: Surroundings.session(in: path, takesSchemas: true) { _ in })
    guard !isUnfinished else {
      try rescue.complete()
      return nil
    }
    return try rescue.run()
  }

  private func isDamaged() throws -> Bool {
    do {
      let file = try ReplicaFile.open(at: replicaPath)
      _ = try file.record()
      try file.quickCheck()
      try file.close()
      return false
    } catch let error as ReplicaError where error.isDamage {
      guard try Rescue.isKnown(in: path) else { throw error }
      return true
    }
  }
}
