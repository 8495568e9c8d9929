import CaseloadSchema
import SyncCore
import Testing

/// Every mistake is refused with its place and its cure.
@Suite("Reading caseload.toml: refusals")
struct ReaderRefusalTests {
  @Test("the sample without a mistake is read")
  func sample() throws {
    let schema = try CaseloadSchema.read(toml: Sample.text, file: "sample.toml")
    #expect(schema.version == 3)
    #expect(schema.tables.map(\.name) == ["site", "case_file", "talk"])
    let talk = try #require(schema.table(named: "talk"))
    #expect(talk.scope == .ofCase)
    #expect(talk.isAppendOnly)
    #expect(talk.retentionMonths == 12)
    #expect(
      talk.column(named: "mood")
        == Column(
          number: 2, name: "mood", label: "Stimmung", type: .code, tier: .header, policy: .state,
          codes: ["bad", "good"], terminalCodes: ["good"], isRequired: true,
          defaultValue: .text("bad")))
    #expect(talk.column(named: "heard")?.defaultValue == .integer(1))
    #expect(talk.column(named: "case")?.references == "case_file")
  }

  @Test("a mistake is named with its place and its cure", arguments: Refusal.all)
  func refusal(_ refusal: Refusal) throws {
    #expect(Sample.text.contains(refusal.old), "the sample must hold what is replaced")
    let text = Sample.text.replacingOnce(refusal.old, with: refusal.new)
    let error = #expect(throws: SchemaError.self) {
      try CaseloadSchema.read(toml: text, file: "sample.toml")
    }
    let mistakes = try #require(error).mistakes
    let found = mistakes.contains {
      $0.place == refusal.place && $0.fact.contains(refusal.fact)
        && $0.cure.contains(refusal.cure)
    }
    #expect(found, "\(mistakes)")
    #expect(error?.file == "sample.toml")
    #expect(error?.description.hasPrefix("sample.toml: ") == true)
  }

  @Test("all mistakes are told in one run")
  func severalMistakes() throws {
    let text = Sample.text
      .replacingOnce(
        #"tier = "header", policy = "min""#, with: #"tier = "secret", policy = "mine""#
      )
      .replacingOnce("version = 3", with: "version = 0")
    let error = #expect(throws: SchemaError.self) {
      try CaseloadSchema.read(toml: text, file: "sample.toml")
    }
    let places = try #require(error).mistakes.map(\.place)
    #expect(places.contains("key version"))
    #expect(places.contains("table case_file, column opened, key tier"))
    #expect(places.contains("table case_file, column opened, key policy"))
  }

  @Test("more than a mebibyte of text is refused before it is parsed")
  func tooLong() throws {
    let text = Sample.text + String(repeating: "#", count: CaseloadSchema.textByteCountMax)
    let error = #expect(throws: SchemaError.self) {
      try CaseloadSchema.read(toml: text, file: "sample.toml")
    }
    #expect(error?.mistakes.first?.fact.contains("more than 1048576") == true)
  }

  @Test("a table of 63 columns is refused, one of 62 is read")
  func columnCount() throws {
    let columns = { (count: Int) in
      (1...count).map {
        "c\($0) = { number = \($0), label = \"C\", type = \"text\", tier = \"header\", "
          + "policy = \"lead\" }\n"
      }.joined()
    }
    let table =
      "\n[tables.wide]\nnumber = 9\nlabel = \"W\"\nscope = \"case\"\n"
      + "retention_months = 1\n[tables.wide.columns]\n"
    let schema = try CaseloadSchema.read(toml: Sample.text + table + columns(62), file: "s")
    #expect(schema.table(named: "wide")?.columns.count == 62)
    let error = #expect(throws: SchemaError.self) {
      try CaseloadSchema.read(toml: Sample.text + table + columns(63), file: "s")
    }
    let places = try #require(error).mistakes.map(\.place)
    #expect(places.contains("table wide, key columns"))
    #expect(places.contains("table wide, column c63, key number"))
  }
}

