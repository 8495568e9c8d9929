import SyncCore
import Testing

/// The tables of ``CaseGates`` and ``GatedChange``, cell by cell, and digests for all open gates.
@Suite("Gates in the core")
struct GateTests {
  private static let held: TierSet = [.header, .personal, .notes]

  private func tiers(
    _ role: Role, isCounty: Bool = false, open: TierSet = .header, hasOpened: Bool = false,
    had: TierSet = .all
  ) -> TierSet {
    CaseGates(held: Self.held).tiers(
      of: role, isCounty: isCounty, open: open, hasOpenedCase: hasOpened, had: had)
  }

  @Test("Who opened a case and leads it gets all that is held; the county's sites, too")
  func openersAndCounty() {
    #expect(tiers(.lead, hasOpened: true) == Self.held)
    #expect(tiers(.lead, isCounty: true) == Self.held)
    #expect(tiers(.contributor, isCounty: true) == Self.held)
  }

  @Test("A lead by hand-over gets all that is held where the person may be known to it")
  func newLead() {
    #expect(tiers(.lead) == .header)
    #expect(tiers(.lead, open: [.header, .special]) == .header)
    #expect(tiers(.lead, open: [.header, .personal]) == Self.held)
  }

  @Test("A contributor gets what is open for it, out of what is held")
  func contributor() {
    #expect(tiers(.contributor) == .header)
    #expect(tiers(.contributor, open: [.header, .personal]) == [.header, .personal])
    #expect(tiers(.contributor, open: .all) == Self.held)
    #expect(tiers(.contributor, open: [.header, .special]) == .header)
  }

  @Test(
    "A former lead keeps what it had until the closing; a reader has the header; a mention nothing")
  func others() {
    #expect(tiers(.formerLead) == Self.held)
    #expect(tiers(.formerLead, had: .header) == .header)
    for isCounty in [true, false] {
      #expect(tiers(.reader, isCounty: isCounty, open: .all) == .header)
      #expect(tiers(.mention, isCounty: isCounty, open: .all) == .nothing)
    }
  }

  @Test("While a case is restricted all that work on it have the header, but for its lead")
  func restricted() {
    let gates = CaseGates(held: Self.held, isRestricted: true)
    func tiers(_ role: Role, isCounty: Bool) -> TierSet {
      gates.tiers(of: role, isCounty: isCounty, open: .all, hasOpenedCase: true, had: .all)
    }
    for isCounty in [true, false] {
      #expect(tiers(.lead, isCounty: isCounty) == Self.held)
      // It stores what it has, works on nothing, and loses it with the closing.
      #expect(tiers(.formerLead, isCounty: isCounty) == Self.held)
      for role in [Role.contributor, .reader] {
        #expect(tiers(role, isCounty: isCounty) == .header)
      }
      #expect(tiers(.mention, isCounty: isCounty) == .nothing)
    }
  }

  // MARK: Changes

  private static func column(_ number: Int, _ tier: Tier) -> Column {
    Column(
      number: number, name: "c\(number)", label: "c", type: .text, tier: tier, policy: .lead)
  }

  private static func table(_ tiers: Tier...) -> Table {
    Table(
      number: 1, name: "t", label: "t", scope: .ofCase, isAppendOnly: false, isHubOnly: false,
      retentionMonths: nil,
      columns: tiers.enumerated().map { column($0 + 1, $1) })
  }

  private static let mixed = table(.header, .personal, .notes)
  private static let person = table(.personal, .personal)

  private func change(_ kind: ChangeKind, _ columns: [Int]) -> Change {
    Change(
      id: EntryID(n: 1, tag: 1), kind: kind, row: RowKey(table: 1, id: RowID("r")),
      caseID: CaseID("c"),
      cells: Cells(mask: ColumnMask(columns), values: columns.map { .integer(Int64($0)) }),
      base: 5, columnBases: columns.map { ColumnBase(column: $0, base: 4) }, editedAt: 9,
      columnTimes: kind == .delete ? [] : columns.map { ColumnTime(column: $0, editedAt: 8) })
  }

  @Test("A row with a header passes without its closed columns")
  func mixedRows() {
    let insertion = GatedChange(
      change(.insert, [1, 2, 3]), in: Self.mixed, open: [.header, .personal])
    #expect(insertion.passing?.cells == Cells(mask: ColumnMask([1, 2]), values: [1, 2]))
    #expect(insertion.passing?.columnBases.map(\.column) == [1, 2])
    #expect(insertion.passing?.columnTimes.map(\.column) == [1, 2])
    #expect(insertion.closed == ColumnMask([3]))
    let update = GatedChange(change(.update, [3]), in: Self.mixed, open: .header)
    #expect(update.passing == nil && update.closed == ColumnMask([3]))
    let deletion = GatedChange(change(.delete, [1, 3]), in: Self.mixed, open: .header)
    #expect(deletion.passing?.cells.mask == ColumnMask([1]) && deletion.closed.isEmpty)
    let whole = GatedChange(change(.insert, [1, 2, 3]), in: Self.mixed, open: .all)
    #expect(whole.passing == change(.insert, [1, 2, 3]) && whole.closed.isEmpty)
  }

  @Test("Of a row without an open column nothing passes, neither its id nor its deletion")
  func hiddenRows() {
    for kind in [ChangeKind.insert, .update, .delete] {
      #expect(
        GatedChange(change(kind, [1, 2]), in: Self.person, open: [.header, .notes]).passing == nil)
      #expect(
        GatedChange(change(kind, [1, 2]), in: Self.person, open: [.header, .personal]).passing
          == change(kind, [1, 2]))
    }
    let replaced = GatedChange(change(.update, []), in: Self.mixed, open: .header)
    #expect(replaced.passing != nil && replaced.closed.isEmpty)
  }

  // MARK: Digests

  @Test("A case's digest for each set of tiers is the sum of its rows as those tiers show them")
  func digests() {
    var numbers = SeededGenerator(seed: 3)
    var digester = RowDigester(key: CountySample.key)
    let tables = [Self.mixed, Self.person, Self.table(.header), Self.table(.special, .notes)]
    var sums = TierDigests.zero
    var expected: [TierSet: Digest128] = [:]
    for number in 0..<200 {
      let table = tables.randomElement(using: &numbers)!
      let key = RowKey(table: 1, id: RowID("r\(number)"))
      let row = table.columns.map { _ in
        Bool.random(using: &numbers) ? Value.null : .integer(Int64(number))
      }
      // Of one table at a time: they share a number here.
      var single = RowDigester(key: CountySample.key)
      sums += single.digests(of: key, caseID: CaseID("c"), row: row, in: table)
      for tiers in TierSet.digested {
        let terms = GrantTerms(.reader, tiers)
        guard table.isVisible(to: terms) else { continue }
        expected[tiers, default: .zero] += digester.digest(
          of: key, caseID: CaseID("c"), row: row.masked(table.columns(visibleTo: terms), in: table),
          in: table)
      }
    }
    for tiers in TierSet.digested { #expect(sums[tiers] == expected[tiers] ?? .zero) }
    #expect(sums[TierSet.nothing] == .zero && sums[[.personal]] == .zero)
    #expect(TierDigests(bytes: sums.bytes) == sums)
    #expect(TierDigests(bytes: Array(sums.bytes.dropLast())) == nil)
  }
}
