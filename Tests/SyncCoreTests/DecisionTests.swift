import SyncCore
import Testing

/// Steps 1 to 5 of the table of ``Decision``: who may change what at all.
@Suite("Decisions: what is refused, and how a case opens")
struct DecisionTests {
  private static let person = CountySample.person.key("p")

  private func hub() -> HubSample {
    var hub = HubSample()
    hub.put(Self.person, ["name": "old"])
    return hub
  }

  private func expectRefused(
    _ change: Change, _ rule: Rule, as role: Role? = .lead,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let plan = hub().decide([change], by: CountySample.lead, as: role)
    #expect(
      plan.answers == [Answer(id: change.id, verdict: .refused, rule: rule)],
      sourceLocation: sourceLocation)
    #expect(
      plan.hasNoEffect && plan.ledger.isEmpty && plan.proposals.isEmpty,
      sourceLocation: sourceLocation)
  }

  private func raw(
    _ kind: ChangeKind, _ key: RowKey, in caseID: CaseID = CountySample.caseA,
    _ cells: [Int: Value] = [:], base: Int64 = 50
  ) -> Change {
    let numbers = cells.keys.sorted()
    return Change(
      id: EntryID(n: 1, tag: 1), kind: kind, row: key, caseID: caseID,
      cells: Cells(mask: ColumnMask(numbers), values: numbers.map { cells[$0]! }), base: base,
      editedAt: 1)
  }

  @Test("a table that the schema does not name is refused")
  func unknownTable() {
    expectRefused(raw(.insert, RowKey(table: 9, id: RowID("x"))), .unknownTable)
  }

  @Test("a column that the schema does not name, or that may not travel, is refused")
  func unknownColumn() {
    expectRefused(raw(.update, Self.person, [60: "x"]), .unknownColumn)
    expectRefused(
      raw(.update, Self.person, [CountySample.person.number("desk"): "x"]), .unknownColumn)
  }

  @Test("a value that the column cannot hold is refused")
  func valueNotAllowed() {
    expectRefused(raw(.update, Self.person, [1: 5]), .valueNotAllowed)
    expectRefused(raw(.update, Self.person, [6: "x"]), .valueNotAllowed)
    expectRefused(raw(.update, Self.person, [1: .null]), .valueNotAllowed)
    expectRefused(raw(.insert, CountySample.person.key("q"), [2: "x"]), .valueNotAllowed)
    expectRefused(raw(.insert, CountySample.person.key(""), [1: "x"]), .valueNotAllowed)
  }

  @Test("a base that nobody can have seen is refused")
  func baseAboveTheHead() {
    expectRefused(
      raw(.update, Self.person, [1: "x"], base: CountySample.headSeq + 1), .valueNotAllowed)
  }

  @Test("a row that no page could carry is refused")
  func rowTooLong() {
    let text = Value.text(String(repeating: "x", count: RowLimit.rowByteCountMax + 1))
    expectRefused(raw(.update, Self.person, [1: text]), .valueNotAllowed)
  }

  @Test("a row that does not stand where its table's rows stand is refused")
  func misplaced() {
    expectRefused(raw(.insert, Self.person, in: .none, [1: "x"]), .valueNotAllowed)
    expectRefused(raw(.insert, CountySample.worker.key("w"), [1: "x"]), .valueNotAllowed)
    expectRefused(raw(.insert, CountySample.caseFile.key("other"), [1: "2025"]), .valueNotAllowed)
  }

  @Test("a table that the hub alone writes is refused to sites, and open to the hub")
  func hubOnly() {
    let change = Change.of(.insert, CountySample.site.key("s"), ["name": "x"], in: .none)
    expectRefused(change, .hubWritesOnly)
    let plan = hub().decide([change], by: .hub, as: nil)
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(plan.rows.map(\.writer) == [.hub])
  }

  @Test(
    "only a lead or contributor may write", arguments: [nil, .reader, .formerLead] as [Role?])
  func notGranted(role: Role?) {
    expectRefused(.of(.update, Self.person, ["name": "x"]), .notGranted, as: role)
    expectRefused(.of(.delete, Self.person), .notGranted, as: role)
    expectRefused(.of(.insert, CountySample.person.key("q"), ["name": "x"]), .notGranted, as: role)
    expectRefused(
      .of(.insert, CountySample.caseFile.key("case-a"), ["opened_on": "2025-01-01"]), .notGranted,
      as: role)
  }

  @Test("rows of a case that nobody opened are refused, but for their deletion")
  func unopenedCase() {
    let nowhere = CaseID("nowhere")
    expectRefused(
      .of(.insert, CountySample.person.key("q"), ["name": "x"], in: nowhere), .notGranted, as: nil)
    expectRefused(.of(.update, Self.person, ["name": "x"], in: nowhere), .notGranted, as: nil)
    // A case that was opened and deleted between two sessions.
    let plan = hub().decide(
      [
        .of(.delete, CountySample.caseFile.key("nowhere"), in: nowhere),
        .of(.delete, CountySample.person.key("q"), ["name": "x"], n: 2, in: nowhere),
      ], by: CountySample.contributor, as: nil)
    #expect(plan.answers.map(\.verdict) == [.applied, .applied])
    #expect(plan.hasNoEffect)
  }

  @Test("a new case is led by who opens it and shared with those who share its area")
  func newCase() {
    let caseID = CaseID("case-n")
    let root = CountySample.caseFile.key("case-n")
    let plan = hub().decide(
      [
        .of(.insert, root, ["opened_on": "2025-01-01"], in: caseID),
        .of(.insert, CountySample.person.key("q"), ["name": "x"], n: 2, in: caseID),
      ], by: CountySample.contributor, as: nil)
    #expect(plan.answers.map(\.verdict) == [.applied, .applied])
    #expect(
      plan.grants == [
        Grant(
          caseID: caseID, site: CountySample.contributor, role: .lead, fromSeq: 102,
          isHeldAlready: true, effectiveAt: CountySample.now),
        Grant(
          caseID: caseID, site: CountySample.county, role: .contributor, fromSeq: 103,
          isHeldAlready: false, effectiveAt: CountySample.now),
      ])
    #expect(plan.log.map(\.seq) == [101, 102, 103, 104])
    let author = CountySample.contributor
    #expect(plan.log.map(\.site) == [author, .hub, .hub, author])
    #expect(plan.log.map(\.origin.n) == [1, 0, 0, 2])
    #expect(
      plan.log.map(\.content).dropFirst().prefix(2) == [
        .grant(caseID, CountySample.contributor, GrantTerms(.lead)),
        .grant(caseID, CountySample.county, GrantTerms(.contributor)),
      ])
    #expect(plan.cases.map(\.id) == [caseID])
    #expect(plan.cases.map(\.lead) == [CountySample.contributor])
    #expect(plan.cases.map(\.epoch) == [1])
    #expect(plan.cases.map(\.epochSince) == [0])
  }

  @Test("an entry of the log says what happened, whose it is and when, by both clocks")
  func logEntry() {
    var hub = HubSample()
    hub.put(Self.person, ["name": "old", "worker": "w"])
    let plan = hub.decide(
      [.of(.update, Self.person, ["name": "new", "worker": "w"], n: 7, base: 42, at: 500)],
      by: CountySample.contributor,
      in: CountySample.context(CountySample.contributor, clockSkew: 30))
    let image = RowImage(
      key: Self.person, caseID: CountySample.caseA,
      cells: CountySample.person.cells(["name": "new"]))
    #expect(
      plan.log == [
        LogEntry(
          seq: 101, content: .row(.update, image), site: CountySample.contributor,
          incarnation: CountySample.incarnation, origin: EntryID(n: 7, tag: 7), base: 42,
          editedAt: 470, recordedAt: CountySample.now)
      ])
    #expect(plan.rows.map(\.lastSeq) == [101])
    #expect(plan.rows.first?.versions[0] == .by(CountySample.contributor, 101, at: 470))
    #expect(plan.rows.first?.versions[1] == .by(CountySample.lead, 10))
  }

  @Test("a poison change stops itself only")
  func poison() {
    let plan = hub().decide(
      [
        .of(.update, Self.person, ["name": "one"], n: 1),
        raw(.update, Self.person, [1: 5]),
        .of(.update, Self.person, ["worker": "two"], n: 3),
      ], by: CountySample.lead)
    #expect(plan.answers.map(\.verdict) == [.applied, .refused, .applied])
    #expect(plan.value("name", of: Self.person) == "one")
    #expect(plan.value("worker", of: Self.person) == "two")
  }
}