/// One replacement in the sample and what the reader must say to it.
struct Refusal: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let old: String
  let new: String
  let place: String
  let fact: String
  let cure: String

  init(
    _ name: String, _ old: String, _ new: String, at place: String, _ fact: String,
    cure: String
  ) {
    testDescription = name
    self.old = old
    self.new = new
    self.place = place
    self.fact = fact
    self.cure = cure
  }

  static let all = syntax + names + tables + columns + policies

  private static let syntax = [
    Refusal(
      "broken syntax", "version = 3", "version = ", at: "line 1, column 11", "is not TOML",
      cure: "correct the line"),
    Refusal(
      "a zero byte", "version = 3\n", "version = 3\n\u{0}", at: "line 2", "zero byte",
      cure: "UTF-8"),
    Refusal(
      "a column twice", "opened = {", "end = {", at: "line 23, column 7", "is not TOML",
      cure: "correct the line"),
    Refusal(
      "an unknown key above", "version = 3", "version = 3\nowner = 1", at: "key owner",
      "unknown", cure: "version, tables"),
    Refusal(
      "no version", "version = 3", "", at: "key version", "missing", cure: "add it"),
    Refusal(
      "a version as text", "version = 3", #"version = "3""#, at: "key version", "string",
      cure: "whole number"),
    Refusal(
      "an unknown key of a table", "append = true", "appendix = true",
      at: "table talk, key appendix", "unknown", cure: "append, hub_only"),
    Refusal(
      "an unknown key of a column", #"references = "case_file""#, #"refers = "case_file""#,
      at: "table talk, column case, key refers", "unknown", cure: "references"),
    Refusal(
      "a number as text", "number = 3\nlabel = \"Gespräch\"", "number = \"3\"\nlabel = \"G\"",
      at: "table talk, key number", "string", cure: "without quotes"),
    Refusal(
      "a fraction as number", "retention_months = 12", "retention_months = 12.5",
      at: "table talk, key retention_months", "floating-point", cure: "whole number"),
    Refusal(
      "a flag as text", "append = true", #"append = "true""#, at: "table talk, key append",
      "string", cure: "true or false"),
    Refusal(
      "codes as text", "codes = [\n  \"bad\", \"good\"\n]", #"codes = "bad, good""#,
      at: "table talk, column mood, key codes", "string", cure: "list"),
    Refusal(
      "a number among codes", #""bad", "good""#, #""bad", 7"#,
      at: "table talk, column mood, key codes", "integer", cure: "only texts"),
    Refusal(
      "a column that is no table", "note = {", "other = 1\nnote = {",
      at: "table talk, column other", "integer", cure: "keys and values"),
  ]

  private static let names = [
    Refusal(
      "a table with a capital", "[tables.talk]\n", "[tables.Talk]\n", at: "table Talk",
      "name", cure: "lower-case"),
    Refusal(
      "a table of the infrastructure", "[tables.site]\n", "[tables.kreissync_site]\n",
      at: "table kreissync_site", "name", cure: "kreissync_"),
    Refusal(
      "a column named id", "mood = {", "id = {", at: "table talk, column id", "name",
      cure: "neither id nor case_id"),
    Refusal(
      "a column named case_id", "mood = {", "case_id = {", at: "table talk, column case_id",
      "name", cure: "neither id nor case_id"),
    Refusal(
      "a column that begins with a digit", "mood = {", "4mood = {",
      at: "table talk, column 4mood", "name", cure: "lower-case letter"),
    Refusal(
      "a column with a quote", "mood = {", #""mo\"od" = {"#, at: "table talk, column mo\"od",
      "name", cure: "lower-case letter"),
    Refusal(
      "a name of 64 letters", "mood = {", String(repeating: "m", count: 64) + " = {",
      at: "table talk, column " + String(repeating: "m", count: 64), "name", cure: "62"),
    Refusal(
      "an empty label", #"label = "Stimmung""#, #"label = """#,
      at: "table talk, column mood, key label", "0 bytes", cure: "1 to 200"),
  ]

  private static let tables = [
    Refusal(
      "two tables with one number", "number = 3\nlabel", "number = 2\nlabel",
      at: "table talk, key number", "2 belongs to table case_file", cure: "of its own"),
    Refusal(
      "a table number of 0", "number = 3\nlabel", "number = 0\nlabel", at: "table talk, key number",
      "0 is out of range", cure: "1 to 999"),
    Refusal(
      "no case root", #"scope = "case_root""#, #"scope = "case""#, at: "key tables",
      "no table has scope", cure: "exactly one"),
    Refusal(
      "two case roots", #"scope = "case""# + "\n", #"scope = "case_root""# + "\n",
      at: "key tables", "2 tables have scope", cure: "exactly one"),
    Refusal(
      "an unknown scope", #"scope = "global""#, #"scope = "world""#, at: "table site, key scope",
      "\"world\" is unknown", cure: "case_root, case, global, site"),
    Refusal(
      "a global table that sites write", "hub_only = true\n", "", at: "table site, key hub_only",
      "sites write", cure: "hub_only = true"),
    Refusal(
      "cases that the hub alone opens", #"scope = "case_root""#,
      "scope = \"case_root\"\nhub_only = true", at: "table case_file, key hub_only",
      "opens cases", cure: "remove"),
    Refusal(
      "a table of sites that no column names", "scope = \"global\"\nhub_only = true",
      #"scope = "site""#, at: "table site", "no column says which", cure: "follows"),
    Refusal(
      "a case's column that follows a site", #"policy = "min" }"#,
      #"policy = "lead", follows = "site" }"#, at: "table case_file, column opened",
      "holds the id of a row", cure: "\"text\""),
    Refusal(
      "a column of a case that follows", #"type = "text", policy = "lead", references"#,
      #"type = "text", policy = "lead", follows = "site", references"#,
      at: "table talk, column case", "not the scope \"site\"", cure: "remove"),
    Refusal(
      "a mention of a table that is not of sites", #"type = "text", policy = "lead", references"#,
      #"type = "text", policy = "lead", mentions = "site", references"#,
      at: "table talk, column case, key mentions", "not from a case", cure: "root of cases"),
    Refusal(
      "a restriction outside the root", #"type = "text", policy = "lead", references"#,
      #"type = "text", policy = "lead", restricts = true, references"#,
      at: "table talk, column case, key restricts", "not the one column", cure: "root of cases"),
    Refusal(
      "no retention", "retention_months = 12\n", "", at: "table talk, key retention_months",
      "missing", cure: "add it"),
    Refusal(
      "retention without a case", "hub_only = true", "hub_only = true\nretention_months = 1",
      at: "table site, key retention_months", "no case", cure: "remove"),
    Refusal(
      "retention for centuries", "retention_months = 12\n", "retention_months = 1201\n",
      at: "table talk, key retention_months", "out of range", cure: "0 to 1200"),
    Refusal(
      "a table without columns", "[tables.talk.columns]", "[tables.talk.columns]\n[talk]",
      at: "table talk, key columns", "0 columns", cure: "1 to 62"),
  ]

  private static let columns = [
    Refusal(
      "two columns with one number", "mood = { number = 2", "mood = { number = 1",
      at: "table talk, column note, key number", "1 belongs to column mood", cure: "of its own"),
    Refusal(
      "a column number of 63", "mood = { number = 2", "mood = { number = 63",
      at: "table talk, column mood, key number", "63 is out of range", cure: "1 to 62"),
    Refusal(
      "an unknown type", #"type = "boolean""#, #"type = "bool""#,
      at: "table talk, column heard, key type", "\"bool\" is unknown", cure: "boolean"),
    Refusal(
      "an unknown tier", #"tier = "notes""#, #"tier = "secret""#,
      at: "table talk, column note, key tier", "\"secret\" is unknown", cure: "local, header"),
    Refusal(
      "no policy", #", policy = "once""#, "", at: "table talk, column heard, key policy",
      "missing", cure: "add it"),
    Refusal(
      "an unknown tier of a table", "tier = \"header\"\n\n", "tier = \"open\"\n\n",
      at: "table talk, key tier", "\"open\" is unknown", cure: "header"),
    Refusal(
      "no tier", "tier = \"header\"\n\n", "\n", at: "table talk, column heard, key tier",
      "missing", cure: "add it"),
    Refusal(
      "required behind a gate", #"tier = "notes""#, #"tier = "notes", required = true"#,
      at: "table talk, column note, key required", "closed", cure: "header"),
    Refusal(
      "a default of another type", "default = true", #"default = "yes""#,
      at: "table talk, column heard, key default", "string", cure: "true or false"),
    Refusal(
      "a default that is no code", #"default = "bad""#, #"default = "sad""#,
      at: "table talk, column mood, key default", "\"sad\"", cure: "one of its codes"),
    Refusal(
      "a default that is no day", #"type = "date", tier = "header", policy = "min""#,
      #"type = "date", tier = "header", policy = "min", default = "2023-02-29""#,
      at: "table case_file, column opened, key default", "2023-02-29", cure: "YYYY-MM-DD"),
    Refusal(
      "a default set in disorder", #"policy = "union""#, #"policy = "union", default = "b,a""#,
      at: "table talk, column topics, key default", "b,a", cure: "ascending"),
    Refusal(
      "codes on a text", #"tier = "notes""#, #"codes = ["a"], tier = "notes""#,
      at: "table talk, column note, key codes", "text has no codes", cure: "code"),
    Refusal(
      "a code with a comma", #""bad", "good""#, #""bad", "good", "a,b""#,
      at: "table talk, column mood, key codes", "\"a,b\" is no code", cure: "letters"),
    Refusal(
      "a code twice", #""bad", "good""#, #""bad", "good", "bad""#,
      at: "table talk, column mood, key codes", "twice", cure: "once"),
    Refusal(
      "a reference to nowhere", #"references = "case_file""#, #"references = "plan""#,
      at: "table talk, column case, key references", "there is no table plan",
      cure: "same case"),
    Refusal(
      "a reference out of the case", #"references = "case_file""#, #"references = "site""#,
      at: "table talk, column case, key references", "do not belong to one case",
      cure: "remove it"),
    Refusal(
      "a reference that is no text", #"type = "boolean""#,
      #"references = "talk", type = "boolean""#,
      at: "table talk, column heard, key references", "id of a row", cure: "text"),
  ]

  private static let policies = [
    Refusal(
      "an unknown policy", #"policy = "once""#, #"policy = "newest""#,
      at: "table talk, column heard, key policy", "\"newest\" is unknown", cure: "latest"),
    Refusal(
      "state without codes", #"policy = "once""#, #"policy = "state""#,
      at: "table talk, column heard, key policy", "order of codes", cure: "in order"),
    Refusal(
      "state on a code without codes", ", codes = [\n  \"bad\", \"good\"\n], terminal = [\"good\"]",
      "",
      at: "table talk, column mood, key codes", "needs its codes", cure: "list them"),
    Refusal(
      "union on a text", #"tier = "notes", policy = "lead""#,
      #"tier = "notes", policy = "union""#, at: "table talk, column note, key policy",
      "unites sets", cure: "set"),
    Refusal(
      "min on a code", #"policy = "state""#, #"policy = "min""#,
      at: "table talk, column mood, key policy", "numbers and dates", cure: "integer"),
    Refusal(
      "max on a set", #"policy = "union""#, #"policy = "max""#,
      at: "table talk, column topics, key policy", "numbers and dates", cure: "date"),
    Refusal(
      "a final state that is no code", #"terminal = ["good"]"#, #"terminal = ["best"]"#,
      at: "table talk, column mood, key terminal", "no final state", cure: "codes"),
    Refusal(
      "a group of two policies", #"policy = "county", group = "span""#,
      #"policy = "lead", group = "span""#, at: "table case_file, group span (begin, end)",
      "differ", cure: "as one"),
    Refusal(
      "a group with a policy that mixes", #"policy = "min" }"#,
      #"policy = "min", group = "g" }"#, at: "table case_file, column opened, key group",
      "several columns", cure: "lead, county, latest, once, manual"),
  ]
}

