import Foundation
import HubService
import HubStorage
import Logging
import SyncCore
import SyncProtocol

/// The backups that a serving hub makes by itself: one of each county each night, beside its work.
///
/// What fails is logged, shown by `hub status` and tried again; it never stops the hub. One county
/// at a time, on a thread of its own.
final class NightlyBackups: Sendable {
  private let counties: [(key: CountyKey, store: SQLiteHub)]
  private let directory: HubDirectory
  private let schedule: BackupSchedule
  private let keptCount: Int
  private let stop: StopSignal
  private let logger: Logger
  private let working = DispatchGroup()

  /// The wall clock is looked at this often: it may be set, and machines sleep.
  private static let lookMillisecondsMax: Milliseconds = 60_000
  /// Copying ends between two steps; a log that is being proved is left to the end of the process.
  private static let endSecondsMax = 2

  init(
    of counties: [(key: CountyKey, store: SQLiteHub)], in directory: HubDirectory,
    _ settings: HubSettings, until stop: StopSignal, logger: Logger
  ) {
    self.counties = counties
    self.directory = directory
    schedule = settings.backupSchedule
    keptCount = settings.backupsKept
    self.stop = stop
    self.logger = logger
  }

  func start() {
    guard schedule != .off else { return logger.notice("backups_off") }
    working.enter()
    Thread.detachNewThread { [self] in
      run()
      working.leave()
    }
  }

  /// Returns when no backup is under way any more, or cannot be waited for.
  func end() {
    _ = working.wait(timeout: .now() + .seconds(Self.endSecondsMax))
  }

  private var lookMilliseconds: Milliseconds {
    guard case .every(let interval) = schedule else { return Self.lookMillisecondsMax }
    return min(interval, Self.lookMillisecondsMax)
  }

  private func run() {
    let now = Surroundings.now()
    var plans = counties.map { _ in BackupPlan(lastGood: nil, at: now) }
    while !stop.isSet {
      var wait = lookMilliseconds
      for (place, county) in counties.enumerated() where !stop.isSet {
        let now = Surroundings.now()
        guard let next = look(county.store, &plans[place], at: now) else { continue }
        if next <= now { attempt(county.key, county.store, &plans[place]) }
        let later = plans[place].next(by: schedule, at: Surroundings.now()) ?? .max
        wait = min(wait, max(0, later - Surroundings.now()))
      }
      stop.wait(atMost: wait)
    }
  }

  /// When the county's next backup is due; nil where it has nothing yet, or cannot be read now.
  private func look(
    _ store: SQLiteHub, _ plan: inout BackupPlan, at now: Milliseconds
  ) -> Milliseconds? {
    do {
      let (secured, seq) = try store.read { (try $0.backups.secured, try $0.counter.seq) }
      // By whomever: one that was made by hand counts.
      if let begunAt = secured?.begunAt, begunAt > plan.lastGood ?? .min {
        plan.lastGood = begunAt
      }
      return seq > 0 ? plan.next(by: schedule, at: now) : nil
    } catch {
      logger.debug("backup_look_failed")
      return nil
    }
  }

  private func attempt(_ county: CountyKey, _ store: SQLiteHub, _ plan: inout BackupPlan) {
    let start = Surroundings.now()
    do {
      try DurableFile.makeDirectory(directory.backupsPath)
      let shelf = BackupShelf(of: county, in: directory.backupsPath)
      try shelf.removeDrafts()
      let path = shelf.path(at: start)
      try requireRoom(for: try store.byteCount, at: path)
      let backup = try CountyBackup.make(
        of: store, at: path, now: Surroundings.now,
        onProgress: { [stop] _ in if stop.isSet { throw Stopped() } })
      try CountyErasures(county: county, directory: directory, store: store)
        .clearNewBackup(at: path, begunAt: start)
      plan.succeeded(begunAt: start)
      let removedCount = try shelf.prune(keeping: keptCount)
      logger.notice(
        "backup_made",
        metadata: [
          "county": .string(county.string), "file": .string(path),
          "seq": .stringConvertible(backup.position.seq),
          "bytes": .stringConvertible(backup.byteCount),
          "removed": .stringConvertible(removedCount),
          "noted": .stringConvertible(backup.isNoted),
          "milliseconds": .stringConvertible(Surroundings.now() - start),
        ])
    } catch is Stopped {
      return
    } catch {
      report(error, of: county, store, &plan)
    }
  }

  /// The last room on the disk belongs to the log: a backup leaves as much as it takes.
  private func requireRoom(for byteCount: Int64, at path: String) throws {
    guard let free = Surroundings.freeByteCount(at: directory.backupsPath) else { return }
    guard free / 2 >= byteCount else {
      throw FileFailure(.write, path, code: FileFailure.storageFullCode)
    }
  }

  private func report(
    _ error: any Error, of county: CountyKey, _ store: SQLiteHub, _ plan: inout BackupPlan
  ) {
    let now = Surroundings.now()
    plan.failed(at: now)
    let failure = CommandFailure(translating: error)
    logger.error(
      "backup_failed",
      metadata: [
        "county": .string(county.string), "code": .string(failure.code),
        "message": .string(failure.message), "hint": .string(failure.hint),
      ])
    do {
      try store.write { writer in
        var record = try writer.backups
        record.failure = BackupRecord.Failure(code: failure.code, at: now)
        try writer.put(record)
      }
    } catch {
      // The county's own disk may be the one that is full: the line above has said it.
      logger.debug("backup_failure_not_noted")
    }
  }

  private struct Stopped: Error {}
}

/// The nightly backups of one county: files whose names tell county and time in UTC.
struct BackupShelf {
  private let county: CountyKey
  private let directory: String

  init(of county: CountyKey, in directory: String) {
    self.county = county
    self.directory = directory
  }

  /// Where a backup of this time is to stand; where one of the same second does, the next second.
  func path(at time: Milliseconds) -> String {
    let stamp = rfc3339(time).filter { $0 != "-" && $0 != ":" }
    let path = "\(directory)/\(county)-\(stamp).sqlite"
    return FileManager.default.fileExists(atPath: path) ? self.path(at: time + 1_000) : path
  }

  /// The backups that stand there, oldest first.
  func names() throws -> [String] {
    try everything().filter { $0.wholeMatch(of: /[0-9]{5}-[0-9]{8}T[0-9]{6}Z\.sqlite/) != nil }
      .sorted()
  }

  /// Removes the oldest beyond so many; returns how many went. Files of other names stay.
  func prune(keeping count: Int) throws -> Int {
    let names = try names()
    let surplus = names.prefix(max(0, names.count - count))
    for name in surplus { try DurableFile.remove("\(directory)/\(name)") }
    return surplus.count
  }

  /// Removes what a hub that was killed has left of a backup.
  func removeDrafts() throws {
    for name in try everything()
    where name.contains(/^[0-9]{5}-[0-9]{8}T[0-9]{6}Z\.sqlite\.new/) {
      try DurableFile.remove("\(directory)/\(name)")
    }
  }

  private func everything() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter {
      $0.hasPrefix("\(county)-")
    }
  }
}
