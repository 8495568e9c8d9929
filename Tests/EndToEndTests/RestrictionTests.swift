import Foundation
import Testing

/// Restriction of processing (Art. 18 GDPR), from outside: a mark that travels and hides.
@Suite("Restriction, with canaries in every file")
struct RestrictionTests {
  private static let purposes = ["casework", "special_needs", "notes_release"]

  /// A town that leads case `c`, the county's field service and a carrier that work on it, all with
  /// every consent.
  private func withHelpers(
    _ body: (_ county: TestCounty, _ town: TestSite, _ helpers: [TestSite]) throws -> Void
  ) throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let field = try county.fieldService()
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      try Canaries.openCase("c", at: town, consents: Self.purposes)
      for purpose in Self.purposes {
        try town.execute(Canaries.consent(in: "c", purpose, to: carrier.id))
      }
      try town.sync()
      let part = try county.hub(
        "participate", "--case", "c", "--site", carrier.id, "--role", "contributor")
      #expect(part.exit == 0, "\(part)")
      for site in [field, carrier] { try site.sync() }
      try body(county, town, [field, carrier])
      try Agreement.expect(county, [town, field, carrier])
    }
  }

  private func restrict(_ site: TestSite, since day: String? = "2025-02-01") throws -> JSON {
    let value = day.map { "'\($0)'" } ?? "NULL"
    try site.execute("UPDATE case_file SET restricted_since = \(value) WHERE id = 'c'")
    return try site.sync()
  }

  private func tiers(_ site: TestSite) throws -> String? {
    try site.value("SELECT tiers FROM kreissync_case WHERE case_id = 'c'")
  }

  private func owing(_ county: TestCounty) throws -> [String] {
    try county.hub("status").json["sites"].items.filter {
      $0["reasons"].items.contains("purge_unanswered")
    }.compactMap { $0["site"].text }.sorted()
  }

  @Test("Everybody but the lead holds the header only, with receipts; lifted, everything is back")
  func hides() throws {
    try withHelpers { county, town, helpers in
      for site in helpers {
        try Canaries.expect(
          [Canaries.personal, Canaries.special, Canaries.notes], below: site.directory)
      }
      #expect(try restrict(town)["digest"]["equal"] == true)
      #expect(try owing(county) == helpers.map(\.id).sorted())
      for site in helpers {
        let report = try site.sync()
        #expect(report["digest"]["equal"] == true && report["pulled"]["cases_purged"] == 1)
        try Canaries.expect([], below: site.directory)
        #expect(try tiers(site) == "header")
        #expect(
          try site.value("SELECT restricted_since FROM case_file") == "2025-02-01")
        #expect(try site.value("SELECT minutes FROM consultation") == "45")
      }
      #expect(try owing(county).isEmpty)
      // The lead works on, and the hub keeps and takes what it writes.
      #expect(try tiers(town) == "header,personal,special,notes")
      try town.execute("UPDATE person SET family_name = 'kanarie-corrected'")
      #expect(try town.sync()["pushed"]["applied"] == 1)
      for site in helpers {
        try site.sync()
        #expect(try Canaries.files(below: site.directory, holding: "kanarie").isEmpty)
      }
      #expect(
        try county.database().value("SELECT family_name FROM person") == "kanarie-corrected")
      try Agreement.expect(county, [town] + helpers)

      #expect(try restrict(town, since: nil)["digest"]["equal"] == true)
      for site in helpers {
        try site.sync()
        #expect(try tiers(site) == "header,personal,special,notes")
        #expect(try site.value("SELECT family_name FROM person") == "kanarie-corrected")
        #expect(try site.value("SELECT phone FROM person") == Canaries.personal)
        #expect(try site.value("SELECT note FROM consultation") == Canaries.notes)
        #expect(try site.value("SELECT priority_reason FROM case_file") == Canaries.special)
      }
    }
  }

  @Test("What is under way arrives, what is written meanwhile waits, and nothing is overwritten")
  func nothingIsLost() throws {
    try withHelpers { county, town, helpers in
      let field = helpers[0]
      try field.execute(
        """
        INSERT INTO consultation (id, case_id, on_date, minutes, note)
          VALUES ('own', 'c', '2025-01-30', 20, 'kanarie-own');
        INSERT INTO qualification (id, case_id, area, certificate)
          VALUES ('q', 'c', 'language', 'kanarie-first');
        """)
      for site in [field, town] { try site.sync() }
      // Written before the field service can know of the mark.
      try field.execute("UPDATE person SET phone = 'kanarie-under-way'")
      _ = try restrict(town)
      #expect(try field.sync()["pushed"]["applied"] == 1)
      try town.sync()
      #expect(try town.value("SELECT phone FROM person") == "kanarie-under-way")
      #expect(try field.value("SELECT count(*) FROM person") == "0")
      // What it wrote itself stays with it, as after a revocation.
      #expect(try field.value("SELECT note FROM consultation WHERE id = 'own'") == "kanarie-own")

      // The lead corrects what the field service had written, which writes there, too.
      try town.execute("UPDATE qualification SET certificate = 'kanarie-corrected'")
      try town.sync()
      try field.execute(
        """
        INSERT INTO consultation (id, case_id, on_date, minutes, note)
          VALUES ('meanwhile', 'c', '2025-02-10', 30, 'kanarie-meanwhile');
        UPDATE qualification SET certificate = 'kanarie-second';
        """)
      let meanwhile = try field.sync()
      #expect(meanwhile["withheld"] == 1 && meanwhile["pushed"]["applied"] == 1)
      for text in ["kanarie-meanwhile", "kanarie-second"] {
        #expect(try Canaries.files(below: county.hubDirectory, holding: text).isEmpty)
      }
      _ = try restrict(town, since: nil)
      for site in [field, field, town, field] { try site.sync() }
      #expect(
        try town.value("SELECT note FROM consultation WHERE id = 'meanwhile'")
          == "kanarie-meanwhile")
      // Both wrote without seeing the other: the policy decides, and the ledger keeps what lost.
      let lost = try county.hub("conflicts", "list", "--case", "c").json.items
      #expect(lost.contains { $0["table"] == "qualification" && $0["column"] == "certificate" })
    }
  }

  @Test("Nobody but the lead lifts the mark; all who look are told of it")
  func told() throws {
    try withHelpers { county, town, helpers in
      let field = helpers[0]
      _ = try restrict(town)
      try field.sync()
      try field.execute(
        """
        INSERT INTO consultation (id, case_id, on_date, note)
          VALUES ('sly', 'c', '2025-02-10', 'kanarie-sly');
        UPDATE case_file SET restricted_since = NULL;
        """)
      #expect(try field.sync()["pushed"]["proposal"] == 1)
      #expect(try field.value("SELECT restricted_since FROM case_file") == "2025-02-01")
      #expect(try Canaries.files(below: county.hubDirectory, holding: "kanarie-sly").isEmpty)
      let status = try county.hub("status").json
      for warnings in [status["warnings"], try field.site("status").json["warnings"]] {
        let warning = warnings.items.first { $0["code"] == "processing_restricted" }
        #expect(warning?["cases"].items == ["c"])
        #expect(warning?["label"] == "Verarbeitung eingeschränkt (Art. 18 DSGVO)")
      }
      let sheet = try Binary.run("site", "export", "--case", "c", "--data", town.directory)
      #expect(sheet.output.contains("eingeschränkt (Art. 18 DSGVO) seit 01.02.2025"))
      // The hub keeps the values, and shows them to nobody.
      let proposal = try #require(try county.hub("proposals", "list").json.items.first)
      #expect(proposal["column"] == "restricted_since")
      let id = try #require(proposal["id"].text)
      #expect(try county.hub("proposals", "reject", id).exit == 0)
      _ = try restrict(town, since: nil)
      for site in [field, field, town] { try site.sync() }
      #expect(try town.value("SELECT note FROM consultation WHERE id = 'sly'") == "kanarie-sly")
    }
  }

  @Test("A consent revoked while a case is restricted takes everything, at the hub and behind it")
  func revoked() throws {
    try withHelpers { county, town, helpers in
      try helpers[0].execute("UPDATE person SET email = 'kanarie-field'")
      for site in [helpers[0], town] { try site.sync() }
      _ = try restrict(town)
      for site in helpers { try site.sync() }
      #expect(
        try !Canaries.files(below: helpers[0].directory, holding: "kanarie-field").isEmpty)
      for purpose in Self.purposes {
        try town.execute(Canaries.consent(in: "c", purpose, "revoked"))
      }
      try town.sync()
      for site in helpers { try site.sync() }
      for directory in [county.hubDirectory] + helpers.map(\.directory) {
        #expect(try Canaries.files(below: directory, holding: "kanarie").isEmpty)
      }
      _ = try restrict(town, since: nil)
      for site in helpers {
        try site.sync()
        #expect(try tiers(site) == "header")
      }
    }
  }
}
