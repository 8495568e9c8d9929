import Foundation
import Glibc
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// Erasure in all files of the hub, step by step: the list, the county, its snapshots, its WAL and
/// free pages, its nightly backups. Each step may be repeated; killed between two, or without room
/// on the disk, the next command or the serving hub goes on where it stopped.
struct CountyErasures {
  let county: CountyKey
  let directory: HubDirectory
  let store: SQLiteHub

  private var administration: CountyAdministration {
    CountyAdministration(store: store, environment: Surroundings.hub)
  }
  private var list: ErasureList { ErasureList(of: county, in: directory) }

  /// How far the hub's own files are.
  struct Clearing: Sendable {
    /// Nothing of any erased case stands in the county's file, its WAL or a snapshot.
    var isClear = true
    /// Backups in the hub's directory that could not be cleared, each with the reason.
    var backups: [(name: String, reason: String)] = []
  }

  /// A county's file of some gigabytes is written anew in this time.
  private static let lockMillisecondsMax: Milliseconds = 60_000
  private static let lockSeconds = 0.1

  /// Held by whoever changes the list or clears files: a command, or the serving hub.
  ///
  /// - Parameter waits: a command waits for the hub; the hub comes again by itself.
  private func locked<Result>(waits: Bool, _ body: () throws -> Result) throws -> Result {
    let path = "\(directory.path)/erasing.lock"
    let deadline = Surroundings.now() + (waits ? Self.lockMillisecondsMax : 0)
    var lock = try ProcessLock(path)
    while lock == nil && Surroundings.now() < deadline {
      Thread.sleep(forTimeInterval: Self.lockSeconds)
      lock = try ProcessLock(path)
    }
    guard let lock else {
      throw CommandFailure(
        .deferred, "busy", "another process erases in \(directory.path)",
        hint: "repeat in a minute; the order itself is kept")
    }
    defer { withExtendedLifetime(lock) {} }
    return try body()
  }

  /// Orders the erasure of a case and carries it out at the hub.
  func order(_ order: ErasureOrder) throws -> (CountyAdministration.ErasureReport, Clearing) {
    try locked(waits: true) {
      let forecast = try administration.erase(order, isDryRun: true)
      try list.add([
        CountyAdministration.ListedErasure(
          id: order.id, caseID: order.caseID, at: Surroundings.now(), sites: forecast.pendingAt)
      ])
      let report = try administration.erase(order)
      return (report, try clear())
    }
  }

  /// What was begun and not ended, and what the list names and the county does not know. To be
  /// called before the county is served.
  ///
  /// - Parameter waits: for another process that is at it.
  func resume(waits: Bool = true) throws -> Clearing {
    try locked(waits: waits) {
      try adoptList()
      return try clear()
    }
  }

  /// Whether something of an erased case may still stand in the hub's files.
  var isUnfinished: Bool {
    get throws { try administration.erasures().contains { $0.erasure.clearedAt == nil } }
  }

  /// The county's own orders join the list, and the list is applied to the county.
  func adoptList() throws {
    try list.add(
      try administration.erasures().map {
        CountyAdministration.ListedErasure(
          id: $0.erasure.id, caseID: $0.erasure.caseID, at: $0.erasure.orderedAt,
          sites: $0.pendingAt)
      })
    _ = try administration.apply(try list.read())
  }

  private func clear() throws -> Clearing {
    var clearing = Clearing()
    let open = try administration.erasures().map(\.erasure).filter { $0.clearedAt == nil }
    guard !open.isEmpty else { return clearing }
    try removeSnapshots()
    do {
      clearing.isClear = try store.clear()
    } catch HubStoreError.full, HubStoreError.busy {
      clearing.isClear = false
    }
    clearing.backups = try clearBackups(of: open.map(\.caseID))
    // A backup that cannot be cleared is named, and goes by its age: it holds no erasure up.
    if clearing.isClear { try administration.noteCleared(open.map(\.id)) }
    return clearing
  }

  /// Whoever still loads one is told to begin anew.
  private func removeSnapshots() throws {
    let path = directory.snapshotsPath(of: county)
    guard FileManager.default.fileExists(atPath: path) else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: path) {
      try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
  }

  /// Takes the cases out of the nightly backups, each in a transaction of its own. Their logs, and
  /// so their positions, stay as they are: a hub that is restored from one is told by the list.
  private func clearBackups(of cases: [CaseID]) throws -> [(name: String, reason: String)] {
    guard FileManager.default.fileExists(atPath: directory.backupsPath) else { return [] }
    var failed: [(name: String, reason: String)] = []
    for name in try BackupShelf(of: county, in: directory.backupsPath).names() {
      do {
        let isClear = try Self.clear("\(directory.backupsPath)/\(name)", of: cases)
        if !isClear { failed.append((name, "another process reads it")) }
      } catch let error as HubStoreError {
        failed.append((name, CommandFailure(translating: error).message))
      }
    }
    return failed
  }

  private static func clear(_ path: String, of cases: [CaseID]) throws -> Bool {
    let backup = try SQLiteHub.open(at: path)
    try CountyAdministration(store: backup, environment: Surroundings.hub).forget(cases)
    let isClear = try backup.clear()
    try backup.closeAsOneFile()
    return isClear
  }

  /// Takes out of a new backup what was erased while it was made.
  func clearNewBackup(at path: String, begunAt: Milliseconds) throws {
    let erased = try administration.erasures().map(\.erasure).filter { $0.orderedAt >= begunAt }
    guard !erased.isEmpty else { return }
    _ = try Self.clear(path, of: erased.map(\.caseID))
  }
}
