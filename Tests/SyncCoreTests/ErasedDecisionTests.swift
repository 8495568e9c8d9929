import SyncCore
import Testing

/// Step 3 of the table of ``Decision``: nothing of an erased case is taken in any more.
@Suite("Decisions on erased cases")
struct ErasedDecisionTests {
  private static let person = CountySample.person.key("p")

  @Test(
    "whatever is sent of an erased case is refused, by whomever",
    arguments: [ChangeKind.insert, .update, .delete], [Role.lead, .contributor, .reader])
  func refused(kind: ChangeKind, role: Role) {
    var hub = HubSample(leadOf: [CountySample.caseA])
    hub.put(Self.person, ["name": "n"], in: CountySample.caseA)
    hub.view.erased = [CountySample.caseA]
    let plan = hub.decide(
      [.of(kind, Self.person, kind == .delete ? [:] : ["name": "x"])], by: CountySample.lead,
      as: role)
    #expect(plan.answers.map(\.verdict) == [.refused])
    #expect(plan.answers.map(\.rule) == [.erased])
    #expect(plan.hasNoEffect)
  }

  @Test("an erased case is not opened again, nor by what comes back to a restored hub")
  func opened() {
    var hub = HubSample(leadOf: [])
    hub.view.erased = [CountySample.caseA]
    let root = RowKey(
      table: CountySample.caseFile.number, id: RowID(text: CountySample.caseA.text))
    var context = CountySample.context(CountySample.lead)
    context.returned = ReturnedBatch(formerSeq: 60, sharedSeq: 40)
    for context in [CountySample.context(CountySample.lead), context] {
      let plan = hub.decide(
        [.of(.insert, root, ["opened_on": "2025-01-01"], in: CountySample.caseA)],
        by: CountySample.lead, in: context)
      #expect(plan.answers.map(\.rule) == [.erased])
      #expect(plan.hasNoEffect && plan.cases.isEmpty && plan.grants.isEmpty)
    }
  }

  @Test("others of the batch are decided as ever")
  func others() {
    var hub = HubSample(leadOf: [CountySample.caseA, CountySample.caseB])
    hub.put(Self.person, ["name": "n"], in: CountySample.caseB)
    hub.view.erased = [CountySample.caseA]
    let plan = hub.decide(
      [
        .of(.insert, CountySample.person.key("q"), ["name": "x"]),
        .of(.update, Self.person, ["name": "y"], in: CountySample.caseB),
      ], by: CountySample.lead, as: .lead)
    #expect(plan.answers.map(\.verdict) == [.refused, .applied])
  }
}
