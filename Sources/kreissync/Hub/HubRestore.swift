import ArgumentParser
import Foundation
import Glibc
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// `hub restore`: a backup takes the place of a county's database, and a new history begins.
///
/// The backup is proved before anything is moved, in a copy beside its place; the present database
/// stays under another name. Killed at any step it leaves one of the two in place, and is repeated.
struct HubRestore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Puts a backup in the place of a county's database.",
    discussion: """
      The hub is stopped. The present database stays as <county>.sqlite.before-restore. Sites \
      learn of the new history at their next contact and return what this backup lacks; until \
      all have, `kreissync hub status` names those that the hub waits for. Their certificates \
      stay valid, but of those whom you had revoked: they stay revoked. What only the lost state \
      had said of sites that joined since is gone: look through the sites.
      """)

  @Argument(help: "The backup, as `kreissync hub backup` made it.") var file: String
  @OptionGroup var options: CountyOptions
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory = options.directory
    let lock = try directory.alone()
    defer { withExtendedLifetime(lock) {} }
    let county = try BackupFile(path: file).county()
    if let named = options.county, CountyKey(named) != county {
      throw CommandFailure(
        .failed, "backup_of_another_county", "\(file) is a backup of county \(county)",
        hint: "nothing was changed")
    }
    let place = directory.databasePath(of: county)
    let draft = place + ".restoring"
    let list = ErasureList(of: county, in: directory)
    let replaced = try ReplacedCounty(at: place)
    try list.add(replaced.erasures)
    try DatabaseFiles(draft).remove()
    try DatabaseFiles.copy(file, to: draft)
    let (history, counter, revoked) = try prepare(
      draft, of: county, erasing: try list.read(), directory.revokedSites(of: county), replaced)
    let kept = try Self.keepPresent(place)
    try DatabaseFiles(draft).rename(to: place)
    try DurableFile.syncDirectory(of: place)
    if output.json {
      printJSON([
        "county": .text(county.string), "history": .text(history.string),
        "seq": .integer(counter.seq), "tree_head": .text(counter.tree.root.text),
        "previous": kept.map { .text($0) } ?? .null,
        "revoked": .list(revoked.map { .text($0.id.string) }),
      ])
    } else {
      print(
        """
        county \(county) stands at entry \(counter.seq) in a new history
        \(kept.map { "the database that was there is \($0)" } ?? "no database was there before")
        \(revoked.map { "site \($0.name) stays revoked\n" }.joined())\
        start `kreissync hub serve`; sites return what is missing at their next contact
        """)
    }
  }

  /// Proves the copy and begins its new history.
  private func prepare(
    _ draft: String, of county: CountyKey, erasing list: [CountyAdministration.ListedErasure],
    _ revoked: RevokedSites, _ replaced: ReplacedCounty
  ) throws -> (HistoryID, Counter, [SiteRecord]) {
    do {
      let store = try SQLiteHub.open(at: draft)
      let verification = try store.read { try LogVerification.run(on: $0) }
      guard verification.isSound else {
        throw CommandFailure(
          .failed, "backup_damaged",
          "the log in \(file) is not sound at entry \(verification.firstBadSeq ?? 0)",
          hint: "take another backup; nothing was changed")
      }
      let administration = CountyAdministration(store: store, environment: Surroundings.hub)
      let carried = try administration.carryOver(replaced.audit)
      try administration.record(
        .restore, county.string, by: actor.unchecked,
        detail: "\(URL(filePath: file).lastPathComponent), \(replaced.remark(carried))")
      let history = try administration.beginHistory()
      // Before anybody is served: what was erased since the backup is erased in it.
      if try !administration.apply(list).isEmpty { _ = try store.clear() }
      let (counter, ended) = (try store.read { try $0.counter }, try revoked.revoke(in: store))
      try store.close()
      return (history, counter, ended)
    } catch HubStoreError.unusable(let reason) {
      try DatabaseFiles(draft).remove()
      throw CommandFailure(
        .failed, "not_a_backup", "\(file) cannot be restored: \(reason)",
        hint: "take another backup; nothing was changed")
    }
  }

  /// - Returns: the name under which the present database stays; nil where none stands.
  private static func keepPresent(_ place: String) throws -> String? {
    guard access(place, F_OK) == 0 else { return nil }
    let kept = place + ".before-restore"
    if access(kept, F_OK) == 0 {
      try DatabaseFiles(kept).rename(to: "\(kept)-\(Surroundings.now())")
    }
    try DatabaseFiles(place).rename(to: kept)
    return kept
  }
}

/// What the database that is being replaced knows and the backup may not, as far as it can be read.
private struct ReplacedCounty {
  /// The orders to erase: the list beside it knows them, too, unless the database came from
  /// elsewhere.
  private(set) var erasures: [CountyAdministration.ListedErasure] = []
  /// Everything that people did and looked at.
  private(set) var audit: [StoredAuditEvent] = []
  private var isReadable = false

  init(at place: String) throws {
    guard access(place, F_OK) == 0 else { return }
    do {
      let store = try SQLiteHub.open(at: place)
      let administration = CountyAdministration(store: store, environment: Surroundings.hub)
      erasures = try administration.erasures().map {
        CountyAdministration.ListedErasure(
          id: $0.erasure.id, caseID: $0.erasure.caseID, at: $0.erasure.orderedAt,
          sites: $0.pendingAt)
      }
      audit = try administration.audit(from: 1, limit: .max)
      isReadable = true
      try store.close()
    } catch HubStoreError.unusable {
      // It is being replaced because nobody can read it, and ``remark(_:)`` says so.
      audit = []
    }
  }

  /// What became of its audit record.
  func remark(_ carried: Int) -> String {
    isReadable
      ? "\(carried) events carried over" : "the replaced record could not be read"
  }
}

/// A backup that somebody names.
private struct BackupFile {
  let path: String

  func county() throws -> CountyKey {
    guard access(path, R_OK) == 0 else {
      throw CommandFailure(
        .failed, "backup_missing", "\(path) cannot be read", hint: "nothing was changed")
    }
    do {
      return try SQLiteHub.county(ofFileAt: path)
    } catch HubStoreError.unusable(let reason) {
      throw CommandFailure(
        .failed, "not_a_backup", "\(path) cannot be restored: \(reason)",
        hint: "take a file that `kreissync hub backup` made; nothing was changed")
    }
  }
}

/// A database with the files that SQLite keeps beside it. Nobody has it open.
private struct DatabaseFiles {
  let path: String
  private static let suffixes = ["-journal", "-wal", "-shm", ""]

  init(_ path: String) {
    self.path = path
  }

  func remove() throws {
    for suffix in Self.suffixes where unlink(path + suffix) != 0 && errno != ENOENT {
      throw FileFailure(.write, path + suffix)
    }
  }

  /// What belongs to a database goes with it; the database last.
  func rename(to other: String) throws {
    for suffix in Self.suffixes
    where Glibc.rename(path + suffix, other + suffix) != 0 && errno != ENOENT {
      throw FileFailure(.write, other + suffix)
    }
  }

  static func copy(_ source: String, to target: String) throws {
    do {
      try FileManager.default.copyItem(atPath: source, toPath: target)
    } catch {
      throw FileFailure(.write, target)
    }
  }
}
