// random() and randomblob() from the disk's seed, on connections whose main database lies on one.
//
// SQLite draws its own from a generator of the whole process, which no disk can seed.
#include "Disk.h"

#include <stdlib.h>

static uint64_t draw(sqlite3_context *context) {
  kreissync_disk *disk = sqlite3_user_data(context);
  return simdisk_next(&disk->draw);
}

// As SQLite's own, never the one number that has no absolute value.
static void random_number(sqlite3_context *context, int count, sqlite3_value **arguments) {
  (void)count, (void)arguments;
  int64_t number = (int64_t)draw(context);
  sqlite3_result_int64(context, number == INT64_MIN ? 0 : number);
}

static void random_blob(sqlite3_context *context, int count, sqlite3_value **arguments) {
  (void)count;
  int64_t size = sqlite3_value_int64(arguments[0]);
  if (size < 1) size = 1;
  if (size > sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1)) {
    sqlite3_result_error_toobig(context);
    return;
  }
  uint8_t *bytes = sqlite3_malloc64((sqlite3_uint64)size);
  if (bytes == NULL) {
    sqlite3_result_error_nomem(context);
    return;
  }
  uint64_t word = 0;
  for (int64_t i = 0; i < size; i++, word >>= 8) {
    if (i % 8 == 0) word = draw(context);
    bytes[i] = (uint8_t)word;
  }
  sqlite3_result_blob64(context, bytes, (sqlite3_uint64)size, sqlite3_free);
}

static int extend_connection(
    sqlite3 *connection, char **message, const struct sqlite3_api_routines *api) {
  (void)message, (void)api;
  sqlite3_vfs *vfs = NULL;
  int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  if (code != SQLITE_OK || vfs == NULL || vfs->xOpen != simdisk_open) return SQLITE_OK;
  int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
  void *disk = vfs->pAppData;
  code = sqlite3_create_function_v2(
      connection, "random", 0, flags, disk, random_number, NULL, NULL, NULL);
  if (code != SQLITE_OK) return code;
  return sqlite3_create_function_v2(
      connection, "randomblob", 1, flags, disk, random_blob, NULL, NULL, NULL);
}

// SQLite keeps one registration of the same function, however often it is registered.
void simdisk_register_functions(void) {
  sqlite3_auto_extension((void (*)(void))extend_connection);
}
