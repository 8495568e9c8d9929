// The bytes of one file, and what of them is durable.
//
// A write costs a copy of its bytes and, once per sector between two syncs, a copy of what is
// durable there; behind the durable end, where a log grows, not even that. A sync only forgets
// these copies.
#include "Disk.h"

#include <stdlib.h>
#include <string.h>

static simdisk_sector simdisk_no_sector;

simdisk_file *simdisk_file_create(kreissync_disk *disk) {
  simdisk_file *file = calloc(1, sizeof *file);
  if (file == NULL) return NULL;
  file->disk = disk;
  file->is_new = 1;
  return file;
}

void simdisk_file_retain(simdisk_file *file) { file->references++; }

static void drop_durable(simdisk_file *file) {
  for (int64_t i = 0; i < file->unsynced_count; i++) {
    simdisk_sector *sector = file->durable[file->unsynced[i]];
    file->durable[file->unsynced[i]] = NULL;
    if (sector == &simdisk_no_sector) continue;
    sector->next_spare = file->disk->spare;
    file->disk->spare = sector;
  }
  file->unsynced_count = 0;
}

void simdisk_file_release(simdisk_file *file) {
  if (--file->references > 0) return;
  drop_durable(file);
  free(file->bytes);
  free(file->durable);
  free(file->unsynced);
  free(file);
}

void simdisk_drop_spare(kreissync_disk *disk) {
  while (disk->spare != NULL) {
    simdisk_sector *sector = disk->spare;
    disk->spare = sector->next_spare;
    free(sector);
  }
}

static int make_room(simdisk_file *file, int64_t size) {
  if (size <= file->room) return SQLITE_OK;
  int64_t room = file->room * 2 > size ? file->room * 2 : size;
  if (room < 4 * SIMDISK_SECTOR) room = 4 * SIMDISK_SECTOR;
  room = (room + SIMDISK_SECTOR - 1) / SIMDISK_SECTOR * SIMDISK_SECTOR;
  int64_t count = room / SIMDISK_SECTOR, old_count = file->room / SIMDISK_SECTOR;
  simdisk_sector **durable = realloc(file->durable, (size_t)count * sizeof *durable);
  if (durable == NULL) return SQLITE_IOERR_NOMEM;
  memset(durable + old_count, 0, (size_t)(count - old_count) * sizeof *durable);
  file->durable = durable;
  uint8_t *bytes = realloc(file->bytes, (size_t)room);
  if (bytes == NULL) return SQLITE_IOERR_NOMEM;
  memset(bytes + file->room, 0, (size_t)(room - file->room));
  file->bytes = bytes;
  file->room = room;
  return SQLITE_OK;
}

// Keeps what is durable of the sector, which is about to change.
static int keep_durable(simdisk_file *file, int64_t number) {
  if (file->durable[number] != NULL) return SQLITE_OK;
  if (file->unsynced_count == file->unsynced_room) {
    int64_t room = file->unsynced_room == 0 ? 16 : file->unsynced_room * 2;
    uint32_t *unsynced = realloc(file->unsynced, (size_t)room * sizeof *unsynced);
    if (unsynced == NULL) return SQLITE_IOERR_NOMEM;
    file->unsynced = unsynced;
    file->unsynced_room = room;
  }
  if (number * SIMDISK_SECTOR >= file->durable_size) {
    file->durable[number] = &simdisk_no_sector;
  } else {
    simdisk_sector *sector = file->disk->spare;
    if (sector != NULL) file->disk->spare = sector->next_spare;
    else sector = malloc(sizeof *sector);
    if (sector == NULL) return SQLITE_IOERR_NOMEM;
    memcpy(sector->bytes, file->bytes + number * SIMDISK_SECTOR, SIMDISK_SECTOR);
    file->durable[number] = sector;
  }
  file->unsynced[file->unsynced_count++] = (uint32_t)number;
  return SQLITE_OK;
}

