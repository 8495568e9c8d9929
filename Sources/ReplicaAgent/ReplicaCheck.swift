package import ReplicaStorage
package import SyncCore
import SyncProtocol

/// When a replica was looked through last, and whether its pages were damaged. Stands beside the
/// replica, which cannot say so itself.
package struct ReplicaCheck: Codable, Sendable, Equatable {
  /// The last look at the pages.
  package var checkedAt: Milliseconds?
  package var isDamaged: Bool
  /// The last look for writes that no trigger saw, in all tables.
  package var scrubbedAt: Milliseconds?

  package init(
    checkedAt: Milliseconds? = nil, isDamaged: Bool = false, scrubbedAt: Milliseconds? = nil
  ) {
    self.checkedAt = checkedAt
    self.isDamaged = isDamaged
    self.scrubbedAt = scrubbedAt
  }

  /// Once a day, as sessions are: a session of the next night may come some hours earlier.
  private static let age: Milliseconds = 20 * 3_600_000
  /// A file of this size is read in a tenth of a second: its pages are looked at before anything is
  /// sent.
  private static let sendingByteCountMax: Int64 = 32 << 20
  /// One of this size is read in less time than it takes to reach the hub: its pages are looked at
  /// before every session.
  private static let byteCountMax: Int64 = 4 << 20

  /// Whether the pages of a file of so many bytes are to be looked at before the next session.
  /// Damaged ones always are: a file that was put back is served at once.
  ///
  /// - Parameter sends: whether something waits to be sent: what is damaged must not leave the
  ///   site. A session without is no risk to others, and finds what it reads damaged by itself.
  package func pagesAreDue(byteCount: Int64, sends: Bool, at now: Milliseconds) -> Bool {
    isDamaged || byteCount <= (sends ? Self.sendingByteCountMax : Self.byteCountMax)
      || Self.isOld(checkedAt, at: now)
  }

  package func scrubIsDue(at now: Milliseconds) -> Bool { Self.isOld(scrubbedAt, at: now) }

  fileprivate static func isOld(_ last: Milliseconds?, at now: Milliseconds) -> Bool {
    // A clock that went back says nothing of when it was. None is that early.
    guard let last, last > earliest, now >= last else { return true }
    return now - last >= age
  }

  /// Ten thousand years: differences with any clock do not overflow.
  private static let earliest: Milliseconds = -10_000 * 366 * BerlinTime.day
}

/// A replica's check as a file in the site's directory.
package struct ReplicaCheckFile {
  package static let name = "check.json"
  /// A record has some 100 bytes.
  private static let byteCountMax = 64 << 10
  private let path: String

  /// - Parameter directory: the site's directory.
  package init(directory: String) {
    path = directory + "/" + Self.name
  }

  /// The last check; nil before the first.
  package func read() throws -> ReplicaCheck? {
    guard let bytes = try DurableFile.read(path, byteCountMax: Self.byteCountMax) else {
      return nil
    }
    return try DamagedFile.decode(
      bytes, of: path, cure: "remove it: the next session looks through the replica")
  }

  /// Looks at the pages if it is time to: what is damaged is never sent.
  ///
  /// - Throws: ``ReplicaError/corrupt``.
  package func checkPages(of file: ReplicaFile, byteCount: Int64, at now: Milliseconds) throws {
    var check = try read() ?? ReplicaCheck()
    do {
      let sends = try file.pendingCount() > 0
      guard check.pagesAreDue(byteCount: byteCount, sends: sends, at: now) else { return }
      try file.quickCheck()
    } catch ReplicaError.corrupt {
      try noteDamage(at: now)
      throw ReplicaError.corrupt
    }
    // Only what a later session goes by is worth a write.
    guard check.isDamaged || ReplicaCheck.isOld(check.checkedAt, at: now) else { return }
    check.checkedAt = now
    check.isDamaged = false
    try write(check)
  }

  /// Captures what no trigger saw, once a day.
  ///
  /// - Returns: how many writes were found; nil where it was not time to look, or where a whole
  ///   import waits to be sent, all of which would have to be in memory: the next session looks.
  package func scrub(_ file: ReplicaFile, at now: Milliseconds) throws -> Int? {
    var check = try read() ?? ReplicaCheck()
    guard check.scrubIsDue(at: now),
      try file.pendingCount() <= Int64(ReplicaFile.windowEntryCountMax)
    else { return nil }
    let found = try file.scrub(at: now)
    check.scrubbedAt = now
    try write(check)
    return found
  }

  /// Remembers that the pages are damaged.
  package func noteDamage(at now: Milliseconds) throws {
    var check = try read() ?? ReplicaCheck()
    check.checkedAt = now
    check.isDamaged = true
    try write(check)
  }

  /// A new file has taken the place of the damaged one.
  func forget() throws { try DurableFile.remove(path) }

  private func write(_ check: ReplicaCheck) throws {
    try DurableFile.write(try WireJSON.encode(check), to: path)
  }
}
