import CSimulatedDisk
package import SyncCore

/// A machine's disk in memory that fails as real disks fail, with the machine's clock.
///
/// SQLite opens databases on it by `uri(_:)`. Everything that looks random on it comes from the
/// seed, SQL's `random()` and `randomblob()` too; faults draw from a generator of their own, so
/// that a fault more does not change an id. `CSimulatedDisk.h` describes what survives a power cut,
/// and what does not.
///
/// Used by one thread at a time, together with every connection on it; two disks know nothing of
/// each other.
package final class SimulatedDisk {
  /// The name under which SQLite knows the disk.
  package let name: String
  private let disk: OpaquePointer

  /// Takes from SQLite what this process does not need, where it does nothing but simulate.
  ///
  /// - Precondition: no thread of the process has used SQLite yet.
  static func configureSQLite() { kreissync_disk_configure_sqlite() }

  /// An empty disk without faults whose clock stands at 0.
  ///
  /// - Precondition: no other living disk has the name; it holds letters, digits and `-` only.
  package init(name: String, seed: UInt64) {
    precondition(!name.isEmpty && name.utf8.allSatisfy(Self.isPlain))
    guard let disk = kreissync_disk_create(name) else { preconditionFailure("no memory") }
    self.name = name
    self.disk = disk
    kreissync_disk_format(disk, seed)
  }

  /// The disk's memory lives on until the last connection on it is closed.
  deinit { kreissync_disk_destroy(disk) }

  /// What SQLite opens to reach the file: `file:/caseload.sqlite?vfs=NAME`.
  ///
  /// - Precondition: the path begins with `/` and holds letters, digits, `-`, `.`, `_`, `/` only.
  package func uri(_ path: String) -> String {
    precondition(path.hasPrefix("/") && path.utf8.allSatisfy { Self.isPlain($0) || $0 == 0x2F })
    return "file:\(path)?vfs=\(name)"
  }

  /// A new disk in place of this one: empty, without faults, processes or counts, clock at 0.
  /// Connections that are still open belong to dead processes from now on.
  package func format(seed: UInt64) {
    kreissync_disk_format(disk, seed)
    faults = Faults()
  }

  /// The machine's wall clock. A connection that waits for a lock moves it on.
  package var clock: Milliseconds {
    get { kreissync_disk_clock(disk) }
    set { kreissync_disk_set_clock(disk, newValue) }
  }

  /// Names and contents of all files, except what SQLite draws from its process-wide generator:
  /// salts and checksums of logs, contents of rollback journals.
  package var hash: UInt64 { kreissync_disk_hash(disk) }

  /// What happened since the disk was formatted.
  package var counts: Counts {
    var counts = kreissync_disk_counts()
    kreissync_disk_read_counts(disk, &counts)
    return Counts(counts)
  }

  /// What goes wrong from now on.
  package var faults = Faults() {
    didSet {
      var faults = faults.imported
      kreissync_disk_set_faults(disk, &faults)
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"):
      true
    default:
      false
    }
  }
}

// MARK: - Files, without SQLite

extension SimulatedDisk {
  /// Puts a whole file there, durably and without faults.
  package func install(_ bytes: [UInt8], at path: String) {
    let code = kreissync_disk_install(disk, path, bytes, Int64(bytes.count))
    precondition(code == 0, "no memory")
  }

  /// The file as processes see it; nil when it is not there.
  package func read(_ path: String) -> [UInt8]? {
    let byteCount = kreissync_disk_read(disk, path, nil, 0)
    guard byteCount >= 0 else { return nil }
    return [UInt8](unsafeUninitializedCapacity: Int(byteCount)) { buffer, initializedCount in
      initializedCount = Int(kreissync_disk_read(disk, path, buffer.baseAddress, byteCount))
    }
  }

  package func exists(_ path: String) -> Bool { kreissync_disk_read(disk, path, nil, 0) >= 0 }

  /// Replaces a file as careful programs do, in four operations of the running process: writes
  /// beside it, syncs, renames, syncs the directory. When this returns the new content is durable;
  /// when it throws, or the power fails before, the old or the new content stands there whole.
  package func replace(_ path: String, with bytes: [UInt8]) throws(DiskFailure) {
    let code = kreissync_disk_replace(disk, path, bytes, Int64(bytes.count))
    guard code == 0 else { throw DiskFailure(path: path, code: code) }
  }

  /// Removes a file durably and without faults; what is not there stays so.
  package func remove(_ path: String) { kreissync_disk_remove(disk, path) }

  /// Flips one bit of the file, durably: of byte `offset` modulo its size. False if there is none.
  @discardableResult
  package func flip(_ path: String, offset: Int64, bit: Int32) -> Bool {
    kreissync_disk_flip(disk, path, offset, bit) != 0
  }
}

// MARK: - Processes and power

extension SimulatedDisk {
  /// What is opened from now on belongs to this process, a number that the caller chooses.
  package func run(as owner: Int32) { kreissync_disk_run_as(disk, owner) }

  /// The process is gone at once: its locks are released, its writes stay visible, every call of
  /// its connections fails, and it opens nothing until it is revived. Close its connections before
  /// another process is in the middle of a transaction.
  package func kill(_ owner: Int32) { kreissync_disk_kill(disk, owner) }

  /// The process dies inside its `count`-th operation from now; 1 is the next one, 0 cancels.
  package func kill(_ owner: Int32, atOperation count: Int64) {
    kreissync_disk_kill_at(disk, owner, count)
  }

  package func isKilled(_ owner: Int32) -> Bool { kreissync_disk_is_killed(disk, owner) != 0 }

  /// The process may open files again, as one that was started anew.
  package func revive(_ owner: Int32) { kreissync_disk_revive(disk, owner) }

  /// The power fails now: every connection is dead, and nothing opens until `boot`.
  package func cut() { kreissync_disk_cut(disk) }

  /// The power fails inside the `count`-th operation of any process from now; 0 cancels.
  package func cut(atOperation count: Int64) { kreissync_disk_cut_at(disk, count) }

  /// Whether the power failed since the last boot.
  package var isDark: Bool { kreissync_disk_is_dark(disk) != 0 }

  /// Power is back: the files hold what was durable, plus what of the rest happened to reach the
  /// disk. Cuts the power first if it is on.
  package func boot() { kreissync_disk_boot(disk) }
}

/// A file of a simulated disk could not be replaced.
package struct DiskFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package let path: String
  /// SQLite's result code, extended.
  package let code: Int32

  package var description: String {
    "cannot replace \(path): SQLite's code \(code); heal the disk's faults and repeat"
  }
}
