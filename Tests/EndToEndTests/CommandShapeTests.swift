import Foundation
import Testing

/// Names and types of what the commands print, as the contract lists them.
struct CommandShapeTests {
  private static let report = Shape.object([
    "result": .text, "history": .text, "seq": .integer, "incarnation": .text,
    "captured": .integer, "coalesced": .integer, "withheld": .integer, "parked": .integer,
    "pushed": .object([
      "applied": .integer, "merged": .integer, "overridden": .integer, "proposal": .integer,
      "refused": .integer, "duplicate": .integer,
    ]),
    "pulled": .object([
      "rows": .integer, "cases_granted": .integer, "cases_purged": .integer,
    ]),
    "digest": .object(["replica": .text, "hub": .text, "equal": .bool]),
    "bytes_sent": .integer, "bytes_received": .integer, "events": .list(of: .text),
  ])
  private static let contender = Shape.object([
    "value": .anything, "site": .text, "edited_at": .time,
  ])
  static let conflict = Shape.object([
    "id": .text, "case": .text, "table": .text, "row": .text, "column": .text, "base": .integer,
    "seq": .integer, "policy": .optional(.text), "rule": .text, "epoch": .integer,
    "kept": contender, "lost": contender,
  ])

  private static let warning = Shape.object([
    "code": .text, "label": .text, "table": .text, "count": .integer, "rows": .list(of: .text),
    "cases": .list(of: .text),
  ])

  @Test("A site joins with one string, opens a case and proves its first session")
  func joinAndSync() throws {
    try withCounty { county in
      let started = try county.hubStart.json
      #expect(started["county"] == "08118")
      let added = try county.add("Hemmingen")
      let shape = Shape.object([
        "site": .text, "name": .text, "kind": .text, "join": .text, "expires_at": .time,
      ])
      #expect(shape.misfits(added) == [])
      #expect(added["name"] == "Hemmingen" && added["kind"] == "municipality")

      let path = county.directory + "/a"
      let joined = try Binary.run("site", "join", added["join"].text!, "--data", path, "--json")
      #expect(joined.exit == 0)
      #expect(
        try joined.json == [
          "site": added["site"], "county": "08118", "replica": .text(path + "/caseload.sqlite"),
          "rows": 0,
        ])
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o700)
      for name in ["site.key", "site.crt", "site.toml"] {
        #expect(FileManager.default.fileExists(atPath: "\(path)/\(name)"))
      }

