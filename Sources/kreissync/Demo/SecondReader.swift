import SyncCore

/// Compares replicas with their hub without trusting anything that keeps them equal.
///
/// Digests, row encoding and storage agree with themselves even where all of them are wrong. This
/// reader opens the files through SQLite's C interface, asks them which tables and columns they
/// have, and lets SQLite compare every cell of every row, type and bytes. From the product it takes
/// one thing: how far each column is declared to travel.
struct SecondReader {
  /// What one site may hold, as the demo knows it.
  struct Scope {
    let site: String
    let cases: Set<PlainCell>
    /// Those of them of which it sees the header only.
    let glanced: Set<PlainCell>
    /// The site's rows without a case that name no site.
    let unnamed: Set<PlainCell>
  }

  private let hub: PlainClient
  private let tables: [ReadTable]

  init(hubPath: String, schema: Schema) throws {
    let hub = try PlainClient(path: hubPath, isReader: true)
    self.hub = hub
    tables = try Self.tableNames(in: hub, "main").map { name in
      let columns = schema.table(named: name)?.columns ?? []
      return ReadTable(
        name: name, columns: try Self.columnNames(of: name, in: hub, "main"),
        tiers: Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0.tier) }))
    }
    try hub.run(
      """
      CREATE TEMP TABLE held (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TEMP TABLE whole (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TEMP TABLE mentioned (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TEMP TABLE glanced (id TEXT PRIMARY KEY) WITHOUT ROWID;
      """)
    for (tier, purpose) in ReadTable.purposes {
      // Closed for the county: what stands there stays with the site that wrote it.
      try hub.run(
        """
        CREATE TEMP TABLE closed_\(tier.rawValue) AS SELECT id FROM main.case_file
        WHERE id NOT IN (
            SELECT case_id FROM main.consent WHERE purpose = '\(purpose)' AND event = 'given')
          OR id IN (
            SELECT case_id FROM main.consent WHERE purpose = '\(purpose)' AND event <> 'given')
        """)
    }
  }

  /// The ids of all cases at the hub.
  func cases() throws -> Set<PlainCell> {
    Set(try hub.rows("SELECT id FROM main.case_file").map { $0[0] })
  }

  /// How many rows the hub holds.
  func rowCount() throws -> Int {
    try tables.reduce(0) { try $0 + count("SELECT 1 FROM main.\"\($1.name)\"") }
  }

  /// Cells of columns declared local that hold something at the hub, where nothing may be.
  func leakedLocalCells() throws -> [String] {
    try tables.flatMap { table in
      try table.local.sorted().compactMap { column in
        let count = try hub.rows("SELECT count(\"\(column)\") FROM main.\"\(table.name)\"")[0][0]
        return count == .integer(0)
          ? nil : "\(table.name).\(column): \(count.display) cells of a local column at the hub"
      }
    }
  }

  /// Compares a replica with what the hub holds of its scope, in both directions.
  func compare(replicaPath: String, scope: Scope) throws -> Comparison {
    try hub.run("ATTACH \(quoted(replicaPath)) AS replica")
    defer { hub.detach("replica") }
    try fill(scope)
    var comparison = Comparison()
    let names = try Self.tableNames(in: hub, "replica")
    if names != tables.map(\.name) {
      comparison.found("the replica has other tables: \(names)")
    }
    for table in tables where names.contains(table.name) {
      let columns = try Self.columnNames(of: table.name, in: hub, "replica")
      guard columns.sorted() == table.columns.sorted() else {
        comparison.found("\(table.name): other columns than at the hub: \(columns)")
        continue
      }
      let expected = table.expectation
      comparison.count(rows: try count(expected), of: table.compared.count)
      for id in try differingRows(of: table) {
        try describe(id, of: table, in: &comparison)
      }
    }
    return comparison
  }

  // MARK: Scope

  /// Writes down which units the site may hold: its cases, the rows without a case that name it,
  /// and of the workers of its cases, wherever they are employed, the name.
  private func fill(_ scope: Scope) throws {
    let site = quoted(scope.site)
    try hub.run("DELETE FROM held; DELETE FROM whole; DELETE FROM mentioned; DELETE FROM glanced")
    try hub.insert(scope.glanced, into: "glanced")
    try hub.insert(scope.cases, into: "held")
    try hub.insert(scope.unnamed, into: "whole")
    try hub.run(
      """
      INSERT OR IGNORE INTO whole SELECT id FROM main.worker WHERE site_id = \(site);
      INSERT OR IGNORE INTO whole SELECT id FROM main.grant_allocation
        WHERE \(site) IN (recipient_site, executing_site);
      INSERT OR IGNORE INTO whole SELECT id FROM main."position"
        WHERE worker_id IN (SELECT id FROM whole) OR grant_id IN (SELECT id FROM whole);
      INSERT INTO mentioned SELECT DISTINCT worker_id FROM main.case_file
        WHERE id IN (SELECT id FROM held) AND worker_id IS NOT NULL
          AND worker_id NOT IN (SELECT id FROM whole);
      """)
  }

  // MARK: Rows

  /// Ids of rows that are not the same on both sides, ascending.
  private func differingRows(of table: ReadTable) throws -> [PlainCell] {
    let (expected, found) = (table.expectation, table.presence)
    return try hub.rows(
      """
      SELECT id FROM (SELECT * FROM (\(expected)) EXCEPT SELECT * FROM (\(found)))
      UNION SELECT id FROM (SELECT * FROM (\(found)) EXCEPT SELECT * FROM (\(expected)))
      ORDER BY 1
      """
    ).map { $0[0] }
  }

  private func describe(
    _ id: PlainCell, of table: ReadTable, in comparison: inout Comparison
  ) throws {
    let row = "\(table.name) \(id.display)"
    func cells(_ query: String) throws -> [PlainCell]? {
      try hub.rows("SELECT * FROM (\(query)) WHERE id = \(quoted(id.string))").first
    }
    switch (try cells(table.expectation), try cells(table.presence)) {
    case (let expected?, let found?):
      // Each column stands there with its type behind it.
      for (place, column) in table.compared.enumerated() {
        let pair = 2 * place..<2 * place + 2
        if expected[pair] != found[pair] { comparison.found("\(row): \(column) differs") }
      }
    case (_?, nil): comparison.found("\(row): missing in the replica")
    default: comparison.found("\(row): the replica should not have it")
    }
  }

  private func count(_ query: String) throws -> Int {
    guard case .integer(let count) = try hub.rows("SELECT count(*) FROM (\(query))")[0][0]
    else { return 0 }
    return Int(count)
  }

  // MARK: What the files say of themselves

  private static func tableNames(in client: PlainClient, _ file: String) throws -> [String] {
    try client.rows(
      """
      SELECT name FROM \(file).sqlite_schema
      WHERE type = 'table' AND name NOT LIKE 'kreissync\\_%' ESCAPE '\\'
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      ORDER BY name
      """
    ).map { $0[0].string }
  }

  private static func columnNames(
    of table: String, in client: PlainClient, _ file: String
  ) throws -> [String] {
    try client.rows("PRAGMA \(file).table_info(\"\(table)\")").map { $0[1].string }
  }
}

