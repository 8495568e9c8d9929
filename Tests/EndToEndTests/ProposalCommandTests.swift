import Testing

/// `site proposals`, `hub proposals` and `hub conflicts`: what waits for a person, what it decides,
/// and why a value stands. `town` opened the case and leads it; `field` contributes.
struct ProposalCommandTests {
  private static let proposal = Shape.object([
    "id": .text, "case": .text, "table": .text, "row": .text, "column": .optional(.text),
    "base": .integer, "seq": .integer, "policy": .optional(.text), "rule": .text,
    "epoch": .integer, "state": .text, "recorded_at": .time, "decided_at": .optional(.time),
    "kept": contender, "proposed": contender, "stands": .optional(contender), "outdated": .bool,
  ])
  private static let contender = Shape.object([
    "value": .anything, "site": .text, "site_name": .text, "edited_at": .time,
  ])

  private func error(_ outcome: Outcome) throws -> JSON { try outcome.json["error"]["code"] }

  // MARK: At the site

  @Test("The lead lists what waits for it and accepts it with one command; its author is told")
  func acceptedBySite() throws {
    try SharedCase.with { shared in
      try shared.cross(
        "UPDATE person SET family_name = 'Lead'", "UPDATE person SET family_name = 'Field'")
      let status = try shared.town.site("status").json
      #expect(status["proposals"] == 1 && status["reasons"] == ["proposals_open"])
      #expect(try shared.field.site("status").json["proposals"] == 0)
      let listed = try shared.town.site("proposals", "list").json
      #expect(listed.items.count == 1 && Self.proposal.misfits(listed[0]) == [])
      #expect(listed[0]["proposed"]["value"] == "Field" && listed[0]["stands"]["value"] == "Lead")
      #expect(listed[0]["proposed"]["site"] == .text(shared.field.id))
      #expect(listed[0]["proposed"]["site_name"] == "Kreis" && listed[0]["state"] == "open")
      let id = try #require(listed[0]["id"].text)
      let text = try Binary.run("site", "proposals", "list", id, "--data", shared.town.directory)
      #expect(text.output.contains("Klient:in, Familienname"))
      #expect(text.output.contains("'Lead'   by Hemmingen"))
      #expect(text.output.contains("'Field'   by Kreis"))
      #expect(try shared.field.site("proposals", "list").json == [])
      let foreign = try shared.field.site("proposals", "accept", id)
      #expect(foreign.exit == 1)
      #expect(try error(foreign) == "proposal_unknown")

      let accepted = try shared.town.site("proposals", "accept", id)
      #expect(accepted.exit == 0, "\(accepted)")
      #expect(try accepted.json["state"] == "accepted" && accepted.json["id"] == .text(id))
      #expect(try shared.town.value("SELECT family_name FROM person") == "Field", "at once")
      try shared.field.sync()
      #expect(try shared.field.value("SELECT family_name FROM person") == "Field")
      let told = try shared.field.notices()
      try #require(told.map(\.["reason"]) == ["lead_decides", "proposal_accepted"])
      #expect(told[1]["verdict"] == "applied" && told[1]["your_value"] == "Field")
      #expect(told[1]["kept_value"] == "Field" && told[1]["column"] == "family_name")
      #expect(try shared.town.site("proposals", "list").json == [])
      let again = try shared.town.site("proposals", "reject", id)
      #expect(again.exit == 1)
      #expect(try error(again) == "proposal_decided")
    }
  }

