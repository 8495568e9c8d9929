import SyncCore
import Testing

/// Laws that hold for every log that a replica can have written.
@Suite("Coalescing random logs")
struct CoalescePropertyTests {
  private static let seeds = (0..<20).map { UInt64($0) * 150..<UInt64($0 + 1) * 150 }

  @Test("played upon the hub's rows, the changes give the replica's rows", arguments: seeds)
  func replay(seeds: Range<UInt64>) {
    for seed in seeds {
      let replica = RandomReplica(seed: seed)
      var hub = replica.before
      for change in replica.coalesced().changes { hub.play(change) }
      #expect(hub == replica.now, "seed \(seed): \(replica.story)")
    }
  }

  @Test("every entry that was a change is found once, parked or cut off or not", arguments: seeds)
  func conservation(seeds: Range<UInt64>) {
    for seed in seeds {
      let replica = RandomReplica(seed: seed)
      for unfit in [[], replica.someRows] {
        for count in [replica.entries.count, replica.entries.count / 2] {
          let coalescing = replica.coalesced(count: count, unfit: unfit)
          let kept =
            coalescing.changes.map(\.id) + coalescing.coalesced + coalescing.withheld
            + coalescing.parked.map(\.id)
          let all = replica.entries.prefix(count)
          #expect(Set(kept).count == kept.count, "seed \(seed)")
          #expect(Set(coalescing.void).isDisjoint(with: kept), "seed \(seed)")
          #expect(Set(kept + coalescing.void) == Set(all.map(\.id)), "seed \(seed)")
          let notes = all.filter { $0.kind == .note }.map(\.id)
          #expect(Set(coalescing.void).isSubset(of: notes), "seed \(seed)")
          #expect(count == replica.entries.count || coalescing.missing.isEmpty, "seed \(seed)")
        }
      }
    }
  }

  @Test("any entries at all are accounted for, also those that no replica writes", arguments: seeds)
  func nonsense(seeds: Range<UInt64>) {
    for seed in seeds {
      var random = SeededGenerator(seed: seed)
      var log = CaptureSample()
      for _ in 0..<random.number(0...8) {
        log.add(
          random.pick(["i", "u:name", "u:desk", "d", "e", "d@case-b", "#\(random.number(1...9))"]),
          row: random.pick(["p", "q"]))
      }
      let states: [LocalRowLookup] = [
        .gone, .there(), .there(in: CountySample.caseB), .unfit(CountySample.caseA, .rowTooLong),
      ]
      let coalescing = log.coalesced(now: ["p": random.pick(states), "q": random.pick(states)])
      let all =
        coalescing.changes.map(\.id) + coalescing.coalesced + coalescing.withheld
        + coalescing.parked.map(\.id) + coalescing.void
      #expect(all.map(\.n).sorted() == log.entries.map(\.id.n), "seed \(seed)")
    }
  }

  @Test("a column's base is the oldest of what was written to it or its group", arguments: seeds)
  func bases(seeds: Range<UInt64>) {
    for seed in seeds {
      let replica = RandomReplica(seed: seed)
      let coalescing = replica.coalesced(pins: replica.pins)
      let void = Set(coalescing.void)
      for change in coalescing.changes where change.kind != .delete {
        guard coalescing.changes.count(where: { $0.row == change.row }) == 1 else { continue }
        let table = CountySample.schema.table(number: change.row.table)!
        let written = replica.entries.filter { $0.row == change.row && !void.contains($0.id) }
        for number in change.cells.mask.numbers {
          // A row that was replaced may show a column's edit only later: see the law of settling.
          guard written.allSatisfy({ $0.kind == .update }) else { continue }
          let touching = written.filter { table.widenedToGroups($0.mask).contains(number) }
          let pin = replica.pins[change.row]?.first { $0.column == number }?.base ?? .max
          let oldest = touching.map(\.base).min() ?? .max
          #expect(change.base(ofColumn: number) == min(oldest, pin), "seed \(seed)")
        }
      }
    }
  }

  @Test("settled entries say the same, and what an apply then writes is no edit", arguments: seeds)
  func settlement(seeds: Range<UInt64>) {
    for seed in seeds {
      var replica = RandomReplica(seed: seed)
      let before = replica.coalesced(pins: replica.pins)
      replica.settleAndOverwrite(before)
      let after = replica.coalesced(pins: replica.pins)
      // Their order may differ: a note of nothing no longer tells when a row came first.
      #expect(Set(after.changes) == Set(before.changes), "seed \(seed): \(replica.story)")
      #expect(Set(after.coalesced) == Set(before.coalesced), "seed \(seed)")
      #expect(Set(after.withheld) == Set(before.withheld), "seed \(seed)")
    }
  }

