import Foundation
import Testing

/// `hub row`: the rows that the county itself writes, beside a running hub.
struct HubRowTests {
  @Test("A programme that the county enters reaches its sites, and cases may name it")
  func programme() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let put = try county.hub(
        "row", "put", "programme_period", "--id", "vwv-2023", "state=08", "code=VwV",
        "valid_from=01.01.2023", "rate_cents_per_fte=5999387")
      #expect(put.exit == 0, "\(put)")
      let shape = Shape.object(["table": .text, "id": .text, "seq": .integer, "new": .bool])
      #expect(try shape.misfits(put.json) == [])
      #expect(try put.json["id"] == "vwv-2023" && put.json["new"] == true)
      try site.execute(
        "INSERT INTO case_file (id, programme_id, opened_on) VALUES ('k', 'vwv-2023', '2025-01-15')"
      )
      #expect(try site.sync()["pushed"]["applied"] == 1)
      #expect(
        try site.value("SELECT valid_from || ' ' || typical_months FROM programme_period")
          == "2023-01-01 8")

      let changed = try county.hub(
        "row", "put", "programme_period", "--id", "vwv-2023", "typical_months=9", "valid_from=")
      #expect(try changed.json["new"] == false)
      let seq = try changed.json["seq"].integer
      #expect(try put.json["seq"].integer! < seq!)
      try site.sync()
      #expect(
        try site.value(
          """
          SELECT typical_months || ' ' || code || ' ' || (valid_from IS NULL)
          FROM programme_period
          """) == "9 VwV 1")
      let listed = try county.hub("row", "list", "programme_period").json
      #expect(listed.items.map { $0["id"] } == ["vwv-2023"])
      #expect(listed.items[0]["typical_months"] == 9 && listed.items[0]["max_months"] == .null)

      try site.execute("UPDATE case_file SET programme_id = NULL")
      try site.sync()
      #expect(try county.hub("row", "delete", "programme_period", "vwv-2023").exit == 0)
      #expect(try county.hub("row", "list", "programme_period").json.items.isEmpty)
      try Agreement.expect(county, [site])
      #expect(try site.value("SELECT count(*) FROM programme_period") == "0")
    }
  }

  @Test("A site's areas are published from the day it was added")
  func areas() throws {
    try withCounty { county in
      let site = try county.site("Verband", kind: "association", areas: ["08118027", "08118001"])
      try site.sync()
      let sql = "SELECT ags FROM site_area WHERE site_id = '\(site.id)' AND valid_from IS NOT NULL"
      #expect(try site.client().column(sql + " ORDER BY ags") == ["08118001", "08118027"])
      try Agreement.expect(county, [site])
    }
  }

  @Test("A municipality that the list lacks is accepted with a warning, and known from then on")
  func ownMunicipality() throws {
    try withCounty { county in
      let put = try county.hub("row", "put", "site_area", "ags=03241007")
      #expect(put.exit == 0 && put.errors.contains("03241007"), "\(put)")
      let site = try county.site("Hemmingen")
      try site.execute(
        """
        INSERT INTO case_file (id) VALUES ('k');
        INSERT INTO residence (case_id, ags, kind) VALUES ('k', '03241007', 'vu');
        """)
      #expect(try site.sync()["pushed"]["applied"] == 2)
      try Agreement.expect(county, [site])
    }
  }

  @Test("An exported table is put as a whole, or not at all, with the line that cannot stand")
  func exportedTable() throws {
    try withCounty(servesAtOnce: false) { county in
      let file = county.directory + "/areas.csv"
      func put(_ text: String) throws -> Outcome {
        try Data([0xEF, 0xBB, 0xBF] + text.utf8).write(to: URL(fileURLWithPath: file))
        return try county.hub("row", "import", "site_area", file)
      }
      let header = "id;ags;valid_from\r\n"
      let good = try put(header + "a;08118027;01.01.2025\r\nb;08118001;\r\n")
      #expect(good.exit == 0, "\(good)")
      #expect(try good.json["rows"] == 2 && good.json["added"] == 2)
      let faults: [(String, Int32, String)] = [
        ("c;08118003;\r\nd;Hemmingen;\r\n", 4, "unknown_ags"),
        ("c;08118003;\r\nd;08118006;32.01.2025\r\n", 1, "value_not_allowed"),
        ("c;08118003;\r\nc;08118006;\r\n", 2, "id_twice"),
        ("c;08118003;\r\nd;08118006\r\n", 1, "table_malformed"),
      ]
      for (rows, exit, code) in faults {
        let outcome = try put(header + rows)
        #expect(try outcome.exit == exit && outcome.json["error"]["code"] == .text(code))
        #expect(outcome.errors.contains("line 3") && !outcome.errors.contains("Hemmingen"))
      }
      #expect(try put("colour\nred").json["error"]["code"] == "unknown_column")
      let again = try put("id,ags,successor_ags\na,08118027,08118001\nc,08118003,\n")
      #expect(try again.json["added"] == 1)
      let listed = try county.hub("row", "list", "site_area").json.items
      #expect(listed.map { $0["id"] } == ["a", "b", "c"])
      #expect(listed[0]["successor_ags"] == "08118001" && listed[0]["valid_from"] == "2025-01-01")
    }
  }

  @Test("What cannot stand is refused with code, column and cure, and never repeats the value")
  func refusals() throws {
    try withCounty(servesAtOnce: false) { county in
      let cases: [(arguments: [String], exit: Int32, code: String)] = [
        (["person", "family_name=Muster"], 2, "table"),
        (["programme_period", "colour=Muster"], 2, "unknown_column"),
        (["programme_period", "Muster"], 2, "cell_malformed"),
        (["programme_period", "rate_cents_per_fte=47995,10"], 2, "value_not_allowed"),
        (["programme_period", "rate_cents_per_fte=47995.10"], 2, "value_not_allowed"),
        (["programme_period", "valid_from=2025-02-30"], 2, "value_not_allowed"),
        (["programme_period", "code=a", "code=b"], 2, "column_twice"),
        (["site", "kind=Muster", "name=x"], 2, "value_not_allowed"),
        (["site", "name=x"], 2, "columns_missing"),
        (["site", "kind=carrier", "name="], 2, "value_not_allowed"),
        (["responsibility", "epoch=1"], 2, "case_needed"),
        (["responsibility", "epoch=1", "--case", "nowhere"], 1, "unknown_case"),
        (["site_area", "ags=Muster"], 4, "unknown_ags"),
      ]
      for (arguments, exit, code) in cases {
        let outcome = try Child.run(
          [Binary.path, "hub", "row", "put", "--data", county.hubDirectory, "--json"] + arguments)
        #expect(outcome.exit == exit, "\(arguments) \(outcome)")
        #expect(try outcome.json["error"]["code"] == .text(code), "\(arguments)")
        #expect(!outcome.output.contains("Muster") && !outcome.output.contains("47995"))
      }
      let gone = try county.hub("row", "delete", "site_area", "nowhere")
      #expect(try gone.exit == 1 && gone.json["error"]["code"] == "unknown_row")
      #expect(try county.hub("row", "list", "site_area").json.items.isEmpty)
    }
  }

  @Test("A row that others name, and a site that may call, are not deleted")
  func inUse() throws {
    try withCounty { county in
      let put = try county.hub(
        "row", "put", "programme_period", "--id", "p", "state=08", "code=VwV", "version=1")
      #expect(put.exit == 0, "\(put)")
      let site = try county.site("Hemmingen")
      try site.execute("INSERT INTO case_file (id, programme_id) VALUES ('k', 'p')")
      try site.sync()
      for (table, id) in [("programme_period", "p"), ("site", site.id)] {
        let outcome = try county.hub("row", "delete", table, id)
        #expect(try outcome.exit == 4 && outcome.json["error"]["code"] == "row_in_use")
      }
      try site.execute("UPDATE case_file SET programme_id = NULL")
      try site.sync()
      #expect(try county.hub("row", "delete", "programme_period", "p").exit == 0)
      try Agreement.expect(county, [site])
    }
  }

  @Test("The county's rows obey the hard rules: one lead for one case, and only by acceptance")
  func responsibility() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.execute("INSERT INTO case_file (id) VALUES ('k')")
      try site.sync()
      func put(_ id: String, _ cells: String...) throws -> Outcome {
        try Child.run(
          [
            Binary.path, "hub", "row", "put", "responsibility", "--case", "k", "--id", id,
            "--data", county.hubDirectory, "--json",
          ] + cells)
      }
      let first = try put("r1", "state=effective", "kind=opening", "epoch=1", "to_site=\(site.id)")
      #expect(first.exit == 0, "\(first)")
      #expect(try put("r2", "state=proposed", "kind=handover", "epoch=2").exit == 0)
      let early = try put("r2", "state=effective")
      #expect(try early.exit == 4 && early.json["error"]["code"] == "two_leads")
      #expect(try put("r1", "state=closed").exit == 0)
      let unasked = try put("r2", "state=effective")
      #expect(try unasked.json["error"]["code"] == "handover_not_accepted")
      #expect(try put("r2", "state=accepted").exit == 0)
      #expect(try put("r2", "state=effective").exit == 0)
      try Agreement.expect(county, [site])
      #expect(
        try site.client().column("SELECT state FROM responsibility ORDER BY id")
          == ["closed", "effective"])
    }
  }
}
