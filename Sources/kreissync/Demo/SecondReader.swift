import SyncCore

/// Compares replicas with their hub without trusting anything that keeps them equal.
///
/// Digests, row encoding and storage agree with themselves even where all of them are wrong. This
/// reader opens the files through SQLite's C interface, asks them which tables and columns they
/// have, and compares every cell of every row, type and bytes. From the product it takes one thing:
/// which columns are declared `local` and must not travel at all.
struct SecondReader {
  private let hub: PlainClient
  private let tables: [ReadTable]

  init(hubPath: String, schema: Schema) throws {
    let hub = try PlainClient(path: hubPath, isReader: true)
    self.hub = hub
    tables = try Self.tableNames(in: hub).map { name in
      let local = schema.table(named: name)?.columns.filter { $0.tier == .local }.map(\.name)
      return ReadTable(
        name: name, columns: try Self.columnNames(of: name, in: hub), local: Set(local ?? []))
    }
  }

  /// The ids of all cases at the hub.
  func cases() throws -> Set<PlainCell> {
    Set(try hub.rows("SELECT id FROM case_file").map { $0[0] })
  }

  /// Cells of columns declared local that hold something at the hub, where nothing may be.
  func leakedLocalCells() throws -> [String] {
    try tables.flatMap { table in
      try table.local.sorted().compactMap { column in
        let count = try hub.rows("SELECT count(\"\(column)\") FROM \"\(table.name)\"")[0][0]
        return count == .integer(0)
          ? nil : "\(table.name).\(column): \(count.display) cells of a local column at the hub"
      }
    }
  }

  /// Compares a replica with what the hub holds of the given cases and of the tables without case,
  /// in both directions.
  func compare(replicaPath: String, holding cases: Set<PlainCell>) throws -> Comparison {
    let replica = try PlainClient(path: replicaPath, isReader: true)
    var comparison = Comparison()
    let names = try Self.tableNames(in: replica)
    if names != tables.map(\.name) {
      comparison.differences.append("the replica has other tables: \(names)")
    }
    for table in tables where names.contains(table.name) {
      let columns = try Self.columnNames(of: table.name, in: replica)
      guard columns.sorted() == table.columns.sorted() else {
        comparison.differences.append("\(table.name): other columns than at the hub: \(columns)")
        continue
      }
      let expected = try rows(of: table, in: hub, cases: cases)
      let found = try rows(of: table, in: replica, cases: nil)
      comparison.add(table, expected: expected, found: found)
    }
    return comparison
  }

  private func rows(
    of table: ReadTable, in client: PlainClient, cases: Set<PlainCell>?
  ) throws -> [PlainCell: [PlainCell]] {
    let columns = table.compared.map { "\"\($0)\"" }.joined(separator: ", ")
    let place = table.casePosition
    var rows: [PlainCell: [PlainCell]] = [:]
    try client.forEach("SELECT \(columns) FROM \"\(table.name)\"") { cells in
      if let place, let cases, !cases.contains(cells[place]) { return }
      rows[cells[0]] = cells
    }
    return rows
  }

  private static func tableNames(in client: PlainClient) throws -> [String] {
    try client.rows(
      """
      SELECT name FROM sqlite_schema
      WHERE type = 'table' AND name NOT LIKE 'kreissync\\_%' ESCAPE '\\'
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      ORDER BY name
      """
    ).map { $0[0].string }
  }

  private static func columnNames(of table: String, in client: PlainClient) throws -> [String] {
    try client.rows("PRAGMA table_info(\"\(table)\")").map { $0[1].string }
  }
}

/// What was compared and what differs.
struct Comparison {
  private(set) var rowCount = 0
  private(set) var cellCount = 0
  /// Place and side of each difference; no values.
  fileprivate(set) var differences: [String] = []

  fileprivate mutating func add(
    _ table: ReadTable, expected: [PlainCell: [PlainCell]], found: [PlainCell: [PlainCell]]
  ) {
    rowCount += expected.count
    cellCount += expected.count * table.compared.count
    for (id, cells) in expected.sorted(by: { $0.key.display < $1.key.display }) {
      guard let other = found[id] else {
        differences.append("\(table.name) \(id.display): missing in the replica")
        continue
      }
      for (column, (left, right)) in zip(table.compared, zip(cells, other)) where left != right {
        differences.append("\(table.name) \(id.display): \(column) differs")
      }
    }
    for id in found.keys where expected[id] == nil {
      differences.append("\(table.name) \(id.display): the replica should not have it")
    }
  }
}

/// A table as the hub's file describes it.
private struct ReadTable {
  let name: String
  let columns: [String]
  let local: Set<String>

  /// `id` first.
  var compared: [String] { ["id"] + columns.filter { $0 != "id" && !local.contains($0) } }

  /// Where the row's case stands among the compared columns; nil in a table without cases.
  var casePosition: Int? {
    name == "case_file" ? 0 : compared.firstIndex(of: "case_id")
  }
}

extension PlainCell {
  fileprivate var string: String {
    if case .text(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { "" }
  }
}
