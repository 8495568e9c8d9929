import Testing

/// Cases that change hands, by the commands alone, with replicas that plain SQL edits.
@Suite(.serialized)
struct HandoverTests {
  /// What `hub handover propose` prints, dry or not.
  private static let proposal = Shape.object([
    "handover": .optional(.text), "state": .text, "cases": .integer, "unsent_at": .object([:]),
    "open_conflicts": .integer, "without_consent": .integer, "dry_run": .bool,
    "from": .list(of: .text),
    "to": .text, "effective": .text, "effective_at": .time, "by_order": .bool,
  ])

  private static let report = Shape.object([
    "handover": .text, "state": .text, "moved": .integer, "pseudonymous": .integer,
    "left_out": .list(of: .anything), "took_effect_at": .optional(.time),
    "confirmed_at": .optional(.time), "closed_at": .optional(.time),
    "receipts": .list(
      of: .object([
        "site": .text, "cases": .integer, "purged": .integer, "at": .optional(.time),
      ])),
    "tables": .list(of: .object(["table": .text, "rows": .integer, "digest": .text])),
    "review_count": .integer, "review": .list(of: .anything),
  ])

  /// Opens a case whose plan has a goal: `goal` with the case's id.
  private func openCase(at site: TestSite) throws -> String {
    let id = try site.client().openCase()
    try site.execute(
      """
      INSERT INTO plan (id, case_id) VALUES ('plan-\(id)', '\(id)');
      INSERT INTO plan_goal (id, case_id, plan_id, text)
        VALUES ('goal-\(id)', '\(id)', 'plan-\(id)', 'B1');
      """)
    return id
  }

  private func agreed(_ outcome: Outcome, _ state: String = "proposed") throws -> String {
    #expect(outcome.exit == 0, "\(outcome)")
    let json = try outcome.json
    #expect(json["state"] == .text(state), "\(json)")
    return try #require(json["handover"].text)
  }

  private func role(_ site: TestSite, _ caseID: String) throws -> [String?] {
    try site.client().rows(
      "SELECT lead_site, own_role, epoch, tiers FROM kreissync_case WHERE case_id = ?", [caseID]
    ).first ?? []
  }

  @Test("H1: from the dry run to the receipt, a carrier's cases go to the county")
  func carrierToCounty() throws {
    try withCounty { county in
      let field = try county.fieldService()
      let carrier = try county.site("AWO", kind: "carrier", areas: [])
      let other = try county.site("Hemmingen")
      let id = try openCase(at: carrier)
      for site in [carrier, field, other] { try site.sync() }

      // Both write offline: the carrier's last talks in January, and more in March.
      try carrier.execute(
        """
        INSERT INTO consultation (id, case_id, minutes) VALUES ('january', '\(id)', 31);
        UPDATE kreissync_log SET at = 1514761200000 WHERE n = (SELECT max(n) FROM kreissync_log);
        INSERT INTO consultation (id, case_id, minutes) VALUES ('march', '\(id)', 93);
        UPDATE person SET phone = '0711 93';
        """)
      try field.execute("UPDATE person SET email = 'a@example.org'")

      let terms = ["--to", field.id, "--effective", "2018-02-01", "--decision", "KT 1/2018"]
      let dry = try county.hub(["handover", "propose", "--case", id, "--dry-run"] + terms)
      #expect(dry.exit == 0, "\(dry)")
      #expect(Self.proposal.misfits(try dry.json).isEmpty, "\(dry)")
      #expect(try dry.json["handover"] == .null && dry.json["cases"] == 1)
      #expect(try dry.json["without_consent"] == 0 && dry.json["from"] == [.text(carrier.id)])
      #expect(try county.hub("handover", "list").json == [])

      let handover = try agreed(county.hub(["handover", "propose", "--case", id] + terms))
      #expect(try other.site("handover", "list").json == [])
      let stranger = try other.site("handover", "accept", handover)
      #expect(stranger.exit == 1, "\(stranger)")
      #expect(try stranger.json["error"]["code"] == "unknown_handover")
      let listed = try field.site("handover", "list").json
      #expect(listed[0]["part"] == "receiving" && listed[0]["state"] == "proposed")
      #expect(listed[0]["effective"] == "2018-02-01" && listed[0]["cases"] == 1)
      let accepted = try field.site("handover", "accept", handover, "--decision", "GR 7")
      #expect(accepted.exit == 0, "\(accepted)")
      #expect(try accepted.json["state"] == "effective")
      #expect(try county.hub("handover", "accept", handover).json["answered_by"] == .text(field.id))

      try field.sync()
      #expect(try role(field, id) == [field.id, "lead", "2", "header,personal"])
      let report = try carrier.sync()
      #expect(report["pushed"]["applied"] == 1 && report["pushed"]["proposal"] == 2)
      try field.sync()
      try carrier.sync()

      #expect(try role(carrier, id) == [field.id, "former_lead", "2", "header"])
      #expect(try carrier.value("SELECT count(*) FROM person") == "0")
      #expect(
        try carrier.client().column("SELECT minutes FROM consultation WHERE id = 'january'")
          == ["31"])
      #expect(try field.value("SELECT email FROM person") == "a@example.org")
      #expect(try field.value("SELECT phone FROM person") == nil)
      #expect(
        try field.client().rows(
          "SELECT epoch, from_site, to_site, state, decision_ref FROM responsibility")
          == [["2", carrier.id, field.id, "closed", "KT 1/2018"]])
      let proposed = try county.hub("proposals", "list").json.items.map { $0["proposed"]["value"] }
      #expect(Set(proposed).isSuperset(of: ["0711 93", 93]), "\(proposed)")

