import SyncCore
package import SyncProtocol

/// What a reload needs to go on after it was cut off: what the hub has offered.
package struct ReloadRecord: Codable, Sendable, Equatable {
  package let snapshot: SnapshotOffer
  /// Whether it is to take the place of a file that is damaged.
  package let isRescue: Bool

  private static let name = "reload.json"
  /// A record has some 500 bytes.
  private static let byteCountMax = 64 << 10

  package init(snapshot: SnapshotOffer, isRescue: Bool = false) {
    self.snapshot = snapshot
    self.isRescue = isRescue
  }

  /// The record in a site's directory; nil where no reload is under way.
  package static func read(from directory: String) throws -> ReloadRecord? {
    let path = "\(directory)/\(name)"
    return try DurableFile.read(path, byteCountMax: byteCountMax).map {
      try DamagedFile.decode($0, of: path, cure: "remove it: the reload begins anew")
    }
  }

  func write(to directory: String) throws {
    try DurableFile.write(try WireJSON.encode(self), to: "\(directory)/\(Self.name)")
  }

  static func remove(from directory: String) throws {
    try SnapshotPart.remove("\(directory)/\(name)")
  }
}

/// Gets a snapshot of the hub's for a site that has a replica, into a file beside it.
///
/// As ``FirstLoad`` it may be cut off anywhere and goes on where it was. A snapshot that is older
/// than the replica is of no use any more: the changes that the replica has sent since are missing
/// in it, and no pull would bring a site its own.
package struct Reload {
  private let directory: String
  private let download: SnapshotDownload
  private let isRescue: Bool

  /// Where the snapshot lies when it is whole.
  private var path: String { directory + "/reload.sqlite" }

  /// - Parameters:
  ///   - directory: the site's; the caller holds its lock.
  ///   - isRescue: the replica is damaged, and no session can begin before this ends. What was
  ///     fetched for another purpose may be older than what the replica has sent.
  package init(
    directory: String, link: any HubLink, software: String, isRescue: Bool = false
  ) {
    self.directory = directory
    self.isRescue = isRescue
    download = SnapshotDownload(
      partPath: directory + "/reload.part", link: link, software: software)
  }

  /// Fetches what is missing of it.
  ///
  /// - Parameter seq: the position that the snapshot must not be older than.
  /// - Returns: the file, whole and as the hub hashed it; nothing else is proved.
  /// - Throws: ``SessionError/unreachable(_:)`` where the line was cut: the next call goes on.
  package func fetch(notBefore seq: Int64) throws -> String {
    let record = try ReloadRecord.read(from: directory)
    var known = record?.isRescue == isRescue ? record?.snapshot : nil
    for _ in 0..<SnapshotDownload.attemptCountMax {
      if let offer = known, !offer.isWellFormed || offer.position.seq < seq { known = nil }
      let offer: SnapshotOffer
      if let known {
        offer = known
      } else {
        offer = try ask()
        guard offer.position.seq >= seq else { throw SessionError.unfitAnswer("reload") }
        try SnapshotPart.remove(download.partPath)
        try ReloadRecord(snapshot: offer, isRescue: isRescue).write(to: directory)
      }
      if try download.fetch(offer) {
        try removeFile()
        try SnapshotPart.rename(download.partPath, to: path)
        return path
      }
      known = nil
    }
    throw SessionError.unfitAnswer("reload: the snapshots are not what their hashes say")
  }

  /// Removes what was fetched: it has served, or cannot.
  package func finish() throws {
    try removeFile()
    try SnapshotPart.remove(download.partPath)
    try ReloadRecord.remove(from: directory)
  }

  private func ask() throws -> SnapshotOffer {
    switch try download.ask(forReload: true) {
    case .offered(let offer): return offer
    case .none(let reason):
      throw SessionError.refused(
        code: ProtocolError.Code.snapshotUnknown.rawValue,
        message: reason ?? "the hub makes no snapshots",
        hint: "nothing was changed; try again, or mend with `kreissync site repair`")
    }
  }

  private func removeFile() throws {
    for suffix in ["", "-journal", "-wal", "-shm"] { try SnapshotPart.remove(path + suffix) }
  }
}