  @Test("The lead rejects with one command: what stood stays, what was proposed is in the ledger")
  func rejectedBySite() throws {
    try SharedCase.with { shared in
      try shared.cross(
        "UPDATE person SET family_name = 'Lead'", "UPDATE person SET family_name = 'Field'")
      let id = try #require(try shared.town.site("proposals", "list").json[0]["id"].text)
      #expect(try shared.town.site("proposals", "reject", id).exit == 0)
      try shared.syncAll()
      try shared.expectEverywhere("SELECT family_name FROM person", [["Lead"]])
      let told = try shared.field.notices()
      try #require(told.map(\.["reason"]) == ["lead_decides", "proposal_rejected"])
      #expect(told[1]["verdict"] == "overridden" && told[1]["kept_value"] == "Lead")
      let conflicts = try shared.conflicts()
      try #require(conflicts.map(\.["lost"]["value"]) == ["Field"])
      #expect(conflicts[0]["lost"]["site"] == .text(shared.field.id))
      #expect(conflicts[0]["rule"] == "proposal_rejected" && conflicts[0]["policy"] == "lead")
    }
  }

  @Test("A site that holds nothing of the case learns nothing of its proposals")
  func stranger() throws {
    try SharedCase.with { shared in
      let stranger = try shared.county.site("Sachsenheim", areas: ["08118076"])
      try shared.cross(
        "UPDATE person SET family_name = 'Lead'", "UPDATE person SET family_name = 'Field'")
      let id = try #require(try shared.town.site("proposals", "list").json[0]["id"].text)
      #expect(try stranger.site("proposals", "list").json == [])
      for name in [id, "nothing"] {
        let refused = try stranger.site("proposals", "accept", name)
        #expect(refused.exit == 1)
        #expect(try error(refused) == "proposal_unknown")
        #expect(!refused.output.contains(shared.caseID) && !refused.output.contains("Field"))
      }
      #expect(try shared.county.hub("proposals", "list").json[0]["state"] == "open")
      try Agreement.expect(shared.county, [stranger])
    }
  }

  @Test("A hub that cannot be reached leaves the proposal open")
  func unreachable() throws {
    try SharedCase.with { shared in
      try shared.cross(
        "UPDATE person SET family_name = 'Lead'", "UPDATE person SET family_name = 'Field'")
      let id = try #require(try shared.town.site("proposals", "list").json[0]["id"].text)
      shared.county.killHub()
      #expect(try shared.town.site("proposals", "accept", id).exit == 6)
      #expect(try shared.town.site("proposals", "list").exit == 6)
      #expect(try shared.county.hub("proposals", "list").json[0]["state"] == "open")
      try shared.county.serve()
    }
  }

  // MARK: At the hub