/// What was compared and what differs.
struct Comparison {
  private(set) var rowCount = 0
  private(set) var cellCount = 0
  /// Place and side of each difference; no values.
  private(set) var differences: [String] = []

  mutating func count(rows count: Int, of columnCount: Int) {
    rowCount += count
    cellCount += count * columnCount
  }

  mutating func found(_ difference: String) {
    differences.append(difference)
  }

  mutating func add(_ other: Comparison) {
    rowCount += other.rowCount
    cellCount += other.cellCount
    differences += other.differences
  }
}

/// A table as the hub's file describes it, and the queries that compare it.
private struct ReadTable {
  /// What a client consents to, and the tier that it opens.
  static let purposes: KeyValuePairs<Tier, String> = [
    .personal: "casework", .special: "special_needs", .notes: "notes_release",
  ]

  let name: String
  let columns: [String]
  let tiers: [String: Tier]

  var local: Set<String> { Set(tiers.filter { $0.value == .local }.map(\.key)) }

  /// `id` first.
  var compared: [String] { ["id"] + columns.filter { $0 != "id" && !local.contains($0) } }

  private var caseColumn: String? {
    name == "case_file" ? "id" : columns.contains("case_id") ? "case_id" : nil
  }

  /// The one tier of a table of which nobody without it sees a row; nil where rows have a header.
  private var wholeTier: Tier? {
    let all = Set(tiers.values).subtracting([.local])
    return all.contains(.header) || all.count != 1 ? nil : all.first
  }

  /// What the replica has to hold, as the hub has it.
  var expectation: String {
    guard let caseColumn else { return expectationWithoutCase }
    let rows = """
      SELECT \(cells { shown($0, unless: "\"\(caseColumn)\" IN (SELECT id FROM glanced)") })
      FROM main."\(name)" WHERE "\(caseColumn)" IN (SELECT id FROM held)
      """
    return wholeTier == nil ? rows : rows + " AND case_id NOT IN (SELECT id FROM glanced)"
  }

  private var expectationWithoutCase: String {
    let rows = "SELECT \(cells { "\"\($0)\"" }) FROM main.\"\(name)\""
    switch name {
    case "worker":
      let masked = cells { ["id", "display_name"].contains($0) ? "\"\($0)\"" : "NULL" }
      return """
        \(rows) WHERE id IN (SELECT id FROM whole)
        UNION ALL SELECT \(masked) FROM main.worker WHERE id IN (SELECT id FROM mentioned)
        """
    case "position", "grant_allocation": return "\(rows) WHERE id IN (SELECT id FROM whole)"
    default: return rows
    }
  }

  /// What the replica holds, without what it keeps to itself behind a closed gate.
  var presence: String {
    guard let caseColumn else {
      return "SELECT \(cells { "\"\($0)\"" }) FROM replica.\"\(name)\""
    }
    let rows = """
      SELECT \(cells { shown($0, unless: isKept($0, in: caseColumn)) }) FROM replica."\(name)"
      """
    return wholeTier.map { "\(rows) WHERE NOT (\(isKept(behind: $0, in: caseColumn)))" } ?? rows
  }

  private func isKept(_ column: String, in caseColumn: String) -> String {
    tiers[column].map { isKept(behind: $0, in: caseColumn) } ?? "0"
  }

  /// Whether a cell of this tier stays with a site that works on the case; one that only glances at
  /// it has nothing to keep.
  private func isKept(behind tier: Tier, in caseColumn: String) -> String {
    guard Self.purposes.contains(where: { $0.key == tier }) else { return "0" }
    return """
      "\(caseColumn)" IN (SELECT id FROM closed_\(tier.rawValue))
        AND "\(caseColumn)" NOT IN (SELECT id FROM glanced)
      """
  }

  private func shown(_ column: String, unless condition: String) -> String {
    guard let tier = tiers[column], tier != .header else { return "\"\(column)\"" }
    return "iif(\(condition), NULL, \"\(column)\")"
  }

  /// All compared columns, each with its type: SQLite takes 1 and 1.0 for the same.
  private func cells(_ value: (String) -> String) -> String {
    compared.map { column in
      let cell = value(column)
      return "\(cell) AS \"\(column)\", typeof(\(cell)) AS \"\(column) type\""
    }.joined(separator: ", ")
  }
}
