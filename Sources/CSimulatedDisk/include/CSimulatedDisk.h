// A computer's disk in memory, as an SQLite file system (VFS), that fails as real disks fail.
//
// One disk belongs to one simulated machine. It knows two states of each file: what the operating
// system shows to running processes, and what would be there after a power cut. It carries the
// machine's clock and what SQL's random() and randomblob() say, so that a run is repeatable.
//
// The model. A drive writes sectors of 4096 bytes. What was written since a file's last sync
// survives a power cut sector by sector, in any order, or is lost; so do the file's growth and its
// truncation. The disk is one directory. Deletions and renames become durable when the directory is
// synced; the first sync of a new file syncs the directory too, as on ext4 and as SQLite's unix VFS
// does for journals. Files that SQLite opens without a name, or to be deleted on close, are
// scratch: not counted, not faulty, not kept.
//
// What it leaves out: a torn sector holds old and new bytes, never garbage; of a sector written
// twice since the sync only the old and the newest content are known; after a sync that failed, the
// next one that succeeds makes everything durable, which not every system does.
//
// Not thread-safe: one disk, and everything opened on it, is used by one thread at a time.
#ifndef KREISSYNC_CSIMULATEDDISK_H
#define KREISSYNC_CSIMULATEDDISK_H

#include <stdint.h>

typedef struct kreissync_disk kreissync_disk;

// Takes from SQLite what a process of simulated counties pays for and does not need: the count of
// memory in use, whose one lock all threads wait for, and the locks of connections that are used by
// one thread each. Only before the process opens its first database; afterwards nothing changes.
void kreissync_disk_configure_sqlite(void);

// Creates an empty disk and registers it with SQLite under `name` (copied; unique in the process).
// Databases on it are opened as `file:/path?vfs=name`. Returns NULL if there is no memory.
kreissync_disk *kreissync_disk_create(const char *name);

// Unregisters the disk and frees it, or when its last file is closed if some are still open.
void kreissync_disk_destroy(kreissync_disk *disk);

// Removes all files, faults, processes and counts, sets the clock to 0, and begins a new life from
// `seed`. Handles that are still open belong to a dead process from now on.
void kreissync_disk_format(kreissync_disk *disk, uint64_t seed);

// The machine's wall clock, in milliseconds since 1970. Sleeping (a busy timeout) moves it on.
void kreissync_disk_set_clock(kreissync_disk *disk, int64_t milliseconds);
int64_t kreissync_disk_clock(const kreissync_disk *disk);

// ---- Files, without SQLite --------------------------------------------------------------------

// Puts a whole file there, durably and without faults. Handles on a file of the same name keep
// that one. Returns 0, or SQLITE_NOMEM.
int kreissync_disk_install(
    kreissync_disk *disk, const char *path, const void *bytes, int64_t count);

// Replaces a small file as careful programs do: write beside it (to `path` and ".new"), sync,
// rename, sync the directory. Each of the four counts as an operation, of the process that runs,
// that may fail or be the last before a power cut; after one, the old or the new content stands
// there whole. Returns 0, or an SQLite result code; then, too, old or new stands there.
int kreissync_disk_replace(
    kreissync_disk *disk, const char *path, const void *bytes, int64_t count);

// Copies up to `capacity` bytes of the file as processes see it; returns its size, or -1 if it is
// not there.
int64_t kreissync_disk_read(
    const kreissync_disk *disk, const char *path, void *buffer, int64_t capacity);

// Removes a file durably and without faults; what is not there stays so.
void kreissync_disk_remove(kreissync_disk *disk, const char *path);

// A hash over names and contents of all files as processes see them, in order of names. Left out is
// what SQLite draws from a generator of the whole process: salts and checksums in files named
// "…-wal", and all but the size of files named "…-journal".
uint64_t kreissync_disk_hash(const kreissync_disk *disk);

// ---- Processes --------------------------------------------------------------------------------

