import SyncCore
import Testing

/// Step 6 of the table of ``Decision``: rows that come, go and return.
@Suite("Decisions on rows")
struct DecisionRowTests {
  private static let person = CountySample.person.key("p")
  private static let talk = CountySample.talk.key("t")
  private static let seen = ColumnVersion.by(CountySample.county, 50)
  private static let unseen = ColumnVersion.by(CountySample.county, 60, at: 77)

  private func hub(
    _ values: [String: Value] = ["name": "old", "worker": "w"],
    versions: [String: ColumnVersion] = [:], isAlive: Bool = true,
    in caseID: CaseID = CountySample.caseA
  ) -> HubSample {
    var hub = HubSample(leadOf: [CountySample.caseA, CountySample.caseB])
    hub.put(Self.person, values, in: caseID, versions: versions, isAlive: isAlive)
    return hub
  }

  // MARK: Insert

  @Test("an insert of a row never seen creates it")
  func create() throws {
    let key = CountySample.person.key("q")
    let plan = hub().decide([.of(.insert, key, ["name": "x"])], by: CountySample.contributor)
    #expect(plan.answers == [Answer(id: EntryID(n: 1, tag: 1), verdict: .applied)])
    let row = try #require(plan.rows.first)
    #expect(row.isAlive && row.key == key && row.writer == CountySample.contributor)
    #expect(row.values == CountySample.person.row(["name": "x"]))
    #expect(row.versions.allSatisfy { $0 == .by(CountySample.contributor, 101, at: 500) })
  }

  @Test("an insert revives a deleted row, in its case or another", arguments: ["case-a", "case-b"])
  func revive(place: String) {
    let plan = hub(isAlive: false).decide(
      [.of(.insert, Self.person, ["name": "x"], in: CaseID(place), base: 5)],
      by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(plan.values(Self.person) == CountySample.person.row(["name": "x"]))
    #expect(plan.rows.map(\.caseID) == [CaseID(place)])
  }

  @Test("an insert of a row that lives in another case is refused")
  func idTaken() {
    let plan = hub(in: CountySample.caseB).decide(
      [.of(.insert, Self.person, ["name": "x"])], by: CountySample.lead, as: .lead)
    #expect(plan.answers.map(\.rule) == [.idTaken])
    #expect(plan.hasNoEffect)
  }

  @Test("an insert of a row that lives in this case is an update of all its columns")
  func insertUponRow() {
    let plan = hub(versions: ["worker": Self.unseen]).decide(
      [.of(.insert, Self.person, ["name": "new", "worker": "v"])], by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.proposal])
    #expect(plan.value("name", of: Self.person) == "new")
    #expect(plan.value("worker", of: Self.person) == "w")
    #expect(plan.rows.first?.writer == CountySample.lead)
  }

  // MARK: Update

  @Test("an update of a row never seen is refused: the site offers the whole row")
  func unknownRow() {
    let change = Change.of(.update, CountySample.person.key("q"), ["name": "x"])
    let plan = hub().decide([change], by: CountySample.lead, as: .lead)
    #expect(plan.answers.map(\.rule) == [.unknownRow])
    #expect(plan.answers.map(\.verdict) == [.refused])
  }

  @Test("an update of a deleted row is a proposal, whatever its base", arguments: [5, 100])
  func updateDead(base: Int64) {
    let plan = hub(isAlive: false).decide(
      [.of(.update, Self.person, ["name": "x", "worker": "y"], base: base)],
      by: CountySample.lead, as: .lead)
    #expect(plan.answers.map(\.verdict) == [.proposal])
    #expect(plan.answers.map(\.rule) == [.rowDeleted])
    #expect(plan.proposals.map(\.column) == [1, 2])
    #expect(plan.proposals.map(\.proposed.value) == ["x", "y"])
    #expect(plan.proposals.map(\.kept.value) == [.null, .null])
    #expect(plan.hasNoEffect)
  }

