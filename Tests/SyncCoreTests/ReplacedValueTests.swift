import SyncCore
import Testing

@Suite("Values that stood and lost")
struct ReplacedValueTests {
  private let key = CountySample.person.key("p")

  /// The contributor's values were written above the base of what follows.
  private func hub(of site: SiteID = CountySample.contributor) -> HubSample {
    var hub = HubSample()
    hub.put(
      key, ["name": "Muster", "worker": "w", "minutes": 30],
      versions: ["worker": .by(site, 60), "minutes": .by(site, 60)])
    return hub
  }

  private func replacements(_ plan: Plan) -> [Int64?] { plan.ledger.map(plan.replacement) }

  @Test func `a value that the lead's edit replaces was replaced by the entry of that edit`() {
    let plan = hub().decide(
      [.of(.update, key, ["worker": "w-lead", "minutes": 20])], by: CountySample.lead, as: .lead)
    #expect(plan.ledger.map(\.lost.value) == ["w", 20])
    #expect(replacements(plan) == [101, nil], "20 never stood")
  }

  @Test func `a site is not told of what it replaced itself, nor the hub of its own`() {
    for site in [CountySample.lead, .hub] {
      // Merged values are nobody's own: they can lose to a later edit of the same site.
      var hub = HubSample()
      hub.put(
        key, ["name": "Muster", "worker": "w"],
        versions: ["worker": .by(site, 60, isDirect: false)])
      let plan = hub.decide(
        [.of(.update, key, ["worker": "w-lead"])], by: CountySample.lead, as: .lead)
      #expect(plan.ledger.map(\.lost.value) == ["w"])
      #expect(replacements(plan) == [nil])
    }
  }

  @Test func `of what an accepted proposal replaces its site is told, unless it accepted`() throws {
    var sample = SettlementSample()
    sample.hub = hub(of: CountySample.lead)
    let proposal = sample.proposal("1", "worker", "w-new")
    #expect(replacements(try sample.accept(proposal)) == [101])
    #expect(replacements(try sample.accept(proposal, by: CountySample.lead)) == [nil])
    #expect(replacements(sample.reject(proposal)) == [nil])
  }
}
