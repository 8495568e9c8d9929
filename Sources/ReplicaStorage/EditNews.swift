import GRDB
import SQLiteAccess
package import SyncCore

/// What a pull tells of the site's own earlier edits, and of what waits for its decision.
package struct EditNews: Sendable {
  /// One of the site's own proposals that was decided.
  package struct Decision: Sendable {
    package let row: RowKey
    /// Nil for the deletion of the row.
    package let column: Int?
    /// Its value was written; else it stands in the hub's ledger.
    package let isAccepted: Bool

    package init(row: RowKey, column: Int?, isAccepted: Bool) {
      self.row = row
      self.column = column
      self.isAccepted = isAccepted
    }
  }

  /// A value of the site's own that stood at the hub, and lost afterwards to an edit whose author
  /// did not know of it.
  package struct Replacement: Sendable {
    package let row: RowKey
    package let column: Int
    package let rule: Rule
    /// Nil where the hub had too many to tell.
    package let value: Value?

    package init(row: RowKey, column: Int, rule: Rule, value: Value?) {
      self.row = row
      self.column = column
      self.rule = rule
      self.value = value
    }
  }

  /// In the order in which they were decided.
  package var decisions: [Decision] = []
  /// In the order in which they lost.
  package var replacements: [Replacement] = []
  /// How many wait in the cases that the site leads.
  package var waitingCount: Int64 = 0

  package init() {}
}

extension ReplicaFile {
  /// Keeps the news in the transaction that moves the cursor behind them, so that each is told
  /// once: a notice for each, behind the rows that came with it.
  ///
  /// A notice of a decision says what was proposed, as far as the notice of the proposal still
  /// tells. Each says what stands now, as far as the replica holds it; the hub does not name it.
  func tell(_ news: EditNews, at now: Milliseconds, in database: Database) throws {
    for decision in news.decisions {
      guard let table = schema.table(number: decision.row.table) else { continue }
      let column = decision.column.flatMap { table.column(number: $0) }
      let verdict: Verdict = decision.isAccepted ? .applied : .overridden
      let rule: Rule = decision.isAccepted ? .proposalAccepted : .proposalRejected
      try notice(
        table.name, decision.row, column: column?.name, verdict, rule.rawValue,
        yours: try proposed(in: table, decision.row, column, database),
        kept: try standing(in: table, decision.row, column, database), at: now, in: database)
    }
    for replaced in news.replacements {
      guard let table = schema.table(number: replaced.row.table),
        let column = table.column(number: replaced.column)
      else { continue }
      try notice(
        table.name, replaced.row, column: column.name, .overridden, replaced.rule.rawValue,
        yours: replaced.value ?? .null,
        kept: try standing(in: table, replaced.row, column, database), at: now, in: database)
    }
    try Query(database, "INSERT OR REPLACE INTO kreissync_waiting VALUES (1, ?)").run(
      .integer(news.waitingCount))
  }

  private func proposed(
    in table: Table, _ key: RowKey, _ column: Column?, _ database: Database
  ) throws -> Value {
    try Query(
      database,
      """
      SELECT your_value FROM kreissync_notice_log
      WHERE table_name = ? AND row_id = ? AND column_name IS ? AND verdict = 'proposal'
      ORDER BY id DESC LIMIT 1
      """
    ).first(.text(table.name), Parameter(key.id), Parameter(column?.name)) { $0.value(0) ?? .null }
      ?? .null
  }

  private func standing(
    in table: Table, _ key: RowKey, _ column: Column?, _ database: Database
  ) throws -> Value {
    guard let column else { return .null }
    return try Query(
      database, "SELECT \(quoted(column.name)) FROM \(quoted(table.name)) WHERE id = ?"
    ).first(Parameter(key.id)) { $0.value(0) ?? .null } ?? .null
  }

  /// How many proposals waited for this site's decision at the end of its last session.
  package func waitingProposalCount() throws -> Int64 {
    try read { database in
      try Query(database, "SELECT proposals FROM kreissync_waiting").first { $0.integer(0) } ?? 0
    }
  }

  /// The names of the county's sites, as its table `site` tells them; empty in a schema without.
  package func publishedSiteNames() throws -> [SiteID: String] {
    guard let table = schema.table(named: "site"), table.column(named: "name") != nil else {
      return [:]
    }
    let names: [(SiteID, String)] = try read { database in
      try Query(database, "SELECT id, name FROM site WHERE name IS NOT NULL").all {
        ($0.identifier(0), $0.text(1))
      }
    }
    return Dictionary(names) { first, _ in first }
  }
}
