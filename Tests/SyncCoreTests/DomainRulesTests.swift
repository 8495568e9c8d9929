import SyncCore
import Testing

/// Step 8 of the table of ``Decision``: what a domain refuses.
@Suite("Decisions by the domain's rules")
struct DomainRulesTests {
  private static let person = CountySample.person.key("p")
  private static let unseen = ColumnVersion.by(CountySample.county, 60, at: 77)

  /// A domain in which a worker "w" in area "a" is one too many, a state "gone" stays, and a case
  /// has one talk.
  private struct SampleRules: DomainRules {
    func links(of row: RowState, in schema: Schema) -> [RowLink] { [] }

    func objection(to edit: RowEdit, in view: DomainView) -> Rule? {
      if edit.before?["state"] == "gone" && edit.after == nil { return .headcountReported }
      if edit.table.name == "talk", let talk = edit.after {
        let others = view.rows("talk", in: talk.caseID).filter { $0.id != talk.id }
        return others.isEmpty ? nil : .twoLeads
      }
      if edit.table.name == "case_file" && edit.alters("opened_on") && !edit.isByHub {
        return edit.after?["opened_on"] == "1900-01-01" ? .unknownProgramme : nil
      }
      guard let after = edit.after, edit.alters("worker", "area") else { return nil }
      return after["worker"] == "w" && after["area"] == "a" ? .attachedToCounselling : nil
    }
  }

  private func decide(
    _ changes: [Change], on hub: HubSample, by author: SiteID = CountySample.lead,
    isRuled: Bool = true
  ) -> Plan {
    let plain = CountySample.context(author)
    let context = DecisionContext(
      schema: plain.schema, author: plain.author, headSeq: plain.headSeq, now: plain.now,
      sites: plain.sites,
      countySites: plain.countySites, viewersOfNewCases: plain.viewersOfNewCases,
      rules: isRuled ? SampleRules() : nil)
    return hub.decide(changes, by: author, as: .lead, in: context)
  }

  private func hub(
    _ values: [String: Value] = [:], versions: [String: ColumnVersion] = [:]
  ) -> HubSample {
    var hub = HubSample()
    hub.put(Self.person, values.merging(["name": "n"]) { value, _ in value }, versions: versions)
    return hub
  }

  private func expectRefused(
    _ plan: Plan, _ rule: Rule, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      plan.answers.map { $0.verdict } == [.refused] && plan.answers.map { $0.rule } == [rule],
      sourceLocation: sourceLocation)
    #expect(plan.answers.allSatisfy { $0.columns.isEmpty }, sourceLocation: sourceLocation)
    #expect(
      plan.hasNoEffect && plan.ledger.isEmpty && plan.proposals.isEmpty,
      sourceLocation: sourceLocation)
  }

  @Test("a new row, an edit, a deletion and a new case that break a rule leave no trace")
  func refusals() {
    let changes: [(Change, Rule)] = [
      (
        .of(.insert, CountySample.person.key("q"), ["name": "x", "worker": "w", "area": "a"]),
        .attachedToCounselling
      ),
      (.of(.update, Self.person, ["worker": "w", "area": "a"]), .attachedToCounselling),
      (.of(.delete, Self.person), .headcountReported),
      (
        .of(
          .insert, CountySample.caseFile.key("case-n"), ["opened_on": "1900-01-01"],
          in: CaseID("case-n")), .unknownProgramme
      ),
    ]
    for (change, rule) in changes {
      let hub = hub(["state": "gone"])
      expectRefused(decide([change], on: hub), rule)
      let free = decide([change], on: hub, isRuled: false)
      #expect(free.answers.map(\.verdict) == [.applied] && !free.hasNoEffect)
    }
  }

  @Test("what a row breaks already does not hold its other columns")
  func unrelated() {
    let plan = decide(
      [.of(.update, Self.person, ["minutes": 5])], on: hub(["worker": "w", "area": "a"]))
    #expect(plan.answers.map(\.verdict) == [.applied])
    #expect(plan.value("minutes", of: Self.person) == 5)
  }

  @Test("a row is judged as the columns' conflicts leave it")
  func outcome() {
    // The area that would break the rule loses: what is left is fine.
    let loses = decide(
      [.of(.update, Self.person, ["worker": "w", "area": "a"])],
      on: hub(["area": "b"], versions: ["area": Self.unseen]))
    #expect(loses.answers.map(\.verdict) == [.overridden])
    #expect(loses.value("worker", of: Self.person) == "w")
    // The area that would keep the rule loses, and nothing of it is recorded.
    expectRefused(
      decide(
        [.of(.update, Self.person, ["worker": "w", "area": "b", "languages": "de"])],
        on: hub(
          ["area": "a", "languages": "en"],
          versions: ["area": Self.unseen, "languages": Self.unseen])),
      .attachedToCounselling)
  }

  @Test("a rule sees rows as the earlier changes of the batch leave them")
  func batch() {
    var hub = hub()
    hub.askFor("talk")
    let (first, second) = (CountySample.talk.key("t1"), CountySample.talk.key("t2"))
    let plan = decide(
      [
        .of(.insert, first, ["note": "x"], n: 1), .of(.insert, second, ["note": "y"], n: 2),
        .of(.delete, first, n: 3), .of(.insert, second, ["note": "y"], n: 4),
        .of(.update, second, ["note": "z"], n: 5),
      ], on: hub)
    #expect(plan.answers.map(\.verdict) == [.applied, .refused, .applied, .applied, .applied])
    #expect(plan.answers.map(\.rule) == [nil, .twoLeads, nil, nil, nil])
    #expect(plan.value("note", of: second) == "z")
  }

  @Test("the county may do what its rule leaves to it")
  func byTheHub() {
    let caseID = CaseID("case-n")
    let change = Change.of(
      .insert, CountySample.caseFile.key("case-n"), ["opened_on": "1900-01-01"], in: caseID)
    #expect(decide([change], on: hub(), by: .hub).answers.map(\.verdict) == [.applied])
  }
}
