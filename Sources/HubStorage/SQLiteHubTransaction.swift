import GRDB
import SQLiteAccess
import SyncCore

/// One transaction of the embedded engine: county, sites, tree, batches.
struct SQLiteHubTransaction: HubWriter {
  let database: Database
  let words: WordedSchema
  var forgetting = ForgettingMark()

  var schema: Schema { words.schema }

  func query(_ sql: String) throws -> Query {
    try Query(database, sql)
  }

  var county: CountyRecord {
    get throws {
      try query("SELECT key, name, history, digest_key, schema FROM kreissync_county").first {
        CountyRecord(
          key: $0.identifier(0), name: $0.text(1), history: $0.identifier(2),
          digestKey: $0.blob(3), schemaText: $0.text(4))
      }!
    }
  }

  var counter: Counter {
    get throws {
      try query("SELECT seq, tree_size, tree_root FROM kreissync_counter").first {
        Counter(
          seq: $0.integer(0), tree: TreeHead(size: $0.integer(1), root: try hash($0, 2)))
      }!
    }
  }

  func lastSeq(ofSize treeSize: Int64) throws -> Int64 {
    try query("SELECT last_seq FROM kreissync_transaction WHERE leaf = ?").first(
      .integer(treeSize - 1)
    ) { $0.integer(0) } ?? 0
  }

  func treeNode(_ id: MerkleNodeID) throws -> Hash256 {
    let node = try query("SELECT hash FROM kreissync_tree WHERE level = ? AND position = ?").first(
      .integer(Int64(id.level)), .integer(id.index)
    ) { try hash($0, 0) }
    guard let node else {
      throw HubStoreError.unusable("the log's tree lacks node \(id.level)/\(id.index)")
    }
    return node
  }

  func hash(_ row: ResultRow, _ column: Int) throws -> Hash256 {
    guard let hash = Hash256(bytes: row.blob(column)) else {
      throw HubStoreError.unusable("the log holds a hash that is not one")
    }
    return hash
  }

  // MARK: Sites

  private static let siteColumns = """
    id, name, kind, areas, state, url, join_url, token_hash, token_expires_at, key_hash,
    certificate_expires_at, session_issued, session_nonce, session_used, incarnation, cursor,
    last_contact, last_success, clock_skew, digest_equal, parked, pending, next_key_hash,
    next_certificate_expires_at, pins, machine, restored_at, held_because, history,
    clock_steady, held_purges
    """

  private func siteRecord(_ row: ResultRow) throws -> SiteRecord {
    var contact = SiteContact()
    contact.sessionIssued = row.integer(11)
    contact.nonces = row.text(12).split(separator: ",").map(String.init)
    contact.sessionUsed = row.integer(13)
    contact.incarnation = row.text(14)
    contact.cursor = row.integer(15)
    contact.lastContact = row.optionalInteger(16)
    contact.lastSuccess = row.optionalInteger(17)
    contact.clockSkew = row.integer(18)
    contact.digestEqual = row.optionalInteger(19).map { $0 == 1 }
    contact.parked = row.integer(20)
    contact.pending = row.integer(21)
    contact.pins = row.text(24).split(separator: ",").map(String.init)
    contact.machine = row.text(25)
    contact.restoredAt = row.optionalInteger(26)
    contact.history = row.text(28)
    contact.isClockSteady = row.integer(29) == 1
    contact.heldPurges = row.integer(30)
    guard let kind = SiteKind(rawValue: row.text(2)), let state = SiteState(rawValue: row.text(4))
    else { throw HubStoreError.unusable("site \(row.text(0)) has an unknown kind or state") }
    return SiteRecord(
      id: row.identifier(0), name: row.text(1), kind: kind,
      areas: row.text(3).split(separator: ",").map(String.init), state: state, url: row.text(5),
      joinURL: row.text(6), tokenHash: row.isNull(7) ? nil : row.blob(7),
      tokenExpiresAt: row.integer(8), keyHash: row.isNull(9) ? nil : row.blob(9),
      certificateExpiresAt: row.optionalInteger(10),
      nextKeyHash: row.isNull(22) ? nil : row.blob(22),
      nextCertificateExpiresAt: row.optionalInteger(23),
      heldBecause: row.optionalText(27).flatMap(HoldReason.init), contact: contact)
  }

  func site(_ id: SiteID) throws -> SiteRecord? {
    try query("SELECT \(Self.siteColumns) FROM kreissync_site WHERE id = ?").first(
      Parameter(id), body: siteRecord)
  }

  func site(keyHash: [UInt8]) throws -> SiteRecord? {
    try query(
      "SELECT \(Self.siteColumns) FROM kreissync_site WHERE key_hash = ?1 OR next_key_hash = ?1"
    ).first(.blob(keyHash), body: siteRecord)
  }

  func site(tokenHash: [UInt8]) throws -> SiteRecord? {
    try query("SELECT \(Self.siteColumns) FROM kreissync_site WHERE token_hash = ?").first(
      .blob(tokenHash), body: siteRecord)
  }

