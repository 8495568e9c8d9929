import SyncCore

/// One case with all its rows.
package struct SyntheticCase: Sendable {
  /// The id of its `case_file`.
  package let id: String
  /// In an order that foreign keys accept: the `case_file` first, plans before their goals.
  package private(set) var rows: [SyntheticRow]

  /// A case of a person who consented.
  init(
    of member: SyntheticHousehold.Member, in household: SyntheticHousehold,
    order: SyntheticCaseload.Order, using generator: inout some RandomNumberGenerator
  ) {
    self.init(openedOn: household.openedOn, using: &generator)
    addPerson(member, of: household, using: &generator)
    let mayHoldNotes = generator.chance(70)
    addConsents(
      to: ["casework"] + (mayHoldNotes ? ["notes_release"] : []), order: order,
      on: household.openedOn, language: household.languages[0], using: &generator)
    let talks = addTalks(
      from: household.openedOn, to: order.asOf, language: household.languages[0],
      withNotes: mayHoldNotes, using: &generator)
    // Due by the second talk; sometimes it is not there yet.
    if talks.count > 1 && generator.chance(92) {
      addPlan(createdOn: talks[1], using: &generator)
    }
  }

  /// A case of somebody who refused: counselling is owed all the same, and counted.
  init(refusedBefore day: CalendarDay, using generator: inout some RandomNumberGenerator) {
    let openedOn = day - generator.number(40...200)
    self.init(openedOn: openedOn, using: &generator)
    add(
      "consent", on: openedOn, using: &generator,
      [
        ("purpose", .text("casework")), ("event", .text("refused")), ("on_date", .date(openedOn)),
      ])
    _ = addTalks(
      from: openedOn, to: day, language: nil, withNotes: false, using: &generator)
  }

  private init(openedOn: CalendarDay, using generator: inout some RandomNumberGenerator) {
    id = syntheticID(on: openedOn, using: &generator)
    let phase = generator.chance(80) ? "open" : generator.pick(["waiting", "paused"])
    rows = [
      SyntheticRow(
        "case_file", id: id,
        [
          ("opened_on", .date(openedOn)), ("phase", .text(phase)),
          ("priority", generator.chance(30) ? .count(generator.number(1...3)) : .null),
        ])
    ]
  }

  private mutating func add(
    _ table: String, on day: CalendarDay, using generator: inout some RandomNumberGenerator,
    _ cells: [(column: String, value: Value)]
  ) {
    rows.append(
      SyntheticRow(
        table, id: syntheticID(on: day, using: &generator),
        [("case_id", .text(id))] + cells))
  }

  private mutating func addPerson(
    _ member: SyntheticHousehold.Member, of household: SyntheticHousehold,
    using generator: inout some RandomNumberGenerator
  ) {
    // Numbers that the Federal Network Agency keeps free for films.
    let phone = "+49 69 90009 \(generator.number(100...999))"
    add(
      "person", on: household.openedOn, using: &generator,
      [
        ("family_name", .text(household.familyName)), ("given_names", .text(member.givenNames)),
        ("name_native", member.nameNative.map { .text($0) } ?? .null),
        ("birth_date", .date(member.birthDate)),
        ("birth_date_precision", .text(member.isYearOnly ? "year" : "day")),
        ("sex", .text(member.isFemale ? "female" : "male")),
        ("nationality", .set([household.origin.nationality])),
        ("languages", .set(household.languages)),
        ("phone", member.role == "child" ? .null : .text(phone)),
        ("household_id", .text(household.id)), ("household_role", .text(member.role)),
      ])
  }

  /// For the county (an empty recipient) and for each other site.
  private mutating func addConsents(
    to purposes: [String], order: SyntheticCaseload.Order, on day: CalendarDay, language: String,
    using generator: inout some RandomNumberGenerator
  ) {
    let form = generator.pick(["written", "written", "electronic"])
    let folder = "Ordner \(generator.number(1...9)), Blatt \(generator.number(1...180))"
    for purpose in purposes {
      for recipient in [Value.null] + order.recipients.map({ Value.text($0.string) }) {
        add(
          "consent", on: day, using: &generator,
          [
            ("purpose", .text(purpose)), ("recipient_site", recipient), ("event", .text("given")),
            ("on_date", .date(day)), ("text_version", .text("2025-01")),
            ("language", .text(language)), ("interpreter", .flag(generator.chance(60))),
            ("form", .text(form)), ("document_ref", .text(folder)),
          ])
      }
    }
  }

  /// - Returns: the days of the talks, ascending.
  private mutating func addTalks(
    from start: CalendarDay, to end: CalendarDay, language: String?, withNotes: Bool,
    using generator: inout some RandomNumberGenerator
  ) -> [CalendarDay] {
    var days: [CalendarDay] = []
    var day = start + generator.number(0...10)
    let talkCount = generator.number(1...5)
    while days.count < talkCount && day < end {
      let kind = days.isEmpty ? "first" : generator.pick(["follow_up", "follow_up", "plan_review"])
      let topics = (0..<generator.number(1...3)).map { _ in generator.pick(SyntheticTexts.topics) }
      add(
        "consultation", on: day, using: &generator,
        [
          ("on_date", .date(day)), ("kind", .text(kind)),
          ("mode", .text(generator.pick(["in_person", "in_person", "home_visit", "phone"]))),
          ("language", language.map { .text($0) } ?? .null),
          ("interpreter", .flag(generator.chance(40))),
          ("topics", .set(days.isEmpty ? ["a"] + topics : topics)),
          ("minutes", .count(15 * generator.number(1...6))),
          (
            "note",
            withNotes && generator.chance(60)
              ? .text(generator.pick(SyntheticTexts.notes)) : .null
          ),
        ])
      days.append(day)
      day = day + generator.number(14...60)
    }
    return days
  }

  private mutating func addPlan(
    createdOn day: CalendarDay, using generator: inout some RandomNumberGenerator
  ) {
    add(
      "plan", on: day, using: &generator,
      [
        ("version", .count(1)), ("created_on", .date(day)), ("review_due", .date(day + 182)),
        ("agreed_by_client", .flag(true)), ("state", .text("active")),
      ])
    let plan = rows[rows.count - 1].id
    let areas = SyntheticTexts.goals.shuffled(using: &generator).prefix(generator.number(1...3))
    for goal in areas {
      add(
        "plan_goal", on: day, using: &generator,
        [
          ("plan_id", .text(plan)), ("area", .text(goal.area)),
          ("text", .text(generator.pick(goal.texts))),
          ("target_date", .date(day + generator.number(60...400))),
          ("state", .text(generator.pick(["open", "open", "in_progress"]))),
          ("step_owner", .text(generator.pick(["client", "worker", "jobcenter"]))),
        ])
    }
  }
}

