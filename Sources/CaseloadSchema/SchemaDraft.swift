import SyncCore
import TOMLKit

/// What the file says, read key by key. Rules that need more than one key are in `check`.
struct SchemaDraft {
  private let version: Int?
  private let tables: [TableDraft]

  init(_ root: Section, _ mistakes: inout Mistakes) {
    root.allow(only: ["version", "tables"], &mistakes)
    root.require("version", &mistakes)
    root.require("tables", &mistakes)
    version = root.integer("version", &mistakes)
    if let version, !(1...SchemaLimit.versionMax).contains(version) {
      mistakes.add(
        at: root.at("version"), "\(version) is out of range",
        cure: "use 1 to \(SchemaLimit.versionMax), one more than before")
    }
    var drafts: [TableDraft] = []
    if let section = root.section("tables", place: root.at("tables"), &mistakes) {
      for name in section.keys {
        let place = "table \(name)"
        guard let table = section.section(name, place: place, &mistakes) else { continue }
        drafts.append(TableDraft(name, table, &mistakes))
      }
    }
    tables = drafts
  }

  /// The schema; none if something that it needs is missing, which is a mistake then.
  var schema: Schema? {
    let complete = tables.compactMap(\.table)
    guard let version, complete.count == tables.count else { return nil }
    return Schema(version: version, tables: complete)
  }

  /// Finds what only the tables together tell.
  func check(_ mistakes: inout Mistakes) {
    var byNumber: [Int: String] = [:]
    for table in tables {
      table.check(&mistakes)
      guard let number = table.number else { continue }
      if let other = byNumber.updateValue(table.name, forKey: number) {
        mistakes.add(
          at: table.section.at("number"), "\(number) belongs to table \(other)",
          cure: "give each table a number of its own")
      }
    }
    checkRoot(&mistakes)
    checkReferences(&mistakes)
    checkFollowing(&mistakes)
  }

  private func checkRoot(_ mistakes: inout Mistakes) {
    let roots = tables.filter { $0.scope == .caseRoot }.map(\.name)
    if roots.count != 1 {
      mistakes.add(
        at: "key tables",
        roots.isEmpty
          ? "no table has scope \"case_root\""
          : "\(roots.count) tables have scope \"case_root\": \(roots.joined(separator: ", "))",
        cure: "declare exactly one, the table whose rows are the cases")
    }
  }

  private func checkReferences(_ mistakes: inout Mistakes) {
    let scopes = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0.scope) })
    for table in tables {
      for column in table.columns {
        guard let target = column.references else { continue }
        let place = table.place(of: column.name) + ", key references"
        guard let scope = scopes[target] else {
          mistakes.add(
            at: place, "there is no table \(target)", cure: "name a table of the same case")
          continue
        }
        if scope?.isInCase == false || table.scope?.isInCase == false {
          mistakes.add(
            at: place, "\(target) and \(table.name) do not belong to one case",
            cure: "remove it: rows of a case travel together, others may be missing")
        }
        if column.type != .text || !column.defaultValue.isNull {
          mistakes.add(
            at: place, "a reference holds the id of a row",
            cure: "use type \"text\" without a default")
        }
      }
    }
  }
}

extension SchemaDraft {
  /// Where rows of scope `site` go, and what mentions them.
  private func checkFollowing(_ mistakes: inout Mistakes) {
    let scopes = Dictionary(uniqueKeysWithValues: tables.map { ($0.name, $0.scope) })
    for table in tables {
      for column in table.columns {
        let place = table.place(of: column.name)
        if column.follows != nil || column.mentions != nil,
          column.type != .text || !column.defaultValue.isNull || column.tier == .local
        {
          mistakes.add(
            at: place, "a column that says where rows go holds the id of a row, and travels",
            cure: "use type \"text\" without a default, and a tier other than local")
        }
        if column.follows != nil || column.isMentioned, table.scope != .ofSite {
          mistakes.add(
            at: place, "\(table.name) has not the scope \"site\"",
            cure: "remove `follows` and `mentioned`: rows of a case go with their case")
        }
        if case .row(let target) = column.follows, scopes[target] != .ofSite {
          mistakes.add(
            at: place + ", key follows", "\(target) is no table of scope \"site\"",
            cure: "use \"site\", or name such a table")
        }
        if let target = column.mentions, scopes[target] != .ofSite || table.scope != .caseRoot {
          mistakes.add(
            at: place + ", key mentions", "is not from a case to a row of scope \"site\"",
            cure: "use it in the root of cases, with the name of such a table")
        }
      }
      checkRestricting(table, &mistakes)
      if table.scope == .ofSite && !table.columns.contains(where: { $0.follows != nil }) {
        mistakes.add(
          at: table.section.place, "has scope \"site\", and no column says which",
          cure: "give one of its columns `follows`")
      }
    }
  }
}

extension SchemaDraft {
  /// The mark that restricts a case stands once, in its root, for everybody to see.
  private func checkRestricting(_ table: TableDraft, _ mistakes: inout Mistakes) {
    let columns = table.columns.filter(\.restricts)
    for (index, column) in columns.enumerated()
    where index > 0 || table.scope != .caseRoot || column.tier != .header || column.isRequired {
      mistakes.add(
        at: table.place(of: column.name) + ", key restricts",
        "is not the one column of the root of cases that may restrict them",
        cure: "use it once, in the root of cases, with tier \"header\" and without `required`")
    }
  }
}

