import ArgumentParser
import Caseload
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// `hub row import`: many rows from a spreadsheet's export, all or none.
struct HubRowImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Puts all rows of an exported table, or none.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The table.") var table: String
  @Argument(help: "The file: columns' names in its first line; id and case_id where needed.")
  var file: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let table = try CountyTable(named: table, in: store.read { $0.schema }).table
    let text = try read()
    let columns = try text.columns.map { try ImportedColumn($0, of: table) }
    let entries = try text.rows.map { try entry($0, columns, of: table) }
    let written: [CountyAdministration.WrittenRow]
    do {
      written = try options.deciding(
        actor, .rowPut, about: table.name, detail: "\(entries.count) rows", needs: .operate
      ) { try $0.put(entries) }
    } catch let error as AdministrationError {
      throw located(error, in: text)
    }
    let keys = table.columns.filter { ["ags", "successor_ags"].contains($0.name) }.map(\.number)
    warnOfUnlisted(
      Set(entries.flatMap { row in keys.compactMap { row.values[$0]?.text } }).sorted())
    let addedCount = written.count(where: \.isNew)
    if output.json {
      printJSON([
        "table": .text(table.name), "rows": .integer(Int64(written.count)),
        "added": .integer(Int64(addedCount)), "seq": JSONValue(written.last?.seq),
      ])
    } else {
      print("\(table.name): \(addedCount) rows added, \(written.count - addedCount) changed")
    }
  }

  private func read() throws -> DelimitedText {
    guard let bytes = try DurableFile.read(file, byteCountMax: DelimitedText.byteCountMax) else {
      throw CommandFailure(
        .failed, "file_missing", "there is no file \(file)", hint: "check the path")
    }
    do {
      return try DelimitedText(decoding: bytes)
    } catch {
      throw CommandFailure(
        .failed, "table_malformed", "\(file): \(error.description)",
        hint: "export it again as CSV; nothing was written")
    }
  }

  private func entry(
    _ row: DelimitedText.Row, _ columns: [ImportedColumn], of table: Table
  ) throws -> CountyAdministration.RowEntry {
    var id: RowID?
    var caseID: CaseID?
    var values: [Int: Value] = [:]
    for (column, text) in zip(columns, row.cells) {
      switch column {
      case .id: id = text.isEmpty ? nil : RowID(text)
      case .caseID: caseID = text.isEmpty ? nil : CaseID(text)
      case .cell(let column):
        do {
          values[column.number] = try CellText.value(text, for: column)
        } catch {
          throw CommandFailure(
            .failed, "value_not_allowed",
            "\(file), line \(row.line): column \(column.name) \(error.description)",
            hint: error.cure + "; nothing was written")
        }
      }
    }
    return CountyAdministration.RowEntry(table: table, id: id, caseID: caseID, values: values)
  }

  /// The failure with the line of its row.
  private func located(_ error: AdministrationError, in text: DelimitedText) -> CommandFailure {
    let failure = CommandFailure(error)
    guard let entry = error.entry else { return failure }
    return CommandFailure(
      failure.exit, failure.code, "\(file), line \(text.rows[entry].line): \(failure.message)",
      hint: failure.hint)
  }
}

/// What a column of the file is in the table.
private enum ImportedColumn {
  case id
  case caseID
  case cell(Column)

  init(_ name: String, of table: Table) throws {
    if name == "id" {
      self = .id
    } else if name == "case_id" && table.scope == .ofCase {
      self = .caseID
    } else if let column = table.column(named: name), column.tier != .local {
      self = .cell(column)
    } else {
      throw CommandFailure(
        .failed, "unknown_column", "table \(table.name) has no column '\(name)'",
        hint: "`kreissync schema show` names them; nothing was written")
    }
  }
}