/// Sentences as they stand in plans and notes.
enum SyntheticTexts {
  /// The seven tasks of the administrative rule, and areas of life.
  static let topics = [
    "b", "c", "d", "e", "f", "g", "language", "labour", "recognition", "school", "housing",
    "health", "daily_life", "participation", "residence",
  ]

  static let goals: [(area: String, texts: [String])] = [
    ("language", ["Prüfung B1 bestehen", "Anmeldung zum Integrationskurs", "Alphabetisierung"]),
    ("labour", ["Praktikum im Pflegeheim", "Minijob in der Bäckerei", "Gespräch beim Jobcenter"]),
    ("recognition", ["Zeugnisse übersetzen lassen", "Antrag auf Anerkennung stellen"]),
    ("school", ["Vorbereitungsklasse (VKL) ab Herbst", "Nachhilfe in Mathematik"]),
    ("housing", ["Wohnung außerhalb der Unterkunft finden", "Wohnberechtigungsschein beantragen"]),
    ("health", ["Hausärztin finden", "U-Untersuchungen nachholen"]),
    ("participation", ["Mitglied im Sportverein werden", "Sprachcafé besuchen"]),
  ]

  static let notes = [
    "Schreiben der Ausländerbehörde gemeinsam gelesen.",
    "Termin „Kita“ vereinbart; Rückruf folgt.",
    "Bringt Tochter mit – nächstes Mal Spielecke.", "Sucht größere Wohnung; Miete < 900 €.",
    "Fragt nach Führerschein (Umschreibung).",
  ]
}