extension TableScope {
  /// Whether its rows are granted with a case.
  fileprivate var isInCase: Bool { self == .caseRoot || self == .ofCase }
}

/// One table as the file says it.
struct TableDraft {
  let name: String
  let section: Section
  let number: Int?
  let scope: TableScope?
  /// Only those that could be read.
  let columns: [Column]
  private let label: String?
  private let isAppendOnly: Bool
  private let isHubOnly: Bool
  private let retentionMonths: Int?
  /// None where the file has no table of columns.
  private let columnCount: Int?

  init(_ name: String, _ section: Section, _ mistakes: inout Mistakes) {
    self.name = name
    self.section = section
    section.allow(
      only: [
        "number", "label", "scope", "append", "hub_only", "retention_months", "tier", "policy",
        "columns",
      ],
      &mistakes)
    number = section.number(max: SchemaLimit.tableNumberMax, &mistakes)
    label = section.label(&mistakes)
    section.require("scope", &mistakes)
    scope = section.choice("scope", &mistakes)
    isAppendOnly = section.flag("append", &mistakes) ?? false
    isHubOnly = section.flag("hub_only", &mistakes) ?? false
    retentionMonths = section.integer("retention_months", &mistakes)
    section.require("columns", &mistakes)
    var drafts: [Column] = []
    let columns = section.section("columns", place: section.at("columns"), &mistakes)
    let names = columns?.keys ?? []
    for column in names {
      let place = "\(section.place), column \(column)"
      guard let own = columns?.section(column, place: place, &mistakes) else { continue }
      if let draft = own.column(named: column, of: section, &mistakes) { drafts.append(draft) }
    }
    columnCount = columns.map(\.keys.count)
    self.columns = drafts
  }

  /// The table; none if something is missing or a column could not be read.
  var table: Table? {
    guard let number, let label, let scope, columns.count == columnCount else { return nil }
    return Table(
      number: number, name: name, label: label, scope: scope, isAppendOnly: isAppendOnly,
      isHubOnly: isHubOnly, retentionMonths: retentionMonths, columns: columns)
  }

  func place(of column: String) -> String { "\(section.place), column \(column)" }

  /// Finds what only the keys and columns of the table together tell.
  func check(_ mistakes: inout Mistakes) {
    checkName(&mistakes)
    checkScope(&mistakes)
    if let columnCount, !(1...Column.numberMax).contains(columnCount) {
      mistakes.add(
        at: section.at("columns"), "has \(columnCount) columns",
        cure: "use 1 to \(Column.numberMax), or a second table")
    }
    var byNumber: [Int: String] = [:]
    for column in columns {
      column.check(at: place(of: column.name), &mistakes)
      if let other = byNumber.updateValue(column.name, forKey: column.number) {
        mistakes.add(
          at: place(of: column.name) + ", key number",
          "\(column.number) belongs to column \(other)",
          cure: "give each column of a table a number of its own")
      }
    }
    checkGroups(&mistakes)
  }

  private func checkName(_ mistakes: inout Mistakes) {
    if !SchemaLimit.isName(name) || name.hasPrefix("kreissync_") || name.hasPrefix("sqlite_") {
      mistakes.add(
        at: section.place, "has a name that cannot be used",
        cure: "use a lower-case letter and up to 62 lower-case letters, digits and _, "
          + "not beginning with kreissync_ or sqlite_")
    }
  }

  private func checkScope(_ mistakes: inout Mistakes) {
    if scope == .global && !isHubOnly {
      mistakes.add(
        at: section.at("hub_only"), "sites write rows that go to every site",
        cure: "use hub_only = true, or scope \"site\"")
    }
    if scope == .caseRoot && isHubOnly {
      mistakes.add(
        at: section.at("hub_only"), "the hub alone opens cases", cure: "remove it")
    }
    switch (scope, retentionMonths) {
    case (.global, .some), (.ofSite, .some):
      mistakes.add(
        at: section.at("retention_months"), "counts from a case's closing, and there is no case",
        cure: "remove it")
    case (.caseRoot, nil), (.ofCase, nil):
      section.require("retention_months", &mistakes)
    case (_, let months?) where !(0...SchemaLimit.retentionMonthsMax).contains(months):
      mistakes.add(
        at: section.at("retention_months"), "\(months) is out of range",
        cure: "use 0 to \(SchemaLimit.retentionMonthsMax)")
    default:
      break
    }
  }

  private func checkGroups(_ mistakes: inout Mistakes) {
    let groups = Dictionary(grouping: columns.filter { $0.group != nil }) { $0.group! }
    for (group, members) in groups.sorted(by: { $0.key < $1.key }) {
      let names = members.map(\.name).joined(separator: ", ")
      let place = "\(section.place), group \(group) (\(names))"
      if Set(members.map(\.policy)).count > 1 || Set(members.map(\.tier)).count > 1 {
        mistakes.add(
          at: place, "its columns differ in policy or tier",
          cure: "give them one: they are sent and decided as one")
      }
    }
  }
}
