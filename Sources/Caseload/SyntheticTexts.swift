/// Sentences as they stand in plans, notes and papers.
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

  static let needs = [
    "Termine nur vormittags möglich.", "Barrierefreier Zugang nötig.",
    "Begleitung zur Beratungsstelle gewünscht.", "Gespräche nur mit Dolmetscherin.",
  ]

  /// By area of the qualification.
  static let certificates = [
    "school": ["Vorbereitungsklasse", "Werkrealschule, Klasse 7", "Grundschule, Klasse 3"],
    "vocation": ["Elektriker", "Schneiderin", "Krankenpflege", "Kfz-Mechanik"],
    "degree": ["Bauingenieurwesen", "Lehramt Chemie", "Pharmazie", "Betriebswirtschaft"],
    "competence": ["Führerschein Klasse C", "Gabelstaplerschein", "Buchhaltung"],
  ]

  /// Streets that every second town has, which makes them nobody's.
  static let streets = [
    "Lindenweg", "Bahnhofstraße", "Schützenstraße", "Mühlgasse", "Brühlstraße", "Öhmdwiesen",
  ]
}