  @Test("a case's root is sent before its rows", arguments: seeds)
  func rootFirst(seeds: Range<UInt64>) {
    for seed in seeds {
      let changes = RandomReplica(seed: seed).coalesced().changes
      var seen: Set<CaseID> = []
      for change in changes {
        if change.row.table == CountySample.caseFile.number {
          #expect(!seen.contains(change.caseID), "seed \(seed)")
        }
        seen.insert(change.caseID)
      }
    }
  }

  @Test("what is not parked is sent as if nothing were parked", arguments: seeds)
  func parking(seeds: Range<UInt64>) {
    for seed in seeds {
      let replica = RandomReplica(seed: seed)
      let free = replica.coalesced()
      let held = replica.coalesced(unfit: replica.someRows)
      let heldCases = Set(held.parked.map(\.caseID))
      let rowOf = Dictionary(uniqueKeysWithValues: replica.entries.map { ($0.id, $0.row) })
      let heldRows = Set(held.parked.map { rowOf[$0.id]! })
      #expect(held.changes.allSatisfy { !heldCases.contains($0.caseID) }, "seed \(seed)")
      #expect(
        Set(held.changes) == Set(free.changes.filter { !heldRows.contains($0.row) }),
        "seed \(seed)")
      let unfitCases = Set(
        replica.someRows.filter(heldRows.contains).compactMap { replica.now.rows[$0]?.caseID })
      #expect(heldCases == unfitCases, "seed \(seed)")
    }
  }
}

/// Rows by key, as a replica or a hub without any rules holds them.
private struct PlainRows: Equatable {
  struct Row: Equatable {
    var caseID: CaseID
    var values: [Value]
  }

  var rows: [RowKey: Row] = [:]

  mutating func play(_ change: Change) {
    let table = CountySample.schema.table(number: change.row.table)!
    switch change.kind {
    case .insert:
      // As at the hub, nothing comes alive in one case while it lives in another.
      guard rows[change.row].map({ $0.caseID == change.caseID }) ?? true else { return }
      rows[change.row] = Row(
        caseID: change.caseID, values: table.columns.map { change.cells[$0.number] ?? .null })
    case .update:
      guard rows[change.row]?.caseID == change.caseID else { return }
      for (position, column) in table.columns.enumerated() {
        guard let value = change.cells[column.number] else { continue }
        rows[change.row]!.values[position] = value
      }
    case .delete:
      if rows[change.row]?.caseID == change.caseID { rows[change.row] = nil }
    }
  }

  static func == (left: PlainRows, right: PlainRows) -> Bool {
    left.travelling == right.travelling
  }

  private var travelling: [RowKey: Row] {
    Dictionary(
      uniqueKeysWithValues: rows.map { key, row in
        let table = CountySample.schema.table(number: key.table)!
        var row = row
        for (position, column) in table.columns.enumerated() where column.tier == .local {
          row.values[position] = .null
        }
        return (key, row)
      })
  }
}

/// A replica on which a program ran random statements, with the log that the triggers left.
private struct RandomReplica {
  private(set) var before = PlainRows()
  private(set) var now = PlainRows()
  private(set) var entries: [CapturedEntry] = []
  private(set) var pins: [RowKey: [ColumnBase]] = [:]
  private(set) var someRows: Set<RowKey> = []
  private var random: SeededGenerator
  private var base: Int64 = 10

