// Operations, faults, processes, power: what may happen, and when.
#include "Disk.h"

#include <stdlib.h>
#include <string.h>

uint64_t simdisk_next(simdisk_generator *generator) {
  uint64_t mixed = (generator->state += 0x9E3779B97F4A7C15u);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

int simdisk_chance(kreissync_disk *disk, uint32_t in_a_million) {
  return in_a_million > 0 && simdisk_next(&disk->chance) % 1000000 < in_a_million;
}

int64_t simdisk_pick(kreissync_disk *disk, int64_t bound) {
  return (int64_t)(simdisk_next(&disk->chance) % (uint64_t)bound);
}

// ---- Processes --------------------------------------------------------------------------------

static simdisk_process *find_process(const kreissync_disk *disk, int32_t owner) {
  for (int i = 0; i < disk->process_count; i++) {
    if (disk->processes[i].owner == owner) return disk->processes + i;
  }
  return NULL;
}

static simdisk_process *process_of(kreissync_disk *disk, int32_t owner) {
  simdisk_process *process = find_process(disk, owner);
  if (process != NULL) return process;
  if (disk->process_count == disk->process_room) {
    int room = disk->process_room == 0 ? 8 : disk->process_room * 2;
    process = realloc(disk->processes, (size_t)room * sizeof *process);
    // A kill that is not remembered would be a wrong simulation; there is no going on.
    if (process == NULL) abort();
    disk->processes = process;
    disk->process_room = room;
  }
  process = disk->processes + disk->process_count++;
  *process = (simdisk_process){.owner = owner};
  return process;
}

static void set_countdown(kreissync_disk *disk, simdisk_process *process, int64_t count) {
  disk->armed_count += (count > 0) - (process->countdown > 0);
  process->countdown = count;
}

void kreissync_disk_run_as(kreissync_disk *disk, int32_t owner) { disk->owner = owner; }

static void kill_handles(kreissync_disk *disk, int32_t owner, int of_all) {
  for (simdisk_handle *handle = disk->handles; handle != NULL; handle = handle->next_of_disk) {
    if (!handle->is_dead && (of_all || handle->owner == owner)) simdisk_detach(handle);
  }
}

void kreissync_disk_kill(kreissync_disk *disk, int32_t owner) {
  simdisk_process *process = process_of(disk, owner);
  set_countdown(disk, process, 0);
  if (!process->is_killed) disk->counts.kills++;
  process->is_killed = 1;
  kill_handles(disk, owner, 0);
}

void kreissync_disk_kill_at(kreissync_disk *disk, int32_t owner, int64_t count) {
  set_countdown(disk, process_of(disk, owner), count);
}

int kreissync_disk_is_killed(const kreissync_disk *disk, int32_t owner) {
  const simdisk_process *process = find_process(disk, owner);
  return process != NULL && process->is_killed;
}

void kreissync_disk_revive(kreissync_disk *disk, int32_t owner) {
  process_of(disk, owner)->is_killed = 0;
}

int simdisk_is_gone(const kreissync_disk *disk, int32_t owner) {
  return disk->is_dark || kreissync_disk_is_killed(disk, owner);
}

// ---- Power ------------------------------------------------------------------------------------

void kreissync_disk_cut_at(kreissync_disk *disk, int64_t count) { disk->cut_countdown = count; }

void kreissync_disk_cut(kreissync_disk *disk) {
  if (disk->is_dark) return;
  disk->is_dark = 1;
  disk->counts.cuts++;
  disk->cut_countdown = 0;
  for (int i = 0; i < disk->process_count; i++) set_countdown(disk, disk->processes + i, 0);
  kill_handles(disk, 0, 1);
}

int kreissync_disk_is_dark(const kreissync_disk *disk) { return disk->is_dark; }

void kreissync_disk_boot(kreissync_disk *disk) {
  kreissync_disk_cut(disk);
  simdisk_boot_directory(disk);
  disk->is_dark = 0;
}

// ---- Operations -------------------------------------------------------------------------------

void kreissync_disk_set_faults(kreissync_disk *disk, const kreissync_disk_faults *faults) {
  disk->faults = *faults;
}

void kreissync_disk_read_counts(const kreissync_disk *disk, kreissync_disk_counts *counts) {
  *counts = disk->counts;
}

simdisk_fate simdisk_begin(kreissync_disk *disk, int32_t owner) {
  disk->counts.operations++;
  if (disk->cut_countdown > 0 && --disk->cut_countdown == 0) return SIMDISK_DIES_BY_CUT;
  if (disk->armed_count == 0) return SIMDISK_GOES_ON;
  simdisk_process *process = find_process(disk, owner);
  if (process == NULL || process->countdown == 0) return SIMDISK_GOES_ON;
  if (process->countdown > 1) {
    process->countdown--;
    return SIMDISK_GOES_ON;
  }
  set_countdown(disk, process, 0);
  return SIMDISK_DIES_BY_KILL;
}

int simdisk_die(kreissync_disk *disk, int32_t owner, simdisk_fate fate) {
  if (fate == SIMDISK_DIES_BY_CUT) kreissync_disk_cut(disk);
  else kreissync_disk_kill(disk, owner);
  return SQLITE_IOERR;
}

static int refuse_read_only(kreissync_disk *disk) {
  disk->counts.read_only++;
  return SQLITE_READONLY;
}

// How many of the bytes may be written before the disk is full.
static int64_t bytes_that_fit(simdisk_file *file, int64_t count, int64_t offset) {
  const kreissync_disk *disk = file->disk;
  int64_t growth = offset + count - file->size;
  if (disk->faults.capacity == 0 || growth <= 0) return count;
  int64_t room = disk->faults.capacity - disk->used;
  if (room < 0) room = 0;
  return growth <= room ? count : count - (growth - room);
}

int simdisk_write(
    simdisk_file *file, int32_t owner, const void *bytes, int64_t count, int64_t offset) {
  kreissync_disk *disk = file->disk;
  disk->counts.writes++;
  simdisk_fate fate = simdisk_begin(disk, owner);
  if (fate != SIMDISK_GOES_ON) {
    int64_t part = simdisk_pick(disk, count + 1);
    int64_t fitting = bytes_that_fit(file, part, offset);
    if (!disk->faults.is_read_only) simdisk_file_write(file, bytes, fitting, offset);
    return simdisk_die(disk, owner, fate);
  }
  if (disk->faults.is_read_only) return refuse_read_only(disk);
  if (simdisk_chance(disk, disk->faults.write_error)) {
    disk->counts.failed_writes++;
    return SQLITE_IOERR_WRITE;
  }
  int64_t fitting = bytes_that_fit(file, count, offset);
  if (fitting < count) {
    disk->counts.full++;
  } else if (count > 0 && simdisk_chance(disk, disk->faults.short_write)) {
    disk->counts.short_writes++;
    fitting = simdisk_pick(disk, count);
  }
  int code = simdisk_file_write(file, bytes, fitting, offset);
  return code == SQLITE_OK && fitting < count ? SQLITE_FULL : code;
}

int simdisk_truncate(simdisk_file *file, int32_t owner, int64_t size) {
  kreissync_disk *disk = file->disk;
  simdisk_fate fate = simdisk_begin(disk, owner);
  int code = SQLITE_OK;
  int64_t growth = size - file->size;
  if (disk->faults.is_read_only) {
    code = refuse_read_only(disk);
  } else if (growth > 0 && bytes_that_fit(file, growth, file->size) < growth) {
    disk->counts.full++;
    code = SQLITE_FULL;
  } else if (fate == SIMDISK_GOES_ON || simdisk_pick(disk, 2) == 0) {
    code = simdisk_file_truncate(file, size);
  }
  return fate == SIMDISK_GOES_ON ? code : simdisk_die(disk, owner, fate);
}

static void make_durable(simdisk_file *file) {
  if (file->disk->faults.ignores_sync) return;
  if (file->is_new && file->is_linked) simdisk_sync_directory(file->disk);
  simdisk_file_sync(file);
}

int simdisk_sync(simdisk_file *file, int32_t owner) {
  kreissync_disk *disk = file->disk;
  disk->counts.syncs++;
  simdisk_fate fate = simdisk_begin(disk, owner);
  int has_pending = file->unsynced_count > 0 || file->size != file->durable_size;
  if (fate != SIMDISK_GOES_ON) {
    if (!disk->faults.is_read_only && simdisk_pick(disk, 2) == 0) make_durable(file);
    return simdisk_die(disk, owner, fate);
  }
  if (disk->faults.is_read_only && has_pending) return refuse_read_only(disk);
  if (simdisk_chance(disk, disk->faults.sync_error)) {
    disk->counts.failed_syncs++;
    return SQLITE_IOERR_FSYNC;
  }
  make_durable(file);
  return SQLITE_OK;
}
