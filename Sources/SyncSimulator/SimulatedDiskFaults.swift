import CSimulatedDisk

extension SimulatedDisk {
  /// How often which operation fails, in a million, and what the disk is like. Nothing by default.
  package struct Faults: Sendable, Equatable {
    /// A read fails.
    package var readErrors: UInt32 = 0
    /// A write fails, having written nothing.
    package var writeErrors: UInt32 = 0
    /// A write leaves its first part, then says that the disk is full.
    package var shortWrites: UInt32 = 0
    /// A sync fails, and nothing became durable.
    package var syncErrors: UInt32 = 0
    /// A file cannot be opened.
    package var openErrors: UInt32 = 0
    /// After a power cut an unsynced sector, size or name is there nevertheless.
    package var survival: UInt32 = 0
    /// … of such a sector: only its first part, the rest is as it was.
    package var tear: UInt32 = 0
    /// Bytes of all files together; nil for no limit.
    package var capacity: Int64?
    package var isReadOnly = false
    /// A sync reports success and makes nothing durable: a disk that lies.
    package var ignoresSync = false

    package init() {}

    var imported: kreissync_disk_faults {
      // Zero would mean no limit there.
      precondition(capacity.map { $0 > 0 } ?? true)
      return kreissync_disk_faults(
        read_error: readErrors, write_error: writeErrors, short_write: shortWrites,
        sync_error: syncErrors, open_error: openErrors, survival: survival, tear: tear,
        capacity: capacity ?? 0, is_read_only: isReadOnly ? 1 : 0,
        ignores_sync: ignoresSync ? 1 : 0)
    }
  }

  /// What happened on a disk since it was formatted.
  package struct Counts: Sendable, Equatable {
    /// Everything that may fail or be the last: reads, writes, syncs, truncations, opens,
    /// deletions and renames.
    package let operations: Int64
    package let reads, writes, syncs: Int64
    package let failedReads, failedWrites, shortWrites, failedSyncs, failedOpens: Int64
    /// Writes that the capacity, or a read-only disk, refused.
    package let full, readOnly: Int64
    package let cuts, kills: Int64
    /// Unsynced sectors at power cuts.
    package let lostSectors, keptSectors, tornSectors: Int64
    package let lostTruncations: Int64
    /// Creations, deletions and renames that a power cut undid.
    package let lostNames: Int64
    package let flips: Int64

    init(_ counts: kreissync_disk_counts) {
      operations = counts.operations
      reads = counts.reads
      writes = counts.writes
      syncs = counts.syncs
      failedReads = counts.failed_reads
      failedWrites = counts.failed_writes
      shortWrites = counts.short_writes
      failedSyncs = counts.failed_syncs
      failedOpens = counts.failed_opens
      full = counts.full
      readOnly = counts.read_only
      cuts = counts.cuts
      kills = counts.kills
      lostSectors = counts.lost_sectors
      keptSectors = counts.kept_sectors
      tornSectors = counts.torn_sectors
      lostTruncations = counts.lost_truncations
      lostNames = counts.lost_names
      flips = counts.flips
    }
  }
}
