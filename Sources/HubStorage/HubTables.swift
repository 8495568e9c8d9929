/// The hub's own tables in a county's database, beside the domain tables.
///
/// | table                   | holds                                                             |
/// |-------------------------|-------------------------------------------------------------------|
/// | `kreissync_county`      | one row: key, name, history, digest key, schema and its version   |
/// | `kreissync_counter`     | one row: the head of the log; locked by every write first         |
/// | `kreissync_site`        | sites, certificates, tokens, last contact                         |
/// | `kreissync_incarnation` | replicas' logs that ended, or that a restored file began            |
/// | `kreissync_instruction` | what the county asked of sites, and what became of it             |
/// | `kreissync_handover`    | hand-overs: who gives what to whom, from when, and how far it came |
/// | `kreissync_handover_case` | their cases, each with its epoch at the proposal and its fate   |
/// | `kreissync_case`        | lead, epoch and digests of each case; '' for rows without a case   |
/// | `kreissync_grant`       | the scope log: who may hold a case, from which entry to which      |
/// | `kreissync_row`         | versions of each row's columns, and what is left of deleted rows  |
/// | `kreissync_log`         | entries: payload and salt may be erased, the commitment stays     |
/// | `kreissync_transaction` | leaves of the log's tree                                          |
/// | `kreissync_tree`        | roots of its complete subtrees                                    |
/// | `kreissync_history`     | earlier histories, and where they were left                       |
/// | `kreissync_awaiting`    | what came back to a restored hub before what it rests on          |
/// | `kreissync_batch`       | answers to batches                                                |
/// | `kreissync_entry`       | the tag and verdict of every answered entry                       |
/// | `kreissync_ledger`      | every value that lost                                             |
/// | `kreissync_proposal`    | edits that wait for a decision, and what was decided              |
/// | `kreissync_backup`      | one row: how far verified backups reach, what failed last         |
/// | `kreissync_erasure`     | orders to erase cases: ids that outlive the data                  |
/// | `kreissync_retention`   | one row while purges by retention are paused                      |
/// | `kreissync_user`        | who may administer the county                                     |
/// | `kreissync_audit`       | what people did and looked at, as a chain of hashes               |
enum HubTables {
  /// `application_id` of a county's database: "KSyH".
  static let applicationID: Int64 = 0x4B53_7948
  /// `user_version`: grows with each change of these tables.
  static let format: Int64 = 5