  @Test("a proposal upon a row that moved away tells nothing of the case in which it stands")
  func movedAway() {
    let hub = hub(
      ["name": "secret", "worker": "w"], versions: ["name": Self.unseen], in: CountySample.caseB)
    let plan = hub.decide(
      [.of(.update, Self.person, ["name": "x", "worker": "w"])], by: CountySample.contributor)
    #expect(plan.answers.map(\.rule) == [.rowDeleted])
    #expect(plan.proposals.map(\.proposed.value) == ["x", "w"])
    for proposal in plan.proposals {
      #expect(proposal.caseID == CountySample.caseA)
      #expect(proposal.kept == Contender(value: .null, site: .hub, editedAt: 0))
    }
  }

  // MARK: Delete

  @Test("a deletion of a row that is dead, elsewhere or never seen has nothing to do")
  func deleteNothing() {
    let hubs = [hub(isAlive: false), hub(in: CountySample.caseB), HubSample()]
    for hub in hubs {
      let plan = hub.decide(
        [.of(.delete, Self.person, ["name": "edited"])], by: CountySample.contributor)
      #expect(plan.answers == [Answer(id: EntryID(n: 1, tag: 1), verdict: .applied)])
      #expect(plan.hasNoEffect && plan.proposals.isEmpty)
    }
  }

  @Test(
    "a deletion of a row that nobody changed above its base is applied",
    arguments: [.lead, .contributor] as [Role])
  func delete(role: Role) throws {
    let plan = hub(versions: ["name": Self.seen]).decide(
      [.of(.delete, Self.person)], by: CountySample.contributor, as: role)
    #expect(plan.answers.map(\.verdict) == [.applied])
    let row = try #require(plan.rows.first)
    #expect(!row.isAlive && row.lastSeq == 101)
    #expect(row.values.allSatisfy { $0.isNull })
    #expect(plan.ledger.isEmpty && plan.proposals.isEmpty)
    #expect(plan.cases.map(\.digests) == [.zero])
    let image = RowImage(key: Self.person, caseID: CountySample.caseA, cells: .empty)
    #expect(plan.log.map(\.content) == [.row(.delete, image)])
  }

