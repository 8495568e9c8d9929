import HubService
import HubStorage
import ReplicaAgent
import SyncCore
import SyncProtocol
import SyncSimulator
import Testing

/// A restored hub gets back what it forgot, in whatever order its sites call.
@Suite("Returned work")
struct ReturnedWorkTests {
  private let county: LocalCounty
  private let town: LocalSite
  private let office: LocalSite

  init() throws {
    county = try LocalCounty(seed: 11)
    office = try county.addSite("office", kind: .county)
    town = try county.addSite("town", kind: .municipality)
  }

  /// The town opens a case with a sample.
  private func openCase() throws {
    try town.client.run(
      """
      INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15');
      INSERT INTO sample (id, case_id, by_latest) VALUES ('s', 'c', 'by the town')
      """)
  }

  private func standing() throws -> [[Value]] {
    try county.hubClient().rows("SELECT by_latest FROM sample")
  }

  @Test func `what rests on a row is decided when the row's author writes it anew`() throws {
    try office.sync()
    try town.sync()
    try county.backUp()

    // The town is never told that the hub has its case and its sample.
    try openCase()
    town.deafTo = ProtocolPath.push
    #expect(try town.trySync() == nil)
    town.deafTo = nil
    try office.sync()
    try office.client.run("UPDATE sample SET by_latest = 'by the office'")
    try office.sync()
    #expect(try standing() == [[.text("by the office")]])

    try county.restore()
    #expect(try standing() == [])
    try office.sync()
    #expect(try county.hub.read { try $0.awaiting.count } == 1)
    try town.sync()
    // What is written in the new history is later than what comes back from the old one.
    #expect(try standing() == [[.text("by the town")]])
    let (awaiting, ledger) = try county.hub.read {
      (try $0.awaiting, try $0.ledger(LedgerFilter()))
    }
    #expect(awaiting.isEmpty)
    #expect(ledger.map(\.entry.lost.value) == [.text("by the office")])
    #expect(try office.sync().digestEqual)
    #expect(try town.sync().digestEqual)
  }

  /// The town writes a sample, and is never told that the hub has it; the office edits it. The hub
  /// goes back, and the town deletes its sample.
  private func deleteUnheard() throws {
    try town.client.run("INSERT INTO case_file (id, opened_on) VALUES ('c', '2025-01-15')")
    try town.sync()
    try office.sync()
    try county.backUp()
    try town.client.run(
      "INSERT INTO sample (id, case_id, by_latest) VALUES ('s', 'c', 'by the town')")
    town.deafTo = ProtocolPath.push
    #expect(try town.trySync() == nil)
    town.deafTo = nil
    try office.sync()
    try office.client.run("UPDATE sample SET by_latest = 'by the office'")
    try office.sync()
    try county.restore()
    try town.client.run("DELETE FROM sample")
  }

  @Test(arguments: [true, false])
  func `what rests on a row that its author deleted unheard ends in the ledger`(townFirst: Bool)
    throws
  {
    try deleteUnheard()
    for site in townFirst ? [town, office] : [office, town] { try site.sync() }
    let (awaiting, isRecovering, ledger) = try county.hub.read {
      (try $0.awaiting, try $0.isRecovering, try $0.ledger(LedgerFilter()))
    }
    #expect(awaiting.isEmpty && !isRecovering)
    #expect(ledger.map(\.entry.lost.value) == [.text("by the office")])
    // The dead stay dead, also at the office, which had it.
    for site in [office, town, office, town] {
      #expect(try site.sync().digestEqual)
      #expect(try site.client.rows("SELECT id FROM sample").isEmpty)
    }
    #expect(try standing() == [])
  }

  @Test func `what rests on a row that nobody returns waits for a person, and holds nobody up`()
    throws
  {
    try deleteUnheard()
    try office.sync()
    #expect(try county.hub.read { try $0.awaiting.count } == 1)
    // The town never calls again.
    _ = try county.administration.revoke(town.id)
    try office.sync()
    let (awaiting, isRecovering, proposals) = try county.hub.read {
      (try $0.awaiting, try $0.isRecovering, try $0.proposals())
    }
    #expect(awaiting.isEmpty && !isRecovering)
    #expect(proposals.map(\.proposal.proposed.value) == [.text("by the office")])
    #expect(proposals.map(\.proposal.rule) == [.rowDeleted])
    // The office still has the row, and offers it.
    _ = try office.sync()
    #expect(try office.sync().digestEqual)
    #expect(try standing() == [[.text("by the office")]])
  }

  @Test func `a case that its author has still to return is not taken from who holds it`() throws {
    try office.sync()
    try town.sync()
    try county.backUp()
    try openCase()
    try town.sync()
    try office.sync()
    try county.restore()
    // Nobody knows the case yet: the edit is refused, and the office told why.
    try office.client.run("UPDATE case_file SET opened_on = '2025-02-01'")
    try office.sync()
    let kept = "SELECT count(*) FROM case_file"
    #expect(try office.client.rows(kept) == [[1]])
    try town.sync()
    #expect(try office.sync().digestEqual)
    #expect(try office.client.rows(kept) == [[1]])
    #expect(try office.client.rows("SELECT opened_on FROM case_file") == [["2025-01-15"]])
    #expect(try office.client.rows("SELECT by_latest FROM sample") == [["by the town"]])
  }

  @Test func `whoever knows a row from a mention does not take it while its owner is awaited`()
    throws
  {
    try office.sync()
    try town.sync()
    try county.backUp()
    try town.client.run(
      """
      INSERT INTO staff (id, name, duty) VALUES ('w', 'Frau X', 'of the town');
      INSERT INTO case_file (id, opened_on, staff_id) VALUES ('c', '2025-01-15', 'w')
      """)
    try town.sync()
    try office.sync()
    try county.restore()
    try office.client.run("UPDATE staff SET name = 'Frau Y'")
    try office.sync()
    for site in [town, office, town, office] { try site.sync() }
    #expect(try town.client.rows("SELECT duty FROM staff") == [[.text("of the town")]])
    #expect(try office.client.rows("SELECT name FROM staff") == [[.text("Frau X")]])
    #expect(try town.sync().digestEqual)
    #expect(try office.sync().digestEqual)
  }

  @Test func `what a site has returned is no write that no trigger saw`() throws {
    try office.sync()
    // The hub of the backup does not know that the town has ever called.
    try county.backUp()
    try openCase()
    try town.sync()
    try office.sync()
    // The office is told that its edit is accepted, and pulls no more before the hub goes back.
    try office.client.run("UPDATE sample SET by_latest = 'by the office'")
    office.deafTo = ProtocolPath.pull
    #expect(try office.trySync() == nil)
    office.deafTo = nil

    try county.restore()
    let report = try office.sync()
    #expect(report.events.contains("hub_restored"))
    #expect(!report.events.contains("scrub_found"))
    try town.sync()
    #expect(try standing() == [[.text("by the office")]])
    #expect(try office.sync().digestEqual)
    #expect(try town.sync().digestEqual)
  }
}
