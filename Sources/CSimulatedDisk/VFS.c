// SQLite's view of the disk: opening, deleting, time. Birth and death of a disk.
#include "Disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static kreissync_disk *disk_of(sqlite3_vfs *vfs) { return vfs->pAppData; }

// ---- Files ------------------------------------------------------------------------------------

static int open_named(
    kreissync_disk *disk, const char *path, int flags, simdisk_file **file) {
  if (simdisk_is_gone(disk, disk->owner)) return SQLITE_IOERR;
  simdisk_fate fate = simdisk_begin(disk, disk->owner);
  *file = simdisk_lookup(disk, path);
  int creates = *file == NULL && (flags & SQLITE_OPEN_CREATE);
  if (fate != SIMDISK_GOES_ON) {
    if (creates && !disk->faults.is_read_only && simdisk_pick(disk, 2) == 0) {
      simdisk_link_new(disk, path);
    }
    return simdisk_die(disk, disk->owner, fate);
  }
  if (simdisk_chance(disk, disk->faults.open_error)) {
    disk->counts.failed_opens++;
    return SQLITE_CANTOPEN;
  }
  if (*file != NULL) return (flags & SQLITE_OPEN_EXCLUSIVE) ? SQLITE_CANTOPEN : SQLITE_OK;
  if (!creates) return SQLITE_CANTOPEN;
  if (disk->faults.is_read_only) {
    disk->counts.read_only++;
    return SQLITE_READONLY_DIRECTORY;
  }
  *file = simdisk_link_new(disk, path);
  return *file == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

int simdisk_open(
    sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags, int *out_flags) {
  kreissync_disk *disk = disk_of(vfs);
  simdisk_handle *handle = (simdisk_handle *)base;
  memset(handle, 0, sizeof *handle);
  simdisk_file *file = NULL;
  if (path == NULL || (flags & SQLITE_OPEN_DELETEONCLOSE)) {
    file = simdisk_file_create(disk);
    if (file == NULL) return SQLITE_NOMEM;
    file->is_temporary = 1;
  } else {
    int code = open_named(disk, path, flags, &file);
    if (code != SQLITE_OK) return code;
  }
  handle->disk = disk;
  handle->owner = disk->owner;
  simdisk_attach(handle, file);
  base->pMethods = &simdisk_methods;
  if (out_flags != NULL) *out_flags = flags;
  return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync_directory) {
  kreissync_disk *disk = disk_of(vfs);
  if (simdisk_is_gone(disk, disk->owner)) return SQLITE_IOERR;
  simdisk_fate fate = simdisk_begin(disk, disk->owner);
  int is_there = simdisk_lookup(disk, path) != NULL;
  if (fate != SIMDISK_GOES_ON) {
    int is_done = is_there && !disk->faults.is_read_only && simdisk_pick(disk, 2) == 0;
    if (is_done) simdisk_unlink(simdisk_entry_at(disk, path));
    return simdisk_die(disk, disk->owner, fate);
  }
  if (!is_there) return SQLITE_IOERR_DELETE_NOENT;
  if (disk->faults.is_read_only) {
    disk->counts.read_only++;
    return SQLITE_IOERR_DELETE;
  }
  simdisk_unlink(simdisk_entry_at(disk, path));
  if (!sync_directory) return SQLITE_OK;
  if (simdisk_chance(disk, disk->faults.sync_error)) {
    disk->counts.failed_syncs++;
    return SQLITE_IOERR_DIR_FSYNC;
  }
  if (!disk->faults.ignores_sync) simdisk_sync_directory(disk);
  return SQLITE_OK;
}

// Like the unix VFS, whose users rely on it: an empty file is none.
static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *result) {
  kreissync_disk *disk = disk_of(vfs);
  if (simdisk_is_gone(disk, disk->owner)) return SQLITE_IOERR_ACCESS;
  const simdisk_file *file = simdisk_lookup(disk, path);
  if (flags == SQLITE_ACCESS_EXISTS) *result = file != NULL && file->size > 0;
  else *result = file != NULL && !(flags == SQLITE_ACCESS_READWRITE && disk->faults.is_read_only);
  return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *path, int capacity, char *out) {
  (void)vfs;
  int length = snprintf(out, (size_t)capacity, "%s%s", path[0] == '/' ? "" : "/", path);
  return length < capacity ? SQLITE_OK : SQLITE_CANTOPEN;
}

