package import HubStorage
package import SyncCore
import SyncProtocol

/// A backup of a county: one file, proved before it takes its place, with its position inside.
///
/// It is the county's database and nothing else: put back as `DATA/<county>.sqlite` of a hub that
/// is stopped it is what the county was at that position. Keys and certificates are not in it.
package struct CountyBackup: Sendable, Equatable {
  package let county: CountyKey
  package let position: Position
  package let byteCount: Int64
  /// Whether the county has noted how far it is secured; false where its own disk had no room for
  /// the note, or somebody held it. The backup is good all the same.
  package let isNoted: Bool

  /// Makes a backup at `path` while the county serves; nothing is overwritten.
  ///
  /// When this returns the file survives a power cut, and it was proved: its pages, its county, and
  /// its log against its tree. When this throws, nothing stands at `path`.
  ///
  /// - Parameters:
  ///   - now: the hub's clock.
  ///   - onProgress: called with the share of pages that is copied; what it throws ends the backup.
  /// - Throws: ``FileFailure`` where the file cannot be written, ``CountyBackupError`` where the
  ///   copy is not sound.
  package static func make(
    of store: some BackupSource, at path: String, now: () -> Milliseconds,
    onProgress: (Double) throws -> Void = { _ in }
  ) throws -> CountyBackup {
    let county = try store.read { try $0.county }
    let begunAt = now()
    let draft = try DraftFile(for: path)
    let counter: Counter
    do {
      try store.copy(to: draft.path, onProgress: onProgress)
      counter = try prove(draft.path, is: county)
    } catch is BackupTargetFull {
      try draft.discard()
      throw FileFailure(.write, path, code: FileFailure.storageFullCode)
    } catch {
      try draft.discard()
      throw error
    }
    let byteCount = try draft.keep()
    return CountyBackup(
      county: county.key,
      position: Position(history: county.history, seq: counter.seq, treeHead: counter.tree),
      byteCount: byteCount,
      isNoted: try note(BackupRecord.Secured(seq: counter.seq, begunAt: begunAt), in: store))
  }

  /// Proves that the copy at `path` is the county's and sound; returns where its log ends.
  private static func prove(_ path: String, is county: CountyRecord) throws -> Counter {
    do {
      let copy = try CountyCopy.open(at: path)
      if let flaw = try copy.flaw() { throw CountyBackupError.unsound(flaw) }
      let counter = try copy.read { reader in
        guard try reader.county == county else {
          throw CountyBackupError.unsound("it is not this county's, or the county has just changed")
        }
        let log = try LogVerification.run(on: reader)
        if let problem = log.problem {
          throw CountyBackupError.unsound("at entry \(log.firstBadSeq ?? 0), \(problem)")
        }
        return try reader.counter
      }
      try copy.close()
      return counter
    } catch HubStoreError.unusable(let problem) {
      throw CountyBackupError.unsound(problem)
    }
  }

  /// Notes how far the county is secured. Of two backups that overlap the one that reaches farther
  /// counts.
  private static func note(
    _ secured: BackupRecord.Secured, in store: some BackupSource
  ) throws -> Bool {
    do {
      try store.write { writer in
        var record = try writer.backups
        if (record.secured?.seq ?? .min) <= secured.seq { record.secured = secured }
        record.failure = nil
        try writer.put(record)
      }
      return true
    } catch HubStoreError.full, HubStoreError.busy {
      return false
    }
  }
}

/// Why a copy is no backup.
package enum CountyBackupError: Error, Equatable, Sendable {
  /// The copy, and so most likely the county's file, is damaged.
  case unsound(String)
}
