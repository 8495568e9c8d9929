import ArgumentParser
import Caseload
import ReplicaStorage
import SyncCore

/// `site export`: everything that this site holds on one person, for that person.
struct SiteExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Everything held on the person of one case.",
    discussion: """
      A sheet in German for the person (Art. 15 GDPR); with --json the same in a form that \
      programs read (Art. 20 GDPR). Both name those who got, or may get, the data. What other \
      sites hold beyond this replica they export themselves.
      """)

  @Option(name: .customLong("case"), help: "The case.") var caseID: String
  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let file = try ReplicaFile.open(at: options.directory.replicaPath)
    let named = CaseID(caseID)
    let holdings = ReplicaHoldings(file)
    guard named.isCase, let (lead, rows) = try holdings.everything(of: named) else {
      throw CommandFailure(
        .failed, "unknown_case", "this replica holds no case \(caseID)",
        hint: "check --case; a case is the id of its case_file row")
    }
    let sites = SiteNames(
      county: try holdings.origin().name, names: try file.publishedSiteNames())
    let export = PersonExport(
      of: named,
      rows: rows.map { PersonExport.Row(table: $0.table, id: $0.id, values: $0.values) },
      lead: lead, county: sites.county, name: sites.name)
    if output.json {
      printJSON(try json(export, file))
    } else {
      print(export.text(printedOn: Surroundings.today().germanText))
    }
  }

  private func json(_ export: PersonExport, _ file: ReplicaFile) throws -> JSONValue {
    let tables = Dictionary(grouping: export.rows, by: \.table.name)
    return [
      "case": .text(caseID), "exported_at": JSONValue(time: Surroundings.now()),
      "tables": .object(tables.mapValues { .list($0.map(\.json)) }),
      "notices": .list(
        try file.notices(about: export.caseID).map { notice in
          [
            "table": .text(notice.table), "row": .text(notice.row),
            "column": notice.column.map { .text($0) } ?? .null, "reason": .text(notice.reason),
            "your_value": JSONValue(cell: notice.yourValue),
            "kept_value": JSONValue(cell: notice.keptValue), "at": .text(notice.at),
          ]
        }),
      "recipients": .list(
        export.recipients.map { ["name": .text($0.name), "reason": .text($0.reason)] }),
    ]
  }
}

extension PersonExport.Row {
  fileprivate var json: JSONValue {
    var fields: [String: JSONValue] = ["id": .text(id.string)]
    for (column, value) in zip(table.columns, values) {
      fields[column.name] = JSONValue(cell: value)
    }
    return .object(fields)
  }
}
