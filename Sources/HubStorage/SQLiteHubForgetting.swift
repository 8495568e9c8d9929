import SQLiteAccess
package import SyncCore

/// Forgetting in the embedded engine. Connections overwrite what they delete; what may still stand
/// in the WAL, and in pages that were rearranged, goes with ``SQLiteHub/clear()``.
extension SQLiteHubTransaction {
  func forget(
    _ forgetting: Forgetting, stripping strip: ([UInt8]) throws -> [UInt8]
  ) throws -> ForgottenCounts {
    self.forgetting.isSet = true
    var counts = ForgottenCounts()
    let strays = try strays(from: forgetting.caseID)
    try forgetRows(forgetting, &counts)
    try forgetLog(forgetting, strays, &counts)
    try forgetContests(forgetting, strays, &counts)
    try forgetAwaiting(forgetting, &counts)
    try forgetAnswers(in: forgetting.caseID, &counts, strip)
    return counts
  }

  /// The rows of the case that stood in another before, by that one.
  private func strays(from caseID: CaseID) throws -> [CaseID: Set<RowKey>] {
    var strays: [CaseID: Set<RowKey>] = [:]
    try query(
      """
      SELECT former.case_id, former.t, former.id
      FROM kreissync_row AS own JOIN kreissync_row AS former
        ON former.t = own.t AND former.id = own.id AND former.case_id <> own.case_id
      WHERE own.case_id = ? AND former.alive = 0
        AND (own.alive = 1 OR own.last_seq > former.last_seq)
      """
    ).forEach(Parameter(caseID)) { row in
      strays[row.identifier(0), default: []].insert(
        RowKey(table: Int(row.integer(1)), id: row.identifier(2)))
    }
    return strays
  }

  private func forgetRows(_ forgetting: Forgetting, _ counts: inout ForgottenCounts) throws {
    var digester = RowDigester(key: try county.digester)
    var digests = TierDigests.zero
    var last: RowKey?
    while true {
      let rows = try rows(of: forgetting.caseID, after: last, limit: 500)
      for row in rows {
        guard let table = schema.table(number: row.key.table) else { continue }
        let left = forgetting.remainder(of: row, in: table)
        if left != row {
          counts.rows += 1
          try replace(row, by: left, in: table)
        }
        guard let left, left.isAlive else { continue }
        digests += digester.digests(
          of: left.key, caseID: left.caseID, row: left.values, in: table)
      }
      last = rows.last?.key
      if rows.count < 500 { break }
    }
    try query("UPDATE kreissync_case SET digests = ?, last_seq = ? WHERE case_id = ?").run(
      .blob(digests.bytes), .integer(try counter.seq), Parameter(forgetting.caseID))
  }

  private func replace(_ row: StoredRow, by left: StoredRow?, in table: Table) throws {
    guard let left else {
      if row.isAlive {
        try query("DELETE FROM \(quoted(table.name)) WHERE id = ?").run(Parameter(row.key.id))
      }
      try query("DELETE FROM kreissync_row WHERE t = ? AND id = ? AND case_id = ?").run(
        .integer(Int64(row.key.table)), Parameter(row.key.id), Parameter(row.caseID))
      return
    }
    let columns = table.columns.map { "\(quoted($0.name)) = ?" }.joined(separator: ", ")
    try query("UPDATE \(quoted(table.name)) SET \(columns) WHERE id = ?").run(
      left.values.map(Parameter.init) + [Parameter(left.key.id)])
    try query("UPDATE kreissync_row SET versions = ? WHERE t = ? AND id = ? AND case_id = ?").run(
      .blob(VersionEncoding.encode(left.versions)), .integer(Int64(row.key.table)),
      Parameter(row.key.id), Parameter(row.caseID))
  }

  private func forgetLog(
    _ forgetting: Forgetting, _ strays: [CaseID: Set<RowKey>], _ counts: inout ForgottenCounts
  ) throws {
    let select = try query(
      """
      SELECT seq, payload FROM kreissync_log
      WHERE case_id = ? AND payload IS NOT NULL AND kind IN ('insert', 'update', 'delete')
      """)
    let erase = try query("UPDATE kreissync_log SET payload = NULL, salt = NULL WHERE seq = ?")
    for place in [forgetting.caseID] + strays.keys.sorted() {
      var entries: [Int64] = []
      try select.forEach(Parameter(place)) { row in
        guard let logged = try LoggedRow(decoding: row.blob(1)), forgetting.concerns(logged),
          strays[place]?.contains(logged.image.key) ?? true
        else { return }
        entries.append(row.integer(0))
      }
      for seq in entries { try erase.run(.integer(seq)) }
      counts.logEntries += entries.count
    }
  }

  private func forgetContests(
    _ forgetting: Forgetting, _ strays: [CaseID: Set<RowKey>], _ counts: inout ForgottenCounts
  ) throws {
    for table in ["kreissync_ledger", "kreissync_proposal"] {
      let delete = try query("DELETE FROM \(table) WHERE id = ?")
      for place in [forgetting.caseID] + strays.keys.sorted() {
        var found: [String] = []
        try query("SELECT id, t, row_id, column_number FROM \(table) WHERE case_id = ?").forEach(
          Parameter(place)
        ) { row in
          let key = RowKey(table: Int(row.integer(1)), id: row.identifier(2))
          guard forgetting.concerns(key, column: row.optionalInteger(3).map { Int($0) }),
            strays[place]?.contains(key) ?? true
          else { return }
          found.append(row.text(0))
        }
        for id in found { try delete.run(.text(id)) }
        counts.contests += found.count
      }
    }
  }

  private func forgetAwaiting(_ forgetting: Forgetting, _ counts: inout ForgottenCounts) throws {
    for waiting in try awaiting {
      let left = try waiting.remainder(after: forgetting)
      guard left != waiting else { continue }
      counts.batches += 1
      if let left { try put(left) } else { try removeAwaiting(waiting.id) }
    }
  }

  private func forgetAnswers(
    in caseID: CaseID, _ counts: inout ForgottenCounts, _ strip: ([UInt8]) throws -> [UInt8]
  ) throws {
    let sites: [SiteID] = try query(
      "SELECT DISTINCT site FROM kreissync_grant WHERE case_id = ? ORDER BY site"
    ).all(Parameter(caseID)) { $0.identifier(0) }
    let select = try query("SELECT incarnation, number, answer FROM kreissync_batch WHERE site = ?")
    let update = try query(
      "UPDATE kreissync_batch SET answer = ? WHERE site = ? AND incarnation = ? AND number = ?")
    for site in sites {
      var stripped: [(log: IncarnationID, number: Int64, answer: [UInt8])] = []
      try select.forEach(Parameter(site)) { row in
        let answer = row.blob(2)
        let left = try strip(answer)
        if left != answer { stripped.append((row.identifier(0), row.integer(1), left)) }
      }
      for (log, number, answer) in stripped {
        try update.run(.blob(answer), Parameter(site), Parameter(log), .integer(number))
      }
      counts.batches += stripped.count
    }
  }
}

extension AwaitingBatch {
  /// What is left of it; nil for nothing.
  ///
  /// - Throws: `DecodeError` where its bytes are none.
  package func remainder(after forgetting: Forgetting) throws -> AwaitingBatch? {
    let batch = try Batch(decoding: bytes, changeCountMax: .max)
    let left = batch.changes.compactMap(forgetting.remainder(of:))
    guard left != batch.changes else { return self }
    guard !left.isEmpty else { return nil }
    return AwaitingBatch(id: id, formerSeq: formerSeq, bytes: batch.with(left).encoded())
  }
}
