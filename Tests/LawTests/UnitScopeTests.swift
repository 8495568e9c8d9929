import CaseloadSchema
import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncSimulator
import Testing

/// Rows that belong to no case: who gets workers, positions and allocations.
@Suite("Rows without a case")
struct UnitScopeTests {
  private let county: LocalCounty
  private let town: LocalSite
  private let other: LocalSite
  private let office: LocalSite
  private let carrier: LocalSite

  init() throws {
    county = try LocalCounty(seed: 7, schemaText: CaseloadSchema.shipped)
    town = try county.addSite("town", kind: .municipality)
    other = try county.addSite("other", kind: .municipality, areas: ["08118001"])
    office = try county.addSite("office", kind: .county, areas: [])
    carrier = try county.addSite("carrier", kind: .carrier)
  }

  /// Everybody syncs until all have seen all, and all are proved equal.
  private func syncAll() throws {
    for site in county.sites + county.sites {
      let report = try site.sync()
      #expect(report.digestEqual, "\(site.name)")
    }
  }

  private func workers(_ site: LocalSite) throws -> [[Value]] {
    try site.client.rows("SELECT id, display_name, role, site_id FROM worker ORDER BY id")
  }

  @Test func `a worker goes to its own site and the hub, and to nobody else`() throws {
    try town.client.run(
      """
      INSERT INTO worker (id, display_name, role, qualification)
        VALUES ('w1', 'Ada Muster', 'coordinator', 'M. A.');
      INSERT INTO worker (id, site_id, display_name) VALUES ('w2', '\(town.id)', 'Bo Muster');
      """)
    let report = try town.sync()
    #expect(report.verdicts == [.applied: 2])
    try syncAll()
    #expect(try workers(town).count == 2)
    for site in [other, office, carrier] { #expect(try workers(site).isEmpty, "\(site.name)") }
    let hub = try county.hubClient()
    #expect(
      try hub.rows("SELECT id, display_name, qualification FROM worker ORDER BY id")
        == [["w1", "Ada Muster", .null], ["w2", "Bo Muster", .null]], "local columns stay")
    #expect(try town.client.rows("SELECT qualification FROM worker WHERE id = 'w1'") == [["M. A."]])
    #expect(try town.client.rows("SELECT count(*) FROM kreissync_case") == [[0]])
  }

  @Test func `whoever holds a case sees the name of its worker, and nothing else of him`() throws {
    try town.client.run(
      """
      INSERT INTO worker (id, display_name, role, bound_by_secrecy)
        VALUES ('w1', 'Ada Muster', 'coordinator', 1);
      INSERT INTO case_file (id, worker_id) VALUES ('c1', 'w1');
      INSERT INTO case_file (id) VALUES ('c2');
      """)
    try syncAll()
    #expect(try workers(office) == [["w1", "Ada Muster", .null, .null]])
    #expect(try workers(other).isEmpty)
    #expect(try workers(carrier).isEmpty)

    // A name that changes follows; what is not shown does not even travel as empty.
    try town.client.run("UPDATE worker SET display_name = 'Ada Neu', role = 'deputy'")
    try syncAll()
    #expect(try workers(office) == [["w1", "Ada Neu", .null, .null]])
    try town.client.run("UPDATE worker SET role = 'other'")
    try town.sync()
    #expect(try office.sync().rowsPulled == 0)

    // A site that joins later is granted the cases of its area, and with them the names.
    let late = try county.addSite("late", kind: .association)
    try syncAll()
    #expect(try workers(late) == [["w1", "Ada Neu", .null, .null]])
    #expect(try late.client.rows("SELECT count(*) FROM kreissync_case") == [[2]])

    // Gone at its site is gone everywhere.
    try town.client.run(
      "UPDATE case_file SET worker_id = NULL; DELETE FROM worker")
    try syncAll()
    for site in county.sites { #expect(try workers(site).isEmpty, "\(site.name)") }
  }

  /// What a pull brings to the office without a hub: of the worker `w1` only what a mention shows.
  private func pull(_ terms: [GrantTerms], tellsAll: Bool = false) throws {
    let position = try office.file.record().position
    let table = try #require(try county.schema.table(named: "worker"))
    let name = try #require(table.columns.first { $0.name == "display_name" })
    let unit = table.unit(of: RowID("w1"))
    let image = RowImage(
      key: RowKey(table: table.number, id: RowID("w1")), caseID: unit,
      cells: Cells(mask: ColumnMask([name.number]), values: ["Ada Muster"]))
    var scope = PulledScope(
      checkpoint: Position(
        history: position.history, seq: position.seq + 1, treeHead: position.treeHead),
      scopeDigest: .zero,
      pages: terms.map { terms in
        PulledScope.Page(
          cases: [
            PulledScope.CaseState(
              caseID: unit, lead: town.id, terms: terms, epoch: 1,
              isDeliveredWhole: terms != .ended)
          ], items: terms == .ended ? [] : [.whole(image)])
      })
    scope.tellsAllDigests = tellsAll
    _ = try office.file.apply(scope, at: 1_000)
  }

  @Test func `a mention that ends and is made again in one pull keeps the name`() throws {
    try pull([GrantTerms(.mention)])
    try pull([.ended, GrantTerms(.mention)])
    #expect(try workers(office).map { $0[1] } == ["Ada Muster"])
    try pull([GrantTerms(.mention), .ended])
    #expect(try workers(office).isEmpty)
  }

  @Test func `a mention that a restored hub has forgotten ends when it names all that it grants`()
    throws
  {
    try pull([GrantTerms(.mention)])
    try pull([])
    #expect(try workers(office).map { $0[1] } == ["Ada Muster"])
    try pull([], tellsAll: true)
    #expect(try workers(office).isEmpty)
    #expect(
      try office.client.rows("SELECT count(*) FROM kreissync_case_state WHERE case_id LIKE '#%'")
        == [[0]])
  }

