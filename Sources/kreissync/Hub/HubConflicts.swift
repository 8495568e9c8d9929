import ArgumentParser
import HubStorage
import SyncCore

struct HubConflicts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conflicts", abstract: "The ledger: every value that lost.",
    subcommands: [HubConflictsList.self, HubConflictsShow.self])
}

struct HubConflictsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the values that lost, oldest first.")

  @OptionGroup var options: CountyOptions
  @Option(name: .customLong("case"), help: "Only this case.") var caseID: String?
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let filter = LedgerFilter(caseID: caseID.map { CaseID($0) })
    let (entries, schema) = try store.read { (try $0.ledger(filter), $0.schema) }
    if output.json {
      printJSON(.list(entries.map { $0.json(in: schema) }))
    } else {
      print(
        TextTable(
          header: ["id", "table", "column", "rule", "kept by", "lost by", "at"],
          rows: entries.map { stored in
            let entry = stored.entry
            let names = Names(entry.row, column: entry.column, in: schema)
            return [
              stored.id, names.table, names.column ?? "–", entry.rule.rawValue,
              entry.kept.site.string, entry.lost.site.string, rfc3339(stored.recordedAt),
            ]
          }
        ).text)
    }
  }
}

struct HubConflictsShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one value that lost, and why.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The entry's id.") var id: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let (found, schema) = try store.read { (try $0.ledger(LedgerFilter(id: id)), $0.schema) }
    guard let stored = found.first else {
      throw CommandFailure(
        .failed, "unknown_conflict", "the ledger has no entry \(id)",
        hint: "`kreissync hub conflicts list` names them")
    }
    if output.json {
      printJSON(stored.json(in: schema))
      return
    }
    let entry = stored.entry
    let names = Names(entry.row, column: entry.column, in: schema)
    print(
      """
      \(names.tableLabel), \(names.columnLabel ?? "–") (\(names.table).\(names.column ?? "–"))
        row    \(entry.row.id)
        case   \(entry.caseID), epoch \(entry.epoch)
        kept   \(entry.kept.display)
        lost   \(entry.lost.display)
        rule   \(entry.rule.rawValue)\(entry.policy.map { ", policy \($0.rawValue)" } ?? "")
        base   \(entry.base), stands at \(entry.seq)
      """)
  }
}

struct HubProposals: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proposals", abstract: "Edits that wait for a decision.",
    subcommands: [HubProposalsList.self])
}

struct HubProposalsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the proposals, oldest first.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let store = try options.directory.open(options.key())
    let (proposals, schema) = try store.read { (try $0.proposals(), $0.schema) }
    if output.json {
      printJSON(.list(proposals.map { $0.json(in: schema) }))
    } else {
      print(
        TextTable(
          header: ["id", "table", "column", "rule", "proposed by", "state", "at"],
          rows: proposals.map { stored in
            let proposal = stored.proposal
            let names = Names(proposal.row, column: proposal.column, in: schema)
            return [
              stored.id, names.table, names.column ?? "(delete)", proposal.rule.rawValue,
              proposal.proposed.site.string, stored.state, rfc3339(stored.recordedAt),
            ]
          }
        ).text)
    }
  }
}

/// A row's table and column by name and by German label.
private struct Names {
  let table: String
  let column: String?
  let tableLabel: String
  let columnLabel: String?

  init(_ row: RowKey, column number: Int?, in schema: Schema) {
    let table = schema.table(number: row.table)
    let column = number.flatMap { table?.column(number: $0) }
    self.table = table?.name ?? "table \(row.table)"
    self.column = column?.name ?? number.map { "column \($0)" }
    tableLabel = table?.label ?? self.table
    columnLabel = column?.label ?? self.column
  }
}

extension Contender {
  fileprivate var display: String {
    "\(value.display)   by \(site) at \(rfc3339(editedAt))"
  }

  fileprivate var json: JSONValue {
    [
      "value": JSONValue(cell: value), "site": .text(site.string),
      "edited_at": JSONValue(time: editedAt),
    ]
  }
}

extension Value {
  fileprivate var display: String {
    switch self {
    case .null: "(empty)"
    case .integer(let number): String(number)
    case .text(let text): "'\(text.string)'"
    }
  }
}

extension StoredLedgerEntry {
  fileprivate func json(in schema: Schema) -> JSONValue {
    let names = Names(entry.row, column: entry.column, in: schema)
    return [
      "id": .text(id), "case": .text(entry.caseID.string), "table": .text(names.table),
      "row": .text(entry.row.id.string), "column": names.column.map { .text($0) } ?? .null,
      "base": .integer(entry.base), "seq": .integer(entry.seq),
      "policy": entry.policy.map { .text($0.rawValue) } ?? .null,
      "rule": .text(entry.rule.rawValue), "epoch": .integer(entry.epoch),
      "role": .text(entry.role.rawValue), "recorded_at": JSONValue(time: recordedAt),
      "kept": entry.kept.json, "lost": entry.lost.json,
    ]
  }
}

extension StoredProposal {
  fileprivate func json(in schema: Schema) -> JSONValue {
    let names = Names(proposal.row, column: proposal.column, in: schema)
    return [
      "id": .text(id), "case": .text(proposal.caseID.string), "table": .text(names.table),
      "row": .text(proposal.row.id.string), "column": names.column.map { .text($0) } ?? .null,
      "base": .integer(proposal.base), "seq": .integer(proposal.seq),
      "policy": proposal.policy.map { .text($0.rawValue) } ?? .null,
      "rule": .text(proposal.rule.rawValue), "epoch": .integer(proposal.epoch),
      "recorded_at": JSONValue(time: recordedAt), "state": .text(state),
      "kept": proposal.kept.json, "proposed": proposal.proposed.json,
    ]
  }
}
