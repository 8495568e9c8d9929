import GRDB
import SQLiteAccess
import SyncCore

/// A restored hub in the embedded engine: its histories, and what waits for others to come back.
extension SQLiteHubTransaction {
  var formerHistories: [StoredHistory] {
    get throws {
      try query(
        """
        SELECT id, last_seq, tree_size, tree_root, ended_at FROM kreissync_history ORDER BY rowid
        """
      ).all { row in
        StoredHistory(
          last: Position(
            history: row.identifier(0), seq: row.integer(1),
            treeHead: TreeHead(size: row.integer(2), root: try hash(row, 3))),
          endedAt: row.integer(4))
      }
    }
  }

  func begin(_ history: HistoryID, at now: Milliseconds) throws {
    let head = try counter
    try query("INSERT INTO kreissync_history VALUES (?, ?, ?, ?, ?)").run(
      Parameter(try county.history), .integer(head.seq), .integer(head.tree.size),
      .blob(head.tree.root.bytes), .integer(now))
    try query("UPDATE kreissync_county SET history = ?").run(Parameter(history))
  }

  var awaiting: [AwaitingBatch] {
    get throws {
      try query(
        """
        SELECT site, incarnation, number, former_seq, bytes FROM kreissync_awaiting
        ORDER BY former_seq, site, incarnation, number
        """
      ).all { row in
        AwaitingBatch(
          id: BatchID(
            site: row.identifier(0), incarnation: row.identifier(1), number: row.integer(2)),
          formerSeq: row.integer(3), bytes: row.blob(4))
      }
    }
  }

  func put(_ awaiting: AwaitingBatch) throws {
    try query("INSERT OR REPLACE INTO kreissync_awaiting VALUES (?, ?, ?, ?, ?)").run(
      Parameter(awaiting.id.site), Parameter(awaiting.id.incarnation),
      .integer(awaiting.id.number), .integer(awaiting.formerSeq), .blob(awaiting.bytes))
  }

  func removeAwaiting(_ id: BatchID) throws {
    try query(
      "DELETE FROM kreissync_awaiting WHERE site = ? AND incarnation = ? AND number = ?"
    ).run(Parameter(id.site), Parameter(id.incarnation), .integer(id.number))
    // It may have waited for a gate that nobody opens any more.
    if database.changesCount > 0 { forgetting.isSet = true }
  }
}
