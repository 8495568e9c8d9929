import ReplicaStorage
import SyncCore
import SyncProtocol

/// How a site that has joined gets its replica: as a ready file from the hub where the scope is
/// large, else as an empty one that the first session fills.
///
/// It may be cut off anywhere and goes on where it was: what is known stands in
/// ``FirstLoadRecord``, what has come in `snapshot.part`. Nothing is at the replica's place before
/// it is whole and proved, and nothing that stands there is ever touched.
///
///     asked ──→ fetched, part by part ──→ hash equal ──→ proved ──→ renamed into place
///       │  hub has none, or cannot now          │ no: once more      │ no
///       └───────────────→ an empty replica ←────┴────────────────────┘
package struct FirstLoad {
  /// How it ended.
  package enum Outcome: Sendable, Equatable {
    case bySnapshot(rowCount: Int64)
    /// Empty: the rows come with the first session. With what was wrong, for people, if something
    /// was.
    case byPages(String?)
  }

  private let directory: String
  private let replicaPath: String
  private let download: SnapshotDownload

  private var partPath: String { download.partPath }

  /// - Parameter directory: the site's; the caller holds its lock.
  package init(
    directory: String, replicaPath: String, link: any HubLink, environment: SessionEnvironment
  ) {
    self.directory = directory
    self.replicaPath = replicaPath
    download = SnapshotDownload(
      partPath: directory + "/snapshot.part", link: link, software: environment.software)
  }

  /// Gets the replica that the record in the directory promises.
  ///
  /// - Throws: ``SessionError/unreachable(_:)`` where the line was cut in the middle of a snapshot,
  ///   and ``SessionError/refused(code:message:hint:)`` with `busy` while the hub makes another
  ///   site's: the next run goes on.
  package func run(_ record: FirstLoadRecord) throws -> Outcome {
    var record = record
    for _ in 0..<SnapshotDownload.attemptCountMax {
      if record.snapshot == nil {
        switch try download.ask(forReload: false) {
        case .offered(let offer):
          try SnapshotPart.remove(partPath)
          record.snapshot = offer
          try record.write(to: directory)
        case .none(let reason):
          return try byPages(record, reason)
        }
      }
      guard let offer = record.snapshot else { continue }
      if try download.fetch(offer) {
        return try install(offer, record)
      }
      record.snapshot = nil
      try record.write(to: directory)
    }
    return try byPages(record, "the hub's snapshots are not what their hashes say")
  }

  private func byPages(_ record: FirstLoadRecord, _ reason: String?) throws -> Outcome {
    try SnapshotPart.remove(partPath)
    try ReplicaFile.create(at: replicaPath, origin: try record.origin())
    try DurableFile.syncDirectory(of: replicaPath)
    try FirstLoadRecord.remove(from: directory)
    return .byPages(reason)
  }

  private func install(_ offer: SnapshotOffer, _ record: FirstLoadRecord) throws -> Outcome {
    // From here on the file is SQLite's, which knows what it left beside it.
    let draft = replicaPath + ".new"
    for suffix in ["", "-journal", "-wal", "-shm"] { try SnapshotPart.remove(draft + suffix) }
    try SnapshotPart.rename(partPath, to: draft)
    do {
      try ReplicaFile.adopt(draft, as: replicaPath, origin: try record.origin())
    } catch ReplicaError.unfitSnapshot(let reason) {
      for suffix in ["", "-journal", "-wal", "-shm"] { try SnapshotPart.remove(draft + suffix) }
      return try byPages(record, "the hub's snapshot was not used: \(reason)")
    }
    try DurableFile.syncDirectory(of: replicaPath)
    try FirstLoadRecord.remove(from: directory)
    return .bySnapshot(rowCount: offer.rowCount)
  }
}