  static let sql = """
    CREATE TABLE kreissync_county (
      id INTEGER PRIMARY KEY CHECK (id = 1), key TEXT NOT NULL, name TEXT NOT NULL,
      history TEXT NOT NULL, digest_key BLOB NOT NULL, schema TEXT NOT NULL,
      schema_version INTEGER NOT NULL) STRICT;
    CREATE TABLE kreissync_counter (
      id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, tree_size INTEGER NOT NULL,
      tree_root BLOB NOT NULL) STRICT;
    CREATE TABLE kreissync_site (
      id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, areas TEXT NOT NULL,
      state TEXT NOT NULL, url TEXT NOT NULL, join_url TEXT NOT NULL, token_hash BLOB UNIQUE,
      token_expires_at INTEGER NOT NULL, key_hash BLOB UNIQUE, certificate_expires_at INTEGER,
      session_issued INTEGER NOT NULL, session_nonce TEXT NOT NULL, session_used INTEGER NOT NULL,
      incarnation TEXT NOT NULL, cursor INTEGER NOT NULL, last_contact INTEGER,
      last_success INTEGER, clock_skew INTEGER NOT NULL, digest_equal INTEGER,
      parked INTEGER NOT NULL, pending INTEGER NOT NULL, next_key_hash BLOB UNIQUE,
      next_certificate_expires_at INTEGER, pins TEXT NOT NULL, machine TEXT NOT NULL,
      restored_at INTEGER, held_because TEXT, history TEXT NOT NULL,
      clock_steady INTEGER NOT NULL, held_purges INTEGER NOT NULL) STRICT;
    CREATE TABLE kreissync_incarnation (
      site TEXT NOT NULL, incarnation TEXT NOT NULL, ancestor TEXT, ancestor_seq INTEGER NOT NULL,
      batch_start INTEGER NOT NULL, began_at INTEGER NOT NULL, ended_at INTEGER,
      machine TEXT NOT NULL, last_contact INTEGER, PRIMARY KEY (site, incarnation))
      STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_instruction (
      id TEXT PRIMARY KEY, site TEXT NOT NULL, kind TEXT NOT NULL, issued_at INTEGER NOT NULL,
      done_at INTEGER, result TEXT, case_id TEXT, t INTEGER, dry_run INTEGER NOT NULL,
      differences INTEGER, repaired INTEGER, count TEXT, counts TEXT) STRICT;
    CREATE INDEX kreissync_instruction_site ON kreissync_instruction (site, issued_at);
    CREATE TABLE kreissync_handover (
      id TEXT PRIMARY KEY, kind TEXT NOT NULL, givers TEXT NOT NULL, receiver TEXT NOT NULL,
      case_count INTEGER NOT NULL, effective_on TEXT NOT NULL, effective_at INTEGER NOT NULL,
      decision TEXT, legal_ground TEXT, proposed_at INTEGER NOT NULL, state TEXT NOT NULL,
      answered_by TEXT, answered_at INTEGER, answer TEXT, effect_seq INTEGER,
      took_effect_at INTEGER, confirmed_at INTEGER, purge_seq INTEGER, closed_at INTEGER) STRICT;
    CREATE TABLE kreissync_handover_case (
      handover TEXT NOT NULL, case_id TEXT NOT NULL, from_site TEXT NOT NULL,
      epoch INTEGER NOT NULL, fate TEXT NOT NULL, pseudonymous INTEGER NOT NULL, answer TEXT,
      row_id TEXT, purged_at INTEGER, PRIMARY KEY (handover, case_id)) STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_case (
      case_id TEXT PRIMARY KEY, lead TEXT NOT NULL, epoch INTEGER NOT NULL,
      epoch_since INTEGER NOT NULL, digests BLOB NOT NULL, last_seq INTEGER NOT NULL)
      STRICT, WITHOUT ROWID;
    CREATE INDEX kreissync_case_changed ON kreissync_case (last_seq);
    CREATE TABLE kreissync_grant (
      case_id TEXT NOT NULL, site TEXT NOT NULL, role TEXT NOT NULL, tiers INTEGER NOT NULL,
      from_seq INTEGER NOT NULL, until_seq INTEGER, held_already INTEGER NOT NULL,
      held_from INTEGER NOT NULL, effective_at INTEGER NOT NULL, ended_at INTEGER, handover TEXT,
      ended_by TEXT, purge_seq INTEGER, purged_at INTEGER, PRIMARY KEY (case_id, site, from_seq))
      STRICT, WITHOUT ROWID;
    CREATE INDEX kreissync_grant_opened ON kreissync_grant (site, from_seq);
    CREATE INDEX kreissync_grant_ended ON kreissync_grant (site, until_seq)
      WHERE until_seq IS NOT NULL;
    CREATE INDEX kreissync_grant_unpurged ON kreissync_grant (site, purge_seq)
      WHERE purge_seq IS NOT NULL AND purged_at IS NULL;
    CREATE TABLE kreissync_row (
      t INTEGER NOT NULL, id TEXT NOT NULL, case_id TEXT NOT NULL, alive INTEGER NOT NULL,
      writer TEXT NOT NULL, last_seq INTEGER NOT NULL, versions BLOB NOT NULL,
      PRIMARY KEY (t, id, case_id)) STRICT, WITHOUT ROWID;
    CREATE INDEX kreissync_row_changed ON kreissync_row (last_seq);
    CREATE INDEX kreissync_row_case ON kreissync_row (case_id, t, id);
    CREATE TABLE kreissync_log (
      seq INTEGER PRIMARY KEY, leaf INTEGER NOT NULL, kind TEXT NOT NULL, case_id TEXT NOT NULL,
      site TEXT NOT NULL, recorded_at INTEGER NOT NULL, payload BLOB, salt BLOB,
      commitment BLOB NOT NULL) STRICT;
    CREATE INDEX kreissync_log_case ON kreissync_log (case_id);
    CREATE TABLE kreissync_transaction (
      leaf INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
      hash BLOB NOT NULL) STRICT;
    CREATE TABLE kreissync_tree (
      level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
      PRIMARY KEY (level, position)) STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_history (
      id TEXT PRIMARY KEY, last_seq INTEGER NOT NULL, tree_size INTEGER NOT NULL,
      tree_root BLOB NOT NULL, ended_at INTEGER NOT NULL) STRICT;
    CREATE TABLE kreissync_awaiting (
      site TEXT NOT NULL, incarnation TEXT NOT NULL, number INTEGER NOT NULL,
      former_seq INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (site, incarnation, number))
      STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_batch (
      site TEXT NOT NULL, incarnation TEXT NOT NULL, number INTEGER NOT NULL, hash BLOB NOT NULL,
      answer BLOB NOT NULL, received_at INTEGER NOT NULL,
      PRIMARY KEY (site, incarnation, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_entry (
      site TEXT NOT NULL, incarnation TEXT NOT NULL, n INTEGER NOT NULL, tag INTEGER NOT NULL,
      verdict TEXT NOT NULL, batch INTEGER NOT NULL, PRIMARY KEY (site, incarnation, n))
      STRICT, WITHOUT ROWID;
    CREATE TABLE kreissync_ledger (
      id TEXT PRIMARY KEY, recorded_at INTEGER NOT NULL, case_id TEXT NOT NULL,
      t INTEGER NOT NULL, row_id TEXT NOT NULL, column_number INTEGER NOT NULL,
      base INTEGER NOT NULL, seq INTEGER NOT NULL, policy TEXT, rule TEXT NOT NULL,
      epoch INTEGER NOT NULL, role TEXT NOT NULL, kept_value ANY, kept_site TEXT NOT NULL,
      kept_edited_at INTEGER NOT NULL, lost_value ANY, lost_site TEXT NOT NULL,
      lost_edited_at INTEGER NOT NULL, replaced_seq INTEGER) STRICT;
    CREATE INDEX kreissync_ledger_case ON kreissync_ledger (case_id);
    CREATE INDEX kreissync_ledger_replaced ON kreissync_ledger (lost_site, replaced_seq)
      WHERE replaced_seq IS NOT NULL;
    CREATE TABLE kreissync_proposal (
      id TEXT PRIMARY KEY, recorded_at INTEGER NOT NULL, state TEXT NOT NULL,
      case_id TEXT NOT NULL, t INTEGER NOT NULL, row_id TEXT NOT NULL, column_number INTEGER,
      base INTEGER NOT NULL, seq INTEGER NOT NULL, policy TEXT, rule TEXT NOT NULL,
      epoch INTEGER NOT NULL, kept_value ANY, kept_site TEXT NOT NULL,
      kept_edited_at INTEGER NOT NULL, proposed_value ANY, proposed_site TEXT NOT NULL,
      proposed_edited_at INTEGER NOT NULL, decided_at INTEGER, decided_by TEXT,
      decided_seq INTEGER) STRICT;
    CREATE INDEX kreissync_proposal_case ON kreissync_proposal (case_id);
    CREATE INDEX kreissync_proposal_open ON kreissync_proposal (case_id) WHERE state = 'open';
    CREATE INDEX kreissync_proposal_decided ON kreissync_proposal (proposed_site, decided_seq)
      WHERE decided_seq IS NOT NULL;
    CREATE TABLE kreissync_backup (
      id INTEGER PRIMARY KEY CHECK (id = 1), secured_seq INTEGER, secured_at INTEGER,
      failure TEXT, failed_at INTEGER) STRICT;
    CREATE TABLE kreissync_erasure (
      id TEXT PRIMARY KEY, case_id TEXT NOT NULL, reason TEXT NOT NULL, ordered_by TEXT NOT NULL,
      second TEXT NOT NULL, ordered_at INTEGER NOT NULL, seq INTEGER NOT NULL,
      cleared_at INTEGER) STRICT;
    CREATE INDEX kreissync_erasure_case ON kreissync_erasure (case_id);
    CREATE TABLE kreissync_retention (
      id INTEGER PRIMARY KEY CHECK (id = 1), paused_at INTEGER NOT NULL, paused_by TEXT NOT NULL,
      reason TEXT NOT NULL) STRICT;
    CREATE TABLE kreissync_user (name TEXT PRIMARY KEY, role TEXT NOT NULL) STRICT;
    CREATE TABLE kreissync_audit (
      number INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, second TEXT NOT NULL,
      action TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL)
      STRICT;
    """
}
