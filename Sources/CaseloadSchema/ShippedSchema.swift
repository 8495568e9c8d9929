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
    # scope      case_root: a row is a case | case: a row has a case_id | global: goes to every site
    #            site: goes to the sites that it names, and to the hub
    # type       text | integer | boolean | date (YYYY-MM-DD) | code | set (codes, ascending, "a,b")
    # tier       local | header | personal | special | notes
    # policy     lead | county | latest | restrict | union | max | min | once | state | manual
    #            a table's tier and policy hold for its columns that name none
    # codes      for restrict from the least restrictive, for state from the earliest
    # terminal   states that nothing later replaces
    # required   NOT NULL; only where the tier is header, for gates close the others
    # group      columns that are decided as one
    # references a table of the same case
    # follows    scope site: the column holds a site's id ("site"), or the id of a row of another
    #            such table, whose sites are this row's, too; one that names nobody is its writer's
    # mentions   a table of scope site: its row goes, as far as mentioned, to all who hold the case
    # mentioned  what those sites see of such a row; all else is empty there
    # observes   a code column: into a new row that has its first code the replica writes the ids of
    #            the rows of its case that have another, for whoever asks what its author knew
    # restricts  the root's column that restricts its case while it holds something: others than the
    #            lead are sent the header only, and nobody else sets or clears it

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
    worker_id = { number = 7, label = "Integrationsmanager:in", type = "text", mentions = "worker" }
    months_exception = { number = 8, label = "Verlängerung", type = "integer", policy = "county" }
    closed_on = { number = 9, label = "Geschlossen am", type = "date", group = "closing" }
    continues_case_id = { number = 10, label = "Fortsetzung von", type = "text", policy = "county" }
    # Art. 18 DSGVO; on the client's request, until the lead clears it.
    restricted_since = { number = 11, label = "Eingeschränkt ab", type = "date", restricts = true }

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
    seen = { number = 12, label = "Bekannte Widerrufe", type = "text", observes = "event" }

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

    [tables.site_area]
    number = 8
    label = "Zuständigkeitsgebiet"
    scope = "global"
    hub_only = true
    tier = "header"
    policy = "county"

    [tables.site_area.columns]
    site_id = { number = 1, label = "Stelle", type = "text" }
    ags = { number = 2, label = "Amtlicher Gemeindeschlüssel", type = "text" }
    valid_from = { number = 3, label = "Gültig ab", type = "date", group = "validity" }
    valid_to = { number = 4, label = "Gültig bis", type = "date", group = "validity" }
    successor_ags = { number = 5, label = "Nachfolgender Gemeindeschlüssel", type = "text" }

    [tables.worker]
    number = 9
    label = "Integrationsmanager:in"
    scope = "site"
    tier = "header"
    policy = "lead"

    [tables.worker.columns]
    # Empty: the site that wrote the row.
    site_id = { number = 1, label = "Stelle", type = "text", follows = "site" }
    display_name = { number = 2, label = "Anzeigename", type = "text", mentioned = true }
    role = { number = 3, label = "Aufgabe", type = "code", codes = [
      "integration_manager", "integration_officer", "coordinator", "deputy", "other",
    ] }
    qualification = { number = 4, label = "Abschluss", type = "text", tier = "local" }
    active_from = { number = 5, label = "Tätig ab", type = "date", group = "activity" }
    active_to = { number = 6, label = "Tätig bis", type = "date", group = "activity" }
    bound_by_secrecy = { number = 7, label = "Schweigepflichtig", type = "boolean" }

    [tables.programme_period]
    number = 10
    label = "Förderprogramm-Fassung"
    scope = "global"
    hub_only = true
    tier = "header"
    policy = "county"

    [tables.programme_period.columns]
    state = { number = 1, label = "Land", type = "text" }
    code = { number = 2, label = "Förderprogramm", type = "text" }
    version = { number = 3, label = "Fassung", type = "integer", default = 1 }
    valid_from = { number = 4, label = "Gültig ab", type = "date", group = "validity" }
    valid_to = { number = 5, label = "Gültig bis", type = "date", group = "validity" }
    recorded_at = { number = 6, label = "Erfasst", type = "integer" }
    plan_deadline_ordinal = { number = 7, label = "Plan bis zum Gespräch Nr.", type = "integer" }
    typical_months = { number = 8, label = "Übliche Monate", type = "integer", default = 8 }
    max_months = { number = 9, label = "Höchstdauer in Monaten", type = "integer" }
    rate_cents_per_fte = { number = 10, label = "Festbetrag je VZÄ in Cent", type = "integer" }
    quota_basis_points = { number = 11, label = "Fördersatz", type = "integer", default = 7125 }
    threshold_cents = { number = 12, label = "Schwelle", type = "integer", default = 5100000 }
    min_fte_thousandths = { number = 13, label = "Mindestumfang", type = "integer", default = 250 }
    funding_months_max = { number = 14, label = "Höchste Förderdauer in Monaten", type = "integer" }

    [tables.grant_allocation]
    number = 11
    label = "Zuwendung"
    scope = "site"
    tier = "header"
    policy = "county"

    [tables.grant_allocation.columns]
    programme_id = { number = 1, label = "Förderprogramm", type = "text" }
    entitled_ags = { number = 2, label = "Berechtigte Gemeinde", type = "text" }
    recipient_site = { number = 3, label = "Zuwendungsempfänger", type = "text", follows = "site" }
    executing_site = { number = 4, label = "Ausführende Stelle", type = "text", follows = "site" }
    mode = { number = 5, label = "Weg der Mittel", type = "code", codes = [
      "own", "assigned", "forwarded", "county",
    ] }
    cutoff_date = { number = 6, label = "Stichtag", type = "date" }
    headcount = { number = 7, label = "Kopfzahl am Stichtag", type = "integer", policy = "once" }
    fte_thousandths = { number = 8, label = "Vollzeitäquivalent in Tausendstel", type = "integer" }
    amount_cents = { number = 9, label = "Betrag in Cent", type = "integer" }
    decision_ref = { number = 10, label = "Bescheid", type = "text" }
    period_from = { number = 11, label = "Zeitraum ab", type = "date", group = "period" }
    period_to = { number = 12, label = "Zeitraum bis", type = "date", group = "period" }
    status = { number = 13, label = "Stand", type = "code", codes = [
      "planned", "applied", "granted", "reported", "closed",
    ], default = "planned" }

    [tables.position]
    number = 12
    label = "Stelle einer Integrationsmanager:in"
    scope = "site"
    tier = "header"
    policy = "county"

    [tables.position.columns]
    worker_id = { number = 1, label = "Integrationsmanager:in", type = "text", follows = "worker" }
    grant_id = { number = 2, label = "Zuwendung", type = "text", follows = "grant_allocation" }
    fte_thousandths = { number = 3, label = "Vollzeitäquivalent in Tausendstel", type = "integer" }
    rate_cents = { number = 4, label = "Festbetrag in Cent", type = "integer" }
    valid_from = { number = 5, label = "Besetzt ab", type = "date", group = "validity" }
    valid_to = { number = 6, label = "Besetzt bis", type = "date", group = "validity" }
    funded_months = { number = 7, label = "Geförderte Monate", type = "integer", policy = "max" }

    [tables.person_need]
    number = 13
    label = "Besonderer Bedarf"
    scope = "case"
    append = true
    retention_months = 24
    tier = "special"
    policy = "lead"

    [tables.person_need.columns]
    kind = { number = 1, label = "Art des Bedarfs", type = "code", codes = [
      "illness", "disability", "trauma", "pregnancy", "violence", "single_parent", "minor",
      "old_age", "literacy", "other",
    ] }
    need_only = { number = 2, label = "Nur der Bedarf", type = "boolean", default = true }
    text = { number = 3, label = "Beschreibung", type = "text" }
    consent_id = { number = 4, label = "Einwilligung", type = "text", references = "consent" }

    [tables.residence]
    number = 14
    label = "Wohnsitz, Unterkunft"
    scope = "case"
    append = true
    retention_months = 60
    tier = "personal"
    policy = "lead"

    [tables.residence.columns]
    ags = { number = 1, label = "Amtlicher Gemeindeschlüssel", type = "text", tier = "header" }
    # Vorläufige, Anschluss- (municipal or private) und Gemeinschaftsunterbringung.
    kind = { number = 2, label = "Art der Unterkunft", type = "code", codes = [
      "vu", "au_municipal", "au_private", "gu", "other",
    ], tier = "header" }
    street = { number = 3, label = "Straße", type = "text" }
    valid_from = { number = 4, label = "Ab", type = "date", group = "validity" }
    valid_to = { number = 5, label = "Bis", type = "date", group = "validity" }
    allotted_by = { number = 6, label = "Zugewiesen durch", type = "text" }
    residence_obligation_until = { number = 7, label = "Wohnsitzauflage bis", type = "date" }

    [tables.legal_status]
    number = 15
    label = "Aufenthaltsstatus"
    scope = "case"
    append = true
    retention_months = 24
    tier = "personal"
    policy = "lead"

    [tables.legal_status.columns]
    code = { number = 1, label = "Aufenthaltstitel", type = "text" }
    valid_from = { number = 2, label = "Ab", type = "date", group = "validity" }
    valid_to = { number = 3, label = "Bis", type = "date", group = "validity" }
    source = { number = 4, label = "Quelle", type = "text" }
    seen_on = { number = 5, label = "Eingesehen am", type = "date" }

    [tables.qualification]
    number = 16
    label = "Qualifikation"
    scope = "case"
    retention_months = 24
    tier = "personal"
    policy = "latest"

    [tables.qualification.columns]
    area = { number = 1, label = "Bereich", type = "code", codes = [
      "language", "school", "vocation", "degree", "recognition", "competence",
    ] }
    level = { number = 2, label = "Niveau", type = "code", codes = [
      "A0", "A1", "A2", "B1", "B2", "C1", "C2",
    ], policy = "state" }
    certificate = { number = 3, label = "Nachweis", type = "text" }
    recognition_state = { number = 4, label = "Anerkennung", type = "code", codes = [
      "none", "applied", "rejected", "partial", "recognised",
    ], policy = "state", terminal = ["recognised"] }
    on_date = { number = 5, label = "Am", type = "date" }

    [tables.responsibility]
    number = 17
    label = "Zuständigkeit, Übergabe"
    scope = "case"
    hub_only = true
    retention_months = 120
    tier = "header"
    policy = "county"

    [tables.responsibility.columns]
    epoch = { number = 1, label = "Nummer der Zuständigkeit", type = "integer" }
    from_site = { number = 2, label = "Abgebende Stelle", type = "text" }
    to_site = { number = 3, label = "Übernehmende Stelle", type = "text" }
    kind = { number = 4, label = "Art", type = "code", codes = [
      "opening", "handover", "delegation", "move", "deputy", "by_order",
    ] }
    effective_on = { number = 5, label = "Wirksam ab", type = "date" }
    legal_ground = { number = 6, label = "Rechtsgrundlage", type = "text" }
    decision_ref = { number = 7, label = "Beschluss", type = "text" }
    state = { number = 8, label = "Stand", type = "code", codes = [
      "proposed", "accepted", "declined", "withdrawn", "effective", "closed",
    ] }

    [tables.referral]
    number = 18
    label = "Weiterleitung"
    scope = "case"
    retention_months = 24
    tier = "personal"
    policy = "lead"

    [tables.referral.columns]
    service_site_id = { number = 1, label = "Regeldienst", type = "text" }
    on_date = { number = 2, label = "Am", type = "date" }
    reason_area = { number = 3, label = "Bereich", type = "code", codes = [
      "language", "labour", "recognition", "education", "school", "housing", "health",
      "daily_life", "participation", "residence",
    ] }
    consent_id = { number = 4, label = "Einwilligung", type = "text", references = "consent" }
    state = { number = 5, label = "Stand", type = "code", codes = [
      "planned", "made", "accepted", "declined", "completed",
    ], policy = "state", terminal = ["completed"] }
    result = { number = 6, label = "Ergebnis", type = "text" }

    """
}
