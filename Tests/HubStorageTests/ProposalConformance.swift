import HubStorage
import SyncCore
import Testing

/// Proposals and what is decided of them.
@Suite("Hub store: proposals and decisions")
struct ProposalConformance {
  /// Two proposals of `b`, in the cases of ``HubStore/fill()``, and one of `a`: in the order of
  /// their times.
  private func filled(_ engine: HubEngine) throws -> (TestCounty, [StoredProposal]) {
    let store = try engine.make()
    try store.fill()
    try store.commit(at: 7_100) { $0.propose(.sample(in: "c2", column: nil, policy: nil)) }
    try store.commit(at: 7_200) { $0.propose(.sample(in: "c2", by: "a")) }
    return (store, try store.read { try $0.proposals() })
  }

  @Test("a decision changes the state of one open proposal, for good", arguments: HubEngine.all)
  func decision(_ engine: HubEngine) throws {
    var (store, all) = try filled(engine)
    let decided = try store.commit { $0.decide(all[1].id, in: "c2", .rejected, by: "b") }
    try store.restart()
    // A second decision finds nothing open.
    try store.commit { plan in _ = plan.decide(all[1].id, in: "c2", .accepted) }
    let after = try store.read { try $0.proposals() }
    #expect(after.map(\.state) == [.open, .rejected, .open])
    #expect(after[1].decision == decided && after[1].proposal == all[1].proposal)
    #expect(after[1].recordedAt == all[1].recordedAt)
    #expect([after[0], after[2]] == [all[0], all[2]])
  }

  @Test("a transaction that fails leaves its decisions undone", arguments: HubEngine.all)
  func rollback(_ engine: HubEngine) throws {
    struct Interrupted: Error {}
    let (store, all) = try filled(engine)
    let before = try store.read { try Everything($0) }
    #expect(throws: Interrupted.self) {
      try store.write { writer in
        var plan = PlanBuilder(after: try writer.counter.seq)
        plan.decide(all[0].id, in: "c1", .accepted)
        plan.propose(.sample(in: "c1"))
        try writer.write(plan.plan, at: 8_000, random: randomBytes)
        #expect(try writer.proposals(ProposalFilter(state: .accepted)).map(\.id) == [all[0].id])
        throw Interrupted()
      }
    }
    #expect(try store.read { try Everything($0) } == before)
  }

  @Test("each filter finds its own, and all together what all say", arguments: HubEngine.all)
  func filters(_ engine: HubEngine) throws {
    let (store, all) = try filled(engine)
    try store.commit { plan in _ = plan.decide(all[2].id, in: "c2", .accepted) }
    try store.read { reader throws in
      func ids(_ filter: ProposalFilter) throws -> [String] {
        try reader.proposals(filter).map(\.id)
      }
      let names = all.map(\.id)
      #expect(try ids(ProposalFilter()) == names)
      #expect(try ids(ProposalFilter(id: names[1])) == [names[1]])
      #expect(try ids(ProposalFilter(id: "unknown")) == [])
      #expect(try ids(ProposalFilter(caseID: "c2")) == [names[1], names[2]])
      #expect(try ids(ProposalFilter(row: person("p1"))) == names)
      #expect(try ids(ProposalFilter(row: person("p2"))) == [])
      #expect(try ids(ProposalFilter(state: .open)) == [names[0], names[1]])
      #expect(try ids(ProposalFilter(state: .rejected)) == [])
      // `c1` is led by `a`, `c2` by `b`.
      #expect(try ids(ProposalFilter(lead: "a")) == [names[0]])
      #expect(try ids(ProposalFilter(caseID: "c1", lead: "b")) == [])
      #expect(try ids(ProposalFilter(id: names[1], state: .open, lead: "b")) == [names[1]])
      #expect(try ids(ProposalFilter(lead: "c")) == [])
    }
  }

  @Test(
    "a site learns of decisions on its own proposals, above its cursor", arguments: HubEngine.all)
  func decisions(_ engine: HubEngine) throws {
    let (store, all) = try filled(engine)
    let first = try store.commit { $0.decide(all[1].id, in: "c2", .rejected) }
    let second = try store.commit { $0.decide(all[0].id, in: "c1", .accepted, by: "a") }
    try store.commit { plan in _ = plan.decide(all[2].id, in: "c2", .accepted) }
    try store.read { reader throws in
      func told(_ site: SiteID, above seq: Int64, limit: Int = 9) throws -> [DecidedProposal?] {
        try reader.decisions(onProposalsOf: site, above: seq, limit: limit).map(\.decision)
      }
      #expect(try told("b", above: 0) == [first, second])
      #expect(try told("b", above: first.seq) == [second])
      #expect(try told("b", above: second.seq) == [])
      #expect(try told("b", above: 0, limit: 1) == [second])
      #expect(try told("a", above: 0).map(\.?.id) == [all[2].id])
      #expect(try told("c", above: 0) == [])
    }
  }

  @Test(
    "a site learns which of its values stood and were replaced, above its cursor",
    arguments: HubEngine.all)
  func replacedValues(_ engine: HubEngine) throws {
    let store = try engine.make()
    try store.fill()
    func replace(_ column: Int, by kept: SiteID = "a", of lost: SiteID = "b") throws -> Int64 {
      var seq: Int64 = 0
      try store.commit { plan in
        seq = plan.person("p1", in: "c1").lastSeq
        plan.lose(.replacement(in: "c1", column, seq: seq, kept: kept, lost: lost))
        // One that never stood: what is kept there stood before this plan.
        plan.lose(.replacement(in: "c1", 9, seq: 1, kept: kept, lost: lost))
      }
      return seq
    }
    let first = try replace(1)
    let second = try replace(2)
    _ = try replace(3, by: "b")
    _ = try replace(4, of: .hub)
    try store.read { reader throws in
      func told(_ site: SiteID, above seq: Int64, limit: Int = 9) throws -> [Int] {
        let entries = try reader.replacedValues(of: site, above: seq, limit: limit)
        #expect(entries.allSatisfy { $0.replacedSeq == $0.entry.seq })
        return entries.map(\.entry.column)
      }
      #expect(try told("b", above: 0) == [1, 2])
      #expect(try told("b", above: first) == [2])
      #expect(try told("b", above: second) == [])
      #expect(try told("b", above: 0, limit: 1) == [2])
      #expect(try told("a", above: 0) == [] && told(.hub, above: 0) == [])
    }
  }
}
