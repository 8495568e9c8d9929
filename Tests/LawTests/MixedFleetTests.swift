import HubStorage
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncSimulator
import Testing

/// Sites one version of the schema behind, among sites that have the newer one.
@Suite("Mixed fleets")
struct MixedFleetTests {
  @Test(arguments: 0..<8)
  func `law 11: a site one version behind changes nothing of what the county ends in`(shard: Int)
    throws
  {
    for number in 0..<25 {
      let seed = UInt64(300_000 + shard * 25 + number)
      var mixed = try GrowthHistory(seed: seed, townTakesSchemas: false)
      var uniform = try GrowthHistory(seed: seed, townTakesSchemas: true)
      try mixed.run()
      try uniform.run()
      #expect(mixed.statements == uniform.statements, "seed \(seed)")
      #expect(try mixed.hubState() == uniform.hubState(), "seed \(seed)")
      #expect(try mixed.hubDecisions() == uniform.hubDecisions(), "seed \(seed)")
      try mixed.expectTownHoldsEverything()
    }
  }
}

/// One history of three sites, in the middle of which the county's schema grows.
private struct GrowthHistory {
  let seed: UInt64
  let county: LocalCounty
  private(set) var statements: [String] = []
  private var generator: SeededGenerator
  private var nextNumber = 0
  private var hasGrown = false

  init(seed: UInt64, townTakesSchemas: Bool) throws {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    county = try LocalCounty(seed: seed)
    try county.addSite("town", kind: .municipality)
    try county.addSite("county", kind: .county)
    try county.addSite("carrier", kind: .carrier)
    county.sites[0].takesSchemas = townTakesSchemas
  }

  mutating func run() throws {
    try work(Int.random(in: 8...20, using: &generator))
    try county.grow(to: LawSchema.grownText)
    // The others take it over at different times.
    try work(Int.random(in: 2...6, using: &generator))
    hasGrown = true
    for site in county.sites.dropFirst() { try sync(site) }
    try work(Int.random(in: 15...30, using: &generator))
    for _ in 0..<3 { for site in county.sites { try sync(site) } }
  }

  private mutating func work(_ count: Int) throws {
    for _ in 0..<count {
      let site = county.sites.randomElement(using: &generator)!
      if generator.chance(30) {
        try sync(site)
      } else if let statement = try statement(at: site) {
        statements.append("\(site.name): \(statement)")
        try site.client.run(statement)
      }
    }
  }

  private func sync(_ site: LocalSite) throws {
    let report = try site.sync()
    #expect(report.digestEqual, "seed \(seed), \(site.name)")
    #expect(!report.events.contains("scrub_found"), "seed \(seed), \(site.name)")
  }

  // MARK: Writing

  /// No REPLACE, which empties columns that only some of the sites have, and no column that two
  /// clocks decide.
  private mutating func statement(at site: LocalSite) throws -> String? {
    let cases = try site.client.rows("SELECT id FROM case_file ORDER BY id").compactMap {
      $0[0].text
    }
    nextNumber += 1
    let isNew = hasGrown && site.name != "town"
    guard let caseID = cases.randomElement(using: &generator), !generator.chance(8) else {
      return "INSERT INTO case_file (id, opened_on) VALUES ('case\(nextNumber)', '2025-01-01')"
    }
    let rows = try site.client.rows("SELECT id FROM sample ORDER BY id").compactMap { $0[0].text }
    let row = rows.randomElement(using: &generator)
    switch (Int.random(in: 0..<12, using: &generator), row) {
    case (0...2, _):
      return "INSERT INTO sample (id, case_id, by_max) VALUES ('r\(nextNumber)', '\(caseID)', 1)"
    case (3, _) where isNew:
      return """
        INSERT INTO visit (id, case_id, text) VALUES ('v\(nextNumber)', '\(caseID)', \
        \(generator.chance(50) ? "'t\(nextNumber)'" : "NULL"))
        """
    case (4, _) where isNew:
      return "UPDATE visit SET text = 't\(nextNumber)' WHERE id = (SELECT min(id) FROM visit)"
    case (5, _) where isNew:
      return "DELETE FROM visit WHERE id = (SELECT max(id) FROM visit)"
    case (6, let row?):
      return "DELETE FROM sample WHERE id = '\(row)'"
    case (7...9, let row?) where isNew:
      let assignment = [
        "added_max = \(nextNumber)", "added_text = 't\(nextNumber)'", "added_text = NULL",
        "added_state = 's2'", "added_state = 's1'",
      ].randomElement(using: &generator)!
      return "UPDATE sample SET \(assignment) WHERE id = '\(row)'"
    case (10, let row?):
      return "UPDATE sample SET case_id = '\(caseID)' WHERE id = '\(row)'"
    case (_, let row?):
      let column = ["by_lead", "by_county", "by_manual", "by_once"]
        .randomElement(using: &generator)!
      return "UPDATE sample SET \(column) = 't\(nextNumber)' WHERE id = '\(row)'"
    default:
      return nil
    }
  }

  // MARK: Laws

  /// Every cell that the hub holds, told by plain SQL.
  func hubState() throws -> [[Value]] {
    let hub = try county.hubClient()
    return try county.schema.tables.filter { $0.scope != .global }.flatMap {
      try hub.rows(PlainComparison.sql(of: $0))
    }
  }

  /// What lost and what waits, without ids, sites and times, which differ from run to run.
  func hubDecisions() throws -> [[Value]] {
    let hub = try county.hubClient()
    return try hub.rows(
      """
      SELECT case_id, t, row_id, column_number, rule, kept_value, lost_value
      FROM kreissync_ledger ORDER BY seq, row_id, column_number, lost_value
      """)
      + hub.rows(
        """
        SELECT case_id, t, row_id, column_number, rule, kept_value, proposed_value
        FROM kreissync_proposal ORDER BY seq, row_id, column_number, proposed_value
        """)
  }

  /// First what its schema has, and then, when it has taken the newer one over, all of it.
  func expectTownHoldsEverything() throws {
    let town = county.sites[0]
    for version in 1...2 {
      #expect(town.file.schema.version == version)
      let hub = try county.hubClient()
      let cases = Set(try hub.rows("SELECT id FROM case_file").compactMap { $0[0].text })
      let held = Set(
        try town.client.rows("SELECT case_id FROM kreissync_case").compactMap {
          $0[0].text
        })
      #expect(
        try PlainComparison.differences(
          hub: hub, replica: town.client, schema: town.file.schema,
          cases: cases.intersection(held)) == [], "seed \(seed)")
      town.takesSchemas = true
      let report = try town.sync()
      #expect(report.digestEqual, "seed \(seed)")
      #expect(report.events == (version == 1 ? ["schema_updated"] : []), "seed \(seed)")
    }
    #expect(try town.client.rows("SELECT * FROM kreissync_unknown") == [], "seed \(seed)")
  }
}
