import Foundation
import Testing

/// A county whose schema grows, from outside: two schema files, plain SQL, real processes.
@Suite("A newer schema")
struct SchemaGrowthEndToEndTests {
  @Test(
    "goes from the hub to its sites, beside a hub that serves and a program that has the file open",
    arguments: ["WAL", "DELETE"])
  func growth(journal: String) throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let office = try county.fieldService()
      let program = try town.client()
      try program.execute("PRAGMA journal_mode = \(journal)")
      let caseID = try program.openCase()
      for site in [town, office] { try site.sync() }
      let file = try county.newerSchema()

      let dry = try county.hub("schema", "update", file, "--dry-run").json
      #expect(dry["dry_run"] == true && dry["from"] == 1 && dry["to"] == 2)
      #expect(try county.hub("schema", "show").json["version"] == 1)
      let update = try county.hub("schema", "update", file).json
      #expect(update["tables"] == ["visit"] && update["from"] == 1 && update["to"] == 2)
      #expect(
        update["columns"].items.map { "\($0["table"].text!).\($0["column"].text!)" } == [
          "case_file.urgency", "person.nickname",
        ])
      let again = try county.hub("schema", "update", file)
      #expect(again.exit == 0)
      #expect(try again.json["tables"] == [] && again.json["columns"] == [])

      #expect(try town.sync()["events"] == ["schema_updated"])
      #expect(try town.sync()["events"] == [])
      // The same program goes on, and writes what is new.
      #expect(try program.value("SELECT urgency FROM case_file") == "normal")
      try program.execute(
        """
        UPDATE person SET nickname = 'Ada';
        UPDATE case_file SET urgency = 'high';
        INSERT INTO visit (case_id, on_date) VALUES ('\(caseID)', '2026-01-01');
        """)
      try town.sync()
      #expect(try office.sync()["events"] == ["schema_updated"])
      #expect(try office.value("SELECT nickname FROM person") == "Ada")
      #expect(try office.value("SELECT urgency FROM case_file") == "high")
      #expect(try office.value("SELECT on_date FROM visit") == "2026-01-01")
      try office.execute("UPDATE person SET nickname = 'Grace'")
      try office.sync()
      try town.sync()
      #expect(try program.value("SELECT nickname FROM person") == "Grace")
      try Agreement.expect(county, [town, office])
      // Who joins now begins with it.
      let late = try county.site("Nachzügler", kind: "county", areas: [])
      #expect(try late.sync()["events"] == [])
      #expect(try late.value("SELECT nickname FROM person") == "Grace")
    }
  }

  @Test("leaves a site alone whose configuration says so: it works on, keeps everything, is equal")
  func behind() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let office = try county.fieldService()
      let caseID = try town.client().openCase()
      for site in [town, office] { try site.sync() }
      try town.configure("schema_updates = false")
      #expect(try county.hub("schema", "update", county.newerSchema()).exit == 0)
      try office.sync()
      try office.execute(
        """
        UPDATE person SET nickname = 'Ada';
        UPDATE case_file SET urgency = 'high';
        INSERT INTO visit (id, case_id, on_date) VALUES ('v1', '\(caseID)', '2026-01-01');
        INSERT INTO visit (id, case_id) VALUES ('v2', '\(caseID)');
        """)
      try office.sync()

      let behind = try town.sync()
      #expect(behind["events"] == [] && behind["digest"]["equal"] == true)
      let status = try town.site("status").json
      #expect(status["state"] == "yellow" && status["reasons"] == ["schema_behind"])
      let columns = try town.client().column("SELECT name FROM pragma_table_info('person')")
      #expect(!columns.contains("nickname"))
      // A program that counts columns goes on, and touches nothing of what it does not see.
      try town.execute("UPDATE person SET phone = '7'")
      let own = try town.client().openCase(of: "Neu")
      try town.sync()
      try office.execute("DELETE FROM visit WHERE id = 'v2'")
      try office.sync()
      #expect(
        try office.value("SELECT phone || nickname FROM person WHERE case_id = '\(caseID)'")
          == "7Ada")
      #expect(
        try office.value("SELECT urgency FROM case_file WHERE id = '\(own)'") == "normal")
      try office.execute("UPDATE person SET nickname = 'Mae' WHERE case_id = '\(own)'")
      try office.sync()
      #expect(try town.sync()["digest"]["equal"] == true)

      try town.configure("schema_updates = true")
      #expect(try town.sync()["events"] == ["schema_updated"])
      #expect(try town.site("status").json["state"] == "green")
      #expect(try town.client().column("SELECT nickname FROM person ORDER BY 1") == ["Ada", "Mae"])
      #expect(try town.client().column("SELECT id FROM visit") == ["v1"])
      #expect(try town.value("SELECT count(*) FROM kreissync_unknown") == "0")
      try town.execute("UPDATE visit SET on_date = '2026-02-02'")
      try Agreement.expect(county, [town, office])
      #expect(try office.value("SELECT on_date FROM visit") == "2026-02-02")
    }
  }

  @Test("is refused with every place and cure where it does not only add; nothing is changed")
  func refused() throws {
    try withCounty(servesAtOnce: false) { county in
      let newer = try String(contentsOfFile: county.newerSchema(), encoding: .utf8)
      let shipped = try county.schemaText()
      let wrong = [
        (shipped.replacing("version = 1\n", with: "version = 0\n"), "key version", "use 1"),
        (
          newer.replacing("family_name = {", with: "surname = {"),
          "table person, column family_name", "restore the column"
        ),
        (
          newer.replacing(
            "label = \"Zieldatum\", type = \"date\"", with: "label = \"Zieldatum\", type = \"text\""
          ),
          "table plan_goal, column target_date, key type", "what must change needs a new column"
        ),
        (
          newer.replacing("version = 2\n", with: "version = 1\n"), "key version: 1 is not above 1",
          "use 2"
        ),
        (
          newer.replacing("default = \"normal\"\n", with: ""),
          "table case_file, column urgency, key required", "give it a default"
        ),
      ]
      for (number, (text, place, cure)) in wrong.enumerated() {
        let file = "\(county.directory)/wrong\(number).toml"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let outcome = try county.hub("schema", "update", file)
        #expect(outcome.exit == 1)
        let error = try outcome.json["error"]
        #expect(error["code"] == "schema_invalid")
        #expect(error["message"].text?.contains(place) == true, "\(error)")
        #expect(error["message"].text?.contains(cure) == true, "\(error)")
      }
      #expect(try county.hub("schema", "update", county.directory + "/none.toml").exit == 1)
      #expect(try county.hub("schema", "show").json["version"] == 1)
    }
  }
}

