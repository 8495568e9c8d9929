import CaseloadSchema
import GRDB
import SQLiteAccess
package import SyncCore

extension SQLiteHub: SnapshotBuilder {
  package func scopeRowCount(of site: SiteID, upTo limit: Int) throws -> Int {
    try reading { hub in
      let sql = """
        SELECT count(*) FROM (
          SELECT 1 FROM kreissync_grant AS g JOIN kreissync_row AS r USING (case_id)
          WHERE g.site = ? AND g.until_seq IS NULL AND r.alive = 1 LIMIT ?)
        """
      return try hub.query(sql).first(Parameter(site), .integer(Int64(limit))) {
        Int($0.integer(0))
      } ?? 0
    }
  }

  package func isStillHeld(by site: SiteID, since seq: Int64) throws -> Bool {
    try reading { hub in
      try hub.query("SELECT 1 FROM kreissync_grant WHERE site = ? AND until_seq > ? LIMIT 1")
        .first(Parameter(site), .integer(seq)) { _ in false } ?? true
    }
  }

  package var history: HistoryID {
    get throws { try reading { try $0.county.history } }
  }

  package var headSeq: Int64 {
    get throws { try reading { try $0.counter.seq } }
  }

  package var byteCount: Int64 {
    get throws {
      try reading { hub in
        try hub.query("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
          .first { $0.integer(0) } ?? 0
      }
    }
  }

  /// Reads on a connection of its own, beside the pool's: other sites' batches go on meanwhile, and
  /// the rows go from file to file without passing through this program's memory.
  package func buildSnapshot(for site: SiteID, at path: String) throws -> BuiltSnapshot {
    let schema = try reading { $0.schema }
    try Self.translatingErrors { try SnapshotFile.create(at: path, schema: schema) }
    return try copying(into: path) { hub in
      try SnapshotFile(hub: hub, site: site).fill()
    }
  }
}

/// A snapshot as it is filled: the hub's file is `main`, the new one is attached as `snapshot`.
///
/// Everything is an INSERT … SELECT. What a replica works out by itself is not in it: the digests
/// of its rows and cases, which the site computes as proof that the file is what the hub means, and
/// the name of its log, which nobody else may choose.
struct SnapshotFile {
  let hub: SQLiteHubTransaction
  let site: SiteID

  /// Pages of the new file that stay in memory: its indexes are written in a random order.
  private static let cacheKibibyteCount = 16 << 10

  /// An empty replica, but for the record of whose it is.
  static func create(at path: String, schema: Schema) throws {
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.inDatabase { database in
      // Nobody else has the file, and a broken one is thrown away: no journal has to be durable.
      try database.execute(sql: "PRAGMA synchronous = OFF")
      try database.inTransaction(.immediate) {
        try database.execute(sql: ReplicaTables.script(schema))
        return .commit
      }
    }
    try queue.close()
  }

  static var configuration: Configuration {
    Connection.configuration(synchronous: "FULL", busyMilliseconds: 5_000, firesTriggers: false)
  }

  /// To be run on the connection before the transaction that fills the file.
  static func attach(_ path: String, to database: Database) throws {
    try Query(database, "ATTACH ? AS snapshot").run(.text(path))
    try database.execute(
      sql: """
        PRAGMA snapshot.synchronous = OFF;
        PRAGMA snapshot.cache_size = -\(cacheKibibyteCount);
        """)
  }

  func fill() throws -> BuiltSnapshot {
    guard let record = try hub.site(site) else {
      throw HubStoreError.unusable("the county has no site \(site)")
    }
    let (county, counter) = (try hub.county, try hub.counter)
    try putCases()
    let mentions = try hub.mentionDigests(for: site, schema: hub.schema)
    try correctDigests(by: mentions)
    var rowCount: Int64 = 0
    for table in hub.schema.tables { rowCount += try copyRows(of: table) }
    try noteOwnRows()
    let position = Position(
      history: county.history, seq: counter.seq, treeHead: counter.tree)
    try putRecord(
      of: record, county: county, position: position,
      scopeDigest: mentions.scope(try hub.scopeDigest(for: site)))
    return BuiltSnapshot(position: position, rowCount: rowCount)
  }

  private func putRecord(
    of record: SiteRecord, county: CountyRecord, position: Position, scopeDigest: Digest128
  ) throws {
    let sql = """
      INSERT INTO snapshot.kreissync_replica (
        id, county, county_name, site, site_name, schema, digest_key, incarnation, history, seq,
        head, batched_base, tree_size, tree_root, batched_n, batch_number, scope_digest,
        hub_schema_version, session)
      VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, '', ?7, ?8, ?8, ?8, ?9, ?10, 0, 0, ?11, ?12, 0)
      """
    try hub.query(sql).run(
      Parameter(county.key), .text(county.name), Parameter(site), .text(record.name),
      .text(county.schemaText), .blob(county.digestKey), Parameter(position.history),
      .integer(position.seq), .integer(position.treeHead.size),
      .blob(position.treeHead.root.bytes), .blob(scopeDigest.bytes),
      .integer(Int64(hub.schema.version)))
  }

