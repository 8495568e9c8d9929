import Foundation
import Testing

/// Files that went back in time, and files that there are twice.
struct RestoredReplicaTests {
  /// What a person copies: the replica alone, with or without its WAL, or the whole directory.
  enum Copy: String, CaseIterable, CustomTestStringConvertible {
    case file
    case fileWithWAL
    case directory

    var testDescription: String { rawValue }

    var isWhole: Bool { self == .directory }
  }

  private func keep(_ what: Copy, of site: TestSite, as path: String) throws {
    let files = FileManager.default
    switch what {
    case .file:
      try site.execute("VACUUM INTO '\(path)'")
    case .fileWithWAL:
      try files.createDirectory(atPath: path, withIntermediateDirectories: false)
      for name in ["caseload.sqlite", "caseload.sqlite-wal"]
      where files.fileExists(atPath: "\(site.directory)/\(name)") {
        try files.copyItem(atPath: "\(site.directory)/\(name)", toPath: "\(path)/\(name)")
      }
    case .directory:
      try files.copyItem(atPath: site.directory, toPath: path)
    }
  }

  private func putBack(_ what: Copy, from path: String, to site: TestSite) throws {
    let files = FileManager.default
    if what == .directory {
      try files.removeItem(atPath: site.directory)
      try files.copyItem(atPath: path, toPath: site.directory)
      return
    }
    for suffix in ["", "-wal", "-shm"] { unlink(site.replica + suffix) }
    if what == .file {
      try files.copyItem(atPath: path, toPath: site.replica)
    } else {
      for name in try files.contentsOfDirectory(atPath: path) {
        try files.copyItem(atPath: "\(path)/\(name)", toPath: "\(site.directory)/\(name)")
      }
    }
  }

  @Test(
    "A restored replica goes on under a new name: nothing comes back, nothing is lost",
    arguments: Copy.allCases, [false, true])
  func restored(copy: Copy, isEditedSince: Bool) throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      let kept = try site.client().openCase(of: "Bleibt")
      let gone = try site.client().openCase(of: "Geht")
      for each in [site, field] { try each.sync() }
      try site.execute("UPDATE person SET phone = '1' WHERE case_id = '\(kept)'")
      let copied = county.directory + "/copy"
      try keep(copy, of: site, as: copied)

      // What the copy has not sent yet is sent, and overwritten, and deleted.
      try site.sync()
      try site.execute("UPDATE person SET phone = '2' WHERE case_id = '\(kept)'")
      try site.execute("DELETE FROM consultation WHERE case_id = '\(gone)'")
      try site.sync()
      try field.sync()
      try field.execute("UPDATE person SET email = 'neu@example.org' WHERE case_id = '\(kept)'")
      try field.sync()

      try putBack(copy, from: copied, to: site)
      #expect(try site.value("SELECT phone FROM person WHERE case_id = '\(kept)'") == "1")
      if isEditedSince {
        try site.execute(
          "UPDATE person SET given_names = 'Danach' WHERE case_id = '\(kept)'")
        try site.client().openCase(of: "Danach")
      }
      let report = try site.sync()
      #expect(report["events"].items.contains("restored"))
      #expect(report["pushed"]["duplicate"] == 1)
      #expect(report["pushed"]["applied"] == (isEditedSince ? 5 : 0))
      #expect(try site.site("status").json["reasons"].items.contains("restored"))
      try Agreement.expect(county, [site, field])

