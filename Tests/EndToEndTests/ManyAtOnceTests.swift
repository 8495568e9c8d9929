import Testing

/// Several sites, several pages, several programs at the same moment.
@Suite(.serialized)
struct ManyAtOnceTests {
  @Test("A first load in many pages is one state, although others write between them")
  func pages() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let client = try site.client()
      try client.execute("BEGIN")
      for number in 0..<300 {
        let id = "case-\(number)"
        try client.execute(
          """
          INSERT INTO case_file (id) VALUES ('\(id)');
          INSERT INTO consent (case_id, purpose, event) VALUES
            ('\(id)', 'casework', 'given'), ('\(id)', 'notes_release', 'given');
          INSERT INTO person (id, case_id, family_name) VALUES ('p-\(number)', '\(id)', 'n');
          INSERT INTO consultation (id, case_id, note)
            VALUES ('c-\(number)', '\(id)', hex(randomblob(12000)));
          """)
      }
      try client.execute("COMMIT")
      try site.sync()
      let field = try county.fieldService()
      let proxy = try CuttingProxy(to: county)
      try proxy.run {
        for (round, bytes) in [3_000, 400_000, 2_500_000, 5_000_000].enumerated() {
          var weather = CuttingProxy.Weather.fair
          weather.pause = (
            bytes,
            {
              do {
                // Rows that were delivered, and rows that were not yet.
                try site.execute(
                  """
                  DELETE FROM consultation WHERE id IN ('c-\(round)', 'c-\(290 + round)');
                  UPDATE person SET phone = 'r\(round)';
                  UPDATE person SET case_id = 'case-\(150 + round)' WHERE id = 'p-\(50 + round)';
                  UPDATE person SET case_id = 'case-\(10 + round)' WHERE id = 'p-\(250 + round)';
                  INSERT INTO case_file (id) VALUES ('late-\(round)');
                  """)
                try site.sync()
              } catch {
                Issue.record("\(error)")
              }
            }
          )
          proxy.set(weather)
          let fresh = round == 0 ? field : try county.site("Kreis \(round)", kind: "county")
          let outcome = try fresh.site("sync", environment: proxy.environment)
          #expect(outcome.exit == 0, "pause at \(bytes): \(outcome)")
          #expect(try outcome.json["digest"]["equal"] == true)
          // What was written behind the last page comes with the next session.
          try fresh.sync()
          try Agreement.expectSameRows(county, fresh)
        }
      }
      try Agreement.expect(county, [site, field])
    }
  }

  @Test("Five sites that sync at the same moment, again and again, end in one state")
  func sitesAtOnce() throws {
    try withCounty { county in
      var sites = [try county.fieldService()]
      // All of the county: one consent opens the cases to each of them.
      for name in ["Nord", "Ost", "Süd", "West"] {
        sites.append(try county.site(name, kind: "county", areas: []))
      }
      let caseID = try sites[1].client().openCase()
      for site in [sites[1]] + sites { try site.sync() }
      for round in 0..<6 {
        for (position, site) in sites.enumerated() {
          try site.execute(
            """
            UPDATE person SET languages = 'l\(round)\(position)',
              family_name = 'f\(round)\(position)',
              phone = 'p\(round)\(position)';
            INSERT INTO consultation (id, case_id) VALUES ('\(round)-\(position)', '\(caseID)');
            DELETE FROM consultation WHERE id = '\(round - 1)-\(position)';
            INSERT INTO case_file (id) VALUES ('new-\(round)-\(position)');
            """)
        }
        let syncs = try sites.map { try $0.startSync() }
        for sync in syncs {
          let outcome = try sync.wait()
          #expect(outcome.exit == 0, "round \(round): \(outcome)")
          expectSums(try outcome.json)
        }
      }
      try Agreement.expect(county, sites)
      // Nobody knew of the others' last edit, so all five are united.
      let languages = try sites[0].value("SELECT languages FROM person") ?? ""
      for position in 0..<5 { #expect(languages.contains("l5\(position)"), "\(languages)") }
      #expect(
        try county.database().column("SELECT id FROM consultation WHERE id GLOB '?-?' ORDER BY id")
          == (0..<5).map { "5-\($0)" })
    }
  }

  @Test("Sixty sites that start in the same moment all end well, and the hub stays small")
  func crowd() throws {
    try withCounty { county in
      let sites = try (0..<60).map {
        try county.site("Ort \($0)", areas: ["0811800\($0 % 10)"])
      }
      for (number, site) in sites.enumerated() {
        let client = try site.client()
        try client.execute("BEGIN")
        for each in 0..<5 { try client.openCase(of: "Fall \(number) \(each)") }
        try client.execute("COMMIT")
      }
      for _ in 0..<2 {
        let syncs = try sites.map { try $0.startSync() }
        for sync in syncs {
          let outcome = try sync.wait(within: 120)
          #expect(outcome.exit == 0, "\(outcome)")
          expectSums(try outcome.json)
        }
      }
      #expect(try county.hub("status").json["cases"] == 300)
      #expect(try county.hubPeakMebibytes() < 256)
      try Agreement.expectSoundLog(county)
      // Six share an area, so each holds what six have written.
      for site in sites[..<3] {
        #expect(try site.value("SELECT count(*) FROM case_file") == "30")
        try Agreement.expectSameRows(county, site)
      }
    }
  }

  @Test("A program that keeps a read transaction open hinders no session and sees one state")
  func longReader() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      try site.client().openCase()
      try site.sync()
      try field.sync()
      let reader = try field.client()
      try reader.execute("BEGIN")
      #expect(try reader.value("SELECT phone FROM person") == nil)
      for round in 0..<3 {
        try site.execute("UPDATE person SET phone = 'p\(round)'")
        try site.sync()
        try field.sync()
        #expect(try field.value("SELECT phone FROM person") == "p\(round)")
        #expect(try reader.value("SELECT phone FROM person") == nil)
      }
      try reader.execute("COMMIT")
      #expect(try reader.value("SELECT phone FROM person") == "p2")
      try Agreement.expect(county, [site, field])
    }
  }
}
