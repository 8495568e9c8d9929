import SyncCore

/// A report whose figures are counted where the people are known and summed at the county's hub, so
/// that no personal value leaves a site for it.
///
/// Every case is counted by the site that leads it when it counts.
package enum CountedReport: String, Sendable, CaseIterable {
  /// For a municipality's council: who is looked after, and what was done.
  case council
  /// How many people were there on a cut-off date, by municipality.
  case headcount
  /// Whether a plan was there by the consultation that the programme names.
  case planDeadline = "plan-deadline"

  /// In German, as it is printed above the figures.
  package var title: String {
    switch self {
    case .council: "Bericht an den Gemeinderat"
    case .headcount: "Kopfzahl zum Stichtag"
    case .planDeadline: "Integrationsplan bis zum vorgesehenen Beratungsgespräch"
    }
  }

  package var sections: [CountedSection] {
    switch self {
    case .council: CouncilSections.all
    case .headcount: [CountedSection.headcount]
    case .planDeadline: [CountedSection.planDeadline]
    }
  }

  package func section(_ code: String) -> CountedSection? { sections.first { $0.code == code } }
}

/// One table of a report.
package struct CountedSection: Sendable {
  /// Stable, on the wire.
  package let code: String
  /// In German.
  package let label: String
  /// What is counted, in a German sentence that is printed with the figures: one county published
  /// three figures for "plans" in one year because each counted something else.
  package let definition: String
  /// Whether the values are special categories of personal data.
  package let isSpecial: Bool
  /// Whether each is counted in one cell only.
  package let isAdditive: Bool
  /// The rows that are printed first, in this order, also with 0; others follow by count.
  package let keys: [Key]
  /// Selects a key and a count; parameter 1 is the first day of the period, 2 its last, which is
  /// the cut-off date.
  let sql: String

  /// A row of the table.
  package struct Key: Sendable, Equatable {
    package let code: String
    /// In German.
    package let label: String

    init(_ code: String, _ label: String) {
      self.code = code
      self.label = label
    }
  }

  /// What stands for a value that was not recorded.
  package static let unknown = Key("unknown", "unbekannt")
  /// What stands for a value that is not of the form that keys have.
  package static let other = Key("other", "andere")

  package var countMin: Int {
    isSpecial ? Suppression.specialCountMin : Suppression.countMin
  }

  /// What stands for a value of a person whose processing is restricted: it is not read.
  package static let restricted = Key("restricted", "eingeschränkt (Art. 18 DSGVO)")

  /// How a row is called: its label, or the code itself, which is an official key.
  package func label(of code: String) -> String {
    (keys + [Self.unknown, Self.other, Self.restricted]).first { $0.code == code }?.label ?? code
  }
}

/// Pieces of the sections' queries.
enum CountSQL {
  /// Cases that this site leads and that were open on the last day of the period.
  static let open = """
    SELECT c.id FROM case_file AS c JOIN kreissync_case AS k ON k.case_id = c.id
    WHERE k.own_role = 'lead' AND c.phase <> 'waiting'
      AND (c.opened_on IS NULL OR c.opened_on <= ?2)
      AND (c.closed_on IS NULL OR c.closed_on > ?2)
      AND (c.closed_on IS NOT NULL OR c.phase NOT IN ('closed', 'archived'))
    """

  /// A table of open cases by an expression over case `c` and its person `p`.
  static func byPerson(_ expression: String) -> String {
    """
    SELECT coalesce(\(expression), 'unknown'), count(*)
    FROM case_file AS c LEFT JOIN person AS p ON p.case_id = c.id
    WHERE c.id IN (\(open)) AND ?1 IS NOT NULL GROUP BY 1
    """
  }

  /// As ``byPerson(_:)`` by what is known of the person, which is not read of a restricted case.
  static func byPersonalData(_ expression: String) -> String {
    byPerson("CASE WHEN c.restricted_since IS NULL THEN \(expression) ELSE 'restricted' END")
  }

  /// Consultations of the period in cases that this site leads.
  static let talks = """
    FROM consultation AS t JOIN kreissync_case AS k ON k.case_id = t.case_id
    WHERE k.own_role = 'lead' AND t.on_date BETWEEN ?1 AND ?2
    """
}

extension CountedSection {
  /// Report 6: what a county reports for its grant.
  static let headcount = CountedSection(
    code: "headcount", label: "Personen nach Gemeinde (AGS)",
    definition: "Geführte Fälle, die am Stichtag eröffnet und nicht geschlossen waren, nach der "
      + "Gemeinde des Wohnsitzes am Stichtag.",
    isSpecial: false, isAdditive: true, keys: [],
    sql: """
      SELECT coalesce(
        (SELECT r.ags FROM residence AS r
         WHERE r.case_id = c.id AND (r.valid_from IS NULL OR r.valid_from <= ?2)
           AND (r.valid_to IS NULL OR r.valid_to >= ?2)
         ORDER BY r.valid_from DESC, r.id DESC LIMIT 1), 'unknown'), count(*)
      FROM case_file AS c WHERE c.id IN (\(CountSQL.open)) AND ?1 IS NOT NULL GROUP BY 1
      """)

  /// Report 4: numerator, and what the rest of the denominator is.
  static let planDeadline = CountedSection(
    code: "plan_deadline", label: "Fälle nach Plan und Beratung",
    definition:
      "Geführte Fälle, die am Stichtag offen waren. Fristgerecht: ein Plan lag spätestens "
      + "am Tag des Gesprächs vor, bis zu dem die Programmfassung ihn verlangt (sonst des "
      + "zweiten). "
      + "Nicht anwendbar: die Einwilligung wurde verweigert oder widerrufen.",
    isSpecial: false, isAdditive: true,
    keys: [
      Key("in_time", "fristgerecht"), Key("late", "verspätet"), Key("missing", "fehlt"),
      Key("not_due", "noch nicht fällig"), Key("not_applicable", "nicht anwendbar"),
    ],
    sql: """
      SELECT CASE
          WHEN consent IN ('refused', 'revoked') THEN 'not_applicable'
          WHEN due IS NULL THEN 'not_due'
          WHEN planned <= due THEN 'in_time'
          WHEN planned IS NOT NULL THEN 'late'
          ELSE 'missing' END, count(*)
      FROM (
        SELECT
          (SELECT s.event FROM consent AS s
           WHERE s.case_id = c.id AND s.purpose = 'casework' AND s.recipient_site IS NULL
             AND (s.on_date IS NULL OR s.on_date <= ?2)
           ORDER BY s.on_date DESC, s.id DESC LIMIT 1) AS consent,
          (SELECT x.on_date FROM (
             SELECT t.on_date, row_number() OVER (ORDER BY t.on_date, t.id) AS ordinal
             FROM consultation AS t WHERE t.case_id = c.id AND t.on_date <= ?2) AS x
           WHERE x.ordinal = coalesce(
             (SELECT y.plan_deadline_ordinal FROM programme_period AS y
              WHERE y.id = c.programme_id), 2)) AS due,
          (SELECT min(i.created_on) FROM plan AS i
           WHERE i.case_id = c.id AND i.created_on <= ?2) AS planned
        FROM case_file AS c WHERE c.id IN (\(CountSQL.open)) AND ?1 IS NOT NULL)
      GROUP BY 1
      """)
}
