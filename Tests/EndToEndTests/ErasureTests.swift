import Foundation
import Glibc
import Testing

/// Erased means erased in every file: canaries stand in every column of a case that can hold text,
/// in conflicts, proposals, notices, deleted and refused rows, and are looked for byte by byte.
struct ErasureTests {
  private static let canary = "KANARIE"

  /// A case full of canaries, led by `town` and held by `field`.
  private struct Aviary {
    let county: TestCounty
    let town: TestSite
    let field: TestSite
    let caseID: String
    let other: String

    init(_ county: TestCounty) throws {
      self.county = county
      town = try county.site("Hemmingen")
      field = try county.fieldService()
      let client = try town.client()
      caseID = try client.openCase(of: "KANARIE-Familie")
      other = try client.openCase(of: "Bleibt")
      try fill(client)
      for site in [town, field, town] { try site.sync() }
      try contest()
    }

    /// A row for each table with text in it, and canaries in all such columns.
    private func fill(_ client: SQLClient) throws {
      try client.execute(
        """
        INSERT INTO consent (id, case_id, purpose, event, on_date)
          VALUES ('special', '\(caseID)', 'special_needs', 'given', '2025-01-16');
        UPDATE case_file SET priority_reason = 'KANARIE-priority' WHERE id = '\(caseID)';
        """)
      let tables = try Binary.run("schema", "show", "--json").json["tables"].items
      for table in tables where table["scope"] == "case" && table["hub_only"] == false {
        var names = ["id", "case_id"]
        let name = table["name"].text ?? ""
        var values = ["\(name)-\(caseID)", caseID]
        for column in table["columns"].items {
          let named = column["name"].text ?? ""
          if named.hasSuffix("_id") || named.hasSuffix("_site_id") {
            if named == "consent_id" && name == "person_need" {
              names.append(named)
              values.append("special")
            }
          } else if column["type"] == "text" && column["tier"] != "header" {
            names.append(named)
            values.append("KANARIE-\(name)-\(named)")
          } else if column["required"] == true {
            names.append(named)
            values.append(column["codes"].items.first?.text ?? "2025-02-01")
          }
        }
        // A case has one person: the one that is there.
        if name == "person" {
          for (column, value) in zip(names.dropFirst(2), values.dropFirst(2)) {
            try client.rows(
              "UPDATE person SET \(column) = ? WHERE case_id = ?", [value, caseID])
          }
          continue
        }
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        try client.rows(
          "INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(marks))", values)
      }
    }

    /// What loses, waits, is deleted or refused holds canaries, too.
    private func contest() throws {
      try town.execute("UPDATE person SET family_name = 'KANARIE-A' WHERE case_id = '\(caseID)'")
      try field.execute("UPDATE person SET family_name = 'KANARIE-B' WHERE case_id = '\(caseID)'")
      try town.execute("UPDATE plan_goal SET text = 'KANARIE-C' WHERE case_id = '\(caseID)'")
      try field.execute("UPDATE plan_goal SET text = 'KANARIE-D' WHERE case_id = '\(caseID)'")
      try field.execute(
        """
        INSERT INTO residence (case_id, ags, kind, street)
          VALUES ('\(caseID)', '99999999', 'other', 'KANARIE-E');
        """)
      for site in [town, field, town, field] { try site.sync() }
      try town.execute(
        "DELETE FROM consultation WHERE case_id = '\(caseID)' AND note IS NOT NULL")
      for site in [town, field] { try site.sync() }
    }
  }

  /// The files below a directory that hold a canary, by their names.
  private func findings(_ directory: String, but left: [String] = []) throws -> [String] {
    let mark = Data(Self.canary.utf8)
    let names = FileManager.default.enumerator(atPath: directory)?.allObjects as? [String] ?? []
    return try names.filter { name in
      let path = directory + "/" + name
      var isDirectory: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      guard !isDirectory.boolValue, !left.contains(where: name.hasSuffix) else { return false }
      return try Data(contentsOf: URL(fileURLWithPath: path)).range(of: mark) != nil
    }.sorted()
  }

