/// The tables of the report to a council: who is looked after on the cut-off date, and what was
/// done in the period.
enum CouncilSections {
  static let all = [
    clients, households, ages, sexes, nationalities, statuses, levels, plans, talks, topics, needs,
  ]

  private static func people(
    _ code: String, _ label: String, _ definition: String, keys: [CountedSection.Key],
    by expression: String
  ) -> CountedSection {
    CountedSection(
      code: code, label: label, definition: definition, isSpecial: false, isAdditive: true,
      keys: keys, sql: CountSQL.byPerson(expression))
  }

  private static func circumstances(
    _ code: String, _ label: String, _ definition: String, keys: [CountedSection.Key],
    by expression: String
  ) -> CountedSection {
    CountedSection(
      code: code, label: label, definition: definition, isSpecial: false, isAdditive: true,
      keys: keys, sql: CountSQL.byPersonalData(expression))
  }

  private static let clients = people(
    "clients", "Klient:innen",
    "Geführte Fälle, die am Stichtag eröffnet und nicht geschlossen waren.",
    keys: [.init("clients", "in Begleitung")], by: "'clients'")

  private static let households = CountedSection(
    code: "households", label: "Haushalte",
    definition: "Verschiedene Haushalte dieser Klient:innen; wer keinem zugeordnet oder wessen "
      + "Verarbeitung eingeschränkt ist, zählt als einer.",
    isSpecial: false, isAdditive: true, keys: [.init("households", "Haushalte")],
    sql: """
      SELECT 'households', count(
        DISTINCT iif(c.restricted_since IS NULL, coalesce(p.household_id, c.id), c.id))
      FROM case_file AS c LEFT JOIN person AS p ON p.case_id = c.id
      WHERE c.id IN (\(CountSQL.open)) AND ?1 IS NOT NULL
      """)

  /// Whole years on the cut-off date.
  private static let age = """
    CAST(strftime('%Y', ?2) AS INTEGER) - CAST(strftime('%Y', p.birth_date) AS INTEGER)
      - (strftime('%m-%d', ?2) < strftime('%m-%d', p.birth_date))
    """
  private static let ages = circumstances(
    "age", "Alter", "Klient:innen nach vollendeten Lebensjahren am Stichtag.",
    keys: [
      .init("0-5", "0 bis 5"), .init("6-13", "6 bis 13"), .init("14-17", "14 bis 17"),
      .init("18-24", "18 bis 24"), .init("25-44", "25 bis 44"), .init("45-64", "45 bis 64"),
      .init("65", "65 und älter"), CountedSection.unknown,
    ],
    by: """
      CASE WHEN date(p.birth_date) IS NULL THEN 'unknown'
        WHEN \(age) < 6 THEN '0-5' WHEN \(age) < 14 THEN '6-13' WHEN \(age) < 18 THEN '14-17'
        WHEN \(age) < 25 THEN '18-24' WHEN \(age) < 45 THEN '25-44' WHEN \(age) < 65 THEN '45-64'
        ELSE '65' END
      """)

  private static let sexes = circumstances(
    "sex", "Geschlecht", "Klient:innen nach der eigenen Angabe.",
    keys: [
      .init("female", "weiblich"), .init("male", "männlich"), .init("diverse", "divers"),
      .init("not_stated", "ohne Angabe"), CountedSection.unknown,
    ], by: "p.sex")

  private static let nationalities = circumstances(
    "nationality", "Staatsangehörigkeit",
    "Klient:innen nach dem Schlüssel des Statistischen Bundesamts; mehrere sind eine Zeile.",
    keys: [.init("several", "mehrere")],
    by: "CASE WHEN instr(p.nationality, ',') > 0 THEN 'several' ELSE p.nationality END")

  private static let statuses = circumstances(
    "status", "Aufenthaltsstatus", "Klient:innen nach dem am Stichtag gültigen Titel.", keys: [],
    by: """
      (SELECT s.code FROM legal_status AS s
       WHERE s.case_id = c.id AND (s.valid_from IS NULL OR s.valid_from <= ?2)
         AND (s.valid_to IS NULL OR s.valid_to >= ?2)
       ORDER BY s.valid_from DESC, s.id DESC LIMIT 1)
      """)