      let site = TestSite(id: added["site"].text!, directory: path)
      try site.client().openCase()
      let report = try site.sync()
      #expect(Self.report.misfits(report) == [])
      #expect(report["result"] == "done")
      #expect(report["captured"] == 4 && report["pushed"]["applied"] == 4)
      #expect(report["digest"]["equal"] == true)
      #expect(report["digest"]["replica"] == report["digest"]["hub"])
      #expect(report["events"] == [])
      try Agreement.expect(county, [site])
    }
  }

  @Test(
    "The four statements of the contract work from the sqlite3 shell",
    .enabled(if: Binary.isThere("/usr/bin/sqlite3"), "there is no sqlite3 shell"))
  func shell() throws {
    let shell = "/usr/bin/sqlite3"
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let opened = try Child.run([
        shell, site.replica,
        "INSERT INTO case_file (opened_on) VALUES ('2025-01-15') RETURNING id;",
      ])
      let id = opened.output.trimmingCharacters(in: .whitespacesAndNewlines)
      let uuid = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
      #expect(id.wholeMatch(of: uuid) != nil)
      let filled = try Child.run([
        shell, site.replica,
        """
        INSERT INTO consent (case_id, purpose, event, on_date)
          VALUES (:case, 'casework', 'given', '2025-01-15');
        INSERT INTO person (case_id, family_name, given_names) VALUES (:case, 'Muster', 'Ada');
        INSERT INTO consultation (case_id, on_date, kind) VALUES (:case, '2025-01-20', 'first');
        """.replacing(":case", with: "'\(id)'"),
      ])
      #expect(filled.exit == 0 && filled.errors.isEmpty)
      let report = try site.sync()
      #expect(report["pushed"]["applied"] == 4)
      let lead = try site.value("SELECT own_role FROM kreissync_case WHERE case_id = '\(id)'")
      #expect(lead == "lead")
      #expect(try county.database().value("SELECT phase FROM case_file") == "open")
    }
  }

  @Test("hub status, site list, show and revoke tell the state of every site")
  func hubStatus() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let waiting = try county.add("Möglingen")
      try site.client().openCase()
      let report = try site.sync()

      let status = try county.hub("status").json
      let line = Shape.object([
        "site": .text, "name": .text, "kind": .text, "state": .text,
        "reasons": .list(of: .text), "cursor": .integer, "last_contact": .optional(.time),
        "last_success": .optional(.time), "clock_skew_ms": .integer,
        "digest_equal": .optional(.bool), "parked": .integer, "proposals": .integer,
      ])
      let shape = Shape.object([
        "county": .text, "history": .text, "seq": .integer, "tree_head": .text,
        "cases": .integer, "sites": .list(of: line), "warnings": .list(of: Self.warning),
      ])
      #expect(shape.misfits(status) == [])
      #expect(status["seq"] == report["seq"] && status["history"] == report["history"])
      #expect(status["cases"] == 1)
      let states = Dictionary(
        uniqueKeysWithValues: status["sites"].items.map { ($0["site"], $0["state"]) })
      #expect(states == [.text(site.id): "joined", waiting["site"]: "waiting"])
      let joined = status["sites"].items.first { $0["site"] == .text(site.id) }
      #expect(joined?["digest_equal"] == true && joined?["cursor"] == report["seq"])

      let list = try county.hub("site", "list").json
      #expect(list.items.count == 2)
      let shown = try county.hub("site", "show", site.id).json
      #expect(shown["site"] == .text(site.id) && shown["name"] == "Hemmingen")
      #expect(try county.hub("site", "revoke", site.id).json["state"] == "revoked")
      #expect(try county.hub("site", "show", site.id).json["state"] == "revoked")
      let unknown = try county.hub("site", "show", "nobody")
      #expect(unknown.exit == 1)
      #expect(try unknown.json["error"]["code"] == "unknown_site")
    }
  }

  @Test("site status goes from pending to green")
  func siteStatus() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let shape = Shape.object([
        "site": .text, "state": .text, "reasons": .list(of: .text), "pending": .integer,
        "cursor": .integer, "head": .integer, "parked": .integer, "proposals": .integer,
        "last_success": .optional(.time), "next_run": .optional(.time),
        "warnings": .list(of: Self.warning),
      ])
      try site.client().openCase()
      let before = try site.site("status").json
      #expect(shape.misfits(before) == [])
      #expect(before["state"] == "yellow" && before["pending"] == 4)
      #expect(before["last_success"] == .null)
      let report = try site.sync()
      let after = try site.site("status").json
      #expect(shape.misfits(after) == [])
      #expect(after["state"] == "green" && after["reasons"] == [] && after["pending"] == 0)
      #expect(after["cursor"] == report["seq"] && after["head"] == report["seq"])
    }
  }

  @Test("The schema commands print SQL that any SQLite takes, a check and every table")
  func schema() throws {
    try withDirectory { directory in
      for flags in [[], ["--hub"]] {
        let printed = try Child.run([Binary.path, "schema", "sql"] + flags)
        #expect(printed.exit == 0)
        let path = "\(directory)/\(flags.count).sqlite"
        try Data().write(to: URL(fileURLWithPath: path))
        let client = try SQLClient(path)
        try client.execute(printed.output)
        let tables = try client.column("SELECT name FROM sqlite_schema WHERE type = 'table'")
        #expect(Set(Agreement.tables).isSubset(of: tables))
      }
      let check = try Binary.run("schema", "check", "--json")
      #expect(check.exit == 0)
      #expect(try check.json["ok"] == true)
      let shown = try Binary.run("schema", "show", "--json").json
      #expect(shown["tables"].items.map(\.["name"].text) == Agreement.tables)
      let broken = directory + "/broken.toml"
      try "version = 1\n[tables.x]\nnumber = 'one'\n".write(
        toFile: broken, atomically: true, encoding: .utf8)
      let refused = try Binary.run("schema", "check", broken, "--json")
      #expect(refused.exit == 1)
      #expect(try refused.json["error"]["message"].text?.contains("broken.toml") == true)
    }
  }

  @Test("A wrong option is a usage error with an error object")
  func usage() throws {
    let error = Shape.object([
      "error": .object(["code": .text, "message": .text, "hint": .text])
    ])
    for arguments in [
      ["site", "sync", "--json"], ["site", "sync", "--data", "/tmp", "--colour", "--json"],
      ["frobnicate", "--json"], ["hub", "serve", "--data", "/tmp", "--listen", "here", "--json"],
      ["hub", "init", "--data", "/nowhere", "--county", "8118", "--name", "x", "--json"],
      ["site", "join", "kreissync1.abc", "--data", "/nowhere", "--json"],
    ] {
      let outcome = try Child.run([Binary.path] + arguments)
      #expect(outcome.exit == 2, "\(arguments): \(outcome)")
      #expect(error.misfits(try outcome.json) == [], "\(arguments)")
      #expect(!outcome.errors.isEmpty)
    }
    #expect(!FileManager.default.fileExists(atPath: "/nowhere"))
  }
}