  @Test("Whoever had a part in the case once is told of its erasure, and forgets what it sent")
  func formerParts() throws {
    try withCounty { county in
      let aviary = try Aviary(county)
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      let part = ["participate", "--case", aviary.caseID, "--site", carrier.id, "--role"]
      #expect(try county.hub(part + ["contributor"]).exit == 0)
      try carrier.sync()
      try carrier.execute(
        "INSERT INTO residence (case_id, ags, kind, street) VALUES "
          + "('\(aviary.caseID)', '08118027', 'other', 'KANARIE-carrier')")
      try carrier.sync()
      #expect(try county.hub(part + ["none"]).exit == 0)
      try carrier.sync()
      #expect(try !findings(carrier.directory).isEmpty)
      #expect(try county.hub("erase", "--case", aviary.caseID, "--reason", "Az. 8").exit == 0)
      #expect(try pending(county).contains(carrier.id))
      for site in [aviary.town, aviary.field, carrier] { try site.sync() }
      #expect(try pending(county) == [])
      #expect(try findings(carrier.directory) == [])
    }
  }

  @Test("An erased case stands in no file of hub and sites, also behind the oldest backup")
  func everywhere() throws {
    try withCounty { county in
      let aviary = try Aviary(county)
      let oldest = county.directory + "/oldest.sqlite"
      #expect(try county.hub("backup", oldest).exit == 0)
      try FileManager.default.createDirectory(
        atPath: county.hubDirectory + "/backups", withIntermediateDirectories: true)
      let nightly = county.hubDirectory + "/backups/08118-20250101T000000Z.sqlite"
      #expect(try county.hub("backup", nightly).exit == 0)
      let before = try findings(county.directory)
      #expect(before.contains("hub/08118.sqlite") || before.contains("hub/08118.sqlite-wal"))
      #expect(before.contains("hub/backups/08118-20250101T000000Z.sqlite"))

      let dry = try county.hub(
        "erase", "--case", aviary.caseID, "--reason", "Az. 7", "--dry-run")
      #expect(dry.exit == 0, "\(dry)")
      #expect(try dry.json["pending_at"].items.count == 2)
      #expect(try county.hub("erasures", "list").json.items.isEmpty)

      // Edits that nobody has answered yet, of one who does not know.
      try aviary.field.execute(
        "UPDATE person SET phone = 'KANARIE-F' WHERE case_id = '\(aviary.caseID)'")
      let erased = try county.hub("erase", "--case", aviary.caseID, "--reason", "Az. 7")
      #expect(erased.exit == 0, "\(erased)")
      #expect(try erased.json["hub_cleared"] == true)
      #expect(try erased.json["backups"] == [])
      #expect(
        Set(try erased.json["pending_at"].items.compactMap(\.text))
          == [aviary.town.id, aviary.field.id])
      #expect(try findings(county.hubDirectory) == [])
      try Agreement.expectSoundLog(county)

      try aviary.town.sync()
      #expect(try pending(county) == [aviary.field.id])
      let late = try aviary.field.sync()
      #expect(late["pushed"]["refused"] == 1)
      #expect(try pending(county) == [])
      #expect(try findings(county.directory, but: ["oldest.sqlite"]) == [])
      let notice = try #require(try aviary.field.notices().last { $0["reason"] == "erased" })
      #expect(notice["your_value"] == .null)
      try Agreement.expect(county, [aviary.town, aviary.field])

      // A hub that was restored has forgotten the erasure; its list has not.
      _ = try county.stopHub()
      let restored = try county.hub("restore", oldest)
      #expect(restored.exit == 0, "\(restored)")
      #expect(try findings(county.hubDirectory) == [])
      try county.serve()
      for site in [aviary.town, aviary.field, aviary.town] { _ = try site.site("sync") }
      #expect(try pending(county) == [])
      #expect(try findings(county.directory, but: ["oldest.sqlite"]) == [])
      try Agreement.expect(county, [aviary.town, aviary.field])
      #expect(
        try aviary.field.value("SELECT family_name FROM person WHERE case_id = '\(aviary.other)'")
          == "Bleibt")
    }
  }

  @Test("What comes back of an erased case is refused, and its site is told to purge it")
  func returning() throws {
    try withCounty { county in
      let aviary = try Aviary(county)
      #expect(try aviary.town.site("backup", county.directory + "/old.sqlite").exit == 0)
      #expect(
        try county.hub("erase", "--case", aviary.caseID, "--reason", "Az. 8").exit == 0)
      for site in [aviary.town, aviary.field] { try site.sync() }
      // An old copy comes back with an edit of its own.
      for suffix in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: aviary.town.replica + suffix)
      }
      try FileManager.default.copyItem(
        atPath: county.directory + "/old.sqlite", toPath: aviary.town.replica)
      try aviary.town.execute(
        "UPDATE person SET phone = 'KANARIE-Z' WHERE case_id = '\(aviary.caseID)'")
      for _ in 0..<2 { _ = try aviary.town.site("sync") }
      #expect(
        try aviary.town.value("SELECT count(*) FROM person WHERE case_id = '\(aviary.caseID)'")
          == "0")
      #expect(try pending(county) == [])
      #expect(try findings(aviary.town.directory) == [])
      #expect(try findings(county.hubDirectory) == [])
    }
  }

  @Test("An erasure that was interrupted goes on, and each of its steps may be the last")
  func interrupted() throws {
    try withCounty(servesAtOnce: true) { county in
      let aviary = try Aviary(county)
      // The list alone was written: the process ended before the county.
      _ = try county.stopHub()
      let list =
        "[{\"at\":1,\"erased_case\":\"\(aviary.caseID)\",\"erasure\":\"e1\",\"sites\":[]}]"
      try Data(list.utf8).write(to: URL(fileURLWithPath: county.hubDirectory + "/08118.erasures"))
      try county.serve()
      let listed = try county.hub("erasures", "list").json.items
      #expect(listed.map { $0["erasure"] } == ["e1"])
      #expect(try county.hub("erasures", "resume").exit == 0)
      #expect(try findings(county.hubDirectory) == [])
      for site in [aviary.town, aviary.field] { try site.sync() }
      #expect(try pending(county) == [])
      #expect(try findings(county.directory) == [])
      // The same order once more changes nothing.
      let again = try county.hub("erase", "--case", aviary.caseID, "--reason", "Az. 9")
      #expect(again.exit == 0, "\(again)")
      #expect(try again.json["erasure"] == "e1")
    }
  }

  @Test("A lost hub that is rebuilt from an old replica erases what its list names")
  func rebuilt() throws {
    try withCounty { county in
      let aviary = try Aviary(county)
      let old = county.directory + "/old.sqlite"
      try aviary.field.execute("VACUUM INTO '\(old)'")
      #expect(try county.hub("erase", "--case", aviary.caseID, "--reason", "Az. 3").exit == 0)
      // One site has heard of it, the other has not.
      try aviary.town.sync()
      _ = try county.stopHub()
      for suffix in ["", "-wal", "-shm"] { unlink("\(county.hubDirectory)/08118.sqlite\(suffix)") }
      let outcome = try Binary.run(
        "hub", "rebuild", "--data", county.hubDirectory, "--replica", old, "--json")
      #expect(outcome.exit == 0, "\(outcome)")
      #expect(try outcome.json["cases"] == 1)
      try county.serve()
      for site in [aviary.field, aviary.town] { _ = try site.site("sync") }
      #expect(try findings(county.directory, but: ["old.sqlite"]) == [])
      #expect(try pending(county) == [])
      try Agreement.expect(county, [aviary.town, aviary.field])
    }
  }

  @Test("While a program reads the county an erasure waits for it, and says so")
  func heldByReader() throws {
    try withCounty { county in
      let aviary = try Aviary(county)
      _ = try county.stopHub()
      let reader = try county.database()
      try reader.execute("BEGIN; SELECT count(*) FROM person;")
      let erased = try county.hub("erase", "--case", aviary.caseID, "--reason", "Az. 4")
      #expect(erased.exit == 0, "\(erased)")
      #expect(try erased.json["hub_cleared"] == false)
      #expect(try county.hub("erasures", "list").json[0]["hub_cleared_at"] == .null)
      #expect(try county.hub("erasures", "resume").exit == 3)
      try reader.execute("COMMIT")
      #expect(try county.hub("erasures", "resume").exit == 0)
      #expect(try county.hub("erasures", "list").json[0]["hub_cleared_at"] != .null)
      #expect(try findings(county.hubDirectory) == [])
    }
  }

  @Test("An erasure that is killed at any moment is ended by the next command")
  func killed() throws {
    try withCounty { county in
      let aviary = try Aviary(county)
      var numbers = SeededNumbers(seed: 5)
      for _ in 0..<4 {
        let child = try Child([
          Binary.path, "hub", "erase", "--case", aviary.caseID, "--reason", "Az. 5", "--data",
          county.hubDirectory, "--json",
        ])
        _ = child.ends(withinMilliseconds: Int.random(in: 0...150, using: &numbers))
        child.send(SIGKILL)
        _ = try child.wait()
      }
      let last = try county.hub("erase", "--case", aviary.caseID, "--reason", "Az. 5")
      #expect(last.exit == 0, "\(last)")
      #expect(try last.json["hub_cleared"] == true)
      #expect(try findings(county.hubDirectory) == [])
      for site in [aviary.town, aviary.field] { try site.sync() }
      #expect(try pending(county) == [])
      #expect(try findings(county.directory) == [])
      try Agreement.expect(county, [aviary.town, aviary.field])
      let record = try county.hub("audit", "list").json.items.map { $0["action"] }
      #expect(record.filter { $0 != "site_add" } == ["erase"])
    }
  }

  @Test("Where there are users an erasure needs two, and every deed is one link of a chain")
  func twoPersons() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let caseID = try town.client().openCase()
      try town.sync()
      func erase(_ arguments: String...) throws -> Outcome {
        try county.hub(["erase", "--case", caseID, "--reason", "Az. 1"] + arguments)
      }
      #expect(try county.hub("user", "add", "anna", "--role", "read").exit == 4)
      #expect(try county.hub("user", "add", "anna", "--role", "decide").exit == 0)
      #expect(try county.hub("user", "add", "ben", "--role", "decide").exit == 2)
      for (name, role) in [("ben", "decide"), ("carl", "operate")] {
        #expect(
          try county.hub("user", "add", name, "--role", role, "--as", "anna").exit == 0)
      }
      #expect(try erase().exit == 2)
      #expect(try erase("--as", "carl", "--second", "anna").json["error"]["code"] == "role_too_low")
      #expect(try erase("--as", "anna").json["error"]["code"] == "second_needed")
      #expect(
        try erase("--as", "anna", "--second", "anna").json["error"]["code"] == "second_is_first")
      #expect(try erase("--as", "zoe", "--second", "anna").json["error"]["code"] == "unknown_user")
      #expect(try town.value("SELECT count(*) FROM case_file") == "1")
      #expect(try erase("--as", "anna", "--second", "ben").exit == 0)
      #expect(try county.hub("user", "remove", "carl", "--as", "ben").exit == 0)

      let record = try county.hub("audit", "list").json.items
      #expect(
        record.map { $0["action"] }
          == ["site_add", "user_add", "user_add", "user_add", "erase", "user_remove"])
      #expect(record[4]["actor"] == "anna" && record[4]["second"] == "ben")
      #expect(record[4]["subject"] == .text(caseID))
      #expect(try county.hub("audit", "verify").json["ok"] == true)
      // Somebody changes the record behind the program's back.
      try SQLClient("\(county.hubDirectory)/08118.sqlite").execute(
        "UPDATE kreissync_audit SET actor = 'carl' WHERE number = 5")
      let verified = try county.hub("audit", "verify")
      #expect(verified.exit == 5)
      #expect(try verified.json["first_bad"] == 5)
    }
  }

  /// The sites of the only erasure that have not answered.
  private func pending(_ county: TestCounty) throws -> [String] {
    let listed = try county.hub("erasures", "list").json.items
    #expect(listed.count == 1)
    return listed.first?["pending_at"].items.compactMap(\.text).sorted() ?? []
  }
}