private enum Sample {
  static let text = """
    version = 3

    [tables.site]
    number = 1
    label = "Stelle"
    scope = "global"
    hub_only = true

    [tables.site.columns]
    name = { number = 1, label = "Name", type = "text", tier = "header", policy = "county" }

    [tables.case_file]
    number = 2
    label = "Fall"
    scope = "case_root"
    retention_months = 24
    tier = "header"
    policy = "county"

    [tables.case_file.columns]
    opened = { number = 1, label = "Am", type = "date", tier = "header", policy = "min" }
    begin = { number = 2, label = "Von", type = "date", group = "span" }
    end = { number = 3, label = "Bis", type = "date", policy = "county", group = "span" }

    [tables.talk]
    number = 3
    label = "Gespräch"
    scope = "case"
    append = true
    retention_months = 12
    tier = "header"

    [tables.talk.columns]
    note = { number = 1, label = "Vermerk", type = "text", tier = "notes", policy = "lead" }
    mood = { number = 2, label = "Stimmung", type = "code", codes = [
      "bad", "good"
    ], terminal = ["good"], policy = "state", required = true, default = "bad" }
    heard = { number = 3, label = "Gehört", type = "boolean", policy = "once", default = true }
    topics = { number = 4, label = "Themen", type = "set", policy = "union" }
    case = { number = 5, label = "Fall", type = "text", policy = "lead", references = "case_file" }
    """
}

extension String {
  /// The text with the first occurrence replaced.
  func replacingOnce(_ old: String, with new: String) -> String {
    guard let range = firstRange(of: old) else { return self }
    return replacingCharacters(in: range, with: new)
  }

  private func replacingCharacters(in range: Range<Index>, with new: String) -> String {
    self[..<range.lowerBound] + new + self[range.upperBound...]
  }
}
