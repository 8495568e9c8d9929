import Testing

/// Two sites change what they both hold without knowing of each other. `municipality` opened the
/// case and leads it; `field` contributes.
struct ConflictTests {
  private struct Pair {
    let county: TestCounty
    let municipality: TestSite
    let field: TestSite
    let caseID: String

    /// The field service's edit reaches the hub first.
    func fieldFirst(_ field: String, _ municipality: String) throws -> (JSON, JSON) {
      try self.field.execute(field)
      try self.municipality.execute(municipality)
      let first = try self.field.sync()
      let second = try self.municipality.sync()
      return (first, second)
    }

    func municipalityFirst(_ municipality: String, _ field: String) throws -> (JSON, JSON) {
      try self.municipality.execute(municipality)
      try self.field.execute(field)
      let first = try self.municipality.sync()
      let second = try self.field.sync()
      return (first, second)
    }

    func conflicts() throws -> [JSON] {
      try county.hub("conflicts", "list").json.items
    }
  }

  /// Dates the last captured edit back: the hub measures a site's clock through the line, so edits
  /// that are milliseconds apart have no certain order.
  private static let anHourAgo = """
    UPDATE kreissync_log SET at = at - 3600000 WHERE n = (SELECT max(n) FROM kreissync_log)
    """

  private func withPair(_ body: (Pair) throws -> Void) throws {
    try withCounty { county in
      let municipality = try county.site("Hemmingen")
      let field = try county.fieldService()
      let caseID = try municipality.client().openCase()
      try municipality.execute(
        """
        INSERT INTO plan (id, case_id, version, state) VALUES ('plan', '\(caseID)', 1, 'draft');
        INSERT INTO plan_goal (id, case_id, plan_id, text)
          VALUES ('goal', '\(caseID)', 'plan', 'B1');
        """)
      try municipality.sync()
      try field.sync()
      #expect(try field.value("SELECT own_role FROM kreissync_case") == "contributor")
      try body(
        Pair(county: county, municipality: municipality, field: field, caseID: caseID))
      try Agreement.expect(county, [municipality, field])
    }
  }

