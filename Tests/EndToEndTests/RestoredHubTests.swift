import Foundation
import Testing

/// Hubs whose file went back in time.
struct RestoredHubTests {
  /// The county's file as a person keeps it: through SQLite, while the hub serves.
  private func keep(_ county: TestCounty, as path: String) throws {
    let hub = try SQLClient("\(county.hubDirectory)/\(TestCounty.key).sqlite")
    try hub.execute("VACUUM INTO '\(path)'")
  }

  private func restore(_ county: TestCounty, from path: String) throws -> JSON {
    _ = try county.stopHub()
    let outcome = try county.hub("restore", path)
    #expect(outcome.exit == 0, "\(outcome)")
    try county.serve()
    return try outcome.json
  }

  @Test("What a restored hub has forgotten comes back from its sites, and nothing is lost")
  func restored() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      let kept = try site.client().openCase(of: "Bleibt")
      let gone = try site.client().openCase(of: "Geht")
      for each in [site, field] { try each.sync() }
      let backup = county.directory + "/backup.sqlite"
      try keep(county, as: backup)
      let former = try county.hub("status").json["history"]

      // Forgotten: edits on both sides that knew each other, a new case with an edit of another
      // site's in it, a deletion.
      try site.execute("UPDATE person SET phone = '1' WHERE case_id = '\(kept)'")
      let fresh = try site.client().openCase(of: "Neu")
      try site.execute("DELETE FROM consultation WHERE case_id = '\(gone)'")
      for each in [site, field] { try each.sync() }
      try field.execute("UPDATE person SET phone = '2' WHERE case_id = '\(kept)'")
      try field.execute("UPDATE person SET email = 'neu@example.org' WHERE case_id = '\(fresh)'")
      for each in [field, site] { try each.sync() }
      // And what waits.
      try site.execute("UPDATE person SET given_names = 'Wartet' WHERE case_id = '\(kept)'")

