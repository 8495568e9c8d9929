import CaseloadSchema
package import SyncCore

/// A small schema in which every policy decides one column: what the laws run on.
package enum LawSchema {
  package static let text = """
    version = 1

    [tables.site]
    number = 1
    label = "Stelle"
    scope = "global"
    hub_only = true
    [tables.site.columns]
    kind = { number = 1, label = "Art", type = "text", tier = "header", policy = "county" }
    name = { number = 2, label = "Name", type = "text", tier = "header", policy = "county" }

    [tables.case_file]
    number = 2
    label = "Fall"
    scope = "case_root"
    retention_months = 12
    [tables.case_file.columns]
    opened_on = { number = 1, label = "Eröffnet", type = "date", tier = "header", policy = "min" }
    staff_id = { number = 2, label = "Mit", type = "text", tier = "header", policy = "lead", \
    mentions = "staff" }

    [tables.sample]
    number = 3
    label = "Probe"
    scope = "case"
    tier = "personal"
    retention_months = 12
    [tables.sample.columns]
    by_lead = { number = 1, label = "lead", type = "text", policy = "lead" }
    by_county = { number = 2, label = "county", type = "text", policy = "county" }
    by_latest = { number = 3, label = "latest", type = "text", policy = "latest" }
    by_restrict = { number = 4, label = "restrict", type = "code", policy = "restrict", codes = [
      "c0", "c1", "c2", "c3",
    ] }
    by_union = { number = 5, label = "union", type = "set", policy = "union", codes = [
      "a", "b", "c", "d", "e",
    ] }
    by_max = { number = 6, label = "max", type = "integer", policy = "max" }
    by_min = { number = 7, label = "min", type = "integer", policy = "min" }
    by_once = { number = 8, label = "once", type = "text", policy = "once" }
    by_state = { number = 9, label = "state", type = "code", policy = "state", codes = [
      "s0", "s1", "s2", "s3",
    ], terminal = ["s2"] }
    by_manual = { number = 10, label = "manual", type = "text", policy = "manual" }
    pair_from = { number = 12, label = "von", type = "text", policy = "latest", group = "pair" }
    pair_to = { number = 13, label = "bis", type = "text", policy = "latest", group = "pair" }
    kept_here = { number = 11, label = "local", type = "text", tier = "local", policy = "latest" }

    [tables.entry]
    number = 4
    label = "Eintrag"
    scope = "case"
    append = true
    tier = "personal"
    retention_months = 12
    [tables.entry.columns]
    text = { number = 1, label = "Text", type = "text", policy = "latest" }

    [tables.staff]
    number = 5
    label = "Personal"
    scope = "site"
    tier = "header"
    policy = "lead"
    [tables.staff.columns]
    site_id = { number = 1, label = "Stelle", type = "text", follows = "site" }
    name = { number = 2, label = "Name", type = "text", mentioned = true }
    duty = { number = 3, label = "Aufgabe", type = "text" }
    """

  /// The number of the table of scope `site`.
  package static let staff = 5

  /// The same, one version on: columns that may be empty, a required one, and a table.
  package static let grownText =
    text.replacing("version = 1\n", with: "version = 2\n") + """

      [tables.sample.columns.added_max]
      number = 14
      label = "max"
      type = "integer"
      policy = "max"
      [tables.sample.columns.added_text]
      number = 15
      label = "lead"
      type = "text"
      policy = "lead"
      [tables.sample.columns.added_state]
      number = 16
      label = "state"
      type = "code"
      tier = "header"
      policy = "state"
      codes = ["s0", "s1", "s2"]
      required = true
      default = "s0"

      [tables.visit]
      number = 6
      label = "Besuch"
      scope = "case"
      tier = "personal"
      retention_months = 12
      [tables.visit.columns]
      text = { number = 1, label = "Text", type = "text", policy = "lead" }
      """

  /// The parsed schema.
  package static func schema() throws -> Schema {
    try CaseloadSchema.read(toml: text, file: "the laws' schema")
  }
}
