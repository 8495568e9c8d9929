import Foundation
import ReplicaAgent
import ReplicaStorage
import SyncProtocol

/// The disk that the site's directory lies on.
struct DiskChecks {
  private let directory: SiteDirectory
  private let replica: ReplicaExamination

  /// A session's pages and a WAL; below, a sync may end in the middle.
  private static let freeByteCountMin: Int64 = 64 << 20
  private static let freeByteCountLow: Int64 = 1 << 30

  init(_ directory: SiteDirectory, _ replica: ReplicaExamination) {
    self.directory = directory
    self.replica = replica
  }

  func findings() -> [DoctorFinding] {
    [space(), fileSystem()]
  }

  private func space() -> DoctorFinding {
    guard let free = Surroundings.freeByteCount(at: directory.path) else {
      return .skipped("disk_space", because: "the directory cannot be looked at")
    }
    let found = "\(free >> 20) MiB are free, the replica has \(replica.byteCount >> 20) MiB"
    if free < Self.freeByteCountMin {
      return .error("disk_space", found, cure: "make room; nothing is lost, the next sync goes on")
    }
    if free < max(Self.freeByteCountLow, 2 * replica.byteCount) {
      return .warning("disk_space", found, cure: "make room before the disk is full")
    }
    return .ok("disk_space", found)
  }

  private func fileSystem() -> DoctorFinding {
    guard replica.isRemote else { return .ok("file_system", "a local one") }
    return .error(
      "file_system", "the directory lies on a network file system",
      cure: "move it to a local disk: SQLite's locks do not hold here, and two programs that write "
        + "damage the replica")
  }
}

/// The replica's file: opens, holds together, and is captured.
struct ReplicaChecks {
  private let directory: SiteDirectory
  private let replica: ReplicaExamination

  /// As RELIABILITY's fault F10: from here on a reader keeps the WAL from ending.
  private static let walByteCountMax: Int64 = 256 << 20

  init(_ directory: SiteDirectory, _ replica: ReplicaExamination) {
    self.directory = directory
    self.replica = replica
  }

  func findings() -> [DoctorFinding] {
    var findings = [file(), pages()]
    guard replica.record != nil else {
      return findings
        + ["triggers", "foreign_triggers", "foreign_indexes", "journal", "sidecar"].map {
          .skipped($0, because: "the replica cannot be read")
        }
    }
    findings += [triggers(), foreignTriggers(), foreignIndexes(), journal(), sidecar()]
    return findings
  }

  private func file() -> DoctorFinding {
    guard let problem = replica.problem else {
      return .ok("replica", "opens, \(replica.byteCount >> 10) KiB")
    }
    if case .missing = problem,
      FileManager.default.fileExists(atPath: "\(directory.path)/first-load.json")
    {
      return .warning(
        "replica", "the first load is not finished", cure: "`kreissync site sync` goes on with it")
    }
    return .error("replica", "\(problem.code): \(problem.message)", cure: problem.hint)
  }

  private func pages() -> DoctorFinding {
    if let flaw = replica.flaw {
      return .error(
        "pages", "quick_check finds: \(flaw)",
        cure: "keep a copy of the file, then ask the county for a reload; nothing damaged is sent")
    }
    guard replica.problem == nil else {
      return .skipped("pages", because: "the replica cannot be read to its end")
    }
    return .ok("pages", "quick_check finds nothing")
  }

  private func triggers() -> DoctorFinding {
    if !replica.missingTables.isEmpty {
      return .error(
        "triggers", "tables are gone: \(DoctorFinding.list(replica.missingTables))",
        cure: "find out which program dropped them; ask the county for a repair or reload")
    }
    guard !replica.uncapturedTables.isEmpty else {
      return .ok("triggers", "every table is captured")
    }
    return .warning(
      "triggers",
      "capture triggers are gone or changed on: \(DoctorFinding.list(replica.uncapturedTables))",
      cure: "the next sync puts them back and looks for what was written meanwhile; find the tool "
        + "that rebuilds tables")
  }

  private func foreignTriggers() -> DoctorFinding {
    guard !replica.foreignTriggers.isEmpty else { return .ok("foreign_triggers", "none") }
    return .warning(
      "foreign_triggers", DoctorFinding.list(replica.foreignTriggers),
      cure: "they do not fire when a sync writes: the program that owns them must not rely on it")
  }

  private func foreignIndexes() -> DoctorFinding {
    guard !replica.foreignUniqueIndexes.isEmpty else { return .ok("foreign_indexes", "none") }
    return .warning(
      "foreign_indexes", DoctorFinding.list(replica.foreignUniqueIndexes),
      cure: "allowed; a row of the county that breaks one is kept out, and its case waits")
  }

  private func journal() -> DoctorFinding {
    let mode = replica.journalMode ?? "unknown"
    let found = "journal mode \(mode), WAL of \(replica.walByteCount >> 20) MiB"
    guard replica.walByteCount < Self.walByteCountMax else {
      return .warning(
        "journal", found,
        cure:
          "a program keeps a transaction open (see programs): end it, and the next sync shrinks "
          + "the WAL")
    }
    guard mode != "off" && mode != "memory" else {
      return .warning(
        "journal", found, cure: "a crash would damage the replica: PRAGMA journal_mode = WAL")
    }
    return .ok("journal", found)
  }

  private func sidecar() -> DoctorFinding {
    guard let record = replica.record else {
      return .skipped("sidecar", because: "the replica cannot be read")
    }
    do {
      guard let sidecar = try SidecarFile(directory: directory.path).read() else {
        guard record.batchNumber > 0 else { return .ok("sidecar", "none before the first sync") }
        return .warning(
          "sidecar", "\(SidecarFile.name) is missing",
          cure: "the next sync writes it; until then a restored replica is not recognised by it")
      }
      guard sidecar.isAhead(of: record) else { return .ok("sidecar", "in step with the replica") }
      return .error(
        "sidecar", "the replica is older than what this site has already sent",
        cure:
          "if it was restored from a backup, sync: the restore is recognised. Else look for the "
          + "newer file, and keep both")
    } catch {
      return .error(
        "sidecar",
        "\(SidecarFile.name) cannot be read: \(CommandFailure(translating: error).message)",
        cure: "keep the file and ask the county")
    }
  }
}
