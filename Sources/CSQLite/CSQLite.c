#define SQLITE_ENABLE_SESSION 1
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include "CSQLite.h"
#include <stddef.h>

void *kreissync_changeset_record(sqlite3 *connection) {
  sqlite3_session *session = NULL;
  if (sqlite3session_create(connection, "main", &session) != SQLITE_OK) return NULL;
  if (sqlite3session_attach(session, NULL) == SQLITE_OK) return session;
  sqlite3session_delete(session);
  return NULL;
}

void *kreissync_changeset_take(void *recorder, int *byte_count) {
  void *changeset = NULL;
  int result = sqlite3session_changeset(recorder, byte_count, &changeset);
  sqlite3session_delete(recorder);
  return result == SQLITE_OK ? changeset : NULL;
}

static int abort_at_conflict(void *context, int conflict, sqlite3_changeset_iter *changes) {
  (void)context;
  (void)conflict;
  (void)changes;
  return SQLITE_CHANGESET_ABORT;
}

int kreissync_changeset_apply(sqlite3 *connection, int byte_count, void *changeset) {
  return sqlite3changeset_apply(connection, byte_count, changeset, NULL, abort_at_conflict, NULL);
}
