import Foundation
package import HubStorage
package import SyncCore
import Synchronization
package import SyncProtocol

/// The snapshots that a county keeps for sites that are on their first load: ready files in the
/// hub's directory, mode 0700, at most one for each site.
///
/// A snapshot is made once and sent in parts, however often the line is cut. It goes when its site
/// has a replica and says hello, when it is old, when it holds what was taken from the site since,
/// and when room is needed. Whoever still asks for its parts is told to begin anew.
///
///     DIRECTORY/<site>/<id>.sqlite    the file
///     DIRECTORY/<site>/<id>.json      what it is; stands there only while the file is whole
package final class SnapshotShelf: Sendable {
  private let builder: any SnapshotBuilder
  private let directory: String
  private let environment: HubEnvironment
  private let rowCountMin: Int
  private let isBuilding = Mutex(false)
  /// When old ones were looked for last.
  private let lookedAt = Mutex<Milliseconds>(0)

  /// A scope of fewer rows comes in two or three pages, sooner than a file is made and proved.
  package static let rowCountMin = 2_000
  /// A working day: whoever takes longer for a first load begins again. 150 MB take half an hour
  /// on a line of 1 Mbit/s.
  package static let ageMax: Milliseconds = 8 * 3_600_000
  private static let lookInterval: Milliseconds = 600_000
  /// All snapshots of a county: some twelve of the largest scopes at once.
  package static let byteCountMax: Int64 = 2 << 30
  /// What has to be free beside a snapshot: the last room on the disk belongs to the log.
  private static let reserveByteCount: Int64 = 256 << 20
  /// A record has some 500 bytes.
  private static let recordByteCountMax = 64 << 10

  /// - Parameters:
  ///   - directory: the county's own; made when the first snapshot is.
  ///   - rowCountMin: from how many rows on a snapshot is offered.
  package init(
    builder: any SnapshotBuilder, directory: String, environment: HubEnvironment,
    rowCountMin: Int = SnapshotShelf.rowCountMin
  ) {
    self.builder = builder
    self.directory = directory
    self.environment = environment
    self.rowCountMin = rowCountMin
  }

  static let unknown = ProtocolError(
    .snapshotUnknown, "the hub has no such snapshot for this site, or not any more",
    hint: "ask for a new one")

  // MARK: What sites ask

  /// The snapshot that stands ready for a site, or a new one; nil where the scope is so small that
  /// pages are faster.
  ///
  /// - Parameter forReload: the site has a replica that may have sent changes since a snapshot was
  ///   made. It gets one of any size, and of no earlier position than the head of the log is now.
  /// - Throws: ``HubStoreError/busy`` while another site's is being made, and
  ///   ``HubStoreError/full`` where there is no room.
  package func offer(to site: SiteID, forReload: Bool = false) throws -> SnapshotOffer? {
    try removeOld()
    if let standing = try standing(for: site) {
      guard try forReload && standing.offer.position.seq < builder.headSeq else {
        return standing.offer
      }
    }
    let countMin = forReload ? 0 : rowCountMin
    guard try builder.scopeRowCount(of: site, upTo: countMin) == countMin else { return nil }
    // One at a time: each reads a county's rows, and the disk serves the batches of all sites, too.
    let isFree = isBuilding.withLock { isBuilding in
      defer { isBuilding = true }
      return !isBuilding
    }
    guard isFree else { throw HubStoreError.busy }
    defer { isBuilding.withLock { $0 = false } }
    let record = try translatingFullDisk { try build(for: site, forReload: forReload) }
    try makeRoom(beside: site)
    return record.offer
  }

  /// The bytes of a snapshot from `offset` on; as many as a part may have, or to its end.
  ///
  /// - Throws: ``ProtocolError`` where the site has no such snapshot, or not any more.
  func part(of id: String, for site: SiteID, from offset: Int64) throws -> [UInt8] {
    guard let record = try standing(for: site), record.offer.id == id else {
      throw Self.unknown
    }
    guard (0..<record.offer.byteCount).contains(offset) else {
      throw ProtocolError(
        .badRequest, "the snapshot has no byte \(offset)", hint: "see schemas/openapi.yaml")
    }
    let byteCount = min(Int64(SnapshotOffer.partByteCountMax), record.offer.byteCount - offset)
    return try SnapshotBytes(path: path(of: id, "sqlite", for: site))
      .read(Int(byteCount), at: offset)
  }

  /// A site has said hello, so it has a replica: its snapshot goes, but for one that it asked for
  /// to write that replica anew, as long as it is not past it. Now and then what is too old is
  /// looked for, too.
  func siteHasReplica(_ site: SiteID, at seq: Int64) throws {
    let record = try record(for: site)
    if record?.isForReload != true || record?.offer.position.seq ?? 0 < seq {
      try remove(for: site)
    }
    let now = environment.now()
    let isDue = lookedAt.withLock { lookedAt in
      guard now >= lookedAt + Self.lookInterval else { return false }
      lookedAt = now
      return true
    }
    if isDue { try removeOld() }
  }

  private func remove(for site: SiteID) throws {
    let path = "\(directory)/\(site)"
    guard FileManager.default.fileExists(atPath: path) else { return }
    try FileManager.default.removeItem(atPath: path)
  }

  // MARK: Making one

  private func build(for site: SiteID, forReload: Bool) throws -> SnapshotRecord {
    try remove(for: site)
    try requireRoom()
    try DurableFile.makeDirectory("\(directory)/\(site)")
    let id = Hexadecimal.text(environment.random(16))
    let path = path(of: id, "sqlite", for: site)
    do {
      let built = try builder.buildSnapshot(for: site, at: path)
      let file = try SnapshotBytes(path: path)
      let record = SnapshotRecord(
        offer: SnapshotOffer(
          id: id, byteCount: try file.byteCount, sha256: try file.sealed().text,
          rowCount: built.rowCount, position: WirePosition(built.position)),
        builtAt: environment.now(), isForReload: forReload)
      try DurableFile.write(
        try WireJSON.encode(record), to: self.path(of: id, "json", for: site))
      return record
    } catch {
      try remove(for: site)
      throw error
    }
  }

  private func requireRoom() throws {
    try DurableFile.makeDirectory(directory)
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: directory)
    guard let free = attributes[.systemFreeSize] as? NSNumber,
      free.int64Value - Self.reserveByteCount >= (try builder.byteCount)
    else { throw HubStoreError.full }
  }

  private func translatingFullDisk<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let failure as FileFailure where failure.isStorageFull {
      throw HubStoreError.full
    }
  }

  // MARK: Keeping

  private func path(of id: String, _ kind: String, for site: SiteID) -> String {
    "\(directory)/\(site)/\(id).\(kind)"
  }

  private func names(in path: String) throws -> [String] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  private func record(for site: SiteID) throws -> SnapshotRecord? {
    let name = try names(in: "\(directory)/\(site)").first { $0.hasSuffix(".json") }
    guard let name else { return nil }
    let path = "\(directory)/\(site)/\(name)"
    return try DurableFile.read(path, byteCountMax: Self.recordByteCountMax)
      .map { try WireJSON.decode($0) }
  }

  /// The site's snapshot, if it may still be sent; removes one that may not.
  private func standing(for site: SiteID) throws -> SnapshotRecord? {
    guard let record = try record(for: site) else { return nil }
    guard let position = record.offer.position.position,
      try position.history == builder.history,
      environment.now() - record.builtAt < Self.ageMax,
      try builder.isStillHeld(by: site, since: position.seq)
    else {
      try remove(for: site)
      return nil
    }
    return record
  }

  /// Removes what is too old, and what holds something that was taken from its site since.
  func removeOld() throws {
    for site in try names(in: directory).map({ SiteID($0) }) { _ = try standing(for: site) }
  }

  /// Removes what a process left that ended while it made a snapshot, and what is too old. To be
  /// called before the first request.
  package func tidy() throws {
    for site in try names(in: directory).map({ SiteID($0) }) where try record(for: site) == nil {
      try remove(for: site)
    }
    try removeOld()
  }

  /// Removes the oldest snapshots of other sites until the rest keeps within its limit.
  private func makeRoom(beside latest: SiteID) throws {
    var kept: [(site: SiteID, record: SnapshotRecord)] = []
    for site in try names(in: directory).map({ SiteID($0) }) {
      if let record = try record(for: site) { kept.append((site, record)) }
    }
    kept.sort { $0.record.builtAt < $1.record.builtAt }
    var byteCount = kept.reduce(0) { $0 + $1.record.offer.byteCount }
    for (site, record) in kept where site != latest && byteCount > Self.byteCountMax {
      try remove(for: site)
      byteCount -= record.offer.byteCount
    }
  }
}

/// What the hub keeps beside a snapshot.
package struct SnapshotRecord: Codable, Sendable, Equatable {
  package let offer: SnapshotOffer
  package let builtAt: Milliseconds
  /// The site has a replica, and writes it anew.
  package let isForReload: Bool

  package init(offer: SnapshotOffer, builtAt: Milliseconds, isForReload: Bool) {
    self.offer = offer
    self.builtAt = builtAt
    self.isForReload = isForReload
  }
}
