import Testing

/// What a person may ask for, and what goes when its time is over.
struct RightsTests {
  @Test("An export tells everything that a site holds of one case, to people and to programs")
  func export() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let caseID = try town.client().openCase(of: "Mustermann")
      let other = try town.client().openCase(of: "Andere")
      try town.execute(
        "UPDATE consent SET document_ref = 'Ordner 7' WHERE case_id = '\(caseID)'")
      try town.sync()

      let document = try town.site("export", "--case", caseID).json
      #expect(document["tables"]["person"][0]["family_name"] == "Mustermann")
      #expect(document["tables"]["consent"][0]["document_ref"] == "Ordner 7")
      #expect(document["tables"]["consultation"].items.count == 1)
      let recipients = document["recipients"].items.compactMap { $0["name"].text }
      #expect(recipients.contains("Landkreis Ludwigsburg") && recipients.contains("Hemmingen"))

      let sheet = try Binary.run("site", "export", "--case", caseID, "--data", town.directory)
      #expect(sheet.exit == 0, "\(sheet)")
      for text in ["Mustermann", "Ordner 7", "15.01.2025", "Empfänger", "Art. 15"] {
        #expect(sheet.output.contains(text), "\(text)")
      }
      #expect(!sheet.output.contains("Andere") && !sheet.output.contains(other))
      let unknown = try town.site("export", "--case", "nowhere")
      #expect(unknown.exit == 1)
      #expect(try unknown.json["error"]["code"] == "unknown_case")

      let record = try Binary.run("schema", "show", "--record-of-processing")
      #expect(record.exit == 0 && record.output.contains("Art. 30"))
    }
  }

  @Test("What is due goes everywhere, what is not stays, and a pause stops it")
  func retention() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let old = try town.client().openCase(of: "Alt")
      let young = try town.client().openCase(of: "Jung")
      let open = try town.client().openCase(of: "Offen")
      try town.execute(
        """
        UPDATE case_file SET phase = 'closed', closed_on = '2020-03-31' WHERE id = '\(old)';
        UPDATE case_file SET phase = 'closed', closed_on = '2024-06-30' WHERE id = '\(young)';
        """)
      try town.sync()
      // A person's data go after 24 months, talks after 60, the case itself after 120.
      let listed = try county.hub("retention", "list", "--on", "2023-01-01").json
      #expect(listed["due"].items.map { $0["case"] } == [.text(old)])
      #expect(listed["due"][0]["tables"].items.contains("person"))
      #expect(!listed["due"][0]["tables"].items.contains("consultation"))
      #expect(listed["undated"] == [])

      #expect(try county.hub("retention", "pause", "--reason", "Klage").exit == 0)
      let paused = try county.hub("retention", "purge", "--on", "2023-01-01")
      #expect(paused.exit == 3)
      #expect(try paused.json["error"]["code"] == "retention_paused")
      #expect(try county.hub("retention", "resume").exit == 0)
      #expect(
        try county.hub("retention", "purge", "--on", "2023-01-01", "--dry-run").exit == 0)
      #expect(try persons(town) == ["Alt", "Jung", "Offen"])

      let purged = try county.hub("retention", "purge", "--on", "2023-01-01")
      #expect(purged.exit == 0, "\(purged)")
      try town.sync()
      #expect(try persons(town) == ["Jung", "Offen"])
      #expect(
        try town.value("SELECT count(*) FROM consultation WHERE case_id = '\(old)'") == "1")
      #expect(try county.hub("retention", "list", "--on", "2023-01-01").json["due"] == [])
      try Agreement.expect(county, [town])

      // After ten years the case itself is due, by the machinery of erasure.
      #expect(try county.hub("retention", "purge", "--on", "2030-03-31").exit == 0)
      try town.sync()
      #expect(try town.value("SELECT count(*) FROM case_file WHERE id = '\(old)'") == "0")
      #expect(try town.value("SELECT count(*) FROM case_file WHERE id = '\(open)'") == "1")
      let erasures = try county.hub("erasures", "list").json.items
      #expect(erasures.map { $0["case"] } == [.text(old)])
      #expect(erasures.map { $0["pending_at"] } == [[]])
      let actions = try county.hub("audit", "list").json.items.map { $0["action"] }
      #expect(actions.contains("retention_purge") && actions.contains("retention_pause"))
      try Agreement.expect(county, [town])
    }
  }

  private func persons(_ site: TestSite) throws -> [String] {
    try site.client().column("SELECT family_name FROM person ORDER BY family_name")
  }
}
