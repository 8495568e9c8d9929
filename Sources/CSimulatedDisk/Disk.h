// What the parts of the simulated disk know of each other.
//
// - Content.c    the bytes of one file, and what of them is durable
// - Directory.c  names: which file stands under them, and which would after a power cut
// - Fate.c       operations, faults, processes, power
// - Whole.c      files as wholes, without SQLite: install, replace, read, hash
// - Handle.c     SQLite's view of an open file: reading, writing, file locks
// - Shared.c     the WAL's shared memory and its locks
// - VFS.c        SQLite's view of the disk: open, delete, time; birth and death of a disk
// - Functions.c  random() and randomblob() from the disk's seed
#ifndef KREISSYNC_DISK_H
#define KREISSYNC_DISK_H

#include "CSimulatedDisk.h"

#include <sqlite3.h>

// What a drive writes at once, or not: 4096 as today's drives and as SQLite's pages. With 512 a
// commit would touch eight times as many sectors, and a torn one of 4096 shows the same states of a
// page as lost ones of 512 would: a part new, a part old.
#define SIMDISK_SECTOR 4096

// SplitMix64.
typedef struct {
  uint64_t state;
} simdisk_generator;

typedef struct simdisk_handle simdisk_handle;
typedef struct simdisk_shared simdisk_shared;

// A sector's durable content, kept from its first unsynced write until the next sync.
typedef union simdisk_sector {
  uint8_t bytes[SIMDISK_SECTOR];
  union simdisk_sector *next_spare;
} simdisk_sector;

// One file, whatever its name. Invariants:
//
// - Bytes between `size` and `room` are zero; `room` is a multiple of the sector's size.
// - A sector that differs from its durable content stands in `unsynced`, and `durable` holds that
//   content, or `simdisk_no_sector` if the sector lies behind the durable end.
typedef struct simdisk_file {
  kreissync_disk *disk;
  uint8_t *bytes;
  int64_t size, room;
  int64_t durable_size;
  int64_t lowest_size;  // since the last sync
  simdisk_sector **durable;
  uint32_t *unsynced;
  int64_t unsynced_count, unsynced_room;
  int references;         // names and handles
  uint8_t is_temporary;   // SQLite's scratch file: never counted, never faulty
  uint8_t is_new;         // not synced since it was created
  uint8_t is_linked;      // stands under a name that processes see
  simdisk_handle *handles;  // of living processes
  simdisk_shared *shared;
} simdisk_file;

// A name, with the file that processes see under it and the one that a power cut would leave.
typedef struct simdisk_entry {
  char *path;
  simdisk_file *current, *durable;
  struct simdisk_entry *draft;  // `current` was renamed from there, and that is not durable
  uint8_t was_removed;          // since the last sync of the directory
} simdisk_entry;

typedef struct {
  int32_t owner;
  int64_t countdown;
  uint8_t is_killed;
} simdisk_process;

struct kreissync_disk {
  sqlite3_vfs vfs;
  char *name;
  simdisk_generator chance;  // faults
  simdisk_generator draw;    // random(), randomblob() and SQLite's own
  int64_t clock;
  int32_t owner;
  simdisk_entry **entries;  // in order of paths
  int64_t entry_count, entry_room;
  simdisk_handle *handles;  // all, dead ones too
  simdisk_sector *spare;
  int64_t used;
  simdisk_process *processes;
  int process_count, process_room;
  int armed_count;
  int64_t cut_countdown;
  uint8_t is_dark;
  uint8_t is_abandoned;  // destroyed while handles were open
  kreissync_disk_faults faults;
  kreissync_disk_counts counts;
};

struct simdisk_handle {
  sqlite3_file base;
  kreissync_disk *disk;
  simdisk_file *file;
  int32_t owner;
  int lock;
  uint16_t shared_slots, exclusive_slots;
  simdisk_shared *shared;
  uint8_t is_dead;
  simdisk_handle *next_of_disk, *next_of_file;
};

// ---- Content.c --------------------------------------------------------------------------------

simdisk_file *simdisk_file_create(kreissync_disk *disk);
void simdisk_file_retain(simdisk_file *file);
void simdisk_file_release(simdisk_file *file);
int simdisk_file_write(simdisk_file *file, const void *bytes, int64_t count, int64_t offset);
int simdisk_file_truncate(simdisk_file *file, int64_t size);
void simdisk_file_sync(simdisk_file *file);
// Decides what of the unsynced content reached the disk.
void simdisk_file_boot(simdisk_file *file);
void simdisk_drop_spare(kreissync_disk *disk);

// ---- Directory.c ------------------------------------------------------------------------------

// The file that processes see under the path, or NULL.
simdisk_file *simdisk_lookup(const kreissync_disk *disk, const char *path);
// The path's entry, made if there is none; NULL without memory.
simdisk_entry *simdisk_entry_at(kreissync_disk *disk, const char *path);
// A new, empty file under the path; NULL without memory.
simdisk_file *simdisk_link_new(kreissync_disk *disk, const char *path);
void simdisk_unlink(simdisk_entry *entry);
void simdisk_rename(simdisk_entry *draft, simdisk_entry *entry);
void simdisk_sync_directory(kreissync_disk *disk);
void simdisk_set_durably(simdisk_entry *entry, simdisk_file *file);
// Decides which unsynced names reached the disk, then what of the files behind them.
void simdisk_boot_directory(kreissync_disk *disk);
void simdisk_drop_directory(kreissync_disk *disk);

// ---- Fate.c -----------------------------------------------------------------------------------

typedef enum { SIMDISK_GOES_ON, SIMDISK_DIES_BY_KILL, SIMDISK_DIES_BY_CUT } simdisk_fate;

uint64_t simdisk_next(simdisk_generator *generator);
int simdisk_chance(kreissync_disk *disk, uint32_t in_a_million);
// Between 0 and `bound` - 1.
int64_t simdisk_pick(kreissync_disk *disk, int64_t bound);
// Counts one operation of the process; says whether it is its last.
simdisk_fate simdisk_begin(kreissync_disk *disk, int32_t owner);
// Ends the process or the power, and returns what its last operation does: SQLITE_IOERR.
int simdisk_die(kreissync_disk *disk, int32_t owner, simdisk_fate fate);
// Whether the process that runs can do anything.
int simdisk_is_gone(const kreissync_disk *disk, int32_t owner);
// Writing, truncating and syncing as a process does it: counted, and with faults.
int simdisk_write(
    simdisk_file *file, int32_t owner, const void *bytes, int64_t count, int64_t offset);
int simdisk_truncate(simdisk_file *file, int32_t owner, int64_t size);
int simdisk_sync(simdisk_file *file, int32_t owner);

// ---- Handle.c, Shared.c, Functions.c ----------------------------------------------------------

extern const sqlite3_io_methods simdisk_methods;
void simdisk_detach(simdisk_handle *handle);
void simdisk_attach(simdisk_handle *handle, simdisk_file *file);
void simdisk_free(kreissync_disk *disk);

int simdisk_shared_map(sqlite3_file *base, int index, int size, int extend, void volatile **out);
int simdisk_shared_lock(sqlite3_file *base, int offset, int count, int flags);
void simdisk_shared_barrier(sqlite3_file *base);
int simdisk_shared_unmap(sqlite3_file *base, int delete_flag);
// The process died: nobody alive sees the memory through this handle any more.
void simdisk_shared_abandon(simdisk_handle *handle);

int simdisk_open(
    sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags, int *out_flags);
void simdisk_register_functions(void);

#endif
