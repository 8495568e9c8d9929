import Foundation
import Testing

/// What the local program may do to its replica: own indexes, odd journal modes, odd values,
/// rebuilt tables. What cannot be sent stops itself only.
struct LocalProgramTests {
  private func withTwoSites(
    _ body: (TestCounty, TestSite, TestSite) throws -> Void
  ) throws {
    try withCounty { county in
      try body(county, try county.site("Hemmingen"), try county.fieldService())
    }
  }

  @Test("A unique index of the program keeps one row out; everything else flows")
  func uniqueIndex() throws {
    try withTwoSites { county, site, field in
      let first = try site.client().openCase(of: "Eins")
      try site.sync()
      try field.sync()
      try field.execute("CREATE UNIQUE INDEX local_name ON person (family_name)")
      let second = try site.client().openCase(of: "Eins")
      let third = try site.client().openCase(of: "Drei")
      try site.sync()

      let report = try field.sync(exit: 7)
      #expect(report["digest"]["equal"] != .null)
      #expect(try field.client().column("SELECT case_id FROM person ORDER BY 1") == [first, third])
      #expect(
        try field.client().column("SELECT id FROM case_file ORDER BY 1") == [first, second, third])
      // It stays so, and does not hold up the next change.
      try site.execute("UPDATE person SET phone = '1' WHERE case_id = '\(third)'")
      try site.sync()
      try field.sync(exit: 7)
      #expect(
        try field.value("SELECT phone FROM person WHERE case_id = '\(third)'") == "1")