extension SchemaGrowthEndToEndTests {
  @Test("given to `hub init` of a county that stands points to the command that is meant")
  func initialisedAgain() throws {
    try withCounty(servesAtOnce: false) { county in
      let outcome = try Binary.run(
        "hub", "init", "--data", county.hubDirectory, "--county", TestCounty.key, "--name", "x",
        "--schema", county.newerSchema(), "--json")
      #expect(outcome.exit == 1)
      let error = try outcome.json["error"]
      #expect(error["code"] == "county_exists")
      #expect(error["hint"].text?.contains("hub schema update") == true)
      #expect(try county.hub("schema", "show").json["version"] == 1)
    }
  }

  @Test("waits where a local program has taken one of its names; all else goes on")
  func nameTaken() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      try town.client().openCase()
      try town.execute("CREATE TABLE visit (note TEXT)")
      try town.sync()
      #expect(try county.hub("schema", "update", county.newerSchema()).exit == 0)
      for _ in 0..<2 {
        #expect(try town.sync()["events"] == ["schema_name_taken"])
        #expect(try town.site("status").json["reasons"] == ["schema_name_taken"])
      }
      try town.execute("ALTER TABLE visit RENAME TO my_visit")
      #expect(try town.sync()["events"] == ["schema_updated"])
      try Agreement.expect(county, [town])
    }
  }
}

extension TestCounty {
  /// The county's schema as the hub shows it.
  func schemaText() throws -> String {
    guard let text = try hub("schema", "show", "--text").json["text"].text else {
      throw HarnessError("schema show printed no text")
    }
    return text
  }

  /// A schema file that adds a required column, one that may be empty, and a table.
  func newerSchema() throws -> String {
    let newer =
      try schemaText().replacing("version = 1\n", with: "version = 2\n") + """

        [tables.case_file.columns.urgency]
        number = 61
        label = "Dringlichkeit"
        type = "code"
        tier = "header"
        codes = ["normal", "high"]
        required = true
        default = "normal"

        [tables.person.columns.nickname]
        number = 61
        label = "Rufname"
        type = "text"

        [tables.visit]
        number = 900
        label = "Besuch"
        scope = "case"
        retention_months = 36
        tier = "personal"
        policy = "lead"

        [tables.visit.columns]
        on_date = { number = 1, label = "Am", type = "date" }
        """
    let path = directory + "/newer.toml"
    try newer.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}

extension TestSite {
  /// Writes one more line into the site's configuration, in place of one with the same key.
  fileprivate func configure(_ line: String) throws {
    let path = directory + "/site.toml"
    let key = line.prefix { $0 != " " }
    let kept = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix(key) }
    try (kept + [line[...], ""]).joined(separator: "\n")
      .write(toFile: path, atomically: true, encoding: .utf8)
  }
}