  private func putCases() throws {
    let covered = SQLiteHubTransaction.coveredDigest(of: "c.digests", tiers: "g.tiers")
    let grants = """
      INSERT INTO snapshot.kreissync_case_state
      SELECT case_id, c.lead, g.role, g.tiers, c.epoch, NULL, \(covered), 0
      FROM main.kreissync_grant AS g JOIN main.kreissync_case AS c USING (case_id)
      WHERE g.site = ? AND g.until_seq IS NULL ORDER BY case_id
      """
    try hub.query(grants).run(Parameter(site))
    let shown = SQLiteHubTransaction.coveredDigest(of: "digests", tiers: "?2")
    let shared = """
      INSERT INTO snapshot.kreissync_case_state
      SELECT case_id, lead, ?1, ?2, epoch, NULL, \(shown), 0
      FROM main.kreissync_case WHERE case_id = ''
      """
    let terms = GrantTerms.shared
    try hub.query(shared).run(
      .text(terms.role.rawValue), .integer(Int64(terms.tiers.rawValue)))
  }

  /// The rows behind gates that the site inserted itself: they stay there when a gate closes.
  private func noteOwnRows() throws {
    let insert = try hub.query(
      """
      INSERT INTO snapshot.kreissync_gated
      SELECT r.t, r.id, r.case_id, 1, 0, 0, -1 FROM snapshot.kreissync_case_state AS s
      CROSS JOIN main.kreissync_row AS r INDEXED BY kreissync_row_case
        ON r.case_id = s.case_id AND r.t = ? AND r.alive = 1 AND r.writer = ?
      """)
    for table in hub.schema.tables where !table.gatedColumns.isEmpty {
      try insert.run(.integer(Int64(table.number)), Parameter(site))
    }
  }

  /// Of a unit that it sees by a mention only, the site holds another row than the hub.
  private func correctDigests(by mentions: MentionDigests) throws {
    let update = try hub.query(
      "UPDATE snapshot.kreissync_case_state SET hub_digest = ? WHERE case_id = ?")
    for (unit, digest) in mentions.seen { try update.run(.blob(digest.bytes), Parameter(unit)) }
  }

  /// - Returns: how many rows went.
  private func copyRows(of table: Table) throws -> Int64 {
    // Grants that show the same columns go together.
    var groups: [ColumnMask: [GrantTerms]] = [:]
    for role in Role.allCases {
      for tiers in role == .mention ? [.nothing] : TierSet.digested {
        let terms = GrantTerms(role, tiers)
        guard table.isVisible(to: terms) else { continue }
        groups[table.columns(visibleTo: terms), default: []].append(terms)
      }
    }
    var count: Int64 = 0
    for (columns, terms) in groups { count += try copyRows(of: table, columns, for: terms) }
    return count
  }

  private func copyRows(
    of table: Table, _ columns: ColumnMask, for grants: [GrantTerms]
  ) throws -> Int64 {
    let keys = ["id"] + (table.scope == .ofCase ? ["case_id"] : [])
    var (targets, sources) = (keys, keys.map { "d." + hub.quoted($0) })
    for column in table.columns where column.tier != .local {
      let isVisible = columns.contains(column.number)
      // What the site may not see is empty, as ``RowImage/completed(in:)`` has it, and not what the
      // replica's own default would be.
      guard isVisible || !column.isRequired else { continue }
      targets.append(column.name)
      sources.append(isVisible ? "d." + hub.quoted(column.name) : "NULL")
    }
    let marks = grants.map { "('\($0.role.rawValue)', \($0.tiers.rawValue))" }
      .joined(separator: ", ")
    let sql = """
      INSERT INTO snapshot.\(hub.quoted(table.name))
        (\(targets.map(hub.quoted).joined(separator: ", ")))
      SELECT \(sources.joined(separator: ", ")) FROM snapshot.kreissync_case_state AS s
      \(rows(of: table))
      WHERE (s.role, s.tiers) IN (VALUES \(marks)) AND \(Self.units(of: table))
      """
    try hub.query(sql).run()
    return Int64(hub.database.changesCount)
  }

  /// The table's rows `d` of an entry `s` of the scope.
  ///
  /// Order and index are given. Left to itself SQLite finds rows by their table, and goes through
  /// all of the table's for each case: ten minutes for what takes a second.
  private func rows(of table: Table) -> String {
    let name = hub.quoted(table.name)
    switch table.scope {
    // Living rows only stand there, each with the case in which it lives.
    case .ofCase:
      let index = hub.quoted("kreissync_case_" + table.name)
      return "CROSS JOIN main.\(name) AS d INDEXED BY \(index) ON d.case_id = s.case_id"
    case .caseRoot:
      return "CROSS JOIN main.\(name) AS d ON d.id = s.case_id"
    case .global, .ofSite:
      return """
        CROSS JOIN main.kreissync_row AS r INDEXED BY kreissync_row_case
          ON r.case_id = s.case_id AND r.t = \(table.number) AND r.alive = 1
        CROSS JOIN main.\(name) AS d ON d.id = r.id
        """
    }
  }

  /// Which entries of the scope can have rows of the table, so that a county's cases are not gone
  /// through for each of its tables in vain.
  private static func units(of table: Table) -> String {
    switch table.scope {
    case .global: "s.case_id = ''"
    case .caseRoot, .ofCase: "s.case_id > '' AND substr(s.case_id, 1, 1) <> '\(CaseID.unitMark)'"
    // NB: the digit 0 follows the slash in ASCII.
    case .ofSite:
      "s.case_id > '\(CaseID.unitMark)\(table.number)/' "
        + "AND s.case_id < '\(CaseID.unitMark)\(table.number)0'"
    }
  }
}