  var sites: [SiteRecord] {
    get throws {
      try query("SELECT \(Self.siteColumns) FROM kreissync_site ORDER BY name, id").all(
        body: siteRecord)
    }
  }

  var siteOutlines: [SiteOutline] {
    get throws {
      try query("SELECT id, kind, areas, state FROM kreissync_site ORDER BY name, id").all { row in
        guard let kind = SiteKind(rawValue: row.text(1)),
          let state = SiteState(rawValue: row.text(3))
        else { throw HubStoreError.unusable("site \(row.text(0)) has an unknown kind or state") }
        return SiteOutline(
          id: row.identifier(0), kind: kind,
          areas: row.text(2).split(separator: ",").map(String.init), state: state)
      }
    }
  }

  func put(_ site: SiteRecord) throws {
    let columns = Self.siteColumns.split { ", \n".contains($0) }
    let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    // NB: REPLACE would remove another site that has the key or token.
    let renewed = columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    let upsert = try query(
      """
      INSERT INTO kreissync_site (\(Self.siteColumns)) VALUES (\(marks))
      ON CONFLICT (id) DO UPDATE SET \(renewed)
      """)
    let taken = HubStoreError.unusable("another site has the key or the join token of \(site.id)")
    // The tables' own constraints do not see one site's present key among the others' next ones.
    for key in [site.keyHash, site.nextKeyHash] {
      if let key, let holder = try self.site(keyHash: key), holder.id != site.id { throw taken }
    }
    do {
      try upsert.run(parameters(of: site))
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      throw taken
    }
  }

  private func parameters(of site: SiteRecord) -> [Parameter] {
    let contact = site.contact
    return [
      Parameter(site.id), .text(site.name), .text(site.kind.rawValue),
      .text(site.areas.joined(separator: ",")), .text(site.state.rawValue), .text(site.url),
      .text(site.joinURL), site.tokenHash.map(Parameter.blob) ?? .null,
      .integer(site.tokenExpiresAt), site.keyHash.map(Parameter.blob) ?? .null,
      Parameter(site.certificateExpiresAt), .integer(contact.sessionIssued),
      .text(contact.nonces.joined(separator: ",")), .integer(contact.sessionUsed),
      .text(contact.incarnation),
      .integer(contact.cursor), Parameter(contact.lastContact), Parameter(contact.lastSuccess),
      .integer(contact.clockSkew), Parameter(contact.digestEqual.map { $0 ? 1 : 0 }),
      .integer(contact.parked), .integer(contact.pending),
      site.nextKeyHash.map(Parameter.blob) ?? .null, Parameter(site.nextCertificateExpiresAt),
      .text(contact.pins.joined(separator: ",")), .text(contact.machine),
      Parameter(contact.restoredAt), Parameter(site.heldBecause?.rawValue),
      .text(contact.history), .integer(contact.isClockSteady ? 1 : 0),
      .integer(contact.heldPurges),
    ]
  }

  // MARK: Instructions

  func instructions(of site: SiteID, doneLimit: Int) throws -> [StoredInstruction] {
    try query(
      """
      SELECT id, kind, issued_at, done_at, result, case_id, t, dry_run, differences, repaired,
        count, counts
      FROM kreissync_instruction
      WHERE site = ?1 AND (done_at IS NULL OR id IN (
        SELECT id FROM kreissync_instruction WHERE site = ?1 AND done_at IS NOT NULL
        ORDER BY issued_at DESC, id DESC LIMIT ?2))
      ORDER BY issued_at, id
      """
    ).all(Parameter(site), .integer(Int64(doneLimit))) { row in
      StoredInstruction(
        id: row.text(0), site: site, kind: row.text(1),
        selection: RowSelection(
          caseID: row.isNull(5) ? nil : row.identifier(5),
          table: row.optionalInteger(6).map { Int($0) }),
        isDryRun: row.integer(7) == 1, issuedAt: row.integer(2), doneAt: row.optionalInteger(3),
        result: row.optionalText(4), differences: row.optionalInteger(8),
        repaired: row.optionalInteger(9),
        count: row.optionalText(10).flatMap { CountTask(text: $0) },
        counts: row.optionalText(11).flatMap { CountCell.cells(of: $0) })
    }
  }

  func put(_ instruction: StoredInstruction) throws {
    let selection = instruction.selection
    try query(
      "INSERT OR REPLACE INTO kreissync_instruction VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ).run(
      .text(instruction.id), Parameter(instruction.site), .text(instruction.kind),
      .integer(instruction.issuedAt), Parameter(instruction.doneAt),
      Parameter(instruction.result), Parameter(selection.caseID?.string),
      Parameter(selection.table.map { Int64($0) }), .integer(instruction.isDryRun ? 1 : 0),
      Parameter(instruction.differences), Parameter(instruction.repaired),
      Parameter(instruction.count?.text),
      Parameter(instruction.counts.map { CountCell.text(of: $0) }))
  }
}
