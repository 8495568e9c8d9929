import GRDB
import SQLiteAccess
import SyncCore

/// Orders to erase, people and the audit record in the embedded engine.
extension SQLiteHubTransaction {
  var erasures: [StoredErasure] {
    get throws {
      try query(
        """
        SELECT id, case_id, reason, ordered_by, second, ordered_at, seq, cleared_at
        FROM kreissync_erasure ORDER BY ordered_at, id
        """
      ).all { row in
        StoredErasure(
          id: row.text(0), caseID: row.identifier(1), reason: row.text(2), orderedBy: row.text(3),
          second: row.text(4), orderedAt: row.integer(5), seq: row.integer(6),
          clearedAt: row.optionalInteger(7))
      }
    }
  }

  func erased(among cases: [CaseID]) throws -> Set<CaseID> {
    // Most counties have erased nothing, and every batch asks for each of its cases.
    guard try query("SELECT 1 FROM kreissync_erasure LIMIT 1").first(body: { _ in true }) == true
    else { return [] }
    let select = try query("SELECT 1 FROM kreissync_erasure WHERE case_id = ?")
    return Set(
      try cases.filter { try select.first(Parameter($0)) { _ in true } ?? false })
  }

  func everHolders(of caseID: CaseID) throws -> [SiteID] {
    try query("SELECT DISTINCT site FROM kreissync_grant WHERE case_id = ? ORDER BY site").all(
      Parameter(caseID)
    ) { $0.identifier(0) }
  }

  func sitesOwingPurge(of caseID: CaseID) throws -> [SiteID] {
    try query(
      """
      SELECT DISTINCT site FROM kreissync_grant
      WHERE case_id = ? AND purge_seq IS NOT NULL AND purged_at IS NULL ORDER BY site
      """
    ).all(Parameter(caseID)) { $0.identifier(0) }
  }

  func put(_ erasure: StoredErasure) throws {
    try query("INSERT OR REPLACE INTO kreissync_erasure VALUES (?, ?, ?, ?, ?, ?, ?, ?)").run(
      .text(erasure.id), Parameter(erasure.caseID), .text(erasure.reason),
      .text(erasure.orderedBy), .text(erasure.second), .integer(erasure.orderedAt),
      .integer(erasure.seq), Parameter(erasure.clearedAt))
  }

  var retentionPause: RetentionPause? {
    get throws {
      try query("SELECT paused_at, paused_by, reason FROM kreissync_retention").first {
        RetentionPause(since: $0.integer(0), by: $0.text(1), reason: $0.text(2))
      }
    }
  }

  func put(_ pause: RetentionPause?) throws {
    try query("DELETE FROM kreissync_retention").run()
    guard let pause else { return }
    try query("INSERT INTO kreissync_retention VALUES (1, ?, ?, ?)").run(
      .integer(pause.since), .text(pause.by), .text(pause.reason))
  }

  // MARK: People

  var users: [HubUser] {
    get throws {
      try query("SELECT name, role FROM kreissync_user ORDER BY name").all { row in
        guard let role = UserRole(rawValue: row.text(1)) else {
          throw HubStoreError.unusable("a user has a role that is none")
        }
        return HubUser(name: row.text(0), role: role)
      }
    }
  }

  func put(_ user: HubUser) throws {
    try query("INSERT OR REPLACE INTO kreissync_user VALUES (?, ?)").run(
      .text(user.name), .text(user.role.rawValue))
  }

  func removeUser(named name: String) throws {
    try query("DELETE FROM kreissync_user WHERE name = ?").run(.text(name))
  }

  // MARK: The audit record

  private static let auditColumns = "number, at, actor, second, action, subject, detail, hash"

  private func auditEvent(_ row: ResultRow) throws -> StoredAuditEvent {
    StoredAuditEvent(
      number: row.integer(0),
      event: AuditEvent(
        at: row.integer(1), actor: row.text(2), second: row.text(3), action: row.text(4),
        subject: row.text(5), detail: row.text(6)),
      hash: try hash(row, 7))
  }

  func audit(from number: Int64, limit: Int) throws -> [StoredAuditEvent] {
    try query(
      """
      SELECT \(Self.auditColumns) FROM kreissync_audit WHERE number >= ?
      ORDER BY number LIMIT ?
      """
    ).all(.integer(number), .integer(Int64(limit)), body: auditEvent)
  }

  var lastAudit: StoredAuditEvent? {
    get throws {
      try query(
        "SELECT \(Self.auditColumns) FROM kreissync_audit ORDER BY number DESC LIMIT 1"
      ).first(body: auditEvent)
    }
  }

  func append(_ event: AuditEvent) throws {
    let last = try lastAudit
    let hash = event.hash(after: last?.hash ?? .zero)
    try query("INSERT INTO kreissync_audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)").run(
      .integer((last?.number ?? 0) + 1), .integer(event.at), .text(event.actor),
      .text(event.second), .text(event.action), .text(event.subject), .text(event.detail),
      .blob(hash.bytes))
  }
}

extension SQLiteHub {
  /// Rewrites the county's file without what was deleted and empties its WAL, so that nothing
  /// forgotten stands in either. Overwriting alone leaves copies of cells that SQLite moved between
  /// pages. Takes the county's lock for as long as the file takes to write, and as much disk again.
  ///
  /// - Returns: false while another process reads; then the WAL keeps what it has, and the call is
  ///   to be repeated.
  /// - Throws: ``HubStoreError/full`` without room, ``HubStoreError/busy``; nothing is lost.
  package func clear() throws -> Bool {
    try Self.translatingErrors {
      let queue = try DatabaseQueue(path: name, configuration: Self.clearing)
      let isEmptied = try queue.inDatabase { database in
        try database.execute(sql: "VACUUM")
        return try Query(database, "PRAGMA wal_checkpoint(TRUNCATE)").first {
          $0.integer(0) == 0
        } ?? false
      }
      try queue.close()
      return isEmptied
    }
  }

  /// Closes a copy that nobody serves and leaves it as one file without a WAL.
  package func closeAsOneFile() throws {
    try close()
    try Self.translatingErrors {
      let queue = try DatabaseQueue(path: name, configuration: Self.clearing)
      try queue.inDatabase { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
      try queue.close()
    }
  }

  private static var clearing: Configuration {
    Connection.configuration(
      synchronous: "FULL", busyMilliseconds: busyMilliseconds, firesTriggers: false)
  }
}