      let shown = try county.hub("handover", "show", handover)
      #expect(Self.report.misfits(try shown.json).isEmpty, "\(shown)")
      #expect(try shown.json["state"] == "closed" && shown.json["moved"] == 1)
      #expect(try shown.json["receipts"][0]["purged"] == 1)
      #expect(try shown.json["answer"] == "GR 7")
      let printed = try Binary.run(
        "hub", "handover", "show", handover, "--data", county.hubDirectory)
      for word in [
        "Übergabeprotokoll", "abgeschlossen", "AWO", "Kreis", "01.02.2018", "KT 1/2018", "GR 7",
        "Löschquittungen", "Beratungsgespräch",
      ] {
        #expect(printed.output.contains(word), "\(word): \(printed)")
      }
      try Agreement.expectSoundLog(county)
      // What the former lead writes now is refused, and stays readable there.
      try carrier.execute(
        "INSERT INTO consultation (id, case_id, minutes) VALUES ('late', '\(id)', 77)")
      #expect(try carrier.sync()["pushed"]["refused"] == 1)
      let notices = try carrier.notices()
      #expect(notices.contains { $0["your_value"] == 77 || $0["your_value"] == "77" }, "\(notices)")
      #expect(notices.contains { $0["reason"] == "handed_over" && $0["verdict"] == "refused" })
    }
  }

  @Test("H2: a decline carries the council's reference, and what both wrote stays")
  func declined() throws {
    try withCounty { county in
      let field = try county.fieldService()
      let town = try county.site("Hemmingen")
      let id = try openCase(at: town)
      try town.sync()
      try field.sync()
      let handover = try agreed(
        county.hub(
          "handover", "propose", "--case", id, "--to", field.id, "--effective", "2030-01-01"))
      try town.execute("UPDATE person SET phone = '0711 1'")
      try field.execute("UPDATE person SET email = 'a@example.org'")
      let declined = try town.site("handover", "decline", handover, "--decision", "GR 42/2024")
      #expect(declined.exit == 0, "\(declined)")
      #expect(try declined.json["state"] == "declined")
      let late = try field.site("handover", "accept", handover)
      #expect(late.exit == 4, "\(late)")
      #expect(try late.json["error"]["code"] == "handover_refused")
      let shown = try county.hub("handover", "show", handover).json
      #expect(shown["answer"] == "GR 42/2024" && shown["answered_by"] == .text(town.id))
      #expect(shown["left_out"][0]["reason"] == "declined")
      try Agreement.expect(county, [town, field])
      #expect(
        try town.client().rows("SELECT phone, email FROM person") == [["0711 1", "a@example.org"]])
      #expect(try role(town, id)[1...2] == ["lead", "1"])
    }
  }

  @Test("H4: without consent the town gets the header, and all once the person has agreed")
  func pseudonymous() throws {
    try withCounty { county in
      let field = try county.fieldService()
      let town = try county.site("Hemmingen")
      let (first, second) = (try openCase(at: field), try openCase(at: field))
      try field.sync()
      try town.sync()
      func propose(_ id: String, _ more: String...) throws -> Outcome {
        try county.hub(
          ["handover", "propose", "--case", id, "--to", town.id, "--effective", "2025-01-01"] + more
        )
      }
      #expect(try propose(first, "--dry-run").json["without_consent"] == 1)
      let ground = ["--legal-ground", "§ 11 Abs. 2 TIntG"]
      #expect(
        try county.hub(
          [
            "handover", "propose", "--case", second, "--to", town.id, "--effective", "2025-01-01",
            "--dry-run",
          ] + ground
        ).json["without_consent"] == 0)
      let ordered = try propose(first, "--by-order")
      #expect(ordered.exit == 4, "\(ordered)")
      #expect(try ordered.json["error"]["code"] == "handover_not_accepted")
      _ = try agreed(propose(first, "--by-order", "--decision", "KT 4"), "effective")
      _ = try agreed(
        county.hub(
          [
            "handover", "propose", "--case", second, "--to", town.id, "--effective", "2025-01-01",
            "--by-order", "--decision", "KT 4",
          ] + ground), "effective")
      try town.sync()
      #expect(try role(town, first) == [town.id, "lead", "2", "header"])
      #expect(try role(town, second)[3] == "header,personal")
      #expect(try town.client().column("SELECT case_id FROM person") == [second])
      #expect(
        try town.client().rows("SELECT basis, decision_ref FROM consent WHERE basis = 'handover'")
          == [["handover", "§ 11 Abs. 2 TIntG"]])

      try town.execute(
        """
        INSERT INTO consent (case_id, purpose, event, recipient_site, on_date)
          VALUES ('\(first)', 'casework', 'given', '\(town.id)', '2025-02-01')
        """)
      #expect(try town.sync()["pushed"]["applied"] == 1)
      #expect(try role(town, first)[3] == "header,personal")
      #expect(try town.value("SELECT count(*) FROM person") == "2")
      try field.sync()
      #expect(try role(field, first)[1...3] == ["former_lead", "2", "header"])
      #expect(try field.value("SELECT count(*) FROM person") == "0")
    }
  }

  @Test("H9: two towns merge into one, each by its own replica while the other is away")
  func merged() throws {
    try withCounty { county in
      let sites = try ["Alt", "Neu"].map { try county.site($0, areas: []) }
      let merged = try county.site("Zusammen", areas: [])
      let cases = try sites.map { try openCase(at: $0) }
      for (site, id) in zip(sites, cases) {
        try site.execute(
          """
          INSERT INTO consent (case_id, purpose, event, recipient_site, on_date)
            VALUES ('\(id)', 'casework', 'given', '\(merged.id)', '2025-01-15')
          """)
        try site.sync()
      }
      try sites[0].execute("UPDATE plan_goal SET text = 'B2'")
      let handover = try agreed(
        county.hub(
          "handover", "propose", "--from", sites[0].id, "--from", sites[1].id, "--all", "--to",
          merged.id, "--effective", "2025-01-01"))
      let dry = try county.hub(
        "handover", "propose", "--from", sites[0].id, "--all", "--to", merged.id, "--effective",
        "2025-01-01", "--dry-run")
      #expect(try dry.json["cases"] == 1)
      #expect(try county.hub("handover", "accept", handover).json["state"] == "effective")
      try sites[1].execute("UPDATE plan_goal SET text = 'C1'")
      for site in [sites[1], merged, sites[0], merged] + sites { try site.sync() }
      #expect(try county.hub("handover", "show", handover).json["state"] == "closed")
      #expect(try merged.value("SELECT count(*) FROM person") == "2")
      #expect(try merged.client().column("SELECT text FROM plan_goal") == ["B1", "B1"])
      let proposed = try county.hub("proposals", "list").json.items.map { $0["proposed"]["value"] }
      #expect(Set(proposed) == ["B2", "C1"])
      for (site, id) in zip(sites, cases) {
        #expect(try role(site, id) == [merged.id, "former_lead", "2", "header"])
        #expect(try site.value("SELECT count(*) FROM person") == "0")
      }
      #expect(try county.hub("handover", "list").json.items.count == 1)
    }
  }

  @Test("An accepted hand-over waits for its date, and is taken back by a decision only")
  func withdrawn() throws {
    try withCounty { county in
      let field = try county.fieldService()
      let town = try county.site("Hemmingen")
      let id = try openCase(at: town)
      try town.sync()
      let handover = try agreed(
        county.hub(
          "handover", "propose", "--case", id, "--to", field.id, "--effective", "2199-07-01"))
      let accepted = try county.hub("handover", "accept", handover).json
      #expect(accepted["state"] == "accepted" && accepted["effective_at"] == "2199-06-30T22:00:00Z")
      try town.sync()
      #expect(try town.value("SELECT state FROM responsibility") == "accepted")
      #expect(try role(town, id)[1...2] == ["lead", "1"])
      let refused = try county.hub("handover", "withdraw", handover)
      #expect(refused.exit == 4, "\(refused)")
      #expect(try refused.json["error"]["code"] == "handover_accepted")
      let withdrawn = try county.hub("handover", "withdraw", handover, "--decision", "KT 5")
      #expect(try withdrawn.json["state"] == "withdrawn" && withdrawn.json["answer"] == "KT 5")
      try Agreement.expect(county, [town, field])
      #expect(try town.value("SELECT state FROM responsibility") == "withdrawn")
      for wrong in [
        ["--case", id, "--to", field.id, "--effective", "2025-02-30"],
        ["--case", id, "--from", town.id, "--all", "--to", field.id, "--effective", "2025-02-01"],
        ["--from", town.id, "--to", field.id, "--effective", "2025-02-01"],
      ] {
        let outcome = try county.hub(["handover", "propose"] + wrong)
        #expect(outcome.exit == 2, "\(outcome)")
      }
    }
  }

  @Test("A deputy's part ends: its replica purges the case, and what it wrote late is proposed")
  func deputy() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let carrier = try county.site("DRK", kind: "carrier", areas: [])
      let id = try openCase(at: town)
      try town.sync()
      try carrier.sync()
      #expect(try role(carrier, id).isEmpty)
      func participate(_ role: String) throws -> Outcome {
        try county.hub("participate", "--case", id, "--site", carrier.id, "--role", role)
      }
      #expect(try participate("contributor").exit == 0)
      try carrier.sync()
      #expect(try role(carrier, id)[1] == "contributor")
      #expect(try participate("none").exit == 0)
      try carrier.execute(
        "INSERT INTO consultation (id, case_id, minutes) VALUES ('late', '\(id)', 55)")
      #expect(try carrier.sync()["pushed"]["proposal"] == 1)
      try carrier.sync()
      #expect(try role(carrier, id).isEmpty)
      for table in ["case_file", "person", "consultation", "consent"] {
        #expect(try carrier.value("SELECT count(*) FROM \(table)") == "0", "\(table)")
      }
      let second = try openCase(at: town)
      try town.sync()
      let linked = try county.hub("link", "--case", second, "--to", id)
      #expect(try linked.json["continues"] == JSON.text(id), "\(linked)")
      let circle = try county.hub("link", "--case", id, "--to", second)
      #expect(try circle.json["error"]["code"] == "case_continues_itself")
      let lead = try county.hub("participate", "--case", id, "--site", town.id, "--role", "none")
      #expect(lead.exit == 4, "\(lead)")
      #expect(try lead.json["error"]["code"] == "site_leads")
      let unknown = try county.hub(
        "participate", "--case", "x", "--site", town.id, "--role", "none")
      #expect(unknown.exit == 1, "\(unknown)")
    }
  }

  @Test("More than fifty cases at once stay until a person releases them, a hand-over's do not")
  func release() throws {
    try withCounty { county in
      let town = try county.site("Hemmingen")
      let carrier = try county.site("DRK", kind: "carrier", areas: [])
      let count = 51
      for number in 0..<count {
        try town.execute(
          """
          INSERT INTO case_file (id) VALUES ('c\(number)');
          INSERT INTO consent (case_id, purpose, event, recipient_site) VALUES
            ('c\(number)', 'casework', 'given', NULL),
            ('c\(number)', 'casework', 'given', '\(carrier.id)');
          INSERT INTO person (case_id, family_name) VALUES ('c\(number)', 'Muster');
          """)
      }
      try town.sync()
      func participate(_ role: String) throws {
        for number in 0..<count {
          let outcome = try county.hub(
            "participate", "--case", "c\(number)", "--site", carrier.id, "--role", role)
          #expect(outcome.exit == 0, "\(outcome)")
        }
      }
      try participate("contributor")
      try carrier.sync()
      #expect(try carrier.value("SELECT count(*) FROM person") == "\(count)")
      let early = try county.hub("release", carrier.id)
      #expect(early.exit == 4, "\(early)")
      #expect(try early.json["error"]["code"] == "nothing_held")
      try participate("none")
      try carrier.sync(exit: 7)
      #expect(try carrier.value("SELECT count(*) FROM person") == "\(count)")
      let status = try county.hub("status").json["sites"].items.first {
        $0["site"] == .text(carrier.id)
      }
      #expect(status?["reasons"].items.contains("purge_held") == true, "\(status ?? .null)")
      let released = try county.hub("release", carrier.id)
      #expect(released.exit == 0, "\(released)")
      #expect(try released.json["kind"] == "release")
      let report = try carrier.sync()
      #expect(report["pulled"]["cases_purged"] == .integer(count))
      #expect(try carrier.value("SELECT count(*) FROM person") == "0")
      #expect(try carrier.value("SELECT count(*) FROM kreissync_case") == "0")

      let handover = try agreed(
        county.hub(
          "handover", "propose", "--from", town.id, "--all", "--to", carrier.id, "--effective",
          "2025-01-01", "--legal-ground", "Vertrag", "--by-order", "--decision", "KT 6"),
        "effective")
      try carrier.sync()
      #expect(try town.sync()["pulled"]["cases_purged"] == .integer(count))
      #expect(try town.value("SELECT count(*) FROM person") == "0")
      #expect(try county.hub("handover", "show", handover).json["state"] == "closed")
    }
  }
}
