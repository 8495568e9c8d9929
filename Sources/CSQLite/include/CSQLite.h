// The variadic parts of SQLite's C interface that Swift cannot call. The rest comes from GRDBSQLite.
#ifndef KREISSYNC_CSQLITE_H
#define KREISSYNC_CSQLITE_H

#include <sqlite3.h>
#include <sys/vfs.h>

// Switches one boolean SQLITE_DBCONFIG_… option of this connection; returns SQLite's result code.
static inline int kreissync_sqlite_configure(sqlite3 *connection, int option, int on) {
  int result = 0;
  return sqlite3_db_config(connection, option, on, &result);
}

// The session extension, which the headers declare only to who asks for it: a recorder of what a
// connection writes into any table from now on; NULL where it could not be started.
void *kreissync_changeset_record(sqlite3 *connection);
// Ends the recorder and gives what was written, to be freed by sqlite3_free; NULL on failure.
void *kreissync_changeset_take(void *recorder, int *byte_count);
// Applies a changeset; a conflict aborts it. Returns SQLite's result code.
int kreissync_changeset_apply(sqlite3 *connection, int byte_count, void *changeset);

// The magic number of the file system that holds a path, or -1: Swift's Glibc lacks statfs.
static inline long kreissync_file_system_type(const char *path) {
  struct statfs status;
  return statfs(path, &status) == 0 ? (long)status.f_type : -1;
}

#endif