      let phone = "SELECT phone FROM person WHERE case_id = '\(kept)'"
      let email = "SELECT email FROM person WHERE case_id = '\(kept)'"
      for each in [site, field] {
        #expect(try each.value(phone) == "2")
        #expect(try each.value(email) == "neu@example.org")
        #expect(
          try each.value("SELECT count(*) FROM consultation WHERE case_id = '\(gone)'") == "0")
        #expect(try each.value("SELECT count(*) FROM case_file") == (isEditedSince ? "3" : "2"))
        #expect(
          try each.value("SELECT count(*) FROM person WHERE given_names = 'Danach'")
            == (isEditedSince ? "1" : "0"))
      }
      // It happened once.
      #expect(try site.sync()["events"] == [])
      let line = try #require(
        try county.hub("status").json["sites"].items.first { $0["site"] == .text(site.id) })
      #expect(line["reasons"].items.contains("restored") && line["state"] == "joined")
    }
  }

  @Test("A directory that was copied on its way to a new name finds another one")
  func copiedOnTheWay() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.client().openCase(of: "Bleibt")
      let (older, copied) = (county.directory + "/older", county.directory + "/copy")
      try keep(.file, of: site, as: older)
      try site.sync()
      try putBack(.file, from: older, to: site)
      // The hub is not there: the new name is chosen, and nobody has heard of it.
      county.killHub()
      #expect(try site.site("sync").json["error"]["code"] == "hub_unreachable")
      try keep(.directory, of: site, as: copied)
      try county.serve()
      try site.client().openCase(of: "Danach")
      #expect(try site.sync()["events"].items.contains("restored"))

      // Under that name the site went on; the copy knows nothing of it.
      try putBack(.directory, from: copied, to: site)
      try site.client().openCase(of: "Zuletzt")
      let report = try site.sync()
      #expect(report["events"].items.contains("restored"))
      #expect(report["digest"]["equal"] == true)
      for name in ["Bleibt", "Danach", "Zuletzt"] {
        #expect(
          try site.value("SELECT count(*) FROM person WHERE family_name = '\(name)'") == "1")
      }
      #expect(try site.sync()["events"] == [])
    }
  }

  @Test("Restored again and again, from older and older copies, a site loses nothing")
  func again() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      var copies: [String] = []
      for number in 1...3 {
        try site.client().openCase(of: "Fall \(number)")
        try site.sync()
        try site.client().openCase(of: "Ungesendet \(number)")
        copies.append("\(county.directory)/copy\(number)")
        try keep(.file, of: site, as: copies.last!)
      }
      try site.sync()
      for copy in copies.reversed() + copies {
        try putBack(.file, from: copy, to: site)
        try site.client().openCase(of: "Nach \(copy.suffix(1))")
        #expect(try site.sync()["events"].items.contains("restored"))
      }
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM case_file") == "12")
    }
  }

  @Test("A WAL that was deleted is a file that went back in time")
  func deletedWAL() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      // A reader keeps the session's checkpoint from emptying the WAL.
      let reader = try site.client()
      try reader.execute("BEGIN")
      _ = try reader.value("SELECT count(*) FROM person")
      try site.client().openCase(of: "Im WAL")
      try site.sync()
      let held = county.directory + "/held"
      try FileManager.default.copyItem(atPath: site.replica, toPath: held)
      try reader.execute("COMMIT")
      try putBack(.file, from: held, to: site)
      let report = try site.sync()
      #expect(report["events"].items.contains("restored"))
      try Agreement.expect(county, [site])
      #expect(try site.value("SELECT count(*) FROM case_file") == "1")
    }
  }

  @Test("Of two copies both are held, both are named, and a person chooses")
  func cloned() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      try site.client().openCase(of: "Gemeinsam")
      try site.sync()
      let twin = TestSite(id: site.id, directory: county.directory + "/twin")
      try keep(.directory, of: site, as: twin.directory)
      try site.client().openCase(of: "Erste")
      try twin.client().openCase(of: "Zweite")
      try site.sync()
      // It cannot be told from a restored one yet: nothing is lost either way.
      try twin.sync()
      for each in [site, twin, site] {
        let outcome = try each.site("sync")
        #expect(outcome.exit == 7, "\(outcome)")
        #expect(try outcome.json["error"]["code"] == "cloned")
        #expect(try outcome.json["events"] == ["cloned"])
        #expect(try each.site("status").json["state"] == "red")
      }
      let shown = try county.hub("site", "show", site.id).json
      #expect(shown["state"] == "held")
      let machines = shown["replicas"].items.compactMap { $0["machine"].text }
      for each in [site, twin] {
        let path = URL(filePath: each.directory).standardizedFileURL.path
        #expect(machines.contains { $0.hasSuffix(":" + path) }, "\(machines)")
      }
      #expect(
        try county.hub("status").json["sites"].items
          .first { $0["site"] == .text(site.id) }?["reasons"].items.contains("cloned") == true)

      try site.client().openCase(of: "Dritte")
      let join = try #require(try county.hub("site", "rejoin", site.id).json["join"].text)
      #expect(try site.site("join", join).exit == 0)
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM case_file") == "4")
      let refused = try twin.site("sync")
      #expect(refused.exit == 4 || refused.exit == 7, "\(refused)")
      #expect(try twin.value("SELECT count(*) FROM case_file") == "3")
    }
  }

  @Test("kill -9 at any moment of a restored site's first session leaves one that goes on")
  func killed() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      let field = try county.fieldService()
      try site.client().openCase(of: "Fall")
      try site.sync()
      let copied = county.directory + "/copy"
      try site.client().openCase(of: "Ungesendet")
      try keep(.file, of: site, as: copied)
      try site.sync()
      for milliseconds in stride(from: 5, through: 125, by: 15) {
        try putBack(.file, from: copied, to: site)
        try site.client().openCase(of: "Nach \(milliseconds)")
        let child = try site.startSync()
        _ = child.ends(withinMilliseconds: milliseconds)
        child.send(SIGKILL)
        _ = try child.wait(within: 10)
        try site.sync()
      }
      try Agreement.expect(county, [site, field])
      #expect(try field.value("SELECT count(*) FROM case_file") == "11")
    }
  }
}
