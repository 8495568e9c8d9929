extension CaseloadSchema {
  /// The text of `schemas/caseload.toml`, for a binary that stands alone; a test compares the two.
  package static let shipped = """
    # What one county synchronises. From it come the replica's and the hub's tables, the capture
    # triggers, the digests, the gates and the labels.
    #
    # Numbers of tables and columns are stable for ever: they name them on the wire, in the log and in
    # the digest. A newer version only adds: tables, columns without `required` or with a default, and
    # codes. Who wins (`policy`) and how far a column travels (`tier`) is explained in README.md.
    #
    # scope      case_root: a row is a case | case: a row has a case_id | global: no case
    # type       text | integer | boolean | date (YYYY-MM-DD) | code | set (codes, ascending, by comma)
    # tier       local | header | personal | special | notes
    # policy     lead | county | latest | restrict | union | max | min | once | state | manual
    # codes      for restrict from the least restrictive, for state from the earliest
    # required   NOT NULL; only where the tier is header, for gates close the others
    # group      columns that are decided as one
    # references a table of the same case

    version = 1

    [tables.site]
    number = 1
    label = "Stelle"
    scope = "global"
    hub_only = true

    [tables.site.columns]
    kind = { number = 1, label = "Art der Stelle", type = "code", tier = "header", policy = "county", required = true, codes = [
      "county", "municipality", "association", "carrier", "external_service",
    ] }
    name = { number = 2, label = "Name", type = "text", tier = "header", policy = "county", required = true }
    ags = { number = 3, label = "Amtlicher Gemeindeschlüssel", type = "text", tier = "header", policy = "county" }
    ars = { number = 4, label = "Amtlicher Regionalschlüssel", type = "text", tier = "header", policy = "county" }
    controller_name = { number = 5, label = "Verantwortliche Stelle", type = "text", tier = "header", policy = "county" }
    mbe_jmd = { number = 6, label = "MBE oder JMD", type = "boolean", tier = "header", policy = "county", default = false }
    valid_from = { number = 7, label = "Gültig ab", type = "date", tier = "header", policy = "county", group = "validity" }
    valid_to = { number = 8, label = "Gültig bis", type = "date", tier = "header", policy = "county", group = "validity" }

    [tables.case_file]
    number = 2
    label = "Fall"
    scope = "case_root"
    retention_months = 120

    [tables.case_file.columns]
    programme_id = { number = 1, label = "Förderprogramm", type = "text", tier = "header", policy = "lead" }
    opened_on = { number = 2, label = "Eröffnet am", type = "date", tier = "header", policy = "min" }
    phase = { number = 3, label = "Phase", type = "code", tier = "header", policy = "state", required = true, default = "open", codes = [
      "waiting", "open", "paused", "closed", "archived",
    ], terminal = ["archived"] }
    close_reason = { number = 4, label = "Grund der Schließung", type = "code", tier = "header", policy = "lead", group = "closing", codes = [
      "goals_reached", "moved_inside_county", "moved_away", "left_country", "no_contact",
      "consent_refused", "consent_revoked", "programme_ended", "deceased", "other",
    ] }
    priority = { number = 5, label = "Priorität", type = "integer", tier = "header", policy = "lead" }
    priority_reason = { number = 6, label = "Grund der Priorität", type = "text", tier = "special", policy = "lead" }
    worker_id = { number = 7, label = "Integrationsmanager:in", type = "text", tier = "header", policy = "lead" }
    months_exception = { number = 8, label = "Verlängerung in Monaten", type = "integer", tier = "header", policy = "county" }
    closed_on = { number = 9, label = "Geschlossen am", type = "date", tier = "header", policy = "lead", group = "closing" }

    [tables.person]
    number = 3
    label = "Klient:in"
    scope = "case"
    retention_months = 24

    [tables.person.columns]
    family_name = { number = 1, label = "Familienname", type = "text", tier = "personal", policy = "lead" }
    given_names = { number = 2, label = "Vornamen", type = "text", tier = "personal", policy = "lead" }
    name_native = { number = 3, label = "Name in eigener Schrift", type = "text", tier = "personal", policy = "lead" }
    birth_date = { number = 4, label = "Geburtsdatum", type = "date", tier = "personal", policy = "once", group = "birth" }
    birth_date_precision = { number = 5, label = "Genauigkeit des Geburtsdatums", type = "code", tier = "personal", policy = "once", group = "birth", codes = [
      "day", "month", "year", "estimated",
    ] }
    sex = { number = 6, label = "Geschlecht", type = "code", tier = "personal", policy = "latest", codes = [
      "female", "male", "diverse", "not_stated",
    ] }
    nationality = { number = 7, label = "Staatsangehörigkeiten", type = "set", tier = "personal", policy = "union" }
    languages = { number = 8, label = "Sprachen", type = "set", tier = "personal", policy = "union" }
    phone = { number = 9, label = "Telefon", type = "text", tier = "personal", policy = "latest" }
    email = { number = 10, label = "E-Mail", type = "text", tier = "personal", policy = "latest" }
    household_id = { number = 11, label = "Haushalt", type = "text", tier = "personal", policy = "lead", group = "household" }
    household_role = { number = 12, label = "Rolle im Haushalt", type = "code", tier = "personal", policy = "lead", group = "household", codes = [
      "head", "partner", "child", "parent", "sibling", "other",
    ] }

    [tables.consent]
    number = 4
    label = "Einwilligung"
    scope = "case"
    append = true
    retention_months = 36

    [tables.consent.columns]
    purpose = { number = 1, label = "Zweck", type = "code", tier = "header", policy = "lead", required = true, codes = [
      "casework", "special_needs", "notes_release",
    ] }
    # Empty: the county.
    recipient_site = { number = 2, label = "Empfangende Stelle", type = "text", tier = "header", policy = "lead" }
    basis = { number = 3, label = "Rechtsgrundlage", type = "code", tier = "header", policy = "county", default = "consent", codes = [
      "consent", "statute", "processing_on_behalf", "handover",
    ] }
    event = { number = 4, label = "Vorgang", type = "code", tier = "header", policy = "restrict", required = true, codes = [
      "given", "refused", "expired", "revoked",
    ] }
    on_date = { number = 5, label = "Am", type = "date", tier = "header", policy = "lead" }
    text_version = { number = 6, label = "Fassung des Textes", type = "text", tier = "personal", policy = "lead" }
    language = { number = 7, label = "Sprache", type = "text", tier = "personal", policy = "lead" }
    interpreter = { number = 8, label = "Mit Dolmetscher:in", type = "boolean", tier = "personal", policy = "lead" }
    form = { number = 9, label = "Form", type = "code", tier = "personal", policy = "lead", codes = [
      "written", "electronic", "oral",
    ] }
    document_ref = { number = 10, label = "Fundstelle des Dokuments", type = "text", tier = "local", policy = "lead" }
    decision_ref = { number = 11, label = "Entscheidung", type = "text", tier = "header", policy = "county" }

    [tables.consultation]
    number = 5
    label = "Beratungsgespräch"
    scope = "case"
    append = true
    retention_months = 60

    [tables.consultation.columns]
    worker_id = { number = 1, label = "Integrationsmanager:in", type = "text", tier = "header", policy = "lead" }
    on_date = { number = 2, label = "Am", type = "date", tier = "header", policy = "lead" }
    kind = { number = 3, label = "Art des Gesprächs", type = "code", tier = "header", policy = "lead", codes = [
      "first", "follow_up", "plan_review", "accompaniment", "referral", "closing", "other",
    ] }
    mode = { number = 4, label = "Form", type = "code", tier = "header", policy = "lead", codes = [
      "in_person", "home_visit", "phone", "video", "written",
    ] }
    language = { number = 5, label = "Sprache", type = "text", tier = "header", policy = "lead" }
    interpreter = { number = 6, label = "Mit Dolmetscher:in", type = "boolean", tier = "header", policy = "lead" }
    topics = { number = 7, label = "Themen", type = "set", tier = "header", policy = "union", codes = [
      "a", "b", "c", "d", "e", "f", "g",
      "language", "labour", "recognition", "education", "school", "housing", "health", "daily_life",
      "participation", "residence",
    ] }
    minutes = { number = 8, label = "Dauer in Minuten", type = "integer", tier = "header", policy = "lead" }
    note = { number = 9, label = "Vermerk", type = "text", tier = "notes", policy = "lead" }

    [tables.plan]
    number = 6
    label = "Integrationsplan"
    scope = "case"
    retention_months = 60

    [tables.plan.columns]
    version = { number = 1, label = "Fassung", type = "integer", tier = "header", policy = "max", default = 1 }
    created_on = { number = 2, label = "Erstellt am", type = "date", tier = "header", policy = "min" }
    review_due = { number = 3, label = "Fortschreibung fällig am", type = "date", tier = "header", policy = "lead" }
    agreed_by_client = { number = 4, label = "Mit Klient:in vereinbart", type = "boolean", tier = "personal", policy = "lead" }
    state = { number = 5, label = "Stand", type = "code", tier = "header", policy = "state", default = "draft", codes = [
      "draft", "active", "completed", "abandoned",
    ], terminal = ["completed", "abandoned"] }

    [tables.plan_goal]
    number = 7
    label = "Ziel"
    scope = "case"
    retention_months = 24

    [tables.plan_goal.columns]
    plan_id = { number = 1, label = "Integrationsplan", type = "text", tier = "personal", policy = "lead", references = "plan" }
    area = { number = 2, label = "Bereich", type = "code", tier = "personal", policy = "lead", codes = [
      "language", "labour", "recognition", "education", "school", "housing", "health", "daily_life",
      "participation", "residence",
    ] }
    text = { number = 3, label = "Ziel", type = "text", tier = "personal", policy = "manual" }
    target_date = { number = 4, label = "Zieldatum", type = "date", tier = "personal", policy = "lead" }
    state = { number = 5, label = "Stand", type = "code", tier = "personal", policy = "state", default = "open", codes = [
      "open", "in_progress", "reached", "dropped",
    ], terminal = ["reached", "dropped"] }
    step_owner = { number = 6, label = "Zuständig für den Schritt", type = "text", tier = "personal", policy = "lead" }

    """
}
