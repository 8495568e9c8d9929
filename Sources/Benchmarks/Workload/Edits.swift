import SyncCore

/// How many rows a delta updates, inserts and deletes.
package struct DeltaSize: Sendable, Equatable {
  package let updates: Int
  package let inserts: Int
  package let deletes: Int

  package var count: Int { updates + inserts + deletes }

  /// A night of a caseload: 2 % updated, 0.5 % inserted, 0.1 % deleted, in whole rows.
  package static func nightly(of rowCount: Int) -> DeltaSize {
    DeltaSize(updates: rowCount / 50, inserts: rowCount / 200, deletes: rowCount / 1_000)
  }

  /// So many changes in the proportions of a night.
  package static func changes(_ count: Int) -> DeltaSize {
    let (inserts, deletes) = (count * 5 / 26, count / 26)
    return DeltaSize(updates: count - inserts - deletes, inserts: inserts, deletes: deletes)
  }

  package static func updates(_ count: Int) -> DeltaSize {
    DeltaSize(updates: count, inserts: 0, deletes: 0)
  }
}

/// One delta after the other over a caseload: each knows what those before it inserted and deleted.
///
/// Writes come in the order of tables and keys, each row at most once in a delta.
package struct Edits {
  private struct Place: Hashable {
    let table: WorkTable
    let row: Int
  }

  private let workload: Workload
  private var generator: SeededGenerator
  private var nextRow: [WorkTable: Int] = [:]
  private var deleted: Set<Place> = []

  package init(of workload: Workload, seed: UInt64) {
    self.workload = workload
    generator = SeededGenerator(seed: seed)
  }

  /// Updates of one or two columns, inserts of consultations and goals, deletes of the same.
  package mutating func next(_ size: DeltaSize) -> OperationList {
    var taken: Set<Place> = []
    let deletes = (0..<size.deletes).map { _ in
      place(in: [.consultation, .goal], beside: &taken)
    }
    deleted.formUnion(deletes)
    let updates = (0..<size.updates).map { _ in
      place(in: [.person, .consultation, .goal], beside: &taken)
    }
    let list = OperationList()
    for table in WorkTable.allCases where table.isCounted {
      for row in updates.filter({ $0.table == table }).map(\.row).sorted() {
        update(row, of: table, list)
      }
      for row in deletes.filter({ $0.table == table }).map(\.row).sorted() {
        list.append(table.deleteSQL, [list.arena.keep(workload.id(row, of: table))])
      }
      let inserts = share(of: table, in: size.inserts)
      let first = nextRow[table] ?? workload.count(of: table)
      for row in first..<first + inserts { workload.insert(row, into: table, list) }
      nextRow[table] = first + inserts
    }
    return list
  }

  /// The first living goals, each with another value in one column: two sites' edits of one set of
  /// rows.
  ///
  /// - Parameters:
  ///   - count: how many; fewer where the caseload has no more.
  ///   - column: which of their columns gets another value.
  package mutating func goals(_ count: Int, column: String) -> OperationList {
    let living = (0..<workload.count(of: .goal)).lazy.filter { [deleted] in
      !deleted.contains(Place(table: .goal, row: $0))
    }
    let list = OperationList()
    var texts = WorkTexts(seed: generator.next(), arena: list.arena)
    for row in living.prefix(count) {
      list.append(
        WorkTable.goal.updateSQL([column]),
        [texts.cell(of: column), list.arena.keep(workload.id(row, of: .goal))])
    }
    return list
  }

  private mutating func update(_ row: Int, of table: WorkTable, _ list: OperationList) {
    let columns = generator.pick(Self.changedColumns(of: table))
    var texts = WorkTexts(seed: generator.next(), arena: list.arena)
    let cells = columns.map { texts.cell(of: $0) }
    list.append(table.updateSQL(columns), cells + [list.arena.keep(workload.id(row, of: table))])
  }

  private static func changedColumns(of table: WorkTable) -> [[String]] {
    switch table {
    case .person: [["phone"], ["email"], ["phone", "email"]]
    case .consultation: [["minutes"], ["note"], ["minutes", "note"]]
    case .goal: [["target_date"], ["step_owner"], ["target_date", "step_owner"]]
    case .caseFile, .consent: preconditionFailure("no delta touches \(table)")
    }
  }

  private func share(of table: WorkTable, in count: Int) -> Int {
    switch table {
    case .consultation: count - count / 5
    case .goal: count / 5
    case .caseFile, .consent, .person: 0
    }
  }

  /// A living row of the caseload that this delta has not taken yet, each as likely as any other.
  private mutating func place(in tables: [WorkTable], beside taken: inout Set<Place>) -> Place {
    let count = tables.reduce(0) { $0 + workload.count(of: $1) }
    while true {
      var number = generator.number(0...(count - 1))
      for table in tables {
        guard number >= workload.count(of: table) else {
          let place = Place(table: table, row: number)
          guard !deleted.contains(place), taken.insert(place).inserted else { break }
          return place
        }
        number -= workload.count(of: table)
      }
    }
  }
}