  @Test func `a worker who is entered after the case that names him is seen as well`() throws {
    try town.client.run("INSERT INTO case_file (id, worker_id) VALUES ('c1', 'w1')")
    try syncAll()
    try town.client.run("INSERT INTO worker (id, display_name) VALUES ('w1', 'Ada Muster')")
    try syncAll()
    #expect(try workers(office) == [["w1", "Ada Muster", .null, .null]])
    // And in the same batch, the case first.
    try town.client.run(
      """
      INSERT INTO case_file (id, worker_id) VALUES ('c2', 'w2');
      INSERT INTO worker (id, display_name) VALUES ('w2', 'Bo Muster');
      """)
    try syncAll()
    #expect(try workers(office).map { $0[1] } == ["Ada Muster", "Bo Muster"])
  }

  @Test func `a stranger's name is not learnt by writing his id`() throws {
    try town.client.run("INSERT INTO worker (id, display_name) VALUES ('w1', 'Ada Muster')")
    try town.sync()
    try other.client.run("INSERT INTO case_file (id, worker_id) VALUES ('c1', 'w1')")
    try syncAll()
    #expect(try workers(other).isEmpty)
    #expect(try workers(office).isEmpty)
  }

  @Test func `a mentioned worker cannot be edited where he is only mentioned`() throws {
    try town.client.run(
      """
      INSERT INTO worker (id, display_name, role) VALUES ('w1', 'Ada Muster', 'coordinator');
      INSERT INTO case_file (id, worker_id) VALUES ('c1', 'w1');
      """)
    try syncAll()
    try office.client.run("UPDATE worker SET display_name = 'x', role = 'other'")
    let report = try office.sync()
    #expect(report.verdicts == [.refused: 1])
    try syncAll()
    #expect(try workers(office) == [["w1", "Ada Muster", .null, .null]])
    #expect(
      try office.client.rows("SELECT DISTINCT reason FROM kreissync_notice") == [["not_granted"]])
    #expect(try workers(town) == [["w1", "Ada Muster", "coordinator", .null]])
  }

  @Test func `money goes to the site that gets it and the site that works with it`() throws {
    try town.client.run(
      """
      INSERT INTO grant_allocation (id, recipient_site, executing_site, amount_cents)
        VALUES ('g1', '\(office.id)', '\(town.id)', 4799510);
      INSERT INTO worker (id, display_name) VALUES ('w1', 'Ada Muster');
      INSERT INTO position (id, worker_id, fte_thousandths) VALUES ('p1', 'w1', 800);
      INSERT INTO position (id, worker_id, grant_id, fte_thousandths)
        VALUES ('p2', 'w1', 'g1', 500);
      """)
    try syncAll()
    let grants = { (site: LocalSite) in
      try site.client.rows("SELECT id, amount_cents FROM grant_allocation")
    }
    let positions = { (site: LocalSite) in
      try site.client.rows("SELECT id FROM position ORDER BY id").map { $0[0] }
    }
    for site in [town, office] { #expect(try grants(site) == [["g1", 4_799_510]], "\(site.name)") }
    for site in [other, carrier] { #expect(try grants(site).isEmpty, "\(site.name)") }
    #expect(try positions(town) == ["p1", "p2"])
    #expect(try positions(office) == ["p2"], "it follows the allocation, too")
    #expect(try workers(office).isEmpty)
    // Both may write: the county's edit wins over one that did not know it.
    try office.client.run("UPDATE grant_allocation SET amount_cents = 1")
    try office.sync()
    try town.client.run("UPDATE grant_allocation SET amount_cents = 2, fte_thousandths = 800")
    #expect(try town.sync().verdicts == [.overridden: 1])
    try syncAll()
    #expect(
      try town.client.rows("SELECT amount_cents, fte_thousandths FROM grant_allocation")
        == [[1, 800]])
  }

  @Test func `a row may name further sites, and is never taken from one`() throws {
    try town.client.run(
      "INSERT INTO grant_allocation (id, executing_site) VALUES ('g1', '\(town.id)')")
    try syncAll()
    try town.client.run("UPDATE grant_allocation SET recipient_site = '\(carrier.id)'")
    try syncAll()
    #expect(try carrier.client.rows("SELECT id FROM grant_allocation") == [["g1"]])
    try town.client.run("UPDATE grant_allocation SET recipient_site = '\(office.id)'")
    #expect(try town.sync().verdicts == [.refused: 1])
    try syncAll()
    #expect(
      try town.client.rows("SELECT recipient_site FROM grant_allocation")
        == [[.text(carrier.id.string)]])
    #expect(try office.client.rows("SELECT id FROM grant_allocation").isEmpty)
    #expect(try town.client.rows("SELECT reason FROM kreissync_notice") == [["row_stays"]])
  }

  @Test func `a row that names others only, or nobody known, is refused and put right`() throws {
    try town.client.run(
      """
      INSERT INTO worker (id, site_id, display_name) VALUES ('w1', '\(other.id)', 'Ada Muster');
      INSERT INTO worker (id, site_id, display_name) VALUES ('w2', 'nobody', 'Bo Muster');
      """)
    #expect(try town.sync().verdicts == [.refused: 2])
    try syncAll()
    #expect(try workers(town).isEmpty)
    #expect(try workers(other).isEmpty)
    #expect(
      Set(try town.client.rows("SELECT DISTINCT reason FROM kreissync_notice").map { $0[0] })
        == ["not_granted", "unknown_site"])
  }

  @Test func `no case may be named as a unit is`() throws {
    try town.client.run("INSERT INTO case_file (id) VALUES ('#9/w1')")
    #expect(try town.sync().verdicts == [.refused: 1])
    try syncAll()
    #expect(try town.client.rows("SELECT id FROM case_file").isEmpty)
  }

  @Test func `a carrier sees no case that others open in its area, and its own are seen`() throws {
    try town.client.run("INSERT INTO case_file (id) VALUES ('of-town')")
    try carrier.client.run("INSERT INTO case_file (id) VALUES ('of-carrier')")
    try syncAll()
    let cases = { (site: LocalSite) in
      try site.client.rows("SELECT id FROM case_file ORDER BY id").map { $0[0] }
    }
    #expect(try cases(carrier) == ["of-carrier"])
    #expect(try cases(town) == ["of-carrier", "of-town"])
    #expect(try cases(other).isEmpty)
    let second = try county.addSite("second carrier", kind: .carrier)
    try syncAll()
    #expect(try cases(second).isEmpty)
  }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  public init(stringLiteral text: String) { self = .text(text) }
  public init(integerLiteral number: Int64) { self = .integer(number) }
}
