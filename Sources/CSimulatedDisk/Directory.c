// Names: which file stands under them, and which would after a power cut.
//
// The whole disk is one directory, whatever slashes the paths hold. A name becomes durable when the
// directory is synced, and the first sync of a new file does that too, as on ext4 and in SQLite's
// own unix VFS. A lost deletion brings the old file back; a rename is lost or kept as one.
#include "Disk.h"

#include <stdlib.h>
#include <string.h>

static int64_t position(const kreissync_disk *disk, const char *path, int *is_there) {
  int64_t low = 0, high = disk->entry_count;
  while (low < high) {
    int64_t middle = (low + high) / 2;
    int order = strcmp(disk->entries[middle]->path, path);
    if (order == 0) {
      *is_there = 1;
      return middle;
    }
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  *is_there = 0;
  return low;
}

simdisk_file *simdisk_lookup(const kreissync_disk *disk, const char *path) {
  int is_there;
  int64_t index = position(disk, path, &is_there);
  return is_there ? disk->entries[index]->current : NULL;
}

simdisk_entry *simdisk_entry_at(kreissync_disk *disk, const char *path) {
  int is_there;
  int64_t index = position(disk, path, &is_there);
  if (is_there) return disk->entries[index];
  if (disk->entry_count == disk->entry_room) {
    int64_t room = disk->entry_room == 0 ? 8 : disk->entry_room * 2;
    simdisk_entry **entries = realloc(disk->entries, (size_t)room * sizeof *entries);
    if (entries == NULL) return NULL;
    disk->entries = entries;
    disk->entry_room = room;
  }
  simdisk_entry *entry = calloc(1, sizeof *entry);
  if (entry == NULL) return NULL;
  entry->path = strdup(path);
  if (entry->path == NULL) {
    free(entry);
    return NULL;
  }
  memmove(
      disk->entries + index + 1, disk->entries + index,
      (size_t)(disk->entry_count - index) * sizeof *disk->entries);
  disk->entries[index] = entry;
  disk->entry_count++;
  return entry;
}

static void put(simdisk_file **place, simdisk_file *file) {
  if (file != NULL) simdisk_file_retain(file);
  if (*place != NULL) simdisk_file_release(*place);
  *place = file;
}

static void show(simdisk_entry *entry, simdisk_file *file) {
  if (entry->current == file) return;
  if (entry->current != NULL) {
    entry->current->disk->used -= entry->current->size;
    entry->current->is_linked = 0;
  }
  put(&entry->current, file);
  if (file != NULL) {
    file->disk->used += file->size;
    file->is_linked = 1;
  }
}

simdisk_file *simdisk_link_new(kreissync_disk *disk, const char *path) {
  simdisk_entry *entry = simdisk_entry_at(disk, path);
  if (entry == NULL) return NULL;
  simdisk_file *file = simdisk_file_create(disk);
  if (file != NULL) show(entry, file);
  return file;
}

void simdisk_unlink(simdisk_entry *entry) {
  show(entry, NULL);
  entry->was_removed = 1;
}

void simdisk_rename(simdisk_entry *draft, simdisk_entry *entry) {
  simdisk_file *file = draft->current;
  simdisk_file_retain(file);
  show(draft, NULL);
  show(entry, file);
  simdisk_file_release(file);
  entry->draft = draft;
}

void simdisk_set_durably(simdisk_entry *entry, simdisk_file *file) {
  show(entry, file);
  put(&entry->durable, file);
  entry->draft = NULL;
  entry->was_removed = 0;
}

static void drop_entry(simdisk_entry *entry) {
  free(entry->path);
  free(entry);
}

static void settle(kreissync_disk *disk) {
  int64_t count = 0;
  for (int64_t i = 0; i < disk->entry_count; i++) {
    simdisk_entry *entry = disk->entries[i];
    simdisk_set_durably(entry, entry->current);
    if (entry->current != NULL) disk->entries[count++] = entry;
    else drop_entry(entry);
  }
  disk->entry_count = count;
}

void simdisk_sync_directory(kreissync_disk *disk) { settle(disk); }

static void boot_rename(kreissync_disk *disk, simdisk_entry *entry) {
  simdisk_entry *draft = entry->draft;
  if (simdisk_chance(disk, disk->faults.survival)) {
    put(&entry->durable, entry->current);
    put(&draft->durable, NULL);
    return;
  }
  disk->counts.lost_names++;
  show(entry, entry->durable);
  if (draft->current == NULL) show(draft, draft->durable);
}

static void boot_entry(kreissync_disk *disk, simdisk_entry *entry) {
  if (entry->current == entry->durable || simdisk_chance(disk, disk->faults.survival)) return;
  disk->counts.lost_names++;
  int was_replaced = entry->was_removed && entry->current != NULL && entry->durable != NULL;
  int is_removed = was_replaced && simdisk_chance(disk, disk->faults.survival);
  show(entry, is_removed ? NULL : entry->durable);
}

void simdisk_boot_directory(kreissync_disk *disk) {
  for (int64_t i = 0; i < disk->entry_count; i++) {
    if (disk->entries[i]->draft != NULL) boot_rename(disk, disk->entries[i]);
  }
  for (int64_t i = 0; i < disk->entry_count; i++) boot_entry(disk, disk->entries[i]);
  settle(disk);
  for (int64_t i = 0; i < disk->entry_count; i++) simdisk_file_boot(disk->entries[i]->current);
}

void simdisk_drop_directory(kreissync_disk *disk) {
  for (int64_t i = 0; i < disk->entry_count; i++) {
    simdisk_set_durably(disk->entries[i], NULL);
    drop_entry(disk->entries[i]);
  }
  free(disk->entries);
  disk->entries = NULL;
  disk->entry_count = disk->entry_room = 0;
}
