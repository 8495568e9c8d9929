import GRDB
import SQLiteAccess
import SyncCore

/// Replicas' logs in the embedded engine: incarnations, answered batches and their entries.
extension SQLiteHubTransaction {
  // MARK: Incarnations

  func incarnations(of site: SiteID) throws -> [StoredIncarnation] {
    try query(
      """
      SELECT incarnation, ancestor, ancestor_seq, batch_start, began_at, ended_at, machine,
        last_contact
      FROM kreissync_incarnation WHERE site = ? ORDER BY began_at, incarnation
      """
    ).all(Parameter(site)) { row in
      StoredIncarnation(
        site: site, id: row.identifier(0),
        ancestor: row.isNull(1)
          ? nil : Ancestor(incarnation: row.identifier(1), throughSeq: row.integer(2)),
        batchStart: row.integer(3), beganAt: row.integer(4), endedAt: row.optionalInteger(5),
        machine: row.text(6), lastContact: row.optionalInteger(7))
    }
  }

  func put(_ incarnation: StoredIncarnation) throws {
    try query("INSERT OR REPLACE INTO kreissync_incarnation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .run(
        Parameter(incarnation.site), Parameter(incarnation.id),
        Parameter(incarnation.ancestor?.incarnation.string),
        .integer(incarnation.ancestor?.throughSeq ?? 0), .integer(incarnation.batchStart),
        .integer(incarnation.beganAt), Parameter(incarnation.endedAt), .text(incarnation.machine),
        Parameter(incarnation.lastContact))
  }

  func answeredEntries(of site: SiteID, tags: [Int64]) throws -> [StoredEntry] {
    // No index: each answered entry would pay for what only a restored replica asks. Its site's
    // entries lie together, and a million of them are read in a second.
    guard !tags.isEmpty else { return [] }
    var found: [Int64: [StoredEntry]] = [:]
    let wanted = Set(tags)
    try query("SELECT incarnation, n, tag, verdict, batch FROM kreissync_entry WHERE site = ?")
      .forEach(Parameter(site)) { row in
        guard wanted.contains(row.integer(2)) else { return }
        guard let verdict = Verdict(rawValue: row.text(3)) else {
          throw HubStoreError.unusable("an answered entry has no verdict that can be read")
        }
        let entry = StoredEntry(
          id: EntryID(n: row.integer(1), tag: row.integer(2)),
          batch: BatchID(site: site, incarnation: row.identifier(0), number: row.integer(4)),
          verdict: verdict)
        found[entry.id.tag, default: []].append(entry)
      }
    return tags.flatMap { found[$0] ?? [] }
  }

  // MARK: Batches

  private func answeredBatch(_ row: ResultRow) throws -> AnsweredBatch {
    AnsweredBatch(
      id: BatchID(site: row.identifier(0), incarnation: row.identifier(1), number: row.integer(2)),
      hash: try hash(row, 3), answer: row.blob(4), receivedAt: row.integer(5))
  }

  func answeredBatch(_ id: BatchID) throws -> AnsweredBatch? {
    try query(
      """
      SELECT site, incarnation, number, hash, answer, received_at FROM kreissync_batch
      WHERE site = ? AND incarnation = ? AND number = ?
      """
    ).first(
      Parameter(id.site), Parameter(id.incarnation), .integer(id.number), body: answeredBatch)
  }

  func lastBatch(of site: SiteID, incarnation: IncarnationID) throws -> AnsweredBatch? {
    try query(
      """
      SELECT site, incarnation, number, hash, answer, received_at FROM kreissync_batch
      WHERE site = ? AND incarnation = ? ORDER BY number DESC LIMIT 1
      """
    ).first(Parameter(site), Parameter(incarnation), body: answeredBatch)
  }

  func store(_ batch: AnsweredBatch, verdicts: [(EntryID, Verdict)]) throws {
    let insert = try query("INSERT INTO kreissync_entry VALUES (?, ?, ?, ?, ?, ?)")
    for (entry, verdict) in verdicts {
      do {
        try insert.run(
          Parameter(batch.id.site), Parameter(batch.id.incarnation), .integer(entry.n),
          .integer(entry.tag), .text(verdict.rawValue), .integer(batch.id.number))
      } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
        throw HubStoreError.entryKnown(entry)
      }
    }
    try query("INSERT INTO kreissync_batch VALUES (?, ?, ?, ?, ?, ?)").run(
      Parameter(batch.id.site), Parameter(batch.id.incarnation), .integer(batch.id.number),
      .blob(batch.hash.bytes), .blob(batch.answer), .integer(batch.receivedAt))
  }
}
