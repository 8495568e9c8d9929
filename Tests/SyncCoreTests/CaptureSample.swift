import SyncCore

/// Entries of a change log, written as the doc comment of the capture triggers writes them.
///
/// `i` insert, `u:name` update of columns, `d` deletion, `e` note, each of them of one row;
/// `d@case-b` of a row in another case than `case-a`; `#80` a marker: the base of what follows.
struct CaptureSample {
  static let old: [String: Value] = ["name": "old", "worker": "w", "from": "2025", "to": "2026"]
  static let new: [String: Value] = ["name": "new", "worker": "w", "from": "2025", "to": "2026"]

  private(set) var entries: [CapturedEntry] = []
  private var n: Int64 = 0
  private var base: Int64 = 50

  init(_ script: String = "", row: String = "p", old: [String: Value] = old) {
    add(script, row: row, old: old)
  }

  mutating func add(
    _ script: String, row: String = "p", of table: Table = CountySample.person,
    old: [String: Value]? = old
  ) {
    for token in script.split(separator: " ") {
      if token.hasPrefix("#") {
        base = Int64(token.dropFirst())!
        continue
      }
      let place = token.split(separator: "@")
      let parts = place[0].split(separator: ":")
      let kinds: [Substring: CaptureKind] = ["i": .insert, "u": .update, "d": .delete, "e": .note]
      let kind = kinds[parts[0]]!
      let names = parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : []
      n += 1
      let isGone = kind == .delete || kind == .note
      let caseID =
        table.scope == .global
        ? nil : place.count > 1 ? CaseID(String(place[1])) : CountySample.caseA
      entries.append(
        CapturedEntry(
          id: EntryID(n: n, tag: -n), kind: kind, row: table.key(row),
          caseID: isGone ? caseID : nil, mask: ColumnMask(names.map(table.number)),
          oldValues: isGone ? old.map(table.row) : nil, at: n * 10, base: base))
    }
  }

  /// Settles every row, as an apply does that is about to write to it.
  mutating func settle(now: [String: LocalRowLookup]) {
    entries = entries.settled(by: coalesced(now: now).settlements)
  }

  /// - Parameter now: what stands in the replica, by row id; all other rows are gone.
  func coalesced(
    now: [String: LocalRowLookup] = [:], reachesEnd: Bool = true, pins: [String: Int64] = [:]
  ) -> Coalescing {
    let table = CountySample.person
    let bases = pins.map { ColumnBase(column: table.number($0.key), base: $0.value) }
    return Coalescing(
      entries, schema: CountySample.schema, reachesEnd: reachesEnd,
      pins: [table.key("p"): bases.sorted { $0.column < $1.column }]
    ) { now[$0.id.string] ?? .gone }
  }
}

extension [CapturedEntry] {
  /// The log after the settlements.
  func settled(by settlements: [RowKey: Coalescing.Settlement]) -> [CapturedEntry] {
    compactMap { entry in
      guard let settlement = settlements[entry.row] else { return entry }
      if settlement.void.contains(entry.id) { return nil }
      guard let update = settlement.updates.first(where: { $0.id == entry.id }) else {
        return entry
      }
      return CapturedEntry(
        id: entry.id, kind: .update, row: entry.row, caseID: nil, mask: update.columns,
        oldValues: nil, at: entry.at, base: entry.base)
    }
  }
}

extension LocalRowLookup {
  static func there(
    _ values: [String: Value] = CaptureSample.new, in caseID: CaseID = CountySample.caseA,
    of table: Table = CountySample.person
  ) -> LocalRowLookup {
    .there(LocalRow(caseID: caseID, values: table.row(values)))
  }
}

extension Change {
  /// `update name=new @case-a base 50 name<40 n 3`: all that it says but its time.
  var summary: String {
    let table = CountySample.schema.table(number: row.table)!
    func name(_ number: Int) -> String { table.column(number: number)!.name }
    let isWhole = cells.mask == table.travellingColumns
    let values = zip(cells.mask.numbers, cells.values).map { number, value in
      "\(name(number))=\(value.text ?? value.integer.map(String.init) ?? "-")"
    }
    let parts =
      ["\(kind)", isWhole ? "whole" : values.joined(separator: ","), "@\(caseID)", "base \(base)"]
      + columnBases.map { "\(name($0.column))<\($0.base)" } + ["n \(id.n)"]
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }
}
