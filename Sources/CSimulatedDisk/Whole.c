// Files as wholes, without SQLite.
#include "Disk.h"

#include <stdlib.h>
#include <string.h>

int kreissync_disk_install(
    kreissync_disk *disk, const char *path, const void *bytes, int64_t count) {
  simdisk_entry *entry = simdisk_entry_at(disk, path);
  simdisk_file *file = simdisk_file_create(disk);
  if (entry == NULL || file == NULL) {
    free(file);
    return SQLITE_NOMEM;
  }
  simdisk_file_retain(file);
  int code = simdisk_file_write(file, bytes, count, 0);
  if (code == SQLITE_OK) {
    simdisk_file_sync(file);
    simdisk_set_durably(entry, file);
  }
  simdisk_file_release(file);
  return code == SQLITE_OK ? SQLITE_OK : SQLITE_NOMEM;
}

int64_t kreissync_disk_read(
    const kreissync_disk *disk, const char *path, void *buffer, int64_t capacity) {
  const simdisk_file *file = simdisk_lookup(disk, path);
  if (file == NULL) return -1;
  int64_t count = file->size < capacity ? file->size : capacity;
  if (count > 0) memcpy(buffer, file->bytes, (size_t)count);
  return file->size;
}

void kreissync_disk_remove(kreissync_disk *disk, const char *path) {
  simdisk_entry *entry = simdisk_entry_at(disk, path);
  if (entry != NULL) simdisk_set_durably(entry, NULL);
}

int kreissync_disk_flip(kreissync_disk *disk, const char *path, int64_t offset, int bit) {
  simdisk_file *file = simdisk_lookup(disk, path);
  if (file == NULL || file->size == 0) return 0;
  int64_t at = (int64_t)((uint64_t)offset % (uint64_t)file->size);
  uint8_t mask = (uint8_t)(1u << (bit & 7));
  file->bytes[at] ^= mask;
  simdisk_sector *durable = file->durable[at / SIMDISK_SECTOR];
  if (durable != NULL && at < file->durable_size) durable->bytes[at % SIMDISK_SECTOR] ^= mask;
  disk->counts.flips++;
  return 1;
}

// ---- Replacing --------------------------------------------------------------------------------

static int sync_names(kreissync_disk *disk) {
  disk->counts.syncs++;
  simdisk_fate fate = simdisk_begin(disk, disk->owner);
  int is_lost = disk->faults.ignores_sync || disk->faults.is_read_only;
  if (fate != SIMDISK_GOES_ON) {
    if (!is_lost && simdisk_pick(disk, 2) == 0) simdisk_sync_directory(disk);
    return simdisk_die(disk, disk->owner, fate);
  }
  if (simdisk_chance(disk, disk->faults.sync_error)) {
    disk->counts.failed_syncs++;
    return SQLITE_IOERR_DIR_FSYNC;
  }
  if (!is_lost) simdisk_sync_directory(disk);
  return SQLITE_OK;
}

static int rename_draft(kreissync_disk *disk, const char *draft, const char *path) {
  simdisk_fate fate = simdisk_begin(disk, disk->owner);
  simdisk_entry *from = simdisk_entry_at(disk, draft), *to = simdisk_entry_at(disk, path);
  if (from == NULL || to == NULL) return SQLITE_NOMEM;
  if (disk->faults.is_read_only) {
    disk->counts.read_only++;
    if (fate == SIMDISK_GOES_ON) return SQLITE_READONLY;
  } else if (fate == SIMDISK_GOES_ON || simdisk_pick(disk, 2) == 0) {
    simdisk_rename(from, to);
  }
  return fate == SIMDISK_GOES_ON ? SQLITE_OK : simdisk_die(disk, disk->owner, fate);
}