  @Test("the lead's deletion keeps in the ledger what another changed above its base")
  func deletedByLead() {
    let hub = hub(
      ["name": "old", "worker": "w", "goal": .null],
      versions: ["worker": Self.unseen, "goal": Self.unseen])
    let plan = hub.decide([.of(.delete, Self.person)], by: CountySample.lead, as: .lead)
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(plan.rows.map(\.isAlive) == [false])
    #expect(
      plan.ledger == [
        LedgerEntry(
          caseID: CountySample.caseA, row: Self.person, column: 2, base: 50, seq: 101, policy: nil,
          rule: .deletedByLead, epoch: 3, role: .lead,
          kept: Contender(value: .null, site: CountySample.lead, editedAt: 500),
          lost: Contender(value: "w", site: CountySample.county, editedAt: 77))
      ])
  }

  @Test("a lead that did not know the epoch deletes nothing that another changed")
  func unawareLead() {
    let plan = hub(versions: ["worker": Self.unseen]).decide(
      [.of(.delete, Self.person, base: 19)], by: CountySample.lead, as: .lead)
    #expect(plan.answers.map(\.rule) == [.changedMeanwhile])
    #expect(plan.hasNoEffect)
  }

  @Test("a contributor's deletion of what another changed is a proposal with its edits")
  func changedMeanwhile() {
    let plan = hub(versions: ["worker": Self.unseen]).decide(
      [.of(.delete, Self.person, ["name": "edited"])], by: CountySample.contributor)
    #expect(
      plan.answers == [
        Answer(id: EntryID(n: 1, tag: 1), verdict: .proposal, rule: .changedMeanwhile)
      ])
    #expect(plan.hasNoEffect)
    func last(_ value: Value) -> Contender {
      Contender(value: value, site: CountySample.county, editedAt: 77)
    }
    func mine(_ value: Value) -> Contender {
      Contender(value: value, site: CountySample.contributor, editedAt: 500)
    }
    #expect(plan.proposals.map(\.column) == [nil, 1])
    #expect(plan.proposals.map(\.policy) == [nil, .latest])
    #expect(plan.proposals.map(\.kept) == [last(.null), last("old")])
    #expect(plan.proposals.map(\.proposed) == [mine(.null), mine("edited")])
    #expect(plan.proposals.allSatisfy { $0.seq == 100 && $0.base == 50 && $0.epoch == 3 })
  }

  @Test("a deletion is judged by each column's own base")
  func columnBases() {
    let plan = hub(versions: ["worker": Self.unseen]).decide(
      [.of(.delete, Self.person, base: 80, bases: ["worker": 55])], by: CountySample.contributor)
    #expect(plan.answers.map(\.rule) == [.changedMeanwhile])
    let seen = hub(versions: ["worker": Self.unseen]).decide(
      [.of(.delete, Self.person, base: 60)], by: CountySample.contributor)
    #expect(seen.answers.map(\.verdict) == [.applied])
    // Its own edit of the name is as old as 50, but the worker's value was seen.
    let edited = hub(versions: ["worker": Self.unseen]).decide(
      [.of(.delete, Self.person, ["name": "x"], base: 60, bases: ["name": 50])],
      by: CountySample.contributor)
    #expect(edited.answers.map(\.verdict) == [.applied])
    let byLead = hub(versions: ["worker": Self.unseen]).decide(
      [.of(.delete, Self.person, ["name": "x"], base: 60, bases: ["name": 50])],
      by: CountySample.lead, as: .lead)
    #expect(byLead.ledger.isEmpty, "nothing was lost that its author had not seen")
  }

  @Test(
    "deleting a case is a proposal, also by its lead",
    arguments: [.lead, .contributor] as [Role])
  func caseErasure(role: Role) {
    var hub = HubSample()
    let root = CountySample.caseFile.key("case-a")
    hub.put(root, ["opened_on": "2025-01-01"])
    let plan = hub.decide([.of(.delete, root)], by: CountySample.lead, as: role)
    #expect(plan.answers.map(\.rule) == [.caseErasure])
    #expect(plan.proposals.map(\.column) == [nil])
    #expect(plan.hasNoEffect)
  }

  @Test("a row that moved leaves a deleted one behind and stands in the other case")
  func move() {
    let plan = hub().decide(
      [
        .of(.delete, Self.person),
        .of(.insert, Self.person, ["name": "new"], n: 2, in: CountySample.caseB),
      ], by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.applied, .applied])
    #expect(plan.rows.map(\.caseID) == [CountySample.caseA, CountySample.caseB])
    #expect(plan.rows.map(\.isAlive) == [false, true])
    #expect(plan.cases.map(\.id) == [CountySample.caseA, CountySample.caseB])
    var digester = RowDigester(key: CountySample.key)
    let moved = digester.digest(
      of: Self.person, caseID: CountySample.caseB, row: CountySample.person.row(["name": "new"]),
      in: CountySample.person)
    #expect(plan.cases.map(\.digests.whole) == [.zero, moved])
  }

  // MARK: Append tables

  @Test("who wrote a row of an append table may correct and delete it")
  func ownAppendRow() {
    var hub = HubSample()
    hub.put(Self.talk, ["note": "old"], writer: CountySample.contributor)
    let plan = hub.decide(
      [.of(.update, Self.talk, ["note": "new"]), .of(.delete, Self.talk, n: 2)],
      by: CountySample.contributor)
    #expect(plan.answers.map(\.verdict) == [.applied, .applied])
    #expect(plan.rows.map(\.isAlive) == [false])
  }

  @Test(
    "anyone else's update or deletion is a proposal, also the lead's",
    arguments: [CountySample.lead, CountySample.county, .hub])
  func foreignAppendRow(author: SiteID) {
    var hub = HubSample()
    hub.put(Self.talk, ["note": "old"], writer: CountySample.contributor)
    for change in [
      Change.of(.update, Self.talk, ["note": "new"]), .of(.insert, Self.talk, ["note": "new"]),
      .of(.delete, Self.talk, ["note": "new"]),
    ] {
      let plan = hub.decide([change], by: author, as: .lead)
      #expect(plan.answers.map(\.verdict) == [.proposal])
      #expect(plan.answers.map(\.rule) == [.writtenByAnotherSite])
      #expect(plan.proposals.map(\.column) == (change.kind == .delete ? [nil, 2] : [2]))
      #expect(plan.hasNoEffect)
    }
    let same = hub.decide([.of(.update, Self.talk, ["note": "old"])], by: author, as: .lead)
    #expect(same.answers.map(\.verdict) == [.applied])
    #expect(same.hasNoEffect)
  }
}
