/// The order in which the changes of a stretch of the log are sent.
///
/// Each row stands where it was first written. But a case's root goes before the rows of its case,
/// and a new row before the rows that name it: a program may write both in one transaction in any
/// order, and the hub judges a change by what it holds then.
struct SendOrder {
  /// One row, as far as its order depends on it.
  struct Item {
    let key: RowKey
    /// The number of its first entry in the log.
    let first: Int64
    /// The cases that it is, or was, in.
    let cases: [CaseID]
    let changes: [Change]
  }

  /// A row that names new ones, by their positions.
  private struct Naming {
    let position: Int
    let targets: [Int]
  }

  private let schema: Schema
  /// How many tables stand between a table and one that names no other: a row has a greater rank
  /// than every row that it names.
  private let ranks: [Int: Int]
  /// The tables whose rows others name. Most rows are of other tables, and cost nothing here.
  private let namedTables: Set<Int>

  init(schema: Schema) {
    self.schema = schema
    ranks = Self.ranks(in: schema)
    namedTables = Set(
      schema.tables.flatMap(\.columns).compactMap { $0.namedTable.flatMap(schema.table(named:)) }
        .map(\.number))
  }

  /// The positions of `items` in the order in which they must be sent.
  func positions(of items: [Item]) -> [Int] {
    var places = items.map(\.first)
    placeRoots(of: items, in: &places)
    var newRows: [RowKey: Int] = [:]
    for (position, item) in items.enumerated()
    where namedTables.contains(item.key.table) && item.changes.contains(where: \.isInsertion) {
      newRows[item.key] = position
    }
    let rank = items.map { ranks[$0.key.table] ?? 0 }
    var naming: [Naming] = []
    if !newRows.isEmpty {
      for (position, item) in items.enumerated() {
        let targets = named(by: item).compactMap { newRows[$0] }
        if !targets.isEmpty { naming.append(Naming(position: position, targets: targets)) }
      }
    }
    // Those that nobody names first: what they pull forward pulls what it names in its turn.
    naming.sort { (rank[$1.position], $0.position) < (rank[$0.position], $1.position) }
    for row in naming {
      for target in row.targets { places[target] = min(places[target], places[row.position]) }
    }
    return items.indices.sorted {
      (places[$0], rank[$0], items[$0].first) < (places[$1], rank[$1], items[$1].first)
    }
  }

  private func placeRoots(of items: [Item], in places: inout [Int64]) {
    guard let root = schema.caseRoot else { return }
    var firstOfCase: [CaseID: Int64] = [:]
    for item in items {
      for caseID in item.cases {
        firstOfCase[caseID] = min(firstOfCase[caseID] ?? .max, item.first)
      }
    }
    for position in items.indices where items[position].key.table == root.number {
      places[position] = firstOfCase[CaseID(text: items[position].key.id.text)] ?? places[position]
    }
  }

  /// The rows whose ids stand in the columns that its changes carry.
  private func named(by item: Item) -> [RowKey] {
    guard let table = schema.table(number: item.key.table) else { return [] }
    return table.columns.flatMap { column -> [RowKey] in
      guard let target = column.namedTable.flatMap(schema.table(named:)) else { return [] }
      return item.changes.compactMap { change in
        guard change.kind != .delete, let id = change.cells[column.number]?.text else { return nil }
        return RowKey(table: target.number, id: RowID(id))
      }
    }
  }

  private static func ranks(in schema: Schema) -> [Int: Int] {
    var ranks = [Int: Int](uniqueKeysWithValues: schema.tables.map { ($0.number, 0) })
    // A chain is no longer than all tables: where tables name each other in a ring, it ends there.
    for _ in schema.tables {
      for table in schema.tables {
        var named = table.columns.compactMap { $0.namedTable.flatMap(schema.table(named:)) }
        if table.scope == .ofCase, let root = schema.caseRoot { named.append(root) }
        let others = named.lazy.filter { $0.number != table.number }
        ranks[table.number] = others.compactMap { ranks[$0.number] }.max().map { $0 + 1 } ?? 0
      }
    }
    return ranks
  }
}

extension Change {
  fileprivate var isInsertion: Bool { kind == .insert }
}

extension Column {
  /// The table whose rows' ids the column holds, if the schema says so.
  package var namedTable: String? {
    if case .row(let table) = follows { return table }
    return references ?? mentions
  }
}