  @Test("Edits of different columns of one row meet without a conflict")
  func differentColumns() throws {
    try withPair { pair in
      let (first, second) = try pair.fieldFirst(
        "UPDATE person SET phone = '1'", "UPDATE person SET email = 'a@example.org'")
      #expect(first["pushed"]["applied"] == 1 && second["pushed"]["applied"] == 1)
      #expect(try pair.conflicts() == [])
      #expect(
        try pair.municipality.client().rows("SELECT phone, email FROM person")
          == [["1", "a@example.org"]])
    }
  }

  @Test("The same value at two sites is no conflict")
  func sameValue() throws {
    try withPair { pair in
      let (_, second) = try pair.fieldFirst(
        "UPDATE person SET family_name = 'Meier'", "UPDATE person SET family_name = 'Meier'")
      #expect(second["pushed"]["applied"] == 1)
      #expect(try pair.conflicts() == [])
      #expect(try pair.municipality.notices() == [])
    }
  }

  @Test("latest: the later edit wins, whoever syncs first, and the other stands in the ledger")
  func latest() throws {
    try withPair { pair in
      let (_, second) = try pair.municipalityFirst(
        "UPDATE person SET phone = 'earlier'; \(Self.anHourAgo)",
        "UPDATE person SET phone = 'later'")
      #expect(second["pushed"]["applied"] == 1)
      #expect(try pair.field.value("SELECT phone FROM person") == "later")
      let conflicts = try pair.conflicts()
      #expect(conflicts.count == 1)
      #expect(CommandShapeTests.conflict.misfits(conflicts[0]) == [])
      #expect(conflicts[0]["table"] == "person" && conflicts[0]["column"] == "phone")
      #expect(conflicts[0]["policy"] == "latest" && conflicts[0]["case"] == .text(pair.caseID))
      #expect(conflicts[0]["kept"]["value"] == "later")
      #expect(conflicts[0]["kept"]["site"] == .text(pair.field.id))
      #expect(conflicts[0]["lost"]["value"] == "earlier")
      #expect(conflicts[0]["lost"]["site"] == .text(pair.municipality.id))
      let shown = try pair.county.hub("conflicts", "show", conflicts[0]["id"].text!).json
      #expect(shown == conflicts[0])
      #expect(
        try pair.county.hub("conflicts", "list", "--case", pair.caseID).json.items == conflicts)
      #expect(try pair.county.hub("conflicts", "list", "--case", "other").json == [])
      #expect(try pair.county.hub("conflicts", "show", "nothing").exit == 1)
    }
  }

  @Test("latest: an earlier edit that syncs second is overridden and put right at once")
  func latestOverridden() throws {
    try withPair { pair in
      try pair.municipality.execute("UPDATE person SET phone = 'earlier'; \(Self.anHourAgo)")
      try pair.field.execute("UPDATE person SET phone = 'later'")
      try pair.field.sync()
      let second = try pair.municipality.sync()
      #expect(second["pushed"]["overridden"] == 1)
      #expect(try pair.municipality.value("SELECT phone FROM person") == "later")
      let notice = try pair.municipality.client().rows(
        """
        SELECT table_name, column_name, verdict, your_value, kept_value FROM kreissync_notice
        """)
      #expect(notice == [["person", "phone", "overridden", "earlier", "later"]])
    }
  }

  @Test("lead: the lead's edit wins although it comes second")
  func leadWins() throws {
    try withPair { pair in
      let (_, second) = try pair.fieldFirst(
        "UPDATE person SET family_name = 'Field'", "UPDATE person SET family_name = 'Lead'")
      #expect(second["pushed"]["applied"] == 1)
      let conflict = try pair.conflicts()[0]
      #expect(conflict["rule"] == "lead_wins" && conflict["lost"]["value"] == "Field")
      try pair.field.sync()
      #expect(try pair.field.value("SELECT family_name FROM person") == "Lead")
      let told = try pair.field.notices()
      #expect(told.map(\.["reason"]) == ["lead_wins"], "it stood, and lost afterwards")
      #expect(told[0]["your_value"] == "Field" && told[0]["kept_value"] == "Lead")
    }
  }

  @Test("lead: a contributor's edit becomes a proposal and is put right in the same session")
  func leadDecides() throws {
    try withPair { pair in
      let (_, second) = try pair.municipalityFirst(
        "UPDATE person SET family_name = 'Lead'", "UPDATE person SET family_name = 'Field'")
      #expect(second["pushed"]["proposal"] == 1)
      #expect(try pair.field.value("SELECT family_name FROM person") == "Lead")
      let notices = try pair.field.notices()
      #expect(notices.count == 1)
      let shape = Shape.object([
        "table": .text, "row": .text, "column": .text, "verdict": .text, "reason": .text,
        "your_value": .anything, "kept_value": .anything, "at": .time,
      ])
      #expect(shape.misfits(notices[0]) == [])
      #expect(notices[0]["verdict"] == "proposal" && notices[0]["your_value"] == "Field")
      #expect(notices[0]["kept_value"] == "Lead" && notices[0]["column"] == "family_name")
      let proposals = try pair.county.hub("proposals", "list").json.items
      #expect(proposals.count == 1)
      #expect(proposals[0]["proposed"]["value"] == "Field" && proposals[0]["state"] == "open")
      let line = try pair.county.hub("status").json["sites"].items
        .first { $0["site"] == .text(pair.municipality.id) }
      #expect(line?["proposals"] == 1, "it waits for the lead")
    }
  }

  @Test("manual: whoever comes second proposes, also the lead")
  func manual() throws {
    try withPair { pair in
      let (_, second) = try pair.fieldFirst(
        "UPDATE plan_goal SET text = 'B2'", "UPDATE plan_goal SET text = 'C1'")
      #expect(second["pushed"]["proposal"] == 1)
      #expect(try pair.municipality.value("SELECT text FROM plan_goal") == "B2")
      #expect(
        try pair.municipality.client().rows(
          "SELECT column_name, your_value, kept_value FROM kreissync_notice")
          == [["text", "C1", "B2"]])
    }
  }

  @Test("union: both sets arrive together, at both sites")
  func union() throws {
    try withPair { pair in
      let (_, second) = try pair.fieldFirst(
        "UPDATE person SET languages = 'ar,de'", "UPDATE person SET languages = 'de,uk'")
      #expect(second["pushed"]["merged"] == 1)
      #expect(try pair.municipality.value("SELECT languages FROM person") == "ar,de,uk")
      try pair.field.sync()
      #expect(try pair.field.value("SELECT languages FROM person") == "ar,de,uk")
    }
  }

  @Test("max, min and state: the greater, the smaller and the later value stay")
  func ordered() throws {
    try withPair { pair in
      let (_, second) = try pair.fieldFirst(
        """
        UPDATE plan SET version = 7, state = 'completed';
        UPDATE case_file SET opened_on = '2024-01-01';
        """,
        """
        UPDATE plan SET version = 3, state = 'active';
        UPDATE case_file SET opened_on = '2023-01-01';
        """)
      #expect(second["pushed"]["overridden"] == 1 && second["pushed"]["applied"] == 1)
      #expect(
        try pair.municipality.client().rows("SELECT version, state FROM plan")
          == [["7", "completed"]])
      #expect(try pair.municipality.value("SELECT opened_on FROM case_file") == "2023-01-01")
      #expect(try pair.municipality.notices().count == 2)
    }
  }

  @Test("once: a second, different first value is a proposal")
  func once() throws {
    try withPair { pair in
      let (_, second) = try pair.fieldFirst(
        "UPDATE person SET birth_date = '1990-01-01', birth_date_precision = 'day'",
        "UPDATE person SET birth_date = '1991-01-01', birth_date_precision = 'year'")
      #expect(second["pushed"]["proposal"] == 1)
      #expect(
        try pair.municipality.client().rows("SELECT birth_date, birth_date_precision FROM person")
          == [["1990-01-01", "day"]])
    }
  }

  @Test("A contributor's edit of a row that the lead deleted is a proposal; the row stays deleted")
  func editOfDeleted() throws {
    try withPair { pair in
      let (first, second) = try pair.municipalityFirst(
        "DELETE FROM plan_goal", "UPDATE plan_goal SET area = 'housing'")
      #expect(first["pushed"]["applied"] == 1 && second["pushed"]["proposal"] == 1)
      #expect(try pair.field.value("SELECT count(*) FROM plan_goal") == "0")
      let notices = try pair.field.notices()
      #expect(notices.contains { $0["your_value"] == "housing" && $0["verdict"] == "proposal" })
    }
  }

  @Test("The lead's deletion of an edited row applies, and the edit stands in the ledger")
  func deletionByLead() throws {
    try withPair { pair in
      let (_, second) = try pair.fieldFirst(
        "UPDATE plan_goal SET area = 'housing'", "DELETE FROM plan_goal")
      #expect(second["pushed"]["applied"] == 1)
      let conflicts = try pair.conflicts()
      #expect(conflicts.map(\.["lost"]["value"]) == ["housing"])
      #expect(conflicts.map(\.["rule"]) == ["deleted_by_lead"])
      try pair.field.sync()
      #expect(try pair.field.value("SELECT count(*) FROM plan_goal") == "0")
    }
  }

  @Test("A contributor's deletion of a row that changed meanwhile is a proposal; the row returns")
  func deletionByContributor() throws {
    try withPair { pair in
      let (_, second) = try pair.municipalityFirst(
        "UPDATE plan_goal SET area = 'housing'", "DELETE FROM plan_goal")
      #expect(second["pushed"]["proposal"] == 1)
      #expect(try pair.field.value("SELECT area FROM plan_goal") == "housing")
      #expect(try pair.field.notices().first?["verdict"] == "proposal")
    }
  }

  @Test("In an append table only the author's site may change a row")
  func appendTable() throws {
    try withPair { pair in
      try pair.field.execute(
        "UPDATE consultation SET minutes = 90; DELETE FROM consent")
      let report = try pair.field.sync()
      #expect(report["pushed"]["proposal"] == 2)
      #expect(try pair.field.value("SELECT minutes FROM consultation") == nil)
      #expect(try pair.field.value("SELECT count(*) FROM consent") == "1")
      try pair.municipality.execute("UPDATE consultation SET minutes = 45")
      #expect(try pair.municipality.sync()["pushed"]["applied"] == 1)
    }
  }

  @Test("Deleting a case is a proposal to erase it; the case stays")
  func caseDeletion() throws {
    try withPair { pair in
      try pair.municipality.execute("PRAGMA foreign_keys = OFF; DELETE FROM case_file")
      let report = try pair.municipality.sync()
      #expect(report["pushed"]["proposal"] == 1)
      #expect(try pair.municipality.value("SELECT id FROM case_file") == pair.caseID)
    }
  }

  @Test("An id that stands in a case out of scope is refused, and nothing of that case shows")
  func takenID() throws {
    try withPair { pair in
      let other = try pair.county.site("Sachsenheim", areas: ["08118076"])
      let client = try other.client()
      let ownCase = try client.openCase(of: "Beispiel")
      try other.sync()
      try client.execute(
        "INSERT INTO plan (id, case_id, version) VALUES ('plan', '\(ownCase)', 9)")
      let report = try other.sync()
      #expect(report["pushed"]["refused"] == 1)
      #expect(try client.value("SELECT count(*) FROM plan") == "0")
      let notices = try client.rows(
        "SELECT verdict, your_value, kept_value FROM kreissync_notice WHERE column_name = 'version'"
      )
      #expect(notices == [["refused", "9", nil]])
      try Agreement.expect(pair.county, [other])
      #expect(try pair.county.database().column("SELECT case_id FROM plan") == [pair.caseID])
    }
  }

  @Test("A row for a case that a site does not hold is refused and leaves its replica")
  func foreignCase() throws {
    try withPair { pair in
      let other = try pair.county.site("Sachsenheim", areas: ["08118076"])
      try other.sync()
      #expect(try other.value("SELECT count(*) FROM kreissync_case") == "0")
      try other.execute(
        """
        INSERT INTO consent (case_id, purpose, event)
          VALUES ('\(pair.caseID)', 'casework', 'given');
        INSERT INTO person (case_id, family_name) VALUES ('\(pair.caseID)', 'Intruder');
        INSERT INTO case_file (id) VALUES ('\(pair.caseID)');
        """)
      let report = try other.sync()
      #expect(report["pushed"]["refused"] == 3)
      #expect(try other.value("SELECT count(*) FROM person") == "0")
      #expect(try other.value("SELECT count(*) FROM case_file") == "0")
      #expect(try other.notices().contains { $0["your_value"] == "Intruder" })
      try Agreement.expect(pair.county, [other])
    }
  }

  @Test("Three rounds of crossing edits at three sites end in one state")
  func crossing() throws {
    try withPair { pair in
      let third = try pair.county.site("Kreis, Außenstelle", kind: "county", areas: [])
      try third.sync()
      let sites = [pair.municipality, pair.field, third]
      for round in 1...3 {
        for (position, site) in sites.enumerated() {
          try site.execute(
            """
            UPDATE person SET family_name = 'n\(round)\(position)', phone = 'p\(round)\(position)',
              languages = 'l\(round)\(position)', email = 'e\(round)\(position)';
            UPDATE plan_goal SET text = 't\(round)\(position)', area = 'housing';
            INSERT INTO consultation (case_id, minutes) VALUES ('\(pair.caseID)', \(position));
            """)
        }
        for site in sites { try site.sync() }
      }
      try Agreement.expect(pair.county, sites)
      #expect(try third.value("SELECT count(*) FROM consultation") == "10")
    }
  }
}
