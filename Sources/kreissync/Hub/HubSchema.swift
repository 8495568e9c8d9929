import ArgumentParser
import CaseloadSchema
import HubService
import HubStorage
import SyncCore

struct HubSchema: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "The county's schema.",
    subcommands: [HubSchemaShow.self, HubSchemaUpdate.self])
}

/// `hub schema show`: the schema in use, as `schema show` shows a file.
struct HubSchemaShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows the schema that the county uses.")

  @OptionGroup var options: CountyOptions
  @Flag(help: "Print the text of the schema, to be edited and given to `update`.") var text = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let (schema, record) = try store.read { ($0.schema, try $0.county) }
    switch (text, output.json) {
    case (false, let isJSON): schema.show(asJSON: isJSON)
    case (true, false): print(record.schemaText, terminator: "")
    case (true, true):
      printJSON([
        "version": .integer(Int64(schema.version)), "text": .text(record.schemaText),
      ])
    }
  }
}

/// `hub schema update FILE`: tables, columns and codes are added; what stands stays.
struct HubSchemaUpdate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Lets the county's schema grow; also beside a hub that serves."
  )

  @Argument(help: "The newer schema file, with a higher version.") var file: String
  @OptionGroup var options: CountyOptions
  @Flag(help: "Only say what would be added.") var dryRun = false
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = try options.key()
    let text = try SchemaFile.text(of: file)
    let update =
      dryRun
      ? try SchemaUpdate.run(
        on: options.directory.open(key), to: text, file: file, isDryRun: true)
      : try options.deciding(actor, .schemaUpdate, about: key.string, needs: .operate) {
        try $0.grow(to: text, file: file)
      }
    if output.json {
      printJSON([
        "county": .text(key.string), "from": .integer(Int64(update.from)),
        "to": .integer(Int64(update.to)), "dry_run": .bool(dryRun),
        "tables": .list(update.tables.map { .text($0) }),
        "columns": .list(
          update.columns.map { ["table": .text($0.table), "column": .text($0.column)] }),
      ])
    } else {
      print(sentences(update, of: key))
    }
  }

  private func sentences(_ update: SchemaUpdate, of county: CountyKey) -> String {
    guard !update.isNothing else {
      return "county \(county) uses version \(update.to) already; there is nothing to do"
    }
    let verb = dryRun ? "would grow" : "has grown"
    let lines =
      ["county \(county) \(verb) from version \(update.from) to \(update.to)"]
      + update.tables.map { "  table \($0)" }
      + update.columns.map { "  column \($0.table).\($0.column)" }
    return (lines + (dryRun ? [] : ["sites take it over with their next sync"]))
      .joined(separator: "\n")
  }
}
