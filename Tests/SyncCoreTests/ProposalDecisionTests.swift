import SyncCore
import Testing

/// The cells of the table of ``ProposalDecision``.
@Suite("A person decides a proposal")
struct ProposalDecisionTests {
  private func present(_ values: [String: Value] = ["name": "Muster", "worker": "w-lead"])
    -> SettlementSample
  {
    var sample = SettlementSample()
    sample.hub.put(sample.key, values)
    return sample
  }

  @Test func `an accepted value stands as the hub's, and what stood goes to the ledger`() throws {
    let sample = present()
    let proposal = sample.proposal("1", "worker", "w-new", kept: "w-lead")
    let plan = try sample.accept(proposal)
    #expect(plan.verdicts == [.applied])
    #expect(plan.value("worker", of: sample.key) == "w-new")
    #expect(plan.value("name", of: sample.key) == "Muster")
    let position = CountySample.person.position(ofColumn: CountySample.person.number("worker"))!
    let version = plan.rows[0].versions[position]
    #expect(version.site == .hub && !version.isDirect && version.seq == 101)
    #expect(plan.ledger.count == 1)
    let entry = plan.ledger[0]
    #expect(entry.rule == .proposalAccepted && entry.policy == .lead && entry.seq == 101)
    #expect(entry.kept == proposal.proposal.proposed)
    #expect(entry.lost == Contender(value: "w-lead", site: CountySample.lead, editedAt: 0))
    #expect(plan.fates == ["1": .accepted])
    #expect(plan.isDense && plan.log.count == 2)
    #expect(
      plan.log[1].content == .decision(CountySample.caseA, proposal: "1", .accepted))
    #expect(plan.decidedProposals[0].seq == 102 && plan.decidedProposals[0].decider == .hub)
  }

  @Test func `a value that stands already is accepted without an edit`() throws {
    let sample = present()
    let plan = try sample.accept(sample.proposal("1", "worker", "w-lead"))
    #expect(plan.rows.isEmpty && plan.ledger.isEmpty)
    #expect(plan.fates == ["1": .accepted] && plan.isDense && plan.log.count == 1)
  }

  @Test func `an empty cell that is replaced is nothing for the ledger`() throws {
    let sample = present()
    let plan = try sample.accept(sample.proposal("1", "goal", "B2", rule: .personDecides))
    #expect(plan.value("goal", of: sample.key) == "B2" && plan.ledger.isEmpty)
  }

  @Test func `an outdated proposal is decided against what stands now`() throws {
    let sample = present(["name": "Muster", "worker": "w-later"])
    let plan = try sample.accept(sample.proposal("1", "worker", "w-new", kept: "w-lead"))
    #expect(plan.value("worker", of: sample.key) == "w-new")
    #expect(plan.ledger.map(\.lost.value) == ["w-later"])
  }

  @Test func `a rejected value goes to the ledger, and nothing else is written`() {
    let sample = present()
    let proposal = sample.proposal("1", "worker", "w-new")
    let plan = sample.reject(proposal, by: CountySample.lead)
    #expect(plan.rows.isEmpty && plan.answers.isEmpty && plan.cases.isEmpty)
    #expect(plan.ledger.count == 1)
    #expect(plan.ledger[0].rule == .proposalRejected && plan.ledger[0].seq == 10)
    #expect(plan.ledger[0].lost == proposal.proposal.proposed)
    #expect(plan.ledger[0].kept.value == "w-lead" && plan.ledger[0].kept.site == CountySample.lead)
    #expect(plan.fates == ["1": .rejected] && plan.log[0].site == CountySample.lead)
  }

  @Test func `columns of a group are decided as one, and other columns are not`() throws {
    let sample = present(["name": "Muster", "from": "1", "to": "2"])
    let from = sample.proposal("1", "from", "3")
    let to = sample.proposal("2", "to", "4")
    let other = sample.proposal("3", "worker", "w")
    let earlier = sample.proposal("4", "to", "5", seq: 55)
    let plan = try sample.accept(from, among: [to, other, earlier])
    #expect(plan.fates == ["1": .accepted, "2": .accepted])
    #expect(plan.value("from", of: sample.key) == "3" && plan.value("to", of: sample.key) == "4")
    #expect(Set(plan.ledger.map(\.lost.value)) == ["1", "2"])
    #expect(sample.reject(to, among: [from, other]).fates == ["1": .rejected, "2": .rejected])
  }

  @Test func `another site's proposal for the same column stays open`() throws {
    let sample = present()
    let own = sample.proposal("1", "worker", "w1")
    let other = sample.proposal("2", "worker", "w2", by: CountySample.county)
    #expect(try sample.accept(own, among: [other]).fates == ["1": .accepted])
  }

  // MARK: Deletions

  @Test func `an accepted deletion deletes, and keeps every value in the ledger`() throws {
    let sample = present()
    let deletion = sample.proposal("1", nil, rule: .changedMeanwhile)
    let edit = sample.proposal("2", "goal", "B2", rule: .changedMeanwhile)
    let plan = try sample.accept(deletion, among: [edit])
    #expect(plan.rows.map(\.isAlive) == [false])
    #expect(plan.fates == ["1": .accepted, "2": .rejected])
    #expect(Set(plan.ledger.map(\.lost.value)) == ["Muster", "w-lead", "B2"])
    #expect(plan.ledger.allSatisfy { $0.rule == .proposalAccepted && $0.kept.value.isNull })
  }

  @Test func `a rejected deletion leaves the values of its change open`() {
    let sample = present()
    let deletion = sample.proposal("1", nil, rule: .changedMeanwhile)
    let edit = sample.proposal("2", "goal", "B2", rule: .changedMeanwhile)
    let plan = sample.reject(deletion, among: [edit])
    #expect(plan.fates == ["1": .rejected] && plan.ledger.isEmpty && plan.rows.isEmpty)
  }

  @Test func `the deletion of a row that is gone writes nothing`() throws {
    var sample = SettlementSample()
    sample.hub.put(sample.key, [:], isAlive: false)
    let plan = try sample.accept(sample.proposal("1", nil, rule: .changedMeanwhile))
    #expect(plan.rows.isEmpty && plan.fates == ["1": .accepted])
  }

  @Test func `a case is not erased by accepting, and kept by rejecting`() {
    let sample = present()
    let erasure = sample.proposal("1", nil, rule: .caseErasure)
    #expect(throws: SettlementObstacle.caseErasure) { try sample.accept(erasure) }
    #expect(sample.reject(erasure).fates == ["1": .rejected])
  }

  // MARK: Rows that are not there

  @Test func `an edit of a deleted row brings it back as it was, with all values of the change`()
    throws
  {
    var sample = SettlementSample()
    sample.hub.put(sample.key, [:], writer: CountySample.county, isAlive: false)
    sample.former = CountySample.person.row(["name": "Muster", "worker": "w-old", "goal": "A1"])
    let goal = sample.proposal("1", "goal", "B2", rule: .rowDeleted)
    let area = sample.proposal("2", "area", "north", rule: .rowDeleted)
    let later = sample.proposal("3", "area", "south", seq: 61, rule: .rowDeleted)
    let plan = try sample.accept(goal, among: [area, later])
    #expect(plan.verdicts == [.applied])
    #expect(
      plan.values(sample.key)
        == CountySample.person.row([
          "name": "Muster", "worker": "w-old", "goal": "B2", "area": "north",
        ]))
    #expect(plan.rows[0].writer == CountySample.county)
    #expect(plan.fates == ["1": .accepted, "2": .accepted] && plan.ledger.isEmpty)
    #expect(
      sample.reject(goal, among: [area, later]).fates == ["1": .rejected, "2": .rejected])
  }

  @Test func `a row that was proposed whole is created by its first author`() throws {
    let sample = SettlementSample(CountySample.talk, "t")
    let day = sample.proposal("1", "on_date", "2025-01-02", rule: .personDecides)
    let note = sample.proposal("2", "note", "late", rule: .personDecides)
    let plan = try sample.accept(note, among: [day])
    #expect(plan.value("on_date", of: sample.key) == "2025-01-02")
    #expect(plan.value("note", of: sample.key) == "late")
    #expect(plan.rows[0].writer == CountySample.contributor)
  }

  @Test func `without what stood in it, a row lacks its required columns`() throws {
    var sample = SettlementSample()
    sample.hub.put(sample.key, [:], isAlive: false)
    let proposal = sample.proposal("1", "goal", "B2", rule: .rowDeleted)
    #expect(throws: SettlementObstacle.incomplete(["name"])) { try sample.accept(proposal) }
    #expect(sample.reject(proposal).ledger.map(\.kept.value) == [.null])
  }

  @Test func `a row that lives in another case is not touched, and nothing of it is told`() {
    var sample = SettlementSample()
    sample.hub = HubSample(leadOf: [CountySample.caseA, CountySample.caseB])
    sample.hub.put(sample.key, ["name": "Muster", "goal": "secret"], in: CountySample.caseB)
    let proposal = sample.proposal("1", "goal", "B2", rule: .rowDeleted)
    #expect(throws: SettlementObstacle.rowElsewhere) { try sample.accept(proposal) }
    #expect(sample.reject(proposal).ledger.map(\.kept.value) == [.null])
  }

  // MARK: What else applies

  @Test func `an edit of an append table's row is written, and the row stays its writer's`() throws
  {
    var sample = SettlementSample(CountySample.talk, "t")
    sample.hub.put(
      sample.key, ["on_date": "2025-01-01", "note": "n"], writer: CountySample.lead)
    let plan = try sample.accept(
      sample.proposal("1", "note", "corrected", rule: .writtenByAnotherSite))
    #expect(plan.verdicts == [.applied])
    #expect(plan.value("note", of: sample.key) == "corrected")
    #expect(plan.rows[0].writer == CountySample.lead)
  }

  @Test func `no lead wins over an accepted value that it has not seen`() throws {
    let sample = present()
    let accepted = try sample.accept(sample.proposal("1", "worker", "w-new"))
    var hub = sample.hub
    for row in accepted.rows { hub.put(row) }
    // The proposer itself, in the same incarnation, did not see it stand either.
    let plan = hub.decide(
      [.of(.update, sample.key, ["worker": "w-third"], base: 100)], by: CountySample.contributor,
      as: .contributor, in: CountySample.context(CountySample.contributor, headSeq: 102))
    #expect(plan.answers.map(\.verdict) == [.proposal])
  }
}