  @Test("An administrator lists, accepts and rejects, beside the running hub")
  func byHub() throws {
    try SharedCase.with { shared in
      try shared.cross(
        "UPDATE person SET family_name = 'Lead', given_names = 'L'",
        "UPDATE person SET family_name = 'Field', given_names = 'F'")
      let listed = try shared.county.hub("proposals", "list").json
      #expect(
        listed.items.count == 2 && listed.items.allSatisfy { Self.proposal.misfits($0) == [] })
      func id(_ column: JSON) throws -> String {
        try #require(listed.items.first { $0["column"] == column }?["id"].text)
      }
      let accepted = try shared.county.hub("proposals", "accept", id("family_name"))
      #expect(accepted.exit == 0, "\(accepted)")
      #expect(try accepted.json["state"] == "accepted")
      #expect(try shared.county.hub("proposals", "reject", id("given_names")).exit == 0)
      try shared.syncAll()
      try shared.expectEverywhere("SELECT family_name, given_names FROM person", [["Field", "L"]])
      #expect(
        Set(try shared.field.notices().map { $0["reason"] }).isSuperset(of: [
          "proposal_accepted", "proposal_rejected",
        ]))
      let states = try shared.county.hub("proposals", "list").json.items
      #expect(Set(states.map { $0["state"] }) == ["accepted", "rejected"])
      #expect(try shared.county.hub("proposals", "list", id("given_names")).json.items.count == 1)
      #expect(try shared.county.hub("proposals", "list", "--case", "other").json == [])
      let again = try shared.county.hub("proposals", "accept", id("given_names"))
      #expect(again.exit == 1)
      #expect(try error(again) == "proposal_decided")
      let unknown = try shared.county.hub("proposals", "reject", "nothing")
      #expect(unknown.exit == 1)
      #expect(try error(unknown) == "unknown_proposal")
      // What stood before the accepted value is in the ledger, as the rejected one is.
      #expect(Set(try shared.conflicts().map { $0["lost"]["value"] }) == ["Lead", "F"])
    }
  }

  @Test("An edit of a deleted row is accepted: the row comes back as it was, with the edit")
  func revived() throws {
    try SharedCase.with { shared in
      try shared.cross(
        "DELETE FROM plan_goal", "UPDATE plan_goal SET area = 'housing', step_owner = 'field'")
      let listed = try shared.town.site("proposals", "list").json
      #expect(listed.items.count == 2 && listed.items.allSatisfy { $0["stands"] == .null })
      #expect(
        try shared.town.site("proposals", "accept", #require(listed[0]["id"].text)).exit == 0)
      try shared.syncAll()
      try shared.expectEverywhere(
        "SELECT area, text, target_date, step_owner FROM plan_goal",
        [["housing", "B1", "2025-06-30", "field"]])
      #expect(try shared.town.site("proposals", "list").json == [], "they were one edit")
    }
  }

  @Test("A proposed deletion is accepted: the row goes, and each of its values is in the ledger")
  func deleted() throws {
    try SharedCase.with { shared in
      try shared.cross("UPDATE plan_goal SET area = 'housing'", "DELETE FROM plan_goal")
      let listed = try shared.county.hub("proposals", "list").json
      #expect(listed.items.map(\.["rule"]) == ["changed_meanwhile"] && listed[0]["column"] == .null)
      #expect(
        try shared.county.hub("proposals", "accept", #require(listed[0]["id"].text)).exit == 0)
      try shared.syncAll()
      try shared.expectEverywhere("SELECT count(*) FROM plan_goal", [["0"]])
      let lost = Set(try shared.conflicts().map { $0["lost"]["value"] })
      #expect(lost.isSuperset(of: ["housing", "B1", "2025-06-30"]))
    }
  }

  @Test("A case is not erased by accepting, and stays when that is rejected")
  func caseErasure() throws {
    try SharedCase.with { shared in
      try shared.town.execute("PRAGMA foreign_keys = OFF; DELETE FROM case_file")
      try shared.syncAll()
      let id = try #require(try shared.town.site("proposals", "list").json[0]["id"].text)
      let refused = try shared.town.site("proposals", "accept", id)
      #expect(refused.exit == 4)
      #expect(try error(refused) == "proposal_refused")
      #expect(try error(try shared.county.hub("proposals", "accept", id)) == "case_erasure")
      #expect(try shared.town.site("proposals", "reject", id).exit == 0)
      #expect(try shared.town.value("SELECT id FROM case_file") == shared.caseID)
      #expect(try shared.town.notices().last?["reason"] == "proposal_rejected")
    }
  }

  @Test("A proposal that breaks a hard rule stays open, with the rule")
  func hardRule() throws {
    try SharedCase.with { shared in
      for id in ["kim", "vwv"] {
        try shared.county.hub(
          "row", "put", "programme_period", "--id", id, "code=\(id)", "state=08")
      }
      try shared.syncAll()
      try shared.cross(
        "UPDATE case_file SET programme_id = 'vwv'", "UPDATE case_file SET programme_id = 'kim'")
      let listed = try shared.county.hub("proposals", "list").json
      guard let id = listed.items.first(where: { $0["column"] == "programme_id" })?["id"].text
      else {
        Issue.record("nothing waits: \(listed)")
        return
      }
      try shared.county.hub("row", "delete", "programme_period", "kim")
      let atSite = try shared.town.site("proposals", "accept", id)
      #expect(atSite.exit == 4)
      #expect(try error(atSite) == "proposal_refused")
      let atHub = try shared.county.hub("proposals", "accept", id)
      #expect(atHub.exit == 4)
      #expect(try error(atHub) == "unknown_programme")
      let open = try shared.county.hub("proposals", "list", id).json
      #expect(open[0]["state"] == "open")
    }
  }
}