static int keep_durable_range(simdisk_file *file, int64_t start, int64_t end) {
  // Nobody asks what a power cut would leave of a temporary file.
  if (file->is_temporary) return SQLITE_OK;
  for (int64_t i = start / SIMDISK_SECTOR; i * SIMDISK_SECTOR < end; i++) {
    int code = keep_durable(file, i);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

static void set_size(simdisk_file *file, int64_t size) {
  if (file->is_linked) file->disk->used += size - file->size;
  file->size = size;
  if (size < file->lowest_size) file->lowest_size = size;
}

int simdisk_file_write(simdisk_file *file, const void *bytes, int64_t count, int64_t offset) {
  if (count <= 0) return SQLITE_OK;
  int64_t end = offset + count;
  int code = make_room(file, end);
  if (code == SQLITE_OK) code = keep_durable_range(file, offset, end);
  if (code != SQLITE_OK) return code;
  memcpy(file->bytes + offset, bytes, (size_t)count);
  if (end > file->size) set_size(file, end);
  return SQLITE_OK;
}

int simdisk_file_truncate(simdisk_file *file, int64_t size) {
  if (size >= file->size) {
    int code = make_room(file, size);
    if (code == SQLITE_OK) set_size(file, size);
    return code;
  }
  int code = keep_durable_range(file, size, file->size);
  if (code != SQLITE_OK) return code;
  memset(file->bytes + size, 0, (size_t)(file->size - size));
  set_size(file, size);
  return SQLITE_OK;
}

void simdisk_file_sync(simdisk_file *file) {
  drop_durable(file);
  file->durable_size = file->lowest_size = file->size;
  file->is_new = 0;
}

// What the disk knows of the file's size: a truncation may be lost, growth may be lost in part.
static int64_t surviving_size(simdisk_file *file, int64_t *durable_end) {
  kreissync_disk *disk = file->disk;
  uint32_t survival = disk->faults.survival;
  int64_t end = file->durable_size;
  if (file->lowest_size < end) {
    if (simdisk_chance(disk, survival)) end = file->lowest_size;
    else disk->counts.lost_truncations++;
  }
  *durable_end = end;
  if (file->size <= end || simdisk_chance(disk, survival)) {
    return file->size > end ? file->size : end;
  }
  if (!simdisk_chance(disk, survival)) return end;
  int64_t first = end / SIMDISK_SECTOR, last = file->size / SIMDISK_SECTOR;
  int64_t size = (first + 1 + simdisk_pick(disk, last - first + 1)) * SIMDISK_SECTOR;
  return size < file->size ? size : file->size;
}

// How many of a sector's new bytes reached the disk.
static int64_t surviving_prefix(kreissync_disk *disk, int64_t count) {
  if (!simdisk_chance(disk, disk->faults.survival)) {
    disk->counts.lost_sectors++;
    return 0;
  }
  if (!simdisk_chance(disk, disk->faults.tear)) {
    disk->counts.kept_sectors++;
    return count;
  }
  disk->counts.torn_sectors++;
  return count > 1 ? 1 + simdisk_pick(disk, count - 1) : 0;
}

void simdisk_file_boot(simdisk_file *file) {
  int64_t durable_end;
  int64_t size = surviving_size(file, &durable_end);
  for (int64_t i = 0; i < file->unsynced_count; i++) {
    int64_t start = (int64_t)file->unsynced[i] * SIMDISK_SECTOR;
    uint8_t *bytes = file->bytes + start;
    const simdisk_sector *durable = file->durable[file->unsynced[i]];
    int64_t written = file->size - start;
    if (written > SIMDISK_SECTOR) written = SIMDISK_SECTOR;
    // What is only missing because of a truncation was never written: there is nothing to lose.
    int64_t kept = written > 0 ? surviving_prefix(file->disk, written) : 0;
    int64_t old = durable_end - start;
    if (old > SIMDISK_SECTOR) old = SIMDISK_SECTOR;
    if (durable == &simdisk_no_sector) old = 0;
    if (old > kept) memcpy(bytes + kept, durable->bytes + kept, (size_t)(old - kept));
    int64_t end = old > kept ? old : kept;
    memset(bytes + end, 0, (size_t)(SIMDISK_SECTOR - end));
  }
  int64_t dirty_end = file->size > file->durable_size ? file->size : file->durable_size;
  if (dirty_end > size) memset(file->bytes + size, 0, (size_t)(dirty_end - size));
  set_size(file, size);
  simdisk_file_sync(file);
}
