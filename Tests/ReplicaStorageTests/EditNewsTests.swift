import ReplicaStorage
import SyncCore
import Testing

/// What a pull tells of the site's own edits, beside the rows that it brings.
@Suite("News of edits")
struct EditNewsTests {
  private typealias Decision = EditNews.Decision

  /// A replica whose edit of p1's phone waits for a person.
  private func proposed() throws -> ReplicaFixture {
    let replica = try ReplicaFixture()
    try replica.client.run("UPDATE person SET phone = 'mine' WHERE id = 'p1'")
    try replica.build()
    try replica.answer([
      person("p1"): Answer(
        id: EntryID(n: 0, tag: 0), verdict: .proposal, rule: .leadDecides,
        columns: [
          ColumnOutcome(column: 2, verdict: .proposal, rule: .leadDecides, kept: .text("1"))
        ])
    ])
    try replica.apply(replica.hub.scope(at: 11, items: [replica.hub.whole(person("p1"))]))
    return replica
  }

  private func tell(
    _ replica: ReplicaFixture, _ decisions: [Decision], waiting: Int64 = 0, at seq: Int64 = 20,
    items: [PulledScope.Item] = []
  ) throws -> [ReplicaFile.Notice] {
    let before = try replica.file.notices().count
    var scope = replica.hub.scope(at: seq, items: items)
    scope.news.decisions = decisions
    scope.news.waitingCount = waiting
    try replica.apply(scope, at: 1_795_000_000_000)
    return Array(try replica.file.notices().dropFirst(before))
  }

  @Test("an accepted value is told with what was proposed and what stands since")
  func accepted() throws {
    let replica = try proposed()
    replica.hub.set(2, of: person("p1"), to: .text("mine"))
    let told = try tell(
      replica, [Decision(row: person("p1"), column: 2, isAccepted: true)],
      items: [replica.hub.part(person("p1"), 2)])
    try #require(told.count == 1)
    #expect(told[0].table == "person" && told[0].row == "p1" && told[0].column == "phone")
    #expect(told[0].verdict == "applied" && told[0].reason == "proposal_accepted")
    #expect(told[0].yourValue == .text("mine") && told[0].keptValue == .text("mine"))
    #expect(told[0].at.hasPrefix("2026-11-18T11:06:40"))
  }

  @Test("a rejected value is told with what stands instead")
  func rejected() throws {
    let replica = try proposed()
    let told = try tell(replica, [Decision(row: person("p1"), column: 2, isAccepted: false)])
    try #require(told.count == 1)
    #expect(told[0].verdict == "overridden" && told[0].reason == "proposal_rejected")
    #expect(told[0].yourValue == .text("mine") && told[0].keptValue == .text("1"))
  }

  @Test("a row that the replica does not hold is told without a value of the hub's")
  func notHeld() throws {
    let replica = try ReplicaFixture()
    let told = try tell(
      replica,
      [
        Decision(row: person("elsewhere"), column: 2, isAccepted: true),
        Decision(row: person("p2"), column: nil, isAccepted: false),
        Decision(row: RowKey(table: 99, id: RowID("unknown")), column: 1, isAccepted: true),
      ])
    try #require(told.map(\.row) == ["elsewhere", "p2"], "of an unknown table nothing can be told")
    #expect(told.allSatisfy { $0.yourValue.isNull && $0.keptValue.isNull })
    #expect(told[1].column == nil && told[1].reason == "proposal_rejected")
  }

  @Test("a value that stood and lost is told with what stands since")
  func replaced() throws {
    let replica = try ReplicaFixture()
    replica.hub.set(2, of: person("p1"), to: .text("theirs"))
    var scope = replica.hub.scope(at: 20, items: [replica.hub.part(person("p1"), 2)])
    scope.news.replacements = [
      EditNews.Replacement(row: person("p1"), column: 2, rule: .leadWins, value: .text("mine")),
      EditNews.Replacement(row: person("elsewhere"), column: 2, rule: .leadWins, value: nil),
      EditNews.Replacement(row: person("p1"), column: 99, rule: .leadWins, value: .text("mine")),
    ]
    try replica.apply(scope)
    let told = try replica.file.notices()
    try #require(told.map(\.row) == ["p1", "elsewhere"])
    #expect(told.allSatisfy { $0.verdict == "overridden" && $0.reason == "lead_wins" })
    #expect(told[0].yourValue == .text("mine") && told[0].keptValue == .text("theirs"))
    #expect(told[1].yourValue.isNull && told[1].keptValue.isNull)
  }

  @Test("what waits for the site is what the last pull said")
  func waiting() throws {
    let replica = try ReplicaFixture()
    #expect(try replica.file.waitingProposalCount() == 0)
    _ = try tell(replica, [], waiting: 3)
    #expect(try replica.file.waitingProposalCount() == 3)
    try replica.reopen()
    #expect(try replica.file.waitingProposalCount() == 3)
    _ = try tell(replica, [], waiting: 0, at: 21)
    #expect(try replica.file.waitingProposalCount() == 0)
  }

  @Test("sites are called as the county publishes them")
  func names() throws {
    let replica = try ReplicaFixture()
    #expect(try replica.file.publishedSiteNames().isEmpty)
    let key = RowKey(table: 1, id: RowID("s1"))
    replica.hub.put(key, in: "", ["Hemmingen"])
    try replica.apply(replica.hub.scope(at: 20, items: [replica.hub.whole(key)]))
    #expect(try replica.file.publishedSiteNames() == [SiteID("s1"): "Hemmingen"])
  }
}
