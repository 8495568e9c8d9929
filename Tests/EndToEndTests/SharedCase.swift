import Testing

/// A case that two sites edit: `town` opened it and leads it, `field` contributes. It has a plan
/// with one goal: language, B1, 2025-06-30.
struct SharedCase {
  let county: TestCounty
  let town: TestSite
  let field: TestSite
  let caseID: String

  /// Runs a test with a county that has one, and proves at its end that both sites agree with the
  /// hub.
  static func with(_ body: (SharedCase) throws -> Void) throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let field = try county.fieldService()
      let caseID = try town.client().openCase()
      try town.execute(
        """
        INSERT INTO plan (id, case_id, version, state) VALUES ('plan', '\(caseID)', 1, 'draft');
        INSERT INTO plan_goal (id, case_id, plan_id, area, text, target_date)
          VALUES ('goal', '\(caseID)', 'plan', 'language', 'B1', '2025-06-30');
        """)
      let shared = SharedCase(county: county, town: town, field: field, caseID: caseID)
      try shared.syncAll()
      try body(shared)
      try Agreement.expect(county, [town, field])
    }
  }

  func syncAll() throws {
    for site in [town, field, town] { try site.sync() }
  }

  /// Both change the same cells without knowing of each other; the lead is first.
  func cross(_ town: String, _ field: String) throws {
    try self.town.execute(town)
    try self.field.execute(field)
    try syncAll()
  }

  func conflicts() throws -> [JSON] {
    try county.hub("conflicts", "list", "--case", caseID).json.items
  }

  /// `hub conflicts show` as people read it.
  func shown(_ id: String) throws -> String {
    try Binary.run("hub", "conflicts", "show", id, "--data", county.hubDirectory).output
  }

  /// Expects the same cells at both sites.
  func expectEverywhere(
    _ sql: String, _ rows: [[String?]], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for site in [town, field] {
      #expect(try site.client().rows(sql) == rows, sourceLocation: sourceLocation)
    }
  }
}
