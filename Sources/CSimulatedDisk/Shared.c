// The WAL's shared memory and its locks: one piece per file, as long as a living process maps it.
//
// SQLite keeps pointers into it, also in connections of dead processes. It is therefore freed only
// when the last of them is closed, but a file whose last living process died gets a new piece.
#include "Disk.h"

#include <stdlib.h>

struct simdisk_shared {
  simdisk_file *file;  // NULL: only dead processes are left
  void **regions;
  int region_count;
  int references;
  int living_count;
};

static void drop(simdisk_shared *shared) {
  if (--shared->references > 0) return;
  for (int i = 0; i < shared->region_count; i++) free(shared->regions[i]);
  free(shared->regions);
  free(shared);
}

static simdisk_shared *join(simdisk_handle *handle) {
  simdisk_shared *shared = handle->file->shared;
  if (shared == NULL) {
    shared = calloc(1, sizeof *shared);
    if (shared == NULL) return NULL;
    shared->file = handle->file;
    handle->file->shared = shared;
  }
  shared->references++;
  shared->living_count++;
  handle->shared = shared;
  return shared;
}

void simdisk_shared_abandon(simdisk_handle *handle) {
  handle->shared_slots = handle->exclusive_slots = 0;
  simdisk_shared *shared = handle->shared;
  if (shared == NULL) return;
  if (--shared->living_count == 0) {
    shared->file->shared = NULL;
    shared->file = NULL;
  }
}

int simdisk_shared_map(sqlite3_file *base, int index, int size, int extend, void volatile **out) {
  simdisk_handle *handle = (simdisk_handle *)base;
  *out = NULL;
  if (handle->is_dead) return SQLITE_IOERR;
  simdisk_shared *shared = handle->shared != NULL ? handle->shared : join(handle);
  if (shared == NULL) return SQLITE_IOERR_NOMEM;
  if (index >= shared->region_count) {
    if (!extend) return SQLITE_OK;
    void **regions = realloc(shared->regions, (size_t)(index + 1) * sizeof *regions);
    if (regions == NULL) return SQLITE_IOERR_NOMEM;
    shared->regions = regions;
    while (shared->region_count <= index) {
      void *region = calloc(1, (size_t)size);
      if (region == NULL) return SQLITE_IOERR_NOMEM;
      regions[shared->region_count++] = region;
    }
  }
  *out = shared->regions[index];
  return SQLITE_OK;
}

int simdisk_shared_lock(sqlite3_file *base, int offset, int count, int flags) {
  simdisk_handle *handle = (simdisk_handle *)base;
  uint16_t slots = (uint16_t)(((1u << count) - 1) << offset);
  if (flags & SQLITE_SHM_UNLOCK) {
    handle->shared_slots &= (uint16_t)~slots;
    handle->exclusive_slots &= (uint16_t)~slots;
    return SQLITE_OK;
  }
  if (handle->is_dead) return SQLITE_IOERR;
  int is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  for (simdisk_handle *other = handle->file->handles; other != NULL; other = other->next_of_file) {
    if (other == handle) continue;
    uint16_t taken = other->exclusive_slots;
    if (is_exclusive) taken |= other->shared_slots;
    if (taken & slots) return SQLITE_BUSY;
  }
  if (is_exclusive) handle->exclusive_slots |= slots;
  else handle->shared_slots |= slots;
  return SQLITE_OK;
}

// One thread uses the disk at a time: its own order of reads and writes is everybody's.
void simdisk_shared_barrier(sqlite3_file *base) { (void)base; }

int simdisk_shared_unmap(sqlite3_file *base, int delete_flag) {
  (void)delete_flag;
  simdisk_handle *handle = (simdisk_handle *)base;
  if (handle->shared == NULL) return SQLITE_OK;
  if (!handle->is_dead) simdisk_shared_abandon(handle);
  drop(handle->shared);
  handle->shared = NULL;
  return SQLITE_OK;
}
