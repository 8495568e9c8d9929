import GRDB
import SQLiteAccess
import SyncCore

/// Writes plans and reads the log in the embedded engine.
extension SQLiteHubTransaction {
  func write(_ plan: Plan, at now: Milliseconds, random: (Int) -> [UInt8]) throws {
    try write(plan.rows)
    let head = try plan.log.last?.seq ?? counter.seq
    let putCase = try query(
      """
      INSERT INTO kreissync_case VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (case_id) DO UPDATE SET
        lead = excluded.lead, epoch = excluded.epoch, epoch_since = excluded.epoch_since,
        digests = excluded.digests, last_seq = excluded.last_seq
      """)
    for stored in plan.cases {
      try putCase.run(
        Parameter(stored.id), Parameter(stored.lead), .integer(stored.epoch),
        .integer(stored.epochSince), .blob(stored.digests.bytes), .integer(head))
    }
    try write(plan.grants, ends: plan.ends)
    for entry in plan.ledger {
      try write(entry, replacedSeq: plan.replacement(of: entry), at: now, random: random)
    }
    for proposal in plan.proposals { try write(proposal, at: now, random: random) }
    for decided in plan.decidedProposals { try write(decided) }
    try append(plan.log, random: random)
  }

  private func write(_ rows: [StoredRow]) throws {
    // NB: REPLACE would write every index anew, and most of them hold nothing that changed.
    let putVersions = try query(
      """
      INSERT INTO kreissync_row VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (t, id, case_id) DO UPDATE SET alive = excluded.alive, writer = excluded.writer,
        last_seq = excluded.last_seq, versions = excluded.versions
      """)
    for row in rows {
      guard let table = schema.table(number: row.key.table) else {
        preconditionFailure("a plan names a table that its schema does not have")
      }
      try putVersions.run(
        .integer(Int64(row.key.table)), Parameter(row.key.id), Parameter(row.caseID),
        .integer(row.isAlive ? 1 : 0), Parameter(row.writer), .integer(row.lastSeq),
        .blob(VersionEncoding.encode(row.versions)))
      try write(row, in: table)
    }
  }

  private func write(_ row: StoredRow, in table: Table) throws {
    let statements = words.statements(on: table)
    var parameters = [Parameter(row.key.id)]
    if table.scope == .ofCase { parameters.append(Parameter(row.caseID)) }
    guard row.isAlive else { return try query(statements.delete).run(parameters) }
    let values = row.values.map(Parameter.init)
    let isNew = row.versions.allSatisfy { $0.seq == row.lastSeq }
    if !isNew {
      try query(statements.update).run(values + parameters)
      if database.changesCount > 0 { return }
    }
    try query(statements.upsert).run(parameters + values)
  }

  /// Appends one transaction: its entries, its leaf, the tree's new nodes, the counter's new head.
  private func append(_ log: [LogEntry], random: (Int) -> [UInt8]) throws {
    guard let first = log.first, let last = log.last else { return }
    let head = try counter
    precondition(first.seq == head.seq + 1 && last.seq == head.seq + Int64(log.count))
    let insert = try query("INSERT INTO kreissync_log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    var commitments: [Hash256] = []
    for entry in log {
      let payload = entry.encodedPayload()
      let salt = random(LogCommitment.saltByteCount)
      let commitment = LogCommitment.commitment(payload: payload, salt: salt)
      commitments.append(commitment)
      try insert.run(
        .integer(entry.seq), .integer(head.tree.size), .text(entry.content.name),
        Parameter(entry.caseID), Parameter(entry.site), .integer(entry.recordedAt),
        .blob(payload), .blob(salt), .blob(commitment.bytes))
    }
    let leaf = LogCommitment.leafHash(firstSeq: first.seq, commitments: commitments)
    try query("INSERT INTO kreissync_transaction VALUES (?, ?, ?, ?)").run(
      .integer(head.tree.size), .integer(first.seq), .integer(last.seq), .blob(leaf.bytes))
    var appender = try MerkleAppender(size: head.tree.size, reading: treeNode)
    for node in appender.append(leafHash: leaf) {
      try query("INSERT INTO kreissync_tree VALUES (?, ?, ?)").run(
        .integer(Int64(node.id.level)), .integer(node.id.index), .blob(node.hash.bytes))
    }
    let newHead = appender.head
    try query("UPDATE kreissync_counter SET seq = ?, tree_size = ?, tree_root = ?").run(
      .integer(last.seq), .integer(newHead.size), .blob(newHead.root.bytes))
  }

  // MARK: Reading back

  func log(from seq: Int64, limit: Int) throws -> [StoredLogEntry] {
    try query(
      """
      SELECT seq, leaf, kind, case_id, site, recorded_at, payload, salt, commitment
      FROM kreissync_log WHERE seq >= ? ORDER BY seq LIMIT ?
      """
    ).all(.integer(seq), .integer(Int64(limit))) { row in
      StoredLogEntry(
        seq: row.integer(0), leaf: row.integer(1), kind: row.text(2), caseID: row.identifier(3),
        site: row.identifier(4), recordedAt: row.integer(5),
        payload: row.isNull(6) ? nil : row.blob(6), salt: row.isNull(7) ? nil : row.blob(7),
        commitment: try hash(row, 8))
    }
  }

  func transactions(from leaf: Int64, limit: Int) throws -> [StoredTransaction] {
    try query(
      """
      SELECT leaf, first_seq, last_seq, hash FROM kreissync_transaction
      WHERE leaf >= ? ORDER BY leaf LIMIT ?
      """
    ).all(.integer(leaf), .integer(Int64(limit))) { row in
      StoredTransaction(
        leaf: row.integer(0), firstSeq: row.integer(1), lastSeq: row.integer(2),
        hash: try hash(row, 3))
    }
  }
}

extension LogEntry.Content {
  /// The kind under which every engine keeps an entry, as `hub log show` tells it.
  package var name: String {
    switch self {
    case .row(.insert, _): "insert"
    case .row(.update, _): "update"
    case .row(.delete, _): "delete"
    case .grant: "grant"
    case .end: "end"
    case .lead: "lead"
    case .history: "history"
    case .decision: "decision"
    }
  }
}
