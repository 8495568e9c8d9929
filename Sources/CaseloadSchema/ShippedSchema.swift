extension CaseloadSchema {
  /// The text of `schemas/caseload.toml`, for a binary that stands alone; a test compares the two.
  package static let shipped = """
    # What one county synchronises. From it come the replica's and the hub's tables, the capture
    # triggers, the digests, the gates and the labels.
    #
    # Numbers of tables and columns are stable for ever: they name them on the wire, in the log and
    # in the digest. A newer version only adds: tables, codes, and columns behind those that stand,
    # without `required` or with a default. README.md explains who wins (`policy`) and how far a
    # column travels (`tier`).
    #
    # scope      case_root: a row is a case | case: a row has a case_id | global: no case
    # type       text | integer | boolean | date (YYYY-MM-DD) | code | set (codes, ascending, "a,b")
    # tier       local | header | personal | special | notes
    # policy     lead | county | latest | restrict | union | max | min | once | state | manual
    #            a table's tier and policy hold for its columns that name none
    # codes      for restrict from the least restrictive, for state from the earliest
    # terminal   states that nothing later replaces
    # required   NOT NULL; only where the tier is header, for gates close the others
    # group      columns that are decided as one
    # references a table of the same case

    version = 1

    [tables.site]
    number = 1
    label = "Stelle"
    scope = "global"
    hub_only = true
    tier = "header"
    policy = "county"

    [tables.site.columns]
    kind = { number = 1, label = "Art der Stelle", type = "code", codes = [
      "county", "municipality", "association", "carrier", "external_service",
    ], required = true }
    name = { number = 2, label = "Name", type = "text", required = true }
    ags = { number = 3, label = "Amtlicher Gemeindeschlüssel", type = "text" }
    ars = { number = 4, label = "Amtlicher Regionalschlüssel", type = "text" }
    controller_name = { number = 5, label = "Verantwortliche Stelle", type = "text" }
    mbe_jmd = { number = 6, label = "MBE oder JMD", type = "boolean", default = false }
    valid_from = { number = 7, label = "Gültig ab", type = "date", group = "validity" }
    valid_to = { number = 8, label = "Gültig bis", type = "date", group = "validity" }

    [tables.case_file]
    number = 2
    label = "Fall"
    scope = "case_root"
    retention_months = 120
    tier = "header"
    policy = "lead"

    [tables.case_file.columns]
    programme_id = { number = 1, label = "Förderprogramm", type = "text" }
    opened_on = { number = 2, label = "Eröffnet am", type = "date", policy = "min" }
    phase = { number = 3, label = "Phase", type = "code", codes = [
      "waiting", "open", "paused", "closed", "archived",
    ], policy = "state", required = true, default = "open", terminal = ["archived"] }
    close_reason = { number = 4, label = "Grund der Schließung", type = "code", codes = [
      "goals_reached", "moved_inside_county", "moved_away", "left_country", "no_contact",
      "consent_refused", "consent_revoked", "programme_ended", "deceased", "other",
    ], group = "closing" }
    priority = { number = 5, label = "Priorität", type = "integer" }
    priority_reason = { number = 6, label = "Grund der Priorität", type = "text", tier = "special" }
    worker_id = { number = 7, label = "Integrationsmanager:in", type = "text" }
    months_exception = { number = 8, label = "Verlängerung", type = "integer", policy = "county" }
    closed_on = { number = 9, label = "Geschlossen am", type = "date", group = "closing" }

    [tables.person]
    number = 3
    label = "Klient:in"
    scope = "case"
    retention_months = 24
    tier = "personal"
    policy = "lead"

    [tables.person.columns]
    family_name = { number = 1, label = "Familienname", type = "text" }
    given_names = { number = 2, label = "Vornamen", type = "text" }
    name_native = { number = 3, label = "Name in eigener Schrift", type = "text" }
    birth_date = { number = 4, label = "Geboren", type = "date", policy = "once", group = "birth" }
    birth_date_precision = { number = 5, label = "Geburt genau auf", type = "code", codes = [
      "day", "month", "year", "estimated",
    ], policy = "once", group = "birth" }
    sex = { number = 6, label = "Geschlecht", type = "code", codes = [
      "female", "male", "diverse", "not_stated",
    ], policy = "latest" }
    nationality = { number = 7, label = "Staatsangehörigkeiten", type = "set", policy = "union" }
    languages = { number = 8, label = "Sprachen", type = "set", policy = "union" }
    phone = { number = 9, label = "Telefon", type = "text", policy = "latest" }
    email = { number = 10, label = "E-Mail", type = "text", policy = "latest" }
    household_id = { number = 11, label = "Haushalt", type = "text", group = "household" }
    household_role = { number = 12, label = "Rolle im Haushalt", type = "code", codes = [
      "head", "partner", "child", "parent", "sibling", "other",
    ], group = "household" }

    [tables.consent]
    number = 4
    label = "Einwilligung"
    scope = "case"
    append = true
    retention_months = 36
    tier = "header"
    policy = "lead"

    [tables.consent.columns]
    purpose = { number = 1, label = "Zweck", type = "code", codes = [
      "casework", "special_needs", "notes_release",
    ], required = true }
    # Empty: the county.
    recipient_site = { number = 2, label = "Empfangende Stelle", type = "text" }
    basis = { number = 3, label = "Rechtsgrundlage", type = "code", codes = [
      "consent", "statute", "processing_on_behalf", "handover",
    ], policy = "county", default = "consent" }
    event = { number = 4, label = "Vorgang", type = "code", codes = [
      "given", "refused", "expired", "revoked",
    ], policy = "restrict", required = true }
    on_date = { number = 5, label = "Am", type = "date" }
    text_version = { number = 6, label = "Fassung des Textes", type = "text", tier = "personal" }
    language = { number = 7, label = "Sprache", type = "text", tier = "personal" }
    interpreter = { number = 8, label = "Mit Dolmetscher:in", type = "boolean", tier = "personal" }
    form = { number = 9, label = "Form", type = "code", codes = [
      "written", "electronic", "oral",
    ], tier = "personal" }
    document_ref = { number = 10, label = "Fundstelle", type = "text", tier = "local" }
    decision_ref = { number = 11, label = "Entscheidung", type = "text", policy = "county" }

    [tables.consultation]
    number = 5
    label = "Beratungsgespräch"
    scope = "case"
    append = true
    retention_months = 60
    tier = "header"
    policy = "lead"

    [tables.consultation.columns]
    worker_id = { number = 1, label = "Integrationsmanager:in", type = "text" }
    on_date = { number = 2, label = "Am", type = "date" }
    kind = { number = 3, label = "Art des Gesprächs", type = "code", codes = [
      "first", "follow_up", "plan_review", "accompaniment", "referral", "closing", "other",
    ] }
    mode = { number = 4, label = "Form", type = "code", codes = [
      "in_person", "home_visit", "phone", "video", "written",
    ] }
    language = { number = 5, label = "Sprache", type = "text" }
    interpreter = { number = 6, label = "Mit Dolmetscher:in", type = "boolean" }
    topics = { number = 7, label = "Themen", type = "set", codes = [
      "a", "b", "c", "d", "e", "f", "g", "language", "labour", "recognition", "education",
      "school", "housing", "health", "daily_life", "participation", "residence",
    ], policy = "union" }
    minutes = { number = 8, label = "Dauer in Minuten", type = "integer" }
    note = { number = 9, label = "Vermerk", type = "text", tier = "notes" }

    [tables.plan]
    number = 6
    label = "Integrationsplan"
    scope = "case"
    retention_months = 60
    tier = "header"
    policy = "lead"

    [tables.plan.columns]
    version = { number = 1, label = "Fassung", type = "integer", policy = "max", default = 1 }
    created_on = { number = 2, label = "Erstellt am", type = "date", policy = "min" }
    review_due = { number = 3, label = "Fortschreibung fällig am", type = "date" }
    agreed_by_client = { number = 4, label = "Vereinbart", type = "boolean", tier = "personal" }
    state = { number = 5, label = "Stand", type = "code", codes = [
      "draft", "active", "completed", "abandoned",
    ], policy = "state", default = "draft", terminal = ["completed", "abandoned"] }

    [tables.plan_goal]
    number = 7
    label = "Ziel"
    scope = "case"
    retention_months = 24
    tier = "personal"
    policy = "lead"

    [tables.plan_goal.columns]
    plan_id = { number = 1, label = "Integrationsplan", type = "text", references = "plan" }
    area = { number = 2, label = "Bereich", type = "code", codes = [
      "language", "labour", "recognition", "education", "school", "housing", "health",
      "daily_life", "participation", "residence",
    ] }
    text = { number = 3, label = "Ziel", type = "text", policy = "manual" }
    target_date = { number = 4, label = "Zieldatum", type = "date" }
    state = { number = 5, label = "Stand", type = "code", codes = [
      "open", "in_progress", "reached", "dropped",
    ], policy = "state", default = "open", terminal = ["reached", "dropped"] }
    step_owner = { number = 6, label = "Zuständig für den Schritt", type = "text" }

    """
}
