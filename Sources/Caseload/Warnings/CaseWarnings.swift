/// Warnings about the work on a case.
enum CaseWarnings {
  static let all = [
    planMissing, goalWithoutDate, goalOverdue, reviewOverdue, noContact, longerThanTypical,
    longerThanMaximal, restricted,
  ]

  /// The root bears the mark of Art. 18 GDPR: who works on the case has to know, and nobody may
  /// forget to lift it.
  private static let restricted = WarningDefinition(
    code: "processing_restricted", label: "Verarbeitung eingeschränkt (Art. 18 DSGVO)",
    table: "case_file", reads: ["case_file.restricted_since"],
    sql: """
      SELECT c.id, c.id FROM case_file AS c
      WHERE c.restricted_since IS NOT NULL AND ?1 IS NOT NULL
      """)

  /// Of a case that somebody is responsible for there were as many consultations as the programme
  /// gives time for (else two), and there is no plan but abandoned ones. Not where the client
  /// refused or revoked and no consent to casework is in force: without consent there is no plan.
  private static let planMissing = WarningDefinition(
    code: "plan_missing", label: "Kein Integrationsplan trotz zweier Beratungsgespräche",
    table: "case_file",
    reads: [
      "case_file.phase", "case_file.programme_id", "programme_period.plan_deadline_ordinal",
      "consultation.on_date", "plan.state", "consent.purpose", "consent.event",
      "consent.recipient_site", "consent.on_date",
    ],
    sql: """
      SELECT c.id, c.id FROM case_file AS c
      LEFT JOIN programme_period AS p ON p.id = c.programme_id
      WHERE \(WarningSQL.isOpen)
        AND (SELECT count(*) FROM consultation AS t
             WHERE t.case_id = c.id AND (t.on_date IS NULL OR t.on_date <= ?1))
          >= coalesce(p.plan_deadline_ordinal, 2)
        AND NOT EXISTS (
          SELECT 1 FROM plan AS i
          WHERE i.case_id = c.id AND coalesce(i.state, 'draft') <> 'abandoned')
        AND NOT (
          EXISTS (SELECT 1 FROM consent AS r WHERE r.case_id = c.id AND r.purpose = 'casework'
                  AND r.event IN ('refused', 'revoked'))
          AND NOT EXISTS (
            SELECT 1 FROM consent AS g
            WHERE g.case_id = c.id AND g.purpose = 'casework' AND g.event = 'given'
              AND NOT EXISTS (
                SELECT 1 FROM consent AS r
                WHERE r.case_id = c.id AND r.purpose = 'casework' AND r.event <> 'given'
                  AND r.recipient_site IS g.recipient_site
                  AND (r.on_date >= g.on_date OR r.on_date IS NULL OR g.on_date IS NULL))))
      """)

  private static let goalColumns = ["case_file.phase", "plan_goal.target_date", "plan_goal.state"]
  private static let openGoals = """
    SELECT o.id, o.case_id FROM plan_goal AS o JOIN case_file AS c ON c.id = o.case_id
    WHERE \(WarningSQL.isOpen) AND coalesce(o.state, 'open') IN ('open', 'in_progress')
    """

  /// A goal that is neither reached nor dropped has no target date.
  private static let goalWithoutDate = WarningDefinition(
    code: "goal_without_date", label: "Ziel ohne Zieldatum", table: "plan_goal",
    reads: goalColumns, sql: "\(openGoals) AND o.target_date IS NULL AND ?1 IS NOT NULL")

  /// A goal that is neither reached nor dropped has a target date that is past.
  private static let goalOverdue = WarningDefinition(
    code: "goal_overdue", label: "Zieldatum überschritten", table: "plan_goal",
    reads: goalColumns, sql: "\(openGoals) AND o.target_date < ?1")

  /// A plan that is in force, or in the making, was to be reviewed before today.
  private static let reviewOverdue = WarningDefinition(
    code: "review_overdue", label: "Fortschreibung überfällig", table: "plan",
    reads: ["case_file.phase", "plan.review_due", "plan.state"],
    sql: """
      SELECT i.id, i.case_id FROM plan AS i JOIN case_file AS c ON c.id = i.case_id
      WHERE \(WarningSQL.isOpen) AND coalesce(i.state, 'draft') IN ('draft', 'active')
        AND i.review_due < ?1
      """)

  /// A case that is open saw its last consultation, or its opening, 90 days ago or earlier.
  private static let noContact = WarningDefinition(
    code: "no_contact", label: "Kein Kontakt seit 90 Tagen", table: "case_file",
    reads: ["case_file.phase", "case_file.opened_on", "consultation.on_date"],
    sql: """
      SELECT c.id, c.id FROM case_file AS c
      LEFT JOIN (
        SELECT case_id, max(on_date) AS last FROM consultation WHERE on_date <= ?1
        GROUP BY case_id) AS t ON t.case_id = c.id
      WHERE c.phase = 'open'
        AND max(coalesce(t.last, c.opened_on), coalesce(c.opened_on, t.last))
          <= date(?1, '-90 days')
      """)

  private static let durationColumns = [
    "case_file.phase", "case_file.opened_on", "case_file.programme_id",
    "case_file.months_exception", "programme_period.typical_months", "programme_period.max_months",
  ]
  private static let isBeyondMaximum = """
    coalesce(date(c.opened_on,
      '+' || (p.max_months + coalesce(c.months_exception, 0)) || ' months') < ?1, 0)
    """

  /// A case that is worked on is older than its programme's typical months (8 without one: what
  /// Freiburg reported in 2018), and not beyond the maximum.
  private static let longerThanTypical = WarningDefinition(
    code: "longer_than_typical", label: "Länger als üblich", table: "case_file",
    reads: durationColumns,
    sql: """
      SELECT c.id, c.id FROM case_file AS c
      LEFT JOIN programme_period AS p ON p.id = c.programme_id
      WHERE \(WarningSQL.isWorkedOn)
        AND date(c.opened_on, '+' || coalesce(p.typical_months, 8) || ' months') < ?1
        AND NOT \(isBeyondMaximum)
      """)

  /// A case that is worked on is older than its programme's maximum and the exception granted to
  /// it. Months end on the day of the opening, or the day after a month that is too short.
  private static let longerThanMaximal = WarningDefinition(
    code: "longer_than_maximal", label: "Höchstdauer überschritten", table: "case_file",
    reads: durationColumns,
    sql: """
      SELECT c.id, c.id FROM case_file AS c
      JOIN programme_period AS p ON p.id = c.programme_id
      WHERE \(WarningSQL.isWorkedOn) AND \(isBeyondMaximum)
      """)
}
