import Testing

/// A worker's name is for those who hold a case of hers.
@Suite("Mentions end with the last case")
struct MentionEndTests {
  /// A town whose worker, with a canary for a name, works on cases `a` and `b`.
  private func withWorker(
    _ body: (_ county: TestCounty, _ town: TestSite) throws -> Void
  ) throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      try town.execute(
        """
        INSERT INTO worker (id, display_name) VALUES ('w', 'kanarie-worker'), ('v', 'other');
        INSERT INTO case_file (id, opened_on, worker_id)
          VALUES ('a', '2025-01-15', 'w'), ('b', '2025-01-15', 'w'), ('c', '2025-01-15', 'v');
        """)
      try town.sync()
      try body(county, town)
    }
  }

  private func knows(_ site: TestSite) throws -> Bool {
    try !Canaries.files(below: site.directory, holding: "kanarie-worker").isEmpty
  }

  private func owing(_ county: TestCounty) throws -> [String] {
    try county.hub("status").json["sites"].items.filter {
      $0["reasons"].items.contains("purge_unanswered")
    }.compactMap { $0["site"].text }
  }

  @Test("With a part in the last case that mentions her the name goes, and proves it")
  func partEnds() throws {
    try withWorker { county, town in
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      func part(_ caseID: String, _ role: String) throws {
        let outcome = try county.hub(
          "participate", "--case", caseID, "--site", carrier.id, "--role", role)
        #expect(outcome.exit == 0, "\(outcome)")
        try town.sync()
      }
      for id in ["a", "b", "c"] { try part(id, "contributor") }
      try carrier.sync()
      #expect(try knows(carrier))
      try part("a", "none")
      try carrier.sync()
      #expect(try carrier.value("SELECT display_name FROM worker WHERE id = 'w'") != nil)
      try part("b", "none")
      #expect(try owing(county) == [carrier.id])
      #expect(try carrier.sync()["digest"]["equal"] == true)
      #expect(try !knows(carrier))
      #expect(try carrier.client().column("SELECT id FROM worker") == ["v"])
      #expect(try owing(county).isEmpty)
      try Agreement.expect(county, [town, carrier])
      // She comes back with a case of hers.
      try part("a", "reader")
      try carrier.sync()
      #expect(try knows(carrier))
      try Agreement.expect(county, [town, carrier])
    }
  }

  @Test("With another worker on the last case the former one's name goes, also by erasure")
  func workerChanges() throws {
    try withWorker { county, town in
      let field = try county.fieldService()
      try field.sync()
      #expect(try knows(field))
      try town.execute("UPDATE case_file SET worker_id = 'v' WHERE id = 'a'")
      for site in [town, field] { try site.sync() }
      #expect(try knows(field))
      #expect(try county.hub("erase", "--case", "b", "--reason", "Az. 1").exit == 0)
      for site in [town, field] { try site.sync() }
      #expect(try !knows(field) && knows(town))
      #expect(try owing(county).isEmpty)
      try Agreement.expect(county, [town, field])
      try town.execute("UPDATE case_file SET worker_id = 'w' WHERE id = 'a'")
      for site in [town, field] { try site.sync() }
      #expect(try knows(field))
      try town.execute("UPDATE case_file SET worker_id = NULL WHERE id = 'a'")
      for site in [town, field] { try site.sync() }
      #expect(try !knows(field) && knows(town))
      try Agreement.expect(county, [town, field])
    }
  }
}