  private static let cases = [CountySample.caseA, CountySample.caseB, CaseID("case-c")]
  private static let roots = cases.map { CountySample.caseFile.key($0.string) }
  private static let others =
    ["p", "q"].map(CountySample.person.key)
    + [CountySample.talk.key("t"), CountySample.worker.key("w")]

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
    for key in Self.roots + Self.others where random.chance(60) {
      before.rows[key] = randomRow(key)
    }
    now = before
    for _ in 0..<random.number(1...12) { runStatement() }
    for key in Self.others where random.chance(40) {
      let table = CountySample.schema.table(number: key.table)!
      pins[key] = table.travellingColumns.numbers.compactMap {
        random.chance(30) ? ColumnBase(column: $0, base: Int64(random.number(1...60))) : nil
      }
    }
    someRows = Set((Self.roots + Self.others).filter { _ in random.chance(20) })
  }

  var story: String {
    entries.map { "\($0.kind) \($0.row.id)\($0.caseID.map { "@\($0)" } ?? "")" }.joined(
      separator: ", ")
  }

  func coalesced(
    count: Int? = nil, unfit: Set<RowKey> = [], pins: [RowKey: [ColumnBase]] = [:]
  ) -> Coalescing {
    Coalescing(
      Array(entries.prefix(count ?? entries.count)), schema: CountySample.schema,
      reachesEnd: count == nil || count == entries.count, pins: pins
    ) { key in
      guard let row = now.rows[key] else { return .gone }
      return unfit.contains(key)
        ? .unfit(row.caseID, .textTooLong)
        : .there(LocalRow(caseID: row.caseID, values: row.values))
    }
  }

  /// As an apply: settles the rows that stand and writes to all of their columns that the changes
  /// do not keep.
  mutating func settleAndOverwrite(_ coalescing: Coalescing) {
    entries = entries.settled(by: coalescing.settlements)
    for key in (Self.roots + Self.others) {
      let mine = coalescing.changes.filter { $0.row == key }
      guard now.rows[key] != nil, mine.allSatisfy({ $0.kind == .update }) else { continue }
      let table = CountySample.schema.table(number: key.table)!
      let kept = mine.reduce(ColumnMask.empty) { $0.union($1.cells.mask) }
      for (position, column) in table.columns.enumerated() where !kept.contains(column.number) {
        now.rows[key]!.values[position] = .integer(99)
      }
    }
  }

  // MARK: Statements

  private mutating func randomRow(_ key: RowKey) -> PlainRows.Row {
    let table = CountySample.schema.table(number: key.table)!
    let caseID = table.place(of: key.id, stored: random.pick(Self.cases))
    return PlainRows.Row(
      caseID: caseID, values: table.columns.map { _ in .integer(Int64(random.number(1...3))) })
  }

  private mutating func log(_ kind: CaptureKind, _ key: RowKey, mask: ColumnMask = .empty) {
    let table = CountySample.schema.table(number: key.table)!
    let isGone = kind == .delete || kind == .note
    let n = Int64(entries.count + 1)
    entries.append(
      CapturedEntry(
        id: EntryID(n: n, tag: n), kind: kind, row: key,
        caseID: isGone && table.scope != .global ? now.rows[key]!.caseID : nil, mask: mask,
        oldValues: isGone ? now.rows[key]!.values : nil, at: n, base: base))
  }

  private mutating func runStatement() {
    let key = random.pick(Self.roots + Self.others + Self.others)
    if random.chance(25) { base += Int64(random.number(1...9)) }
    guard now.rows[key] != nil else { return insert(key) }
    switch random.number(1...10) {
    case 1: log(.note, key)
    case 2: upsert(key)
    case 3: evict(key)
    case 4: replace(key)
    case 5, 6: delete(key)
    case 7: move(key)
    default: update(key)
    }
  }

  private mutating func insert(_ key: RowKey) {
    now.rows[key] = randomRow(key)
    // A foreign trigger behind INSERT may run before ours.
    if random.chance(15) { update(key) }
    log(.insert, key)
  }

  private mutating func delete(_ key: RowKey) {
    log(.delete, key)
    now.rows[key] = nil
  }

  private mutating func upsert(_ key: RowKey) {
    log(.note, key)
    update(key)
  }

  private mutating func evict(_ key: RowKey) {
    for _ in 0..<random.number(1...2) { log(.note, key) }
    if random.chance(50) { log(.delete, key) }
    now.rows[key] = nil
  }

  private mutating func replace(_ key: RowKey) {
    evict(key)
    insert(key)
  }

  private mutating func update(_ key: RowKey) {
    let table = CountySample.schema.table(number: key.table)!
    let row = randomRow(key)
    var mask = ColumnMask.empty
    for (position, column) in table.columns.enumerated() where random.chance(25) {
      guard now.rows[key]!.values[position] != row.values[position] else { continue }
      now.rows[key]!.values[position] = row.values[position]
      mask.insert(column.number)
    }
    if !mask.isEmpty { log(.update, key, mask: mask) }
  }

  private mutating func move(_ key: RowKey) {
    let row = randomRow(key)
    guard row.caseID != now.rows[key]!.caseID else { return }
    log(.delete, key)
    now.rows[key] = row
    log(.insert, key)
  }
}