// What is opened from now on belongs to this process (a number that the caller chooses).
void kreissync_disk_run_as(kreissync_disk *disk, int32_t owner);

// The process is gone at once: its locks are released, its writes so far stay visible, and every
// call on its handles but closing, unlocking and unmapping fails, and these three write nothing.
// It can open nothing until it is revived.
//
// Its connections still point into the WAL's shared memory, and rolling back may tidy there: close
// them before another process is in the middle of a transaction.
void kreissync_disk_kill(kreissync_disk *disk, int32_t owner);

// ---- Faults -----------------------------------------------------------------------------------

// How often which operation fails, in a million. All zero by default.
typedef struct {
  uint32_t read_error;    // a read fails with SQLITE_IOERR_READ
  uint32_t write_error;   // a write fails with SQLITE_IOERR_WRITE, having written nothing
  uint32_t short_write;   // a write leaves its first part, then fails with SQLITE_FULL
  uint32_t sync_error;    // a sync fails with SQLITE_IOERR_FSYNC, and nothing became durable
  uint32_t open_error;    // an open fails with SQLITE_CANTOPEN
  uint32_t survival;      // after a power cut: an unsynced sector, size or name is there anyway
  uint32_t tear;          // … of such a sector: only its first part, the rest is as it was
  int64_t capacity;       // bytes of all files together; what fits is written, then SQLITE_FULL; 0:
                          // no limit
  uint8_t is_read_only;   // writes, truncations, syncs with pending writes: SQLITE_READONLY;
                          // no file is created or deleted
  uint8_t ignores_sync;   // a sync reports success and makes nothing durable (a lying disk)
} kreissync_disk_faults;

void kreissync_disk_set_faults(kreissync_disk *disk, const kreissync_disk_faults *faults);

// The process `owner` dies inside its `count`-th operation from now (1: the next one): a write
// leaves a part, anything else happens or not, and every later call of its handles fails. 0
// cancels, and so does a power cut.
void kreissync_disk_kill_at(kreissync_disk *disk, int32_t owner, int64_t count);

// The power fails inside the `count`-th operation of any process from now; the disk is dark then:
// all handles are dead, and nothing opens until boot. 0 cancels.
void kreissync_disk_cut_at(kreissync_disk *disk, int64_t count);

// The power fails now.
void kreissync_disk_cut(kreissync_disk *disk);

// Whether a power cut has happened since the last boot.
int kreissync_disk_is_dark(const kreissync_disk *disk);

// Whether this process was killed by `kill` or `kill_at` since it was last passed to `revive`.
int kreissync_disk_is_killed(const kreissync_disk *disk, int32_t owner);
void kreissync_disk_revive(kreissync_disk *disk, int32_t owner);

// Power is back: every file holds what was durable, plus those unsynced sectors that happened to
// reach the disk, in any order and perhaps torn. All processes are dead; locks and shared memory
// are gone. On a disk that is not dark the power is cut first.
void kreissync_disk_boot(kreissync_disk *disk);

// Flips one bit of the file's content, durably: byte `offset` modulo its size. Returns 0 if there
// is nothing to flip.
int kreissync_disk_flip(kreissync_disk *disk, const char *path, int64_t offset, int bit);

// ---- What happened ----------------------------------------------------------------------------

typedef struct {
  int64_t operations;      // reads, writes, syncs, truncations, opens, deletions, renames
  int64_t reads, writes, syncs;
  int64_t failed_reads, failed_writes, short_writes, failed_syncs, failed_opens;
  int64_t full, read_only;
  int64_t cuts, kills;
  int64_t lost_sectors, kept_sectors, torn_sectors, lost_truncations;
  int64_t lost_names;      // creations, deletions and renames that a power cut undid
  int64_t flips;
} kreissync_disk_counts;

void kreissync_disk_read_counts(const kreissync_disk *disk, kreissync_disk_counts *counts);

#endif