      let restored = try restore(county, from: backup)
      #expect(restored["history"] != former)
      #expect(try county.hub("status").json["history"] == restored["history"])
      #expect(
        FileManager.default.fileExists(
          atPath: "\(county.hubDirectory)/\(TestCounty.key).sqlite.before-restore"))
      let awaited = try county.hub("status").json["sites"].items
      #expect(awaited.allSatisfy { $0["reasons"].items.contains("not_reported_since_restore") })

      // Whoever comes first rests on what the other has still to return.
      let first = try field.site("sync")
      #expect([0, 5].contains(first.exit), "\(first)")
      #expect(try first.json["events"].items.contains("hub_restored"))
      let second = try site.sync()
      #expect(second["events"].items.contains("hub_restored"))
      #expect(second["history"] == restored["history"])
      try Agreement.expect(county, [site, field])
      for each in [site, field] {
        #expect(try each.value("SELECT phone FROM person WHERE case_id = '\(kept)'") == "2")
        #expect(
          try each.value("SELECT email FROM person WHERE case_id = '\(fresh)'")
            == "neu@example.org")
        #expect(
          try each.value("SELECT given_names FROM person WHERE case_id = '\(kept)'") == "Wartet")
        #expect(
          try each.value("SELECT count(*) FROM consultation WHERE case_id = '\(gone)'") == "0")
        #expect(try each.site("sync").json["events"] == [])
      }
      let reasons = try county.hub("status").json["sites"].items.map { $0["reasons"] }
      #expect(reasons.allSatisfy { !$0.items.contains("not_reported_since_restore") })
    }
  }

  @Test("Whom the county has revoked since the backup stays revoked, until it joins again")
  func revoked() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase(of: "Eins")
      try site.sync()
      let backup = county.directory + "/backup.sqlite"
      try keep(county, as: backup)
      try county.hub("site", "revoke", site.id)
      #expect(try restore(county, from: backup)["revoked"] == [.text(site.id)])
      #expect(try site.site("sync").json["error"]["code"] == "refused")
      #expect(try county.hub("site", "rejoin", site.id).exit == 0)
      #expect(try restore(county, from: backup)["revoked"] == [])
    }
  }

  @Test("A file that was put back without a word is recognised by the first site that calls")
  func copied() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      try site.client().openCase(of: "Eins")
      for each in [site, field] { try each.sync() }
      let copy = county.directory + "/copy.sqlite"
      try keep(county, as: copy)
      try site.client().openCase(of: "Zwei")
      for each in [site, field] { try each.sync() }
      _ = try county.stopHub()
      let place = "\(county.hubDirectory)/\(TestCounty.key).sqlite"
      for suffix in ["", "-wal", "-shm"] { unlink(place + suffix) }
      try FileManager.default.copyItem(atPath: copy, toPath: place)
      try county.serve()
      #expect(try site.sync()["events"].items.contains("hub_restored"))
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM case_file") == "2")
    }
  }

  @Test("A hub that was restored twice, with sites that missed the first time, gets all back")
  func twice() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      var backups: [String] = []
      for number in 1...3 {
        try site.client().openCase(of: "Site \(number)")
        try field.client().openCase(of: "Field \(number)")
        for each in [site, field] { try each.sync() }
        backups.append("\(county.directory)/backup\(number).sqlite")
        try keep(county, as: backups.last!)
      }
      _ = try restore(county, from: backups[1])
      _ = try site.site("sync")
      _ = try restore(county, from: backups[0])
      for each in [field, site, field, site] { _ = try each.site("sync") }
      try Agreement.expect(county, [site, field])
      #expect(try county.hub("status").json["cases"] == 6)
    }
  }

  @Test("A hub that is lost altogether is rebuilt from a replica, and sites return the rest")
  func rebuilt() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      let carrier = try county.site("AWO", kind: "carrier")
      let first = try site.client().openCase(of: "Eins")
      try site.execute(
        """
        INSERT INTO worker (id, display_name, site_id) VALUES ('w', 'Frau X', '\(site.id)');
        UPDATE case_file SET worker_id = 'w' WHERE id = '\(first)';
        """)
      for each in [site, field] { try each.sync() }
      let copy = county.directory + "/field.sqlite"
      try field.execute("VACUUM INTO '\(copy)'")
      // What the copy lacks: an edit, a deletion, a case; and what was never sent.
      try site.execute("UPDATE person SET phone = '2' WHERE case_id = '\(first)'")
      try site.execute("DELETE FROM consultation WHERE case_id = '\(first)'")
      try site.client().openCase(of: "Zwei")
      for each in [site, field] { try each.sync() }
      try field.client().openCase(of: "Drei")
      try county.hub("site", "revoke", carrier.id)

      _ = try county.stopHub()
      let place = "\(county.hubDirectory)/\(TestCounty.key).sqlite"
      let refused = try Binary.run(
        "hub", "rebuild", "--data", county.hubDirectory, "--replica", copy, "--json")
      #expect(try refused.exit == 1 && refused.json["error"]["code"] == "county_exists")
      for suffix in ["", "-wal", "-shm"] { unlink(place + suffix) }
      let outcome = try Binary.run(
        "hub", "rebuild", "--data", county.hubDirectory, "--replica", copy, "--json")
      #expect(outcome.exit == 0, "\(outcome)")
      #expect(try outcome.json["cases"] == 1 && outcome.json["sites"] == 3)
      #expect(try outcome.json["revoked"] == [.text(carrier.id)])
      #expect(try !outcome.json["lost"].items.isEmpty)
      try county.serve()
      #expect(try carrier.site("sync").json["error"]["code"] == "refused")
      for each in [field, site] { _ = try each.site("sync") }
      try Agreement.expect(county, [site, field])
      for each in [site, field] {
        #expect(try each.value("SELECT phone FROM person WHERE case_id = '\(first)'") == "2")
        #expect(
          try each.value("SELECT count(*) FROM consultation WHERE case_id = '\(first)'") == "0")
        #expect(
          try each.value("SELECT count(*) FROM case_file") == (each.id == site.id ? "2" : "3"))
        #expect(try each.value("SELECT display_name FROM worker WHERE id = 'w'") == "Frau X")
      }
      #expect(try county.hub("status").json["cases"] == 3)
    }
  }

  @Test("A rebuilt hub takes back what a site wrote under several names, and goes on without it")
  func rebuiltBehindRestores() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      let first = try site.client().openCase(of: "Eins")
      try site.sync()
      let older = county.directory + "/older.sqlite"
      try site.execute("VACUUM INTO '\(older)'")
      try site.execute("UPDATE person SET phone = '2' WHERE case_id = '\(first)'")
      try site.sync()

      // The replica is put back: it goes on in a new log, whose batches count on.
      for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
      try FileManager.default.copyItem(atPath: older, toPath: site.replica)
      try site.client().openCase(of: "Zwei")
      for each in [site, field] { try each.sync() }
      let copy = county.directory + "/field.sqlite"
      try field.execute("VACUUM INTO '\(copy)'")
      try site.client().openCase(of: "Drei")
      try site.sync()
      // And again: the log between is neither the first nor the present one.
      for suffix in ["", "-wal", "-shm"] { unlink(older + suffix) }
      try site.execute("VACUUM INTO '\(older)'")
      try site.execute("UPDATE person SET phone = '3' WHERE case_id = '\(first)'")
      for each in [site, field] { try each.sync() }
      for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
      try FileManager.default.copyItem(atPath: older, toPath: site.replica)
      try site.client().openCase(of: "Vier")
      try site.sync()
      // What a backup that is lost as well had secured is pruned.
      try site.execute("DELETE FROM kreissync_outbox WHERE number <= 2")

      _ = try county.stopHub()
      for suffix in ["", "-wal", "-shm"] {
        unlink("\(county.hubDirectory)/\(TestCounty.key).sqlite\(suffix)")
      }
      let outcome = try Binary.run(
        "hub", "rebuild", "--data", county.hubDirectory, "--replica", copy, "--json")
      #expect(outcome.exit == 0, "\(outcome)")
      try county.serve()
      for each in [site, field, site, field] { try each.sync() }
      try Agreement.expect(county, [site, field])
      for name in ["Drei", "Vier"] {
        #expect(
          try field.value("SELECT count(*) FROM person WHERE family_name = '\(name)'") == "1")
      }

      // Where it is found no replica knows: whoever asks too early shuts nobody out.
      let refused = try county.hub("site", "rejoin", site.id)
      #expect(try refused.exit == 2 && refused.json["error"]["code"] == "address_unknown")
      try site.sync()
      let again = try county.hub(
        "site", "rejoin", site.id, "--url", "https://127.0.0.1:\(county.sitePort)", "--join-url",
        "https://127.0.0.1:\(county.joinPort)")
      let join = try #require(try again.json["join"].text)
      #expect(try site.site("join", join).exit == 0)
      try site.sync()
    }
  }

  @Test("What is no backup, or another county's, is refused, and nothing is touched")
  func refused() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase()
      try site.sync()
      let backup = county.directory + "/backup.sqlite"
      try keep(county, as: backup)
      let serving = try county.hub("restore", backup)
      #expect(try serving.exit == 3 && serving.json["error"]["code"] == "hub_serving")
      _ = try county.stopHub()
      let text = county.directory + "/text"
      try "no database".write(toFile: text, atomically: true, encoding: .utf8)
      let damaged = county.directory + "/damaged.sqlite"
      var bytes = try #require(FileManager.default.contents(atPath: backup))
      for position in stride(from: 4_096, to: bytes.count, by: 4_096) {
        bytes.replaceSubrange(position..<position + 64, with: Data(repeating: 7, count: 64))
      }
      try bytes.write(to: URL(filePath: damaged))
      for (path, code) in [
        (county.directory + "/nowhere", "backup_missing"), (text, "not_a_backup"),
        (site.replica, "not_a_backup"), (damaged, "not_a_backup"),
      ] {
        let outcome = try county.hub("restore", path)
        #expect(outcome.exit == 1, "\(outcome)")
        #expect(try outcome.json["error"]["code"] == .text(code), "\(outcome)")
      }
      try county.serve()
      #expect(try site.sync()["events"] == [])
      try Agreement.expect(county, [site])
    }
  }
}
