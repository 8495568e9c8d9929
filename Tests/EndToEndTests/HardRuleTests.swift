import Foundation
import Testing

/// The domain's hard rules from outside: plain SQL at a site, the verdict of the hub, the notice,
/// and a replica that is put right.
struct HardRuleTests {
  /// What the site wrote is refused by the rule, gone from the replica, and in its notices.
  private func expectRefused(
    _ site: TestSite, _ rule: String, table: String, row: String, by sql: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try site.execute(sql)
    let report = try site.sync(sourceLocation: sourceLocation)
    #expect(report["pushed"]["refused"] == 1, "\(report)", sourceLocation: sourceLocation)
    let notices = try site.notices().filter {
      $0["table"] == .text(table) && $0["row"] == .text(row) && $0["reason"] == .text(rule)
    }
    #expect(
      !notices.isEmpty && notices.allSatisfy { $0["verdict"] == "refused" },
      "\(table) \(row) \(rule)", sourceLocation: sourceLocation)
    let seen = try site.value(
      """
      SELECT count(*) FROM kreissync_notice
      WHERE table_name = '\(table)' AND row_id = '\(row)' AND reason = '\(rule)'
      """)
    #expect(seen != "0", sourceLocation: sourceLocation)
  }

  @Test("A change that breaks a rule of its case is refused with rule, table and row, and undone")
  func rulesOfACase() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.execute(
        """
        INSERT INTO case_file (id, opened_on) VALUES ('k', '2025-01-15');
        INSERT INTO consent (case_id, purpose, event) VALUES ('k', 'special_needs', 'given');
        """)
      try site.sync()

      try expectRefused(
        site, "unknown_ags", table: "residence", row: "r",
        by: "INSERT INTO residence (id, case_id, ags, kind) VALUES ('r', 'k', '03241007', 'vu')")
      #expect(try site.value("SELECT count(*) FROM residence") == "0")
      try expectRefused(
        site, "unknown_programme", table: "case_file", row: "k",
        by: "UPDATE case_file SET programme_id = 'nowhere', priority = 3")
      #expect(
        try site.value("SELECT programme_id IS NULL AND priority IS NULL FROM case_file") == "1")
      try expectRefused(
        site, "consent_missing", table: "person_need", row: "n",
        by: "INSERT INTO person_need (id, case_id, kind) VALUES ('n', 'k', 'trauma')")
      #expect(try site.value("SELECT count(*) FROM person_need") == "0")

      // The rows of a case that is not opened are nowhere: all go back to their author's notices.
      try site.execute(
        """
        INSERT INTO case_file (id, programme_id) VALUES ('m', 'nowhere');
        INSERT INTO consent (case_id, purpose, event) VALUES ('m', 'casework', 'given');
        INSERT INTO person (case_id, family_name) VALUES ('m', 'Muster');
        """)
      #expect(try site.sync()["pushed"]["refused"] == 3)
      #expect(try site.value("SELECT count(*) FROM case_file WHERE id = 'm'") == "0")
      #expect(
        try site.value("SELECT your_value FROM kreissync_notice WHERE table_name = 'person'")
          == "Muster")
      try Agreement.expect(county, [site])
    }
  }

  @Test("A need and its consent may be written in any order, in one transaction")
  func needBeforeConsent() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.execute(
        """
        BEGIN;
        INSERT INTO person_need (id, case_id, kind, consent_id) VALUES ('n', 'k', 'trauma', 'c');
        INSERT INTO consent (id, case_id, purpose, event, on_date)
          VALUES ('c', 'k', 'special_needs', 'given', '2025-01-15');
        INSERT INTO case_file (id, opened_on) VALUES ('k', '2025-01-15');
        COMMIT;
        """)
      #expect(try site.sync()["pushed"]["applied"] == 3)
      try site.execute(
        """
        INSERT INTO consent (case_id, purpose, event, on_date)
          VALUES ('k', 'special_needs', 'revoked', '2025-02-01')
        """)
      #expect(try site.sync()["pushed"]["applied"] == 1)
      // Its gate is closed: what is written now stays here.
      try site.execute("UPDATE person_need SET text = 'mehr'")
      #expect(try site.sync()["withheld"] == 1)
      #expect(try site.value("SELECT text FROM person_need") == "mehr")
      try Agreement.expect(county, [site])
    }
  }

  @Test("Money is whole cents at the replica, whatever a program tries")
  func money() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      for amount in ["47995.1", "'47995,10'", "'viel'"] {
        #expect(throws: SQLClient.Failure.self, "\(amount)") {
          try site.execute("INSERT INTO grant_allocation (amount_cents) VALUES (\(amount))")
        }
      }
      try site.execute("INSERT INTO grant_allocation (amount_cents) VALUES (4799510)")
    }
  }
}
