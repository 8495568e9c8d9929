import Testing

/// `hub conflicts`: every value that lost, why, and back with one command.
struct LedgerCommandTests {
  /// The contributor's edit is first, the lead's second wins.
  private func leadWins(_ shared: SharedCase) throws -> JSON {
    try shared.field.execute("UPDATE person SET family_name = 'Field'")
    try shared.town.execute("UPDATE person SET family_name = 'Lead'")
    for site in [shared.field, shared.town, shared.field] { try site.sync() }
    let conflicts = try shared.conflicts()
    #expect(conflicts.count == 1)
    return try #require(conflicts.first)
  }

  @Test("An entry has both values, sites and times, base, role, epoch, policy and rule")
  func entry() throws {
    try SharedCase.with { shared in
      let entry = try leadWins(shared)
      let side = Shape.object([
        "value": .text, "site": .text, "site_name": .text, "edited_at": .time,
      ])
      let shape = Shape.object([
        "id": .text, "case": .text, "table": .text, "row": .text, "column": .text,
        "base": .integer, "seq": .integer, "policy": .text, "rule": .text, "epoch": .integer,
        "role": .text, "recorded_at": .time, "kept": side, "lost": side, "explanation": .text,
      ])
      #expect(shape.misfits(entry) == [])
      #expect(entry["kept"]["value"] == "Lead" && entry["kept"]["site"] == .text(shared.town.id))
      #expect(entry["lost"]["value"] == "Field" && entry["lost"]["site"] == .text(shared.field.id))
      #expect(entry["role"] == "lead" && entry["policy"] == "lead" && entry["epoch"] == 1)
      #expect(entry["base"].integer! < entry["seq"].integer!)
    }
  }

  @Test("show says in a German sentence why the value stands, with the sites by their names")
  func shown() throws {
    try SharedCase.with { shared in
      let text = try shared.shown(try #require(leadWins(shared)["id"].text))
      #expect(text.contains("Familienname") && text.contains("'Lead'") && text.contains("'Field'"))
      #expect(
        text.contains(
          "Hier gilt der Wert der zuständigen Stelle: Hemmingen war für den Fall zuständig"))
      #expect(text.contains("Kreis"))
    }
  }

  @Test("restore puts the value back everywhere, as a new edit, and what it replaced can return")
  func restored() throws {
    try SharedCase.with { shared in
      let id = try #require(leadWins(shared)["id"].text)
      let restored = try shared.county.hub("conflicts", "restore", id)
      #expect(restored.exit == 0, "\(restored)")
      #expect(try restored.json["restored"] == [.text(id)])
      try shared.syncAll()
      try shared.expectEverywhere("SELECT family_name FROM person", [["Field"]])
      let again = try shared.county.hub("conflicts", "restore", id)
      #expect(again.exit == 1)
      #expect(try again.json["error"]["code"] == "already_standing")

      let newer = try #require(try shared.conflicts().last)
      #expect(newer["rule"] == "restored" && newer["lost"]["value"] == "Lead")
      #expect(try shared.shown(newer["id"].text!).contains("auf Anweisung wiederhergestellt"))
      #expect(try shared.county.hub("conflicts", "restore", newer["id"].text!).exit == 0)
      // An ordinary edit: an ordinary edit follows it.
      try shared.syncAll()
      #expect(try shared.field.value("SELECT family_name FROM person") == "Lead")
      try shared.field.execute("UPDATE person SET family_name = 'Newest'")
      #expect(try shared.field.sync()["pushed"]["applied"] == 1)
      let unknown = try shared.county.hub("conflicts", "restore", "nothing")
      #expect(unknown.exit == 1)
      #expect(try unknown.json["error"]["code"] == "unknown_conflict")
    }
  }

  @Test("A value of a row that the lead deleted comes back only with --revive, and the row whole")
  func revived() throws {
    try SharedCase.with { shared in
      try shared.field.execute("UPDATE plan_goal SET area = 'housing'")
      try shared.town.execute("DELETE FROM plan_goal")
      for site in [shared.field, shared.town, shared.field] { try site.sync() }
      let entry = try #require(try shared.conflicts().last)
      #expect(entry["rule"] == "deleted_by_lead" && entry["lost"]["value"] == "housing")
      let id = try #require(entry["id"].text)
      let refused = try shared.county.hub("conflicts", "restore", id)
      #expect(refused.exit == 1)
      #expect(try refused.json["error"]["code"] == "row_deleted")
      #expect(try shared.county.hub("conflicts", "restore", id, "--revive").exit == 0)
      try shared.syncAll()
      try shared.expectEverywhere(
        "SELECT area, text, target_date FROM plan_goal", [["housing", "B1", "2025-06-30"]])
    }
  }
}