      try field.execute("DROP INDEX local_name")
      try Agreement.expect(county, [site, field])
    }
  }

  @Test("A text beyond the limit holds its own case only, and flows again once it is shorter")
  func textTooLong() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      let good = try client.openCase(of: "Gut")
      let bad = try client.openCase(of: "Lang")
      try client.rows(
        "UPDATE consultation SET note = ? WHERE case_id = ?",
        [String(repeating: "x", count: (256 << 10) + 1), bad])
      let report = try site.sync(exit: 7)
      #expect(report["pushed"]["applied"] == 4)
      #expect(report["parked"] == 5)
      #expect(try site.site("status").json["parked"] == 5)
      #expect(try county.database().column("SELECT id FROM case_file") == [good])
      let line = try county.hub("status").json["sites"].items
        .first { $0["site"] == .text(site.id) }
      #expect(line?["parked"] == 5)
      // A parked upload does not hold back the download.
      try field.sync()
      try field.execute("UPDATE person SET phone = '1'")
      try field.sync()
      try site.sync(exit: 7)
      #expect(try client.value("SELECT phone FROM person WHERE case_id = '\(good)'") == "1")

      try client.rows(
        "UPDATE consultation SET note = ? WHERE case_id = ?",
        [String(repeating: "x", count: 256 << 10), bad])
      let flowing = try site.sync()
      #expect(flowing["parked"] == 0 && flowing["pushed"]["applied"] == 4)
      try Agreement.expect(county, [site, field])
    }
  }

  @Test("Text that is not UTF-8 holds its own case only")
  func invalidText() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      let good = try client.openCase(of: "Gut")
      let bad = try client.openCase(of: "Schlecht")
      try site.sync()
      try field.sync()
      try client.execute(
        "UPDATE person SET family_name = CAST(x'ff41' AS TEXT) WHERE case_id = '\(bad)'")
      try client.execute("UPDATE person SET phone = '7' WHERE case_id = '\(good)'")
      let report = try site.sync(exit: 7)
      #expect(report["parked"] == 1 && report["pushed"]["applied"] == 1)
      // The other side goes on editing the held case.
      try field.execute("UPDATE person SET phone = '8', email = 'e' WHERE case_id = '\(bad)'")
      try field.sync()
      try site.sync(exit: 7)
      #expect(
        try client.value("SELECT hex(family_name) FROM person WHERE case_id = '\(bad)'") == "FF41")
      try client.execute("UPDATE person SET family_name = 'Gut' WHERE case_id = '\(bad)'")
      #expect(try site.sync()["parked"] == 0)
      try Agreement.expect(county, [site, field])
      #expect(
        try field.client().rows("SELECT family_name, phone FROM person WHERE case_id = '\(bad)'")
          == [["Gut", "8"]])
    }
  }

  @Test("A row that cannot be sent may be deleted, and a row with an unfit id holds nobody else")
  func unfitRows() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      let caseID = try client.openCase()
      try client.execute(
        """
        INSERT INTO plan (id, case_id) VALUES (CAST(x'ff' AS TEXT), '\(caseID)');
        INSERT INTO case_file (id) VALUES (printf('%.3000c', 'x'));
        INSERT INTO person (case_id) VALUES (printf('%.3000c', 'x'));
        INSERT INTO case_file (id) VALUES ('');
        """)
      let other = try client.openCase(of: "Gut")
      let outcome = try site.site("sync")
      #expect(outcome.exit == 7, "\(outcome)")
      expectSums(try outcome.json)
      #expect(
        try county.database().value("SELECT count(*) FROM case_file WHERE id = '\(other)'") == "1")
      try client.execute(
        """
        PRAGMA foreign_keys = OFF;
        DELETE FROM plan WHERE id = CAST(x'ff' AS TEXT);
        DELETE FROM person WHERE length(case_id) > 1000;
        DELETE FROM case_file WHERE length(id) > 1000 OR id = '';
        """)
      try Agreement.expect(county, [site, field])
    }
  }

  @Test("Every value arrives as it was written")
  func values() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      let texts = [
        "O'Brien \"Bob\"", "👩🏽‍🎓 zwölf", "e\u{301}cole", "\u{e9}cole", "Ⅻ ﬁ ẞ", "\u{202E}abc",
        "عائشة", "Зоя", "  leading and trailing  ", "line\nfeed\ttab", "--; DROP TABLE person",
        "%s %d \\n", "\u{0}", "\u{FEFF}BOM", "\u{10FFFF}", "",
      ]
      for text in texts {
        let id = try client.openCase(of: text)
        try client.rows(
          "UPDATE consultation SET minutes = ?, topics = ? WHERE case_id = ?",
          ["9223372036854775807", text, id])
      }
      let long = try client.openCase(of: "Lang")
      try client.rows(
        "INSERT INTO consent (case_id, purpose, event) VALUES (?, 'notes_release', 'given')",
        [long])
      try client.rows(
        "UPDATE consultation SET note = ?, minutes = -9223372036854775808 WHERE case_id = ?",
        [String(repeating: "ä€😀 '\"", count: 17_100), long])
      try client.execute(
        """
        UPDATE person SET name_native = 'a' || char(0) || 'b', phone = '' WHERE case_id = '\(long)'
        """)
      try site.sync()
      try Agreement.expect(county, [site, field])
      #expect(
        try field.client().rows(
          """
          SELECT hex(name_native), phone, length(CAST(note AS BLOB)) FROM person
          JOIN consultation USING (case_id) WHERE case_id = ?
          """, [long]) == [["610062", "", "205200"]])
      // The same letters in another form are another value, and an edit.
      try field.execute(
        "UPDATE person SET family_name = char(233) || 'cole' WHERE family_name GLOB 'e*cole'")
      #expect(try field.sync()["captured"] == 1)
      try Agreement.expect(county, [site, field])
    }
  }

  @Test("A program in DELETE journal mode with synchronous OFF is captured like any other")
  func journalMode() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      for mode in ["DELETE", "TRUNCATE", "PERSIST", "WAL"] {
        try client.execute(
          """
          PRAGMA journal_mode = \(mode); PRAGMA synchronous = OFF;
          PRAGMA recursive_triggers = ON; PRAGMA foreign_keys = ON;
          """)
        try client.openCase(of: mode)
        #expect(try site.sync()["pushed"]["applied"] == 4)
        #expect(try client.value("PRAGMA journal_mode")?.uppercased() == mode)
        try field.sync()
        try field.execute("UPDATE person SET phone = '1' WHERE family_name = '\(mode)'")
        try field.sync()
        try site.sync()
      }
      try Agreement.expect(county, [site, field])
    }
  }

  @Test("Deleted triggers are repaired, and what was written meanwhile arrives")
  func deletedTriggers() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      let caseID = try client.openCase()
      let gone = try client.openCase(of: "Weg")
      try site.sync()
      try field.sync()
      let triggers = try client.column(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('person', 'plan')")
      #expect(!triggers.isEmpty)
      for trigger in triggers { try client.execute("DROP TRIGGER \"\(trigger)\"") }
      try client.execute(
        """
        UPDATE person SET family_name = 'Ungesehen' WHERE case_id = '\(caseID)';
        DELETE FROM person WHERE case_id = '\(gone)';
        INSERT INTO plan (case_id, version) VALUES ('\(caseID)', 3);
        """)
      let report = try site.sync()
      #expect(report["events"].items.contains("triggers_repaired"))
      #expect(report["events"].items.contains("scrub_found"))
      #expect(report["pushed"]["applied"] == 3)
      try Agreement.expect(county, [site, field])
      #expect(try field.client().column("SELECT family_name FROM person") == ["Ungesehen"])
      #expect(try field.value("SELECT version FROM plan") == "3")
      try client.execute("UPDATE person SET phone = '1'")
      let next = try site.sync()
      #expect(next["events"] == [] && next["pushed"]["applied"] == 1)
    }
  }

  @Test("A difference that nobody captured is repaired in the session that finds it")
  func repair() throws {
    try withTwoSites { county, site, field in
      try site.client().openCase()
      try site.sync()
      try field.sync()
      // Written behind the triggers' back, with the triggers as they were.
      let client = try field.client()
      let triggers = try client.rows(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'person'")
      for trigger in triggers { try client.execute("DROP TRIGGER \"\(trigger[0]!)\"") }
      try client.execute("UPDATE person SET family_name = 'Unbemerkt'")
      for trigger in triggers { try client.execute(trigger[1]!) }
      try site.execute("UPDATE case_file SET priority = 1")
      try site.sync()
      let report = try field.sync()
      #expect(report["digest"]["equal"] == true)
      try Agreement.expect(county, [site, field])
    }
  }

  @Test("A table that a tool rebuilt is captured again, with what was written meanwhile")
  func rebuiltTable() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      try client.openCase()
      try site.sync()
      let definition = try client.value("SELECT sql FROM sqlite_schema WHERE name = 'person'")!
      try client.execute(
        """
        PRAGMA foreign_keys = OFF;
        BEGIN;
        \(definition.replacing("TABLE \"person\"", with: "TABLE \"rebuilt\""));
        INSERT INTO rebuilt SELECT * FROM person;
        DROP TABLE person;
        ALTER TABLE rebuilt RENAME TO person;
        UPDATE person SET family_name = 'Umgebaut';
        COMMIT;
        """)
      let report = try site.sync()
      #expect(report["events"].items.contains("scrub_found"))
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT family_name FROM person") == "Umgebaut")
    }
  }

  @Test("A column that the program added is its own affair")
  func addedColumn() throws {
    try withTwoSites { county, site, field in
      let client = try site.client()
      try client.execute(
        """
        ALTER TABLE person ADD COLUMN shoe_size INTEGER;
        CREATE TABLE own_things (a, b);
        INSERT INTO own_things VALUES (1, 2);
        CREATE TRIGGER own_trigger AFTER INSERT ON person BEGIN
          INSERT INTO own_things VALUES (3, new.id);
        END;
        """)
      try client.openCase()
      try client.execute("UPDATE person SET shoe_size = 43")
      try site.sync()
      try field.sync()
      #expect(try field.value("SELECT family_name FROM person") == "Muster")
      try field.execute("UPDATE person SET phone = '1'")
      try field.sync()
      try site.sync()
      #expect(try client.rows("SELECT phone, shoe_size FROM person") == [["1", "43"]])
      #expect(try client.value("SELECT count(*) FROM own_things") == "2")
      #expect(try site.sync()["captured"] == 0)
    }
  }

  @Test("Edits made while a session runs are kept on top and go with the next one")
  func editedDuringSession() throws {
    try withTwoSites { county, site, field in
      let caseID = try site.client().openCase()
      try site.execute("INSERT INTO plan_goal (id, case_id, text) VALUES ('g', '\(caseID)', 'A')")
      try site.sync()
      try field.sync()
      let proxy = try CuttingProxy(to: county)
      try proxy.run {
        for bytes in stride(from: 0, to: 4_000, by: 250) {
          try site.execute("UPDATE person SET given_names = 'g\(bytes)'")
          try field.execute(
            "UPDATE person SET phone = 'f\(bytes)'; UPDATE plan_goal SET text = 'f\(bytes)'")
          try field.sync()
          var weather = CuttingProxy.Weather.fair
          weather.pieceByteCount = 100
          weather.pause = (
            bytes,
            {
              do {
                try site.execute(
                  """
                  UPDATE person SET email = 's\(bytes)', given_names = 'late \(bytes)';
                  INSERT INTO consultation (case_id, minutes) VALUES ('\(caseID)', \(bytes));
                  """)
              } catch {
                Issue.record("the local program met an error: \(error)")
              }
            }
          )
          proxy.set(weather)
          let outcome = try site.site("sync", environment: proxy.environment)
          #expect([0, 5].contains(outcome.exit), "after \(bytes) bytes: \(outcome)")
          expectSums(try outcome.json)
          #expect(
            try site.client().rows("SELECT given_names, email FROM person")
              == [["late \(bytes)", "s\(bytes)"]])
        }
      }
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM consultation") == "17")
      #expect(try field.value("SELECT given_names FROM person") == "late 3750")
    }
  }
}
