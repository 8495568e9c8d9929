import Foundation
import Testing

/// `hub check` as a monitor runs it: its numbers, its first line, and its performance data.
@Suite(.serialized)
struct HubCheckTests {
  /// One look, as Nagios takes it: the text of standard output alone.
  private func check(_ county: TestCounty, _ arguments: String...) throws -> Outcome {
    try Child.run([Binary.path, "hub", "check", "--data", county.hubDirectory] + arguments)
  }

  private func json(_ county: TestCounty, _ arguments: String...) throws -> JSON {
    try Child.run(
      [Binary.path, "hub", "check", "--data", county.hubDirectory, "--json"] + arguments
    ).json
  }

  /// The performance data, read as a monitor reads them.
  private func measures(_ outcome: Outcome) throws -> [String: String] {
    let first = try #require(outcome.output.split(separator: "\n").first)
    let parts = first.split(separator: "|")
    #expect(parts.count == 2, "\(first)")
    return Dictionary(
      uniqueKeysWithValues: parts[1].split(separator: " ").map { measure in
        let sides = measure.split(separator: "=")
        let fields = sides[1].split(separator: ";", omittingEmptySubsequences: false)
        let isNumber = fields[0].wholeMatch(of: /[0-9]+(s|B)?/) != nil
        #expect(sides.count == 2 && fields.count == 4 && isNumber, "\(measure)")
        return (String(sides[0]), String(fields[0]))
      })
  }

  @Test("A county goes from unknown over critical and warning to OK, and its numbers with it")
  func states() throws {
    try withCounty(servesAtOnce: false) { county in
      var look = try check(county)
      #expect(look.exit == 2 && look.output.hasPrefix("KREISSYNC CRITICAL - hub: not_serving |"))
      try county.serve()
      #expect(try check(county).exit == 0)

      let site = try county.site("Hemmingen|Nord")
      try site.client().openCase()
      look = try check(county)
      #expect(look.exit == 1 && look.output.hasPrefix("KREISSYNC WARNING - "))
      #expect(look.output.contains("08118 Hemmingen Nord: never_synced"))
      #expect(try measures(look)["yellow"] == "1")

      try site.sync()
      #expect(try county.hub("backup", county.directory + "/b.sqlite").exit == 0)
      look = try check(county)
      #expect(look.exit == 0 && look.output.hasPrefix("KREISSYNC OK - "), "\(look)")
      let measures = try measures(look)
      #expect(measures["sites"] == "1" && measures["yellow"] == "0" && measures["red"] == "0")
      #expect(measures["backup_age"] != nil && measures["free"] != nil)
      #expect(look.errors.isEmpty)

      let shape = Shape.object([
        "state": .text,
        "signs": .list(of: .object(["subject": .text, "reason": .text, "light": .text])),
        "measures": .object([
          "sites": .integer, "yellow": .integer, "red": .integer, "parked": .integer,
          "proposals": .integer, "database": .integer, "free": .integer, "backup_age": .integer,
        ]),
      ])
      #expect(shape.misfits(try json(county)) == [])
      #expect(try json(county)["state"] == "ok")
    }
  }

  @Test("A held site is critical, a week of silence too, and a revoked site is nobody's concern")
  func sites() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try site.sync()
      try county.hub("backup", county.directory + "/b.sqlite")
      #expect(try check(county).exit == 0)

      let database = try SQLClient("\(county.hubDirectory)/\(TestCounty.key).sqlite")
      let weekAgo = Int64(Date.now.timeIntervalSince1970 * 1_000) - 8 * 86_400_000
      try database.execute("UPDATE kreissync_site SET last_success = \(weekAgo)")
      let silent = try check(county)
      #expect(silent.exit == 2 && silent.output.contains("Hemmingen: no_success_for_a_week"))
      try site.sync()

      try FileManager.default.copyItem(
        atPath: site.directory, toPath: county.directory + "/copy")
      let copy = TestSite(id: site.id, directory: county.directory + "/copy")
      for place in [site, copy, site, copy] { _ = try place.site("sync") }
      let held = try check(county)
      #expect(held.exit == 2 && held.output.contains("Hemmingen: cloned"), "\(held)")

      try county.hub("site", "revoke", site.id)
      #expect(try check(county).exit == 0)
    }
  }

  @Test("Old backups and a disk that fills are told by the limits that the county sets")
  func limits() throws {
    try withCounty { county in
      try county.site("Hemmingen").sync()
      try county.hub("backup", county.directory + "/b.sqlite")
      let database = try SQLClient("\(county.hubDirectory)/\(TestCounty.key).sqlite")
      let yesterday = Int64(Date.now.timeIntervalSince1970 * 1_000) - 25 * 3_600_000
      try database.execute("UPDATE kreissync_backup SET secured_at = \(yesterday)")
      #expect(try check(county).exit == 0)
      let overdue = try check(county, "--backup-hours", "24")
      #expect(overdue.exit == 1 && overdue.output.contains("08118: backup_overdue"))

      let low = try check(county, "--free-warning", "900000000")
      #expect(low.exit == 1 && low.output.contains("disk: disk_space_low"))
      let full = try check(county, "--free-warning", "900000000", "--free-critical", "900000000")
      #expect(full.exit == 2 && full.output.contains("CRITICAL - disk: disk_space_low"))
    }
  }

  @Test("A county whose file cannot be read is critical, and the others are still looked at")
  func unreadable() throws {
    try withCounty { county in
      let site = try county.site("Hemmingen")
      try Data("no database".utf8).write(
        to: URL(fileURLWithPath: county.hubDirectory + "/05711.sqlite"))
      let look = try check(county)
      #expect(look.exit == 2 && look.output.contains("05711: database_unusable"))
      #expect(look.output.contains("Hemmingen: never_synced"))
      let own = try check(county, "--county", TestCounty.key)
      #expect(own.exit == 1 && !own.output.contains("05711"))
      try site.sync()
    }
  }

  @Test("A monitor that asks wrongly gets unknown, on standard output and as 3")
  func unknown() throws {
    try withCounty(servesAtOnce: false) { county in
      let nowhere = county.directory + "/" + String(repeating: "n", count: 80)
      let wrong = try [
        check(county, "--bogus"), check(county, "--backup-hours", "0"),
        check(county, "--county", "05711"), Binary.run("hub", "check"),
        Binary.run("hub", "check", "--data", nowhere),
      ]
      for outcome in wrong {
        #expect(outcome.exit == 3 && outcome.output.hasPrefix("KREISSYNC UNKNOWN - "), "\(outcome)")
      }
      #expect(wrong[4].output.contains(nowhere))
      let error = try Binary.run("hub", "check", "--data", nowhere, "--json")
      #expect(try error.exit == 3 && error.json["state"] == "unknown")
      #expect(try error.json["error"]["code"] == "hub_missing")
      // A question for help is none of a monitor's.
      #expect(try check(county, "--help").exit == 0)
    }
  }
}
