import SyncCore
import Testing

/// The cells of the table of ``Restoration``, and the past of a row.
@Suite("A value of the ledger is put back")
struct RestorationTests {
  private func present(_ values: [String: Value]) -> SettlementSample {
    var sample = SettlementSample()
    sample.hub.put(sample.key, values)
    return sample
  }

  @Test func `it stands again as a new edit, and what it replaces goes to the ledger`() throws {
    let sample = present(["name": "Muster", "worker": "w-lead"])
    let plan = try sample.restore(sample.lost("worker", "w-lost"))
    #expect(plan.verdicts == [.applied] && plan.isDense && plan.log.count == 1)
    #expect(plan.value("worker", of: sample.key) == "w-lost")
    #expect(plan.ledger.map(\.lost.value) == ["w-lead"])
    #expect(plan.ledger[0].rule == .restored && plan.ledger[0].seq == 101)
    #expect(plan.ledger[0].kept.site == .hub && plan.ledger[0].kept.value == "w-lost")
  }

  @Test func `columns of a group come back together, as far as they lost together`() throws {
    let sample = present(["name": "Muster", "from": "1", "to": "2"])
    let (from, to) = (sample.lost("from", "3"), sample.lost("to", "4"))
    let plan = try sample.restore(
      from,
      recordedWith: [
        to, sample.lost("worker", "w"), sample.lost("to", "5", by: CountySample.county),
      ])
    #expect(plan.value("from", of: sample.key) == "3" && plan.value("to", of: sample.key) == "4")
    #expect(plan.value("worker", of: sample.key) == .null && plan.ledger.count == 2)
  }

  @Test func `what stands already is not written again`() {
    let sample = present(["name": "Muster", "worker": "w"])
    #expect(throws: SettlementObstacle.standsAlready) {
      try sample.restore(sample.lost("worker", "w"))
    }
  }

  @Test func `a deleted row comes back as it was, and only on demand`() throws {
    var sample = SettlementSample()
    sample.hub.put(sample.key, [:], isAlive: false)
    sample.former = CountySample.person.row(["name": "Muster", "goal": "B2", "area": "north"])
    let entry = sample.lost("goal", "B2", rule: .deletedByLead)
    #expect(throws: SettlementObstacle.rowGone) { try sample.restore(entry) }
    let plan = try sample.restore(entry, revives: true)
    #expect(plan.values(sample.key) == sample.former && plan.ledger.isEmpty)
    #expect(plan.rows[0].writer == CountySample.lead)
  }

  @Test func `a row that lives in another case is left there`() {
    var sample = SettlementSample()
    sample.hub = HubSample(leadOf: [CountySample.caseA, CountySample.caseB])
    sample.hub.put(sample.key, ["name": "Muster"], in: CountySample.caseB)
    #expect(throws: SettlementObstacle.rowElsewhere) {
      try sample.restore(sample.lost("goal", "B2"), revives: true)
    }
  }

  @Test func `a row's past is read from the log's payloads`() throws {
    let key = CountySample.person.key("p")
    func entry(
      _ seq: Int64, _ kind: ChangeKind, _ values: [String: Value], in caseID: CaseID, _ key: RowKey
    ) throws -> LoggedRow? {
      try LoggedRow(
        decoding: LogEntry(
          seq: seq,
          content: .row(
            kind,
            RowImage(key: key, caseID: caseID, cells: CountySample.person.cells(values))),
          site: CountySample.lead, incarnation: CountySample.incarnation,
          origin: EntryID(n: 7, tag: -7), base: 3, editedAt: -4, recordedAt: 5
        ).encodedPayload())
    }
    let other = CountySample.person.key("q")
    var past = RowHistory(of: key, in: CountySample.caseA, table: CountySample.person)
    #expect(past.lastValues == nil)
    for logged in [
      try entry(1, .insert, ["name": "Muster", "goal": "A1"], in: CountySample.caseA, key),
      try entry(2, .update, ["goal": "B2"], in: CountySample.caseA, key),
      try entry(3, .update, ["goal": "C1"], in: CountySample.caseB, key),
      try entry(4, .update, ["goal": "C2"], in: CountySample.caseA, other),
      try entry(5, .delete, [:], in: CountySample.caseA, key),
    ] {
      past.append(try #require(logged))
    }
    #expect(past.lastValues == CountySample.person.row(["name": "Muster", "goal": "B2"]))
    let grant = LogEntry(
      seq: 2, content: .grant(CountySample.caseA, CountySample.lead, GrantTerms(.lead)), site: .hub,
      incarnation: IncarnationID(""), origin: EntryID(n: 0, tag: 0), base: 0, editedAt: 1,
      recordedAt: 1)
    #expect(try LoggedRow(decoding: grant.encodedPayload()) == nil)
    #expect(throws: DecodeError.self) { try LoggedRow(decoding: [1, 2]) }
  }
}
