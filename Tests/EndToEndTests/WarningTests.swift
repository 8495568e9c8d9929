import Foundation
import Testing

/// Warnings as people see them: listed at both ends, blocking nothing.
struct WarningTests {
  @Test("Site and hub list the same warnings, with ids and no values, and the light stays green")
  func bothEnds() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.execute(
        """
        INSERT INTO case_file (id, opened_on)
          VALUES ('k', date('now', '-91 days')), ('m', date('now'));
        INSERT INTO consent (case_id, purpose, event)
          VALUES ('k', 'casework', 'given'), ('m', 'casework', 'given');
        INSERT INTO person (id, case_id, family_name, given_names, birth_date) VALUES
          ('p', 'k', 'Muster', 'Ada', '1990-05-05'), ('q', 'm', 'Muster', 'Ada', '1990-05-05');
        """)
      try site.sync()
      let status = try site.site("status").json
      #expect(status["state"] == "green")
      let warnings = status["warnings"].items
      #expect(warnings.map { $0["code"] } == ["no_contact", "possible_duplicate"])
      #expect(warnings[0]["label"] == "Kein Kontakt seit 90 Tagen")
      #expect(warnings[0]["rows"].items == ["k"] && warnings[0]["cases"].items == ["k"])
      #expect(warnings[1]["rows"].items == ["p", "q"] && warnings[1]["count"] == 2)
      #expect(try county.hub("status").json["warnings"] == status["warnings"])

      for command in [["site", "status"], ["hub", "status"]] {
        let directory = command[0] == "site" ? site.directory : county.hubDirectory
        let shown = try Child.run([Binary.path] + command + ["--data", directory])
        #expect(shown.output.contains("Kein Kontakt seit 90 Tagen") && shown.exit == 0)
        #expect(!shown.output.contains("Muster"))
      }
      try Agreement.expect(county, [site])
    }
  }
}
