package import SyncCore

/// The agent's own tables in a replica, beside the domain tables and the change log.
///
/// | table                   | holds                                                              |
/// |-------------------------|--------------------------------------------------------------------|
/// | `kreissync_replica`     | one row: identity, position, how far the log is batched            |
/// | `kreissync_outbox`      | batches as they were or will be sent, with the hub's answers       |
/// | `kreissync_parked`      | entries that cannot be sent; their case is held                    |
/// | `kreissync_ahead`       | entries that were batched before their turn                        |
/// | `kreissync_refresh`     | rows that the next pull must return whole                          |
/// | `kreissync_pin`         | bases of columns that do not show the hub's value                  |
/// | `kreissync_case_state`  | lead, own role and tiers, digests, waiting purge of each case      |
/// | `kreissync_baseline`    | digest of each row as it was last explained, see ``Baseline``      |
/// | `kreissync_unknown`     | what came of tables and columns that the schema does not have yet  |
/// | `kreissync_gated`       | rows behind gates that this site wrote, and which columns it withholds |
/// | `kreissync_notice_log`  | what became of changes that were not simply applied                |
/// | `kreissync_stripping`   | erased cases whose values still stand in outbox, log and notices   |
/// | `kreissync_waiting`     | one row: how many proposals wait for this site's decision          |
/// | `kreissync_secured`     | one row: how far the hub's log stands in a verified backup         |
/// | `kreissync_watermark`   | how far log and outbox were settled on which day of the hub        |
///
/// The views `kreissync_case` and `kreissync_notice` are for the local program.
///
/// They stand here because two make replicas: the site its empty one, the hub a snapshot.
package enum ReplicaTables {
  /// `application_id` of a replica: "KSyR".
  package static let applicationID: Int64 = 0x4B53_7952
  /// `user_version`: grows with each change of these tables.
  package static let format: Int64 = 5

  /// All that an empty replica has, but for its record.
  package static func script(_ schema: Schema) -> String {
    ReplicaSQL.script(schema) + sql + """
      PRAGMA application_id = \(applicationID);
      PRAGMA user_version = \(format);
      """
  }

  /// ``TierSet/text`` with a comma behind it, as an expression over a case's tiers.
  private static let tierNames = [TierSet.header, .personal, .special, .notes].map {
    "iif(tiers & \($0.rawValue), '\($0.text),', '')"
  }.joined(separator: " || ")

  private static let sql = """
    CREATE TABLE kreissync_replica (
      id INTEGER PRIMARY KEY CHECK (id = 1), county TEXT NOT NULL, county_name TEXT NOT NULL,
      site TEXT NOT NULL, site_name TEXT NOT NULL, schema TEXT NOT NULL,
      digest_key BLOB NOT NULL, incarnation TEXT NOT NULL, history TEXT NOT NULL,
      seq INTEGER NOT NULL, tree_size INTEGER NOT NULL, tree_root BLOB NOT NULL,
      batched_n INTEGER NOT NULL, batched_base INTEGER NOT NULL, batch_number INTEGER NOT NULL,
      batch_hash BLOB, head INTEGER NOT NULL, scope_digest BLOB NOT NULL, digest_equal INTEGER,
      last_success INTEGER, last_error TEXT, hub_schema_version INTEGER NOT NULL,
      schema_problem TEXT, session INTEGER NOT NULL, restored_at INTEGER,
      former_places TEXT, return_after INTEGER, purge_unproved INTEGER NOT NULL DEFAULT 0)
      STRICT;
    CREATE TABLE kreissync_outbox (
      number INTEGER PRIMARY KEY, hash BLOB NOT NULL, bytes BLOB NOT NULL, answer BLOB) STRICT;
    CREATE INDEX kreissync_outbox_waiting ON kreissync_outbox (number) WHERE answer IS NULL;
    CREATE TABLE kreissync_parked (
      n INTEGER PRIMARY KEY, base INTEGER NOT NULL, case_id TEXT NOT NULL, reason TEXT NOT NULL)
      STRICT;
    CREATE TABLE kreissync_ahead (n INTEGER PRIMARY KEY) STRICT;
    CREATE TABLE kreissync_refresh (
      t INTEGER NOT NULL, id TEXT NOT NULL, case_id TEXT NOT NULL, PRIMARY KEY (t, id))
      STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_pin (
      t INTEGER NOT NULL, id TEXT NOT NULL, column_number INTEGER NOT NULL, base INTEGER NOT NULL,
      PRIMARY KEY (t, id, column_number)) STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_case_state (
      case_id TEXT PRIMARY KEY, lead TEXT NOT NULL, role TEXT NOT NULL, tiers INTEGER NOT NULL,
      epoch INTEGER NOT NULL, digest BLOB, hub_digest BLOB NOT NULL, purge INTEGER NOT NULL)
      STRICT, WITHOUT ROWID;
    CREATE INDEX kreissync_case_purge ON kreissync_case_state (purge) WHERE purge <> 0;
    CREATE INDEX kreissync_case_undigested ON kreissync_case_state (case_id) WHERE digest IS NULL;
    CREATE TABLE kreissync_baseline (
      t INTEGER NOT NULL, id TEXT NOT NULL, case_id TEXT NOT NULL, digest BLOB NOT NULL,
      PRIMARY KEY (t, id)) STRICT, WITHOUT ROWID;
    CREATE INDEX kreissync_baseline_case ON kreissync_baseline (case_id, digest);
    CREATE TABLE kreissync_unknown (
      t INTEGER NOT NULL, id TEXT NOT NULL, case_id TEXT NOT NULL, image BLOB NOT NULL,
      PRIMARY KEY (t, id, case_id)) STRICT, WITHOUT ROWID;
    CREATE INDEX kreissync_unknown_case ON kreissync_unknown (case_id);
    CREATE TABLE kreissync_gated (
      t INTEGER NOT NULL, id TEXT NOT NULL, case_id TEXT NOT NULL, own INTEGER NOT NULL,
      m INTEGER NOT NULL, at INTEGER NOT NULL, refused_at INTEGER NOT NULL, PRIMARY KEY (t, id))
      STRICT, WITHOUT ROWID;
    CREATE INDEX kreissync_gated_case ON kreissync_gated (case_id);
    CREATE INDEX kreissync_gated_withheld ON kreissync_gated (case_id) WHERE m <> 0;
    CREATE TABLE kreissync_notice_log (
      id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, row_id TEXT NOT NULL, column_name TEXT,
      verdict TEXT NOT NULL, reason TEXT NOT NULL, your_value ANY, kept_value ANY,
      at TEXT NOT NULL, case_id TEXT NOT NULL) STRICT;
    CREATE INDEX kreissync_notice_log_case ON kreissync_notice_log (case_id);
    CREATE TABLE kreissync_stripping (
      case_id TEXT PRIMARY KEY, tiers INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_waiting (
      id INTEGER PRIMARY KEY CHECK (id = 1), proposals INTEGER NOT NULL) STRICT;
    CREATE TABLE kreissync_secured (
      id INTEGER PRIMARY KEY CHECK (id = 1), history TEXT NOT NULL, seq INTEGER NOT NULL,
      at INTEGER NOT NULL) STRICT;
    CREATE TABLE kreissync_watermark (
      day INTEGER PRIMARY KEY, hub_time INTEGER NOT NULL, through INTEGER NOT NULL,
      batch_number INTEGER NOT NULL, seq INTEGER NOT NULL, history TEXT NOT NULL,
      incarnation TEXT NOT NULL) STRICT;
    CREATE VIEW kreissync_notice AS
      SELECT table_name, row_id, column_name, verdict, reason, your_value, kept_value, at
      FROM kreissync_notice_log;
    CREATE VIEW kreissync_case AS
      SELECT case_id, lead AS lead_site, role AS own_role, epoch,
        rtrim(\(tierNames), ',') AS tiers
      FROM kreissync_case_state
      WHERE case_id <> '' AND tiers <> 0 AND substr(case_id, 1, 1) <> '\(CaseID.unitMark)';
    """
}
