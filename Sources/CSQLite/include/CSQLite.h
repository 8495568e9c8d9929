// The variadic parts of SQLite's C interface that Swift cannot call. The rest comes from GRDBSQLite.
#ifndef KREISSYNC_CSQLITE_H
#define KREISSYNC_CSQLITE_H

#include <sqlite3.h>

// Switches one boolean SQLITE_DBCONFIG_… option of this connection; returns SQLite's result code.
static inline int kreissync_sqlite_configure(sqlite3 *connection, int option, int on) {
  int result = 0;
  return sqlite3_db_config(connection, option, on, &result);
}

#endif
