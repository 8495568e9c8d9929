import Foundation
import Testing

/// Who may see what, from outside: canary texts in gated columns, looked for in every byte of every
/// file of the hub and of the sites.
@Suite("Gates, with canaries in every file")
struct GateTests {
  /// A town that opens cases and the county's field service, which holds all of them.
  private func withPair(
    _ body: (_ county: TestCounty, _ town: TestSite, _ field: TestSite) throws -> Void
  ) throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let field = try county.fieldService()
      try body(county, town, field)
      try Agreement.expect(county, [town, field])
    }
  }

  private func tiers(_ site: TestSite, _ caseID: String) throws -> String? {
    try site.value("SELECT tiers FROM kreissync_case WHERE case_id = '\(caseID)'")
  }

  @Test("Without consent only the header leaves the site; each consent brings what was withheld")
  func noConsent() throws {
    try withPair { county, town, field in
      try Canaries.openCase("c", at: town)
      let first = try town.sync()
      #expect(first["digest"]["equal"] == true && first["withheld"] == 3)
      #expect(first["pushed"]["applied"] == 4)
      try field.sync()
      for directory in [county.hubDirectory, field.directory] {
        try Canaries.expect([], below: directory)
      }
      #expect(try tiers(field, "c") == "header" && tiers(town, "c") == "header")
      #expect(try field.client().rows("SELECT ags, street FROM residence") == [["08118027", nil]])
      #expect(try field.client().rows("SELECT minutes, note FROM consultation") == [["45", nil]])
      #expect(try county.database().value("SELECT count(*) FROM person") == "0")
      let again = try town.sync()
      #expect(again["captured"] == 0 && again["digest"]["equal"] == true)

      // The text that was signed is behind the gate that the signature opens.
      try town.execute(
        Canaries.consent(in: "c", "casework") + "UPDATE consent SET text_version = '2025-1'")
      let granted = try town.sync()
      #expect(granted["withheld"] == 0 && granted["pushed"]["refused"] == 0)
      try field.sync()
      for directory in [county.hubDirectory, field.directory] {
        try Canaries.expect([Canaries.personal], below: directory)
      }
      #expect(try tiers(field, "c") == "header,personal")
      #expect(try field.value("SELECT family_name FROM person") == Canaries.personal)
      #expect(try field.value("SELECT street FROM residence") == Canaries.personal)
      #expect(try field.value("SELECT text FROM plan_goal") == Canaries.personal)
      #expect(try field.value("SELECT text_version FROM consent") == "2025-1")

      try town.execute(
        Canaries.consent(in: "c", "special_needs") + Canaries.consent(in: "c", "notes_release"))
      try town.sync()
      try field.sync()
      #expect(try tiers(field, "c") == "header,personal,special,notes")
      #expect(try field.value("SELECT note FROM consultation") == Canaries.notes)
      #expect(try field.value("SELECT priority_reason FROM case_file") == Canaries.special)
      #expect(try town.value("SELECT note FROM consultation") == Canaries.notes)
    }
  }

  @Test("What is edited and deleted behind a closed gate leaves no trace outside")
  func edits() throws {
    try withPair { county, town, field in
      try Canaries.openCase("c", at: town)
      try town.sync()
      try town.execute(
        """
        UPDATE person SET phone = 'kanarie-edit';
        UPDATE consultation SET note = 'kanarie-edit', minutes = 60;
        DELETE FROM plan_goal; DELETE FROM legal_status;
        """)
      let edited = try town.sync()
      #expect(edited["withheld"] == 3 && edited["pushed"]["applied"] == 1)
      try field.sync()
      #expect(try Canaries.files(below: county.hubDirectory, holding: "kanarie").isEmpty)
      #expect(try field.value("SELECT minutes FROM consultation") == "60")
      try town.execute(
        Canaries.consent(in: "c", "casework") + Canaries.consent(in: "c", "notes_release"))
      try town.sync()
      try field.sync()
      #expect(try field.client().rows("SELECT phone FROM person") == [["kanarie-edit"]])
      #expect(try field.value("SELECT note FROM consultation") == "kanarie-edit")
      #expect(try field.value("SELECT count(*) FROM plan_goal") == "0")
    }
  }

  @Test("A revocation purges the hub and every recipient, and the author keeps what it wrote")
  func revocation() throws {
    try withPair { county, town, field in
      try Canaries.openCase("c", at: town, consents: ["casework", "notes_release"], mark: "-c")
      try Canaries.openCase("d", at: town, consents: ["casework"], mark: "-d")
      try town.sync()
      try field.sync()
      try Canaries.expect([Canaries.personal, Canaries.notes], below: field.directory, mark: "-c")
      try town.execute(Canaries.consent(in: "c", "casework", "revoked"))
      let revoked = try town.sync()
      #expect(revoked["digest"]["equal"] == true)
      try Canaries.expect([Canaries.notes], below: county.hubDirectory, mark: "-c")
      #expect(try county.hub("log", "verify").exit == 0)
      #expect(try town.value("SELECT family_name FROM person WHERE case_id = 'c'") != nil)
      let owing = try county.hub("status").json["sites"].items.first { $0["site"].text == field.id }
      #expect(owing?["reasons"].items.contains("purge_unanswered") == true, "\(owing as Any)")

      try field.sync()
      try Canaries.expect([Canaries.notes], below: field.directory, mark: "-c")
      #expect(try tiers(field, "c") == "header,notes" && tiers(field, "d") == "header,personal")
      try Canaries.expect([Canaries.personal], below: field.directory, mark: "-d")
      let settled = try county.hub("status").json["sites"].items.first {
        $0["site"].text == field.id
      }
      #expect(settled?["reasons"].items.contains("purge_unanswered") == false)
      #expect(try town.value("SELECT street FROM residence WHERE case_id = 'c'") != nil)
    }
  }

  @Test("A revocation wins over what is under way, and over a consent that had not seen it")
  func races() throws {
    try withPair { county, town, field in
      try Canaries.openCase("c", at: town, consents: ["casework"])
      try town.sync()
      try field.sync()
      try town.execute(Canaries.consent(in: "c", "casework", "revoked"))
      try field.execute(
        "UPDATE person SET phone = 'kanarie-race';" + Canaries.consent(in: "c", "casework"))
      try town.sync()
      let late = try field.sync()
      #expect(late["pushed"]["refused"] == 1 && late["pushed"]["applied"] == 1)
      #expect(try Canaries.files(below: county.hubDirectory, holding: "kanarie-race").isEmpty)
      try Canaries.expect([], below: county.hubDirectory)
      #expect(try tiers(field, "c") == "header")
      #expect(try field.value("SELECT count(*) FROM person") == "0")
      #expect(try field.notices().contains { $0["reason"] == "gate_closed" })
      try town.sync()
      #expect(try tiers(town, "c") == "header")

      // Who has seen the revocation may ask anew; nobody has to write anything again.
      try field.execute(Canaries.consent(in: "c", "casework"))
      for site in [field, town, town, field] { try site.sync() }
      #expect(try tiers(field, "c") == "header,personal")
      #expect(try field.value("SELECT family_name FROM person") == Canaries.personal)
      #expect(try field.value("SELECT street FROM residence") == Canaries.personal)
    }
  }

  @Test("The same race the other way round: the revocation arrives last")
  func lateRevocation() throws {
    try withPair { county, town, field in
      try Canaries.openCase("c", at: town, consents: ["casework"])
      try town.sync()
      try field.sync()
      try town.execute(Canaries.consent(in: "c", "casework", "revoked"))
      try field.execute(Canaries.consent(in: "c", "casework"))
      try field.sync()
      try town.sync()
      try field.sync()
      for directory in [county.hubDirectory, field.directory] {
        try Canaries.expect([], below: directory)
      }
      #expect(try tiers(field, "c") == "header")
    }
  }

  @Test("Another site gets its own gates only, and a neighbour in the same area the header")
  func otherSites() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let neighbour = try county.site("Schwieberdingen")
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      try Canaries.openCase("c", at: town, consents: ["casework", "notes_release"])
      try town.sync()
      #expect(
        try county.hub(
          "participate", "--case", "c", "--site", carrier.id, "--role", "contributor"
        ).exit == 0)
      for site in [neighbour, carrier] {
        try site.sync()
        #expect(try tiers(site, "c") == "header")
        try Canaries.expect([], below: site.directory)
      }
      #expect(try neighbour.value("SELECT own_role FROM kreissync_case") == "reader")
      try town.execute(Canaries.consent(in: "c", "casework", to: carrier.id))
      try town.sync()
      for site in [neighbour, carrier] { try site.sync() }
      #expect(try tiers(carrier, "c") == "header,personal")
      try Canaries.expect([Canaries.personal], below: carrier.directory)
      try Canaries.expect([], below: neighbour.directory)
      try town.execute(Canaries.consent(in: "c", "casework", "revoked", to: carrier.id))
      try town.sync()
      try carrier.sync()
      try Canaries.expect([], below: carrier.directory)
      try Canaries.expect([Canaries.personal, Canaries.notes], below: county.hubDirectory)
      try Agreement.expect(county, [town, neighbour, carrier])
    }
  }

  @Test("A revocation takes the past, too: sent batches and notices of whoever ever had a part")
  func past() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let field = try county.fieldService()
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      try Canaries.openCase("c", at: town, consents: ["casework"])
      try town.execute(Canaries.consent(in: "c", "casework", to: carrier.id))
      try town.sync()
      func participate(as role: String) throws {
        let answer = try county.hub(
          "participate", "--case", "c", "--site", carrier.id, "--role", role)
        #expect(answer.exit == 0, "\(answer)")
      }
      try participate(as: "contributor")
      for site in [field, carrier] { try site.sync() }
      // Each of them sends words about a row of the town's; one loses, and is told so.
      try carrier.execute("UPDATE person SET phone = 'kanarie-carrier'")
      try field.execute("UPDATE person SET email = 'kanarie-field'")
      try town.execute("UPDATE person SET email = 'kanarie-town'")
      for site in [carrier, town, field, town, carrier] { try site.sync() }
      #expect(try !field.notices().isEmpty)
      try participate(as: "none")
      try carrier.sync()
      #expect(try !Canaries.files(below: carrier.directory, holding: "kanarie-carrier").isEmpty)

      try town.execute(
        Canaries.consent(in: "c", "casework", "revoked")
          + Canaries.consent(in: "c", "casework", "revoked", to: carrier.id))
      try town.sync()
      func owing() throws -> [String] {
        try county.hub("status").json["sites"].items.filter {
          $0["reasons"].items.contains("purge_unanswered")
        }.compactMap { $0["site"].text }
      }
      #expect(try owing().contains(carrier.id) && owing().contains(field.id))
      for site in [field, carrier] { try site.sync() }
      #expect(try owing().isEmpty)
      for directory in [field.directory, carrier.directory, county.hubDirectory] {
        #expect(try Canaries.files(below: directory, holding: "kanarie").isEmpty)
      }
      #expect(try town.value("SELECT email FROM person") != nil)
      try Agreement.expect(county, [town, field, carrier])
    }
  }

  @Test("A part that ends before its site has heard of the revocation takes the past along")
  func endedUnheard() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      try Canaries.openCase("c", at: town, consents: ["casework"])
      try town.execute(Canaries.consent(in: "c", "casework", to: carrier.id))
      try town.sync()
      let part = ["participate", "--case", "c", "--site", carrier.id, "--role"]
      #expect(try county.hub(part + ["contributor"]).exit == 0)
      try carrier.sync()
      try carrier.execute("UPDATE person SET phone = 'kanarie-carrier'")
      try carrier.sync()
      try town.execute(Canaries.consent(in: "c", "casework", "revoked", to: carrier.id))
      try town.sync()
      #expect(try county.hub(part + ["none"]).exit == 0)
      try carrier.sync()
      #expect(try Canaries.files(below: carrier.directory, holding: "kanarie").isEmpty)
      #expect(try carrier.value("SELECT count(*) FROM case_file") == "0")
      try Agreement.expect(county, [town, carrier])
    }
  }

  @Test("Until the new lead has the case its former one loses nothing, and never what it sent")
  func beforeClosing() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let field = try county.fieldService()
      try Canaries.openCase("c", at: town, consents: ["casework"])
      try town.execute("UPDATE consent SET document_ref = 'kanarie-local'")
      try town.sync()
      let proposed = try county.hub(
        "handover", "propose", "--from", town.id, "--all", "--to", field.id, "--effective",
        "2025-01-01")
      let handover = try #require(try proposed.json["handover"].text)
      #expect(try county.hub("handover", "accept", handover).json["state"] == "effective")
      #expect(try town.sync()["pulled"]["cases_purged"] == 0)
      #expect(try town.value("SELECT own_role FROM kreissync_case") == "former_lead")
      #expect(try town.value("SELECT document_ref FROM consent") == "kanarie-local")
      #expect(try town.value("SELECT note FROM consultation") == Canaries.notes)
      for site in [field, town, town] { try site.sync() }
      #expect(try county.hub("handover", "show", handover).json["state"] == "closed")
      #expect(try town.value("SELECT count(*) FROM person") == "0")
      #expect(try Canaries.files(below: town.directory, holding: "kanarie-local").isEmpty)
      // A hub that goes back in time may have nobody else to ask.
      #expect(try !Canaries.files(below: town.directory, holding: Canaries.personal).isEmpty)
    }
  }

  @Test(
    "A hand-over with a legal ground brings everything that the hub holds, without one the header")
  func ground() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      for id in ["c", "d"] {
        try Canaries.openCase(id, at: town, consents: ["casework"], mark: "-" + id)
      }
      try town.sync()
      for (id, ground) in [("c", ["--legal-ground", "LIntG"]), ("d", [])] {
        let proposed = try county.hub(
          [
            "handover", "propose", "--case", id, "--to", carrier.id, "--effective", "2025-01-01",
          ] + ground)
        let handover = try #require(try proposed.json["handover"].text)
        #expect(try county.hub("handover", "accept", handover).json["state"] == "effective")
      }
      for site in [carrier, town, carrier, town] { try site.sync() }
      try Canaries.expect([Canaries.personal], below: carrier.directory, mark: "-c")
      try Canaries.expect([], below: carrier.directory, mark: "-d")
      #expect(try tiers(carrier, "c") == "header,personal" && tiers(carrier, "d") == "header")
      for id in ["c", "d"] {
        // The former lead keeps in its outbox what it sent itself, and nothing in its tables.
        #expect(try tiers(town, id) == "header")
        #expect(try town.value("SELECT count(*) FROM person WHERE case_id = '\(id)'") == "0")
        try Canaries.expect([Canaries.personal], below: county.hubDirectory, mark: "-" + id)
      }
      // Revoked, not even a ground holds it.
      try carrier.execute(Canaries.consent(in: "c", "casework", "revoked", to: carrier.id))
      for site in [carrier, town, carrier] { try site.sync() }
      try Canaries.expect([], below: carrier.directory, mark: "-c")
      try Agreement.expect(county, [town, carrier])
    }
  }

  @Test("H10: a consent revoked in the middle of a hand-over wins; the header goes on")
  func handover() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      for id in ["c", "d"] {
        try Canaries.openCase(id, at: town, consents: ["casework"], mark: "-" + id)
        try town.execute(Canaries.consent(in: id, "casework", to: carrier.id))
      }
      try Canaries.openCase("e", at: town, mark: "-e")
      try town.sync()
      let proposed = try county.hub(
        "handover", "propose", "--from", town.id, "--all", "--to", carrier.id, "--effective",
        "2025-01-01")
      let handover = try #require(try proposed.json["handover"].text)
      // Revoked while the hub cannot know of it; accepted at the hub; then the line is back.
      try town.execute(Canaries.consent(in: "c", "casework", "revoked", to: carrier.id))
      try town.sync()
      #expect(try county.hub("handover", "accept", handover).json["state"] == "effective")
      for site in [carrier, town, carrier, town] { try site.sync() }
      for (id, expected) in [("c", "header"), ("d", "header,personal"), ("e", "header")] {
        #expect(try tiers(carrier, id) == expected, "\(id)")
      }
      try Canaries.expect([], below: carrier.directory, mark: "-c")
      try Canaries.expect([Canaries.personal], below: carrier.directory, mark: "-d")
      try Canaries.expect([], below: carrier.directory, mark: "-e")
      try Canaries.expect([], below: county.hubDirectory, mark: "-e")
      #expect(try carrier.value("SELECT count(*) FROM consultation") == "3")
      #expect(try county.hub("handover", "show", handover).json["state"] == "closed")
      try Agreement.expect(county, [town, carrier])
    }
  }
}
