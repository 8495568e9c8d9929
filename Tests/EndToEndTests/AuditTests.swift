import Foundation
import Testing

/// The record of what people decide and look at, from outside.
@Suite("The audit record")
struct AuditTests {
  private func actions(_ county: TestCounty) throws -> [JSON] {
    try county.hub("audit", "list").json.items.map { $0["action"] }
  }

  @Test("Every command that decides, or shows a personal value, leaves one event without a value")
  func everyCommand() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let field = try county.fieldService()
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      let first = try town.client().openCase(of: "Kanarie")
      let second = try town.client().openCase(of: "Kanarie")
      try town.sync()
      try field.sync()
      // A value that loses, and one that waits.
      try field.execute("UPDATE person SET phone = 'kanarie-1', given_names = 'kanarie-1'")
      try town.execute("UPDATE person SET phone = 'kanarie-2', given_names = 'kanarie-2'")
      for site in [town, field] { try site.sync() }
      let conflict = try #require(try county.hub("conflicts", "list").json[0]["id"].text)
      let proposal = try #require(
        try county.hub("proposals", "list").json.items.first { $0["state"] == "open" }?["id"].text)
      let before = try actions(county)
      #expect(before == ["site_add", "site_add", "site_add", "conflict_show", "proposal_show"])

      let day = "2030-01-01"
      let commands: [(command: [String], action: String)] = [
        (["site", "pause", carrier.id], "site_pause"),
        (["site", "resume", carrier.id], "site_resume"),
        (["site", "renew", town.id], "site_instruct"),
        (["resync", town.id, "--mode", "verify"], "site_instruct"),
        (["conflicts", "show", conflict], "conflict_show"),
        (["conflicts", "restore", conflict], "conflict_restore"),
        (["proposals", "list", proposal], "proposal_show"),
        (["proposals", "accept", proposal], "proposal_decide"),
        (
          ["participate", "--case", first, "--site", carrier.id, "--role", "reader"], "participate"
        ),
        (["link", "--case", second, "--to", first], "case_link"),
        (["row", "put", "programme_period", "state=08", "--id", "p"], "row_put"),
        (["row", "delete", "programme_period", "p"], "row_delete"),
        (["row", "list", "worker"], "row_list"),
        (["backup", county.directory + "/audited.sqlite"], "backup"),
        (["retention", "pause", "--reason", "Klage"], "retention_pause"),
        (["retention", "resume"], "retention_resume"),
        (["erase", "--case", second, "--reason", "Az. 1"], "erase"),
        (["site", "revoke", carrier.id], "site_revoke"),
        (["site", "rejoin", carrier.id], "site_rejoin"),
        (["user", "add", "anna", "--role", "decide"], "user_add"),
      ]
      var expected = before
      for (command, action) in commands {
        let outcome = try county.hub(command)
        #expect(outcome.exit == 0, "\(command): \(outcome)")
        expected.append(.text(action))
        #expect(try actions(county) == expected, "\(command)")
      }
      for verb in ["withdraw", "decline"] {
        let proposed = try county.hub(
          "handover", "propose", "--case", first, "--to", field.id, "--effective", day, "--as",
          "anna")
        let handover = try #require(try proposed.json["handover"].text)
        #expect(try county.hub("handover", verb, handover, "--as", "anna").exit == 0)
        let last = try county.hub("audit", "list").json.items.suffix(2)
        #expect(last.map { $0["action"] } == ["handover_propose", "handover_answer"])
        #expect(last.map { $0["subject"] } == [.text(handover), .text(handover)])
        #expect(last.last?["detail"] == .text(verb) && last.last?["actor"] == "anna")
      }
      let keys = try Binary.run(
        "hub", "keys", "rotate", "--data", county.hubDirectory, "--as", "anna", "--json")
      #expect(keys.exit == 0, "\(keys)")
      #expect(try actions(county).last == "keys_rotate")
      // What only says what it would do, or shows no value, is none.
      let count = try actions(county).count
      for quiet in [
        ["status"], ["site", "list"], ["log", "show"], ["handover", "list"], ["erasures", "list"],
        ["row", "list", "site"], ["user", "list"],
      ] {
        #expect(try county.hub(quiet).exit == 0)
      }
      #expect(try actions(county).count == count)
      #expect(try county.hub("audit", "verify").json["ok"] == true)
      let record = try county.hub("audit", "list").output
      #expect(!record.lowercased().contains("kanarie"))
      // Where there are people, nobody acts without a name.
      #expect(try county.hub("site", "pause", town.id).json["error"]["code"] == "actor_needed")
    }
  }

  @Test("A decision that is refused is not recorded, and one that is recorded has happened")
  func refused() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let caseID = try town.client().openCase()
      try town.sync()
      let before = try actions(county)
      for command in [
        ["participate", "--case", caseID, "--site", town.id, "--role", "reader"],
        ["site", "resume", "nobody"], ["link", "--case", caseID, "--to", caseID],
        ["conflicts", "restore", "none"], ["erase", "--case", "none", "--reason", "Az."],
      ] {
        #expect(try county.hub(command).exit != 0, "\(command)")
      }
      #expect(try actions(county) == before)
    }
  }

  @Test("A restored county keeps the record of the one that it replaces, as one chain")
  func restored() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let oldest = county.directory + "/oldest.sqlite"
      #expect(try county.hub("backup", oldest).exit == 0)
      try town.client().openCase()
      try town.sync()
      #expect(try county.hub("site", "pause", town.id).exit == 0)
      #expect(try county.hub("site", "resume", town.id).exit == 0)
      let before = try county.hub("audit", "list").json.items
      _ = try county.stopHub()
      #expect(try county.hub("restore", oldest).exit == 0)
      let after = try county.hub("audit", "list").json.items
      // Event by event, hash by hash.
      #expect(Array(after.prefix(before.count)) == before)
      #expect(after.dropFirst(before.count).map { $0["action"] } == ["restore"])
      #expect(after.last?["detail"].text?.contains("oldest.sqlite") == true)
      #expect(try county.hub("audit", "verify").json["ok"] == true)

      // Restored once more, the two states have gone apart: neither is lost.
      #expect(try county.hub("restore", oldest).exit == 0)
      let twice = try county.hub("audit", "list").json.items
      #expect(Array(twice.prefix(after.count)) == after)
      #expect(twice.last?["action"] == "restore" && twice.count == after.count + 1)
      // What nobody can read is said to be lost.
      let place = "\(county.hubDirectory)/\(TestCounty.key).sqlite"
      try Data("no database".utf8).write(to: URL(fileURLWithPath: place))
      #expect(try county.hub("restore", oldest).exit == 0)
      let fresh = try county.hub("audit", "list").json.items
      #expect(fresh.last?["detail"].text?.contains("could not be read") == true)
      #expect(try county.hub("audit", "verify").json["ok"] == true)
    }
  }
}