static int write_draft(
    kreissync_disk *disk, const char *draft, const void *bytes, int64_t count) {
  if (disk->faults.is_read_only && simdisk_lookup(disk, draft) == NULL) {
    disk->counts.read_only++;
    return SQLITE_READONLY;
  }
  simdisk_file *file = simdisk_lookup(disk, draft);
  if (file == NULL) file = simdisk_link_new(disk, draft);
  if (file == NULL) return SQLITE_NOMEM;
  int code = disk->faults.is_read_only ? SQLITE_OK : simdisk_file_truncate(file, 0);
  if (code == SQLITE_OK) code = simdisk_write(file, disk->owner, bytes, count, 0);
  if (code == SQLITE_OK) code = simdisk_sync(file, disk->owner);
  return code;
}

int kreissync_disk_replace(
    kreissync_disk *disk, const char *path, const void *bytes, int64_t count) {
  if (simdisk_is_gone(disk, disk->owner)) return SQLITE_IOERR;
  size_t length = strlen(path);
  char *draft = malloc(length + sizeof ".new");
  if (draft == NULL) return SQLITE_NOMEM;
  memcpy(draft, path, length);
  memcpy(draft + length, ".new", sizeof ".new");
  int code = write_draft(disk, draft, bytes, count);
  if (code == SQLITE_OK) code = rename_draft(disk, draft, path);
  if (code == SQLITE_OK) code = sync_names(disk);
  free(draft);
  return code;
}

// ---- Hash -------------------------------------------------------------------------------------

static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0xBF58476D1CE4E5B9u;
  return hash ^ (hash >> 29);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, int64_t count) {
  const uint8_t *next = bytes;
  hash = mix(hash, (uint64_t)count);
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    hash = mix(hash, word);
  }
  uint64_t rest = 0;
  if (count > 0) memcpy(&rest, next, (size_t)count);
  return mix(hash, rest);
}

static int ends_in(const char *path, const char *suffix) {
  size_t length = strlen(path), suffix_length = strlen(suffix);
  return length >= suffix_length && strcmp(path + length - suffix_length, suffix) == 0;
}

// > 8: Database page size. … 16: Salt-1: random integer incremented with each checkpoint. 20:
// > Salt-2: a different random number for each checkpoint. (SQLite, "WAL-Index Format", 4.1)
//
// The file header ends at 32, with salts and checksums from 16 on; a frame's 24 bytes hold page
// number, size, then salts and checksums, and its page follows.
static uint64_t hash_log(uint64_t hash, const uint8_t *bytes, int64_t size) {
  int64_t page_size = 4096;
  if (size >= 32) {
    int64_t said = (int64_t)bytes[8] << 24 | bytes[9] << 16 | bytes[10] << 8 | bytes[11];
    if (said >= 512 && said <= 65536 && (said & (said - 1)) == 0) page_size = said;
  }
  hash = hash_bytes(hash, bytes, size < 16 ? size : 16);
  for (int64_t at = 32; at < size; at += 24 + page_size) {
    int64_t rest = size - at;
    hash = hash_bytes(hash, bytes + at, rest < 8 ? rest : 8);
    if (rest <= 24) break;
    hash = hash_bytes(hash, bytes + at + 24, rest - 24 < page_size ? rest - 24 : page_size);
  }
  return mix(hash, (uint64_t)size);
}

uint64_t kreissync_disk_hash(const kreissync_disk *disk) {
  uint64_t hash = 0;
  for (int64_t i = 0; i < disk->entry_count; i++) {
    const simdisk_entry *entry = disk->entries[i];
    const simdisk_file *file = entry->current;
    if (file == NULL) continue;
    hash = hash_bytes(hash, entry->path, (int64_t)strlen(entry->path));
    if (ends_in(entry->path, "-journal")) hash = mix(hash, (uint64_t)file->size);
    else if (ends_in(entry->path, "-wal")) hash = hash_log(hash, file->bytes, file->size);
    else hash = hash_bytes(hash, file->bytes, file->size);
  }
  return hash;
}
