// SQLite's view of an open file: reading and writing, and the locks of database files.
#include "Disk.h"

#include <string.h>

void simdisk_attach(simdisk_handle *handle, simdisk_file *file) {
  kreissync_disk *disk = handle->disk;
  simdisk_file_retain(file);
  handle->file = file;
  handle->next_of_file = file->handles;
  file->handles = handle;
  handle->next_of_disk = disk->handles;
  disk->handles = handle;
}

// From now on the handle belongs to a dead process, or to nobody.
void simdisk_detach(simdisk_handle *handle) {
  handle->is_dead = 1;
  handle->lock = SQLITE_LOCK_NONE;
  for (simdisk_handle **place = &handle->file->handles; *place != NULL;) {
    if (*place == handle) *place = handle->next_of_file;
    else place = &(*place)->next_of_file;
  }
  simdisk_shared_abandon(handle);
}

static int close_handle(sqlite3_file *base) {
  simdisk_handle *handle = (simdisk_handle *)base;
  kreissync_disk *disk = handle->disk;
  if (!handle->is_dead) simdisk_detach(handle);
  simdisk_shared_unmap(base, 0);
  for (simdisk_handle **place = &disk->handles; *place != NULL;) {
    if (*place == handle) *place = handle->next_of_disk;
    else place = &(*place)->next_of_disk;
  }
  simdisk_file_release(handle->file);
  base->pMethods = NULL;
  if (disk->is_abandoned && disk->handles == NULL) simdisk_free(disk);
  return SQLITE_OK;
}

static int read_handle(sqlite3_file *base, void *buffer, int count, sqlite3_int64 offset) {
  simdisk_handle *handle = (simdisk_handle *)base;
  const simdisk_file *file = handle->file;
  kreissync_disk *disk = handle->disk;
  if (handle->is_dead) return SQLITE_IOERR;
  if (!file->is_temporary) {
    disk->counts.reads++;
    simdisk_fate fate = simdisk_begin(disk, handle->owner);
    if (fate != SIMDISK_GOES_ON) return simdisk_die(disk, handle->owner, fate);
    if (simdisk_chance(disk, disk->faults.read_error)) {
      disk->counts.failed_reads++;
      return SQLITE_IOERR_READ;
    }
  }
  int64_t there = file->size - offset;
  if (there >= count) {
    memcpy(buffer, file->bytes + offset, (size_t)count);
    return SQLITE_OK;
  }
  if (there < 0) there = 0;
  if (there > 0) memcpy(buffer, file->bytes + offset, (size_t)there);
  memset((uint8_t *)buffer + there, 0, (size_t)(count - there));
  return SQLITE_IOERR_SHORT_READ;
}

static int write_handle(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset) {
  simdisk_handle *handle = (simdisk_handle *)base;
  if (handle->is_dead) return SQLITE_IOERR;
  if (handle->file->is_temporary) return simdisk_file_write(handle->file, bytes, count, offset);
  return simdisk_write(handle->file, handle->owner, bytes, count, offset);
}

static int truncate_handle(sqlite3_file *base, sqlite3_int64 size) {
  simdisk_handle *handle = (simdisk_handle *)base;
  if (handle->is_dead) return SQLITE_IOERR;
  if (handle->file->is_temporary) return simdisk_file_truncate(handle->file, size);
  return simdisk_truncate(handle->file, handle->owner, size);
}

static int sync_handle(sqlite3_file *base, int flags) {
  (void)flags;
  simdisk_handle *handle = (simdisk_handle *)base;
  if (handle->is_dead) return SQLITE_IOERR;
  if (handle->file->is_temporary) return SQLITE_OK;
  return simdisk_sync(handle->file, handle->owner);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
  const simdisk_handle *handle = (simdisk_handle *)base;
  if (handle->is_dead) return SQLITE_IOERR;
  *size = handle->file->size;
  return SQLITE_OK;
}

// ---- File locks -------------------------------------------------------------------------------

// The strongest lock that another handle holds.
static int strongest_other_lock(const simdisk_handle *handle) {
  int strongest = SQLITE_LOCK_NONE;
  for (simdisk_handle *other = handle->file->handles; other != NULL; other = other->next_of_file) {
    if (other != handle && other->lock > strongest) strongest = other->lock;
  }
  return strongest;
}

static int lock(sqlite3_file *base, int level) {
  simdisk_handle *handle = (simdisk_handle *)base;
  if (handle->is_dead) return SQLITE_IOERR;
  if (handle->lock >= level) return SQLITE_OK;
  int other = strongest_other_lock(handle);
  if (level == SQLITE_LOCK_SHARED) {
    if (other >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
  } else {
    if (other >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    // Readers may finish, but no new ones come in.
    if (level == SQLITE_LOCK_EXCLUSIVE && other == SQLITE_LOCK_SHARED) {
      handle->lock = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
  }
  handle->lock = level;
  return SQLITE_OK;
}

static int unlock(sqlite3_file *base, int level) {
  simdisk_handle *handle = (simdisk_handle *)base;
  if (!handle->is_dead && handle->lock > level) handle->lock = level;
  return SQLITE_OK;
}

static int check_reserved_lock(sqlite3_file *base, int *is_reserved) {
  const simdisk_handle *handle = (simdisk_handle *)base;
  if (handle->is_dead) return SQLITE_IOERR;
  *is_reserved = handle->lock >= SQLITE_LOCK_RESERVED
      || strongest_other_lock(handle) >= SQLITE_LOCK_RESERVED;
  return SQLITE_OK;
}

// ---- What it is -------------------------------------------------------------------------------

static int file_control(sqlite3_file *base, int operation, void *argument) {
  const simdisk_handle *handle = (simdisk_handle *)base;
  switch (operation) {
    case SQLITE_FCNTL_LOCKSTATE:
      *(int *)argument = handle->lock;
      return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED:
      *(int *)argument = !handle->file->is_linked && !handle->file->is_temporary;
      return SQLITE_OK;
    default:
      return SQLITE_NOTFOUND;
  }
}

static int sector_size(sqlite3_file *base) {
  (void)base;
  return SIMDISK_SECTOR;
}

// No promise at all: neither atomic writes nor power-safe overwriting.
static int device_characteristics(sqlite3_file *base) {
  (void)base;
  return 0;
}

const sqlite3_io_methods simdisk_methods = {
  .iVersion = 2,
  .xClose = close_handle,
  .xRead = read_handle,
  .xWrite = write_handle,
  .xTruncate = truncate_handle,
  .xSync = sync_handle,
  .xFileSize = file_size,
  .xLock = lock,
  .xUnlock = unlock,
  .xCheckReservedLock = check_reserved_lock,
  .xFileControl = file_control,
  .xSectorSize = sector_size,
  .xDeviceCharacteristics = device_characteristics,
  .xShmMap = simdisk_shared_map,
  .xShmLock = simdisk_shared_lock,
  .xShmBarrier = simdisk_shared_barrier,
  .xShmUnmap = simdisk_shared_unmap,
};
