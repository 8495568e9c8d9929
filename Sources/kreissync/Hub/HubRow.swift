import ArgumentParser
import Caseload
import HubService
import HubStorage
import SyncCore

/// `hub row`: the rows that the county itself writes.
struct HubRow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "row",
    abstract: "The county's own rows: programmes, sites and areas, grants, positions, workers.",
    subcommands: [HubRowPut.self, HubRowImport.self, HubRowDelete.self, HubRowList.self])
}

struct HubRowPut: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "Adds a row, or changes the named columns of one.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The table, for example programme_period.") var table: String
  @Argument(help: "COLUMN=VALUE; nothing behind the sign empties the cell.") var cells: [String]
  @Option(help: "The row's id; of a new row a name to be known by, else one is chosen.")
  var id: String?
  @Option(name: .customLong("case"), help: "The case of a row that belongs to one.")
  var caseID: String?
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let table = try CountyTable(named: table, in: store.read { $0.schema }).table
    var values: [Int: Value] = [:]
    for cell in cells {
      let (column, value) = try self.cell(cell, of: table)
      guard values.updateValue(value, forKey: column.number) == nil else {
        throw CommandFailure(
          .usage, "column_twice", "column \(column.name) is named twice", hint: "name it once")
      }
    }
    let entry = CountyAdministration.RowEntry(
      table: table, id: id.map { RowID($0) }, caseID: caseID.map { CaseID($0) }, values: values)
    let written = try options.deciding(
      actor, .rowPut, about: [table.name, id].compactMap(\.self).joined(separator: " "),
      needs: .operate
    ) { try $0.put([entry]) }[0]
    let areas = table.columns.filter { ["ags", "successor_ags"].contains($0.name) }
    warnOfUnlisted(areas.compactMap { values[$0.number]?.text })
    if output.json {
      printJSON([
        "table": .text(table.name), "id": .text(written.id.string), "seq": .integer(written.seq),
        "new": .bool(written.isNew),
      ])
    } else {
      print(
        "\(table.name) \(written.id) \(written.isNew ? "added" : "changed"), log at \(written.seq)")
    }
  }

  /// One `COLUMN=VALUE`.
  private func cell(_ text: String, of table: Table) throws -> (Column, Value) {
    guard let sign = text.firstIndex(of: "=") else {
      throw CommandFailure(
        .usage, "cell_malformed", "an argument is not COLUMN=VALUE",
        hint: "for example code=VwV; quote values with blanks")
    }
    let name = String(text[..<sign])
    guard let column = table.column(named: name), column.tier != .local else {
      let names = table.columns.filter { $0.tier != .local }.map(\.name)
      throw CommandFailure(
        .usage, "unknown_column", "table \(table.name) has no column '\(name)'",
        hint: "it has: \(names.joined(separator: ", "))")
    }
    do {
      return (column, try CellText.value(String(text[text.index(after: sign)...]), for: column))
    } catch {
      throw CommandFailure(
        .usage, "value_not_allowed", "column \(column.name) \(error.description)",
        hint: error.cure)
    }
  }
}

struct HubRowDelete: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Deletes a row.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The table.") var table: String
  @Argument(help: "The row's id.") var id: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let table = try CountyTable(named: table, in: store.read { $0.schema }).table
    let written = try options.deciding(
      actor, .rowDelete, about: "\(table.name) \(id)", needs: .operate
    ) { try $0.delete(RowID(id), from: table) }
    if output.json {
      printJSON([
        "table": .text(table.name), "id": .text(id), "seq": .integer(written.seq),
      ])
    } else {
      print("\(table.name) \(id) deleted, log at \(written.seq)")
    }
  }
}

struct HubRowList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists a table's rows.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The table.") var table: String
  @Option(help: "The first id behind which to begin.") var after = ""
  @Option(help: "How many at the most.") var limit = 1_000
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let table = try CountyTable(named: table, in: store.read { $0.schema }).table
    if table.scope == .ofSite {
      // Names of those who work there.
      let administration = try options.directory.administration(options.key())
      let person = try actor.authorize(administration, needs: .read)
      try administration.record(.rowList, table.name, by: person)
    }
    let start = RowKey(table: table.number, id: RowID(after))
    let rows = try store.read { try $0.rows(ofTableBehind: start, limit: max(1, limit)) }
    if output.json {
      printJSON(.list(rows.map { json($0, of: table) }))
      return
    }
    let columns = table.columns.filter { $0.tier != .local }
    print(
      TextTable(
        header: ["id"] + columns.map(\.name),
        rows: rows.map { row in
          [row.key.id.string]
            + columns.map { row.values[table.position(ofColumn: $0.number)!].cell }
        }
      ).text)
  }

  private func json(_ row: StoredRow, of table: Table) -> JSONValue {
    var fields: [String: JSONValue] = ["id": .text(row.key.id.string)]
    if table.scope == .ofCase { fields["case_id"] = .text(row.caseID.string) }
    for (column, value) in zip(table.columns, row.values) where column.tier != .local {
      fields[column.name] = JSONValue(cell: value)
    }
    return .object(fields)
  }
}

extension Value {
  fileprivate var cell: String {
    switch self {
    case .null: "–"
    case .integer(let number): String(number)
    case .text(let text): text.string
    }
  }
}

/// A table that the county writes by itself: the hub alone, or beside the sites that its rows name.
/// What belongs to cases stays with those who work on them.
struct CountyTable {
  let table: Table

  init(named name: String, in schema: Schema) throws {
    let own = schema.tables.filter { $0.isHubOnly || $0.scope == .ofSite }
    guard let table = own.first(where: { $0.name == name }) else {
      throw CommandFailure(
        .usage, "table", "the county writes no table '\(name)' by itself",
        hint: "it writes: \(own.map(\.name).joined(separator: ", "))")
    }
    self.table = table
  }
}