// ---- Randomness and time ----------------------------------------------------------------------

static int randomness(sqlite3_vfs *vfs, int count, char *out) {
  kreissync_disk *disk = disk_of(vfs);
  for (int i = 0; i < count; i++) out[i] = (char)simdisk_next(&disk->draw);
  return count;
}

static int sleep_on(sqlite3_vfs *vfs, int microseconds) {
  disk_of(vfs)->clock += (microseconds + 999) / 1000;
  return microseconds;
}

// SQLite counts milliseconds of the Julian day number, which is 2440587.5 at the start of 1970.
static int current_time_int64(sqlite3_vfs *vfs, sqlite3_int64 *now) {
  *now = disk_of(vfs)->clock + 210866760000000;
  return SQLITE_OK;
}

static int current_time(sqlite3_vfs *vfs, double *now) {
  sqlite3_int64 milliseconds;
  current_time_int64(vfs, &milliseconds);
  *now = (double)milliseconds / 86400000.0;
  return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int count, char *out) {
  (void)vfs, (void)count, (void)out;
  return 0;
}

void kreissync_disk_set_clock(kreissync_disk *disk, int64_t milliseconds) {
  disk->clock = milliseconds;
}

int64_t kreissync_disk_clock(const kreissync_disk *disk) { return disk->clock; }

// ---- Birth and death --------------------------------------------------------------------------

void kreissync_disk_configure_sqlite(void) {
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
}

kreissync_disk *kreissync_disk_create(const char *name) {
  kreissync_disk *disk = calloc(1, sizeof *disk);
  if (disk == NULL) return NULL;
  disk->name = strdup(name);
  disk->vfs = (sqlite3_vfs){
    .iVersion = 2,
    .szOsFile = sizeof(simdisk_handle),
    .mxPathname = 512,
    .zName = disk->name,
    .pAppData = disk,
    .xOpen = simdisk_open,
    .xDelete = delete_file,
    .xAccess = access_file,
    .xFullPathname = full_path,
    .xRandomness = randomness,
    .xSleep = sleep_on,
    .xCurrentTime = current_time,
    .xGetLastError = last_error,
    .xCurrentTimeInt64 = current_time_int64,
  };
  kreissync_disk_format(disk, 0);
  simdisk_register_functions();
  if (disk->name == NULL || sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK) {
    free(disk->name);
    free(disk);
    return NULL;
  }
  return disk;
}

void kreissync_disk_format(kreissync_disk *disk, uint64_t seed) {
  kreissync_disk_cut(disk);
  simdisk_drop_directory(disk);
  disk->chance.state = seed;
  disk->draw.state = seed ^ 0xD1B54A32D192ED03u;
  disk->clock = 0;
  disk->owner = 0;
  disk->used = 0;
  disk->process_count = 0;
  disk->armed_count = 0;
  disk->is_dark = 0;
  disk->faults = (kreissync_disk_faults){0};
  disk->counts = (kreissync_disk_counts){0};
}

void simdisk_free(kreissync_disk *disk) {
  simdisk_drop_directory(disk);
  simdisk_drop_spare(disk);
  free(disk->processes);
  free(disk->name);
  free(disk);
}

void kreissync_disk_destroy(kreissync_disk *disk) {
  sqlite3_vfs_unregister(&disk->vfs);
  disk->is_abandoned = 1;
  if (disk->handles == NULL) simdisk_free(disk);
}