  private static let levels = circumstances(
    "language_level", "Sprachstand Deutsch",
    "Klient:innen nach dem höchsten erfassten Niveau.",
    keys: ["A0", "A1", "A2", "B1", "B2", "C1", "C2"].map { .init($0, $0) }
      + [CountedSection.unknown],
    by: """
      (SELECT max(q.level) FROM qualification AS q
       WHERE q.case_id = c.id AND q.area = 'language' AND (q.on_date IS NULL OR q.on_date <= ?2))
      """)

  private static let plans = people(
    "plans", "Integrationspläne",
    "Klient:innen mit einem am Stichtag begonnenen, nicht abgebrochenen Plan, und ohne einen.",
    keys: [.init("with_plan", "mit Plan"), .init("without_plan", "ohne Plan")],
    by: """
      CASE WHEN EXISTS (
          SELECT 1 FROM plan AS i WHERE i.case_id = c.id AND coalesce(i.state, '') <> 'abandoned'
            AND (i.created_on IS NULL OR i.created_on <= ?2))
        THEN 'with_plan' ELSE 'without_plan' END
      """)

  private static let talks = CountedSection(
    code: "consultations", label: "Beratungsgespräche",
    definition: "Gespräche des Zeitraums in geführten Fällen, auch in inzwischen geschlossenen.",
    isSpecial: false, isAdditive: true,
    keys: [
      .init("in_person", "persönlich"), .init("home_visit", "Hausbesuch"),
      .init("phone", "telefonisch"), .init("video", "per Video"), .init("written", "schriftlich"),
      CountedSection.unknown,
    ],
    sql: "SELECT coalesce(t.mode, 'unknown'), count(*) \(CountSQL.talks) GROUP BY 1")

  private static let topics = CountedSection(
    code: "topics", label: "Themen der Gespräche",
    definition:
      "Gespräche des Zeitraums, in denen das Thema vorkam; ein Gespräch kann mehrere haben.",
    isSpecial: false, isAdditive: false,
    keys: [
      .init("a", "a Bedarfsermittlung"), .init("b", "b Einzelberatung"),
      .init("c", "c Vermittlung an Regeldienste"), .init("d", "d bürgerschaftliche Strukturen"),
      .init("e", "e Vernetzung"), .init("f", "f Integrationsplan"), .init("g", "g Fortschreibung"),
      .init("language", "Sprache"), .init("labour", "Arbeitsmarkt"),
      .init("recognition", "Anerkennung"), .init("education", "Ausbildung"),
      .init("school", "Schule"), .init("housing", "Wohnen"), .init("health", "Gesundheit"),
      .init("daily_life", "Alltag"), .init("participation", "Teilhabe"),
      .init("residence", "Aufenthalt"),
    ],
    sql: """
      SELECT v.value, count(*) FROM (SELECT t.topics AS topics \(CountSQL.talks)) AS x,
        json_each('["' || replace(x.topics, ',', '","') || '"]') AS v
      WHERE json_valid('["' || replace(x.topics, ',', '","') || '"]') GROUP BY 1
      """)

  private static let needs = CountedSection(
    code: "needs", label: "Besondere Bedarfe",
    definition:
      "Klient:innen am Stichtag mit einem erfassten Bedarf dieser Art; mehrere sind möglich. Ohne "
      + "Fälle mit eingeschränkter Verarbeitung.",
    isSpecial: true, isAdditive: false,
    keys: [
      .init("illness", "Krankheit"), .init("disability", "Behinderung"), .init("trauma", "Trauma"),
      .init("pregnancy", "Schwangerschaft"), .init("violence", "Gewalterfahrung"),
      .init("single_parent", "alleinerziehend"), .init("minor", "minderjährig"),
      .init("old_age", "hohes Alter"), .init("literacy", "Alphabetisierung"),
      .init("other", "anderer Bedarf"),
    ],
    sql: """
      SELECT n.kind, count(DISTINCT n.case_id) FROM person_need AS n
      WHERE n.kind IS NOT NULL AND n.case_id IN (\(CountSQL.open) AND c.restricted_since IS NULL)
        AND ?1 IS NOT NULL
      GROUP BY 1
      """)
}
