import ArgumentParser
import Caseload
import HubService
import HubStorage
import SyncCore

struct HubConflicts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conflicts", abstract: "The ledger: every value that lost.",
    subcommands: [HubConflictsList.self, HubConflictsShow.self, HubConflictsRestore.self])
}

struct HubConflictsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the values that lost, oldest first.")

  @OptionGroup var options: CountyOptions
  @Option(name: .customLong("case"), help: "Only this case.") var caseID: String?
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var ledger = try options.ledger(LedgerFilter(caseID: caseID.map { CaseID($0) }))
    if output.json {
      let subject = ledger.entries.isEmpty ? nil : caseID ?? "all"
      ledger.sight = try options.sight(of: actor, .conflictShow, at: subject, in: ledger.cases)
      printJSON(.list(ledger.entries.map(ledger.json)))
    } else {
      print(ledger.table.text)
    }
  }
}

struct HubConflictsShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one value that lost, and why.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The entry's id.") var id: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    var ledger = try options.ledger(LedgerFilter(id: id))
    guard let stored = ledger.entries.first else {
      throw CommandFailure(AdministrationError.unknownConflict(id))
    }
    ledger.sight = try options.sight(of: actor, .conflictShow, at: id, in: ledger.cases)
    if output.json {
      printJSON(ledger.json(stored))
    } else {
      print(ledger.text(stored))
    }
  }
}

struct HubConflictsRestore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Puts a value that lost back, as a new edit of the county.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The entry's id.") var id: String
  @Flag(help: "Also where the row was deleted: it comes back as it was before, with this value.")
  var revive = false
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let restored = try options.deciding(actor, .conflictRestore, about: id) {
      try $0.restore(id, revives: revive)
    }
    if output.json {
      printJSON([
        "id": .text(id), "case": .text(restored.entries[0].entry.caseID.string),
        "row": .text(restored.entries[0].entry.row.id.string), "seq": .integer(restored.seq),
        "restored": .list(restored.entries.map { .text($0.id) }),
      ])
    } else {
      print(
        "restored \(restored.entries.map(\.id).joined(separator: ", ")), log at \(restored.seq)")
    }
  }
}

extension CountyOptions {
  fileprivate func ledger(_ filter: LedgerFilter) throws -> ShownLedger {
    try directory.open(key()).read { reader in
      ShownLedger(
        entries: try reader.ledger(filter), schema: reader.schema, sites: try SiteNames(reader))
    }
  }
}

/// Entries of the ledger with the names that explain them, read at one moment.
private struct ShownLedger: Sendable {
  let entries: [StoredLedgerEntry]
  let schema: Schema
  let sites: SiteNames
  var sight = ValueSight.everything

  private func isShown(_ entry: LedgerEntry) -> Bool {
    sight.shows(entry.row, column: entry.column, of: entry.caseID, in: schema)
  }

  var cases: Set<CaseID> { Set(entries.map(\.entry.caseID)) }

  var table: TextTable {
    TextTable(
      header: ["id", "table", "column", "rule", "kept by", "lost by", "at"],
      rows: entries.map { stored in
        let entry = stored.entry
        let names = ContestNames(entry.row, column: entry.column, in: schema)
        return [
          stored.id, names.table, names.column ?? "–", entry.rule.rawValue,
          sites.name(entry.kept.site), sites.name(entry.lost.site), rfc3339(stored.recordedAt),
        ]
      })
  }

  func text(_ stored: StoredLedgerEntry) -> String {
    let entry = stored.entry
    let names = ContestNames(entry.row, column: entry.column, in: schema)
    return """
      \(names.tableLabel), \(names.columnLabel ?? "–") (\(names.table).\(names.column ?? "–"))
        row    \(entry.row.id)
        case   \(entry.caseID), epoch \(entry.epoch)\(sight.remark(on: entry.caseID))
        kept   \(sites.text(entry.kept, isShown: isShown(entry)))
        lost   \(sites.text(entry.lost, isShown: isShown(entry)))
        rule   \(entry.rule.rawValue)\(entry.policy.map { ", policy \($0.rawValue)" } ?? "")
        role   \(entry.role.rawValue)
        base   \(entry.base), stands at \(entry.seq)

      \(explanation(entry))
      """
  }

  private func explanation(_ entry: LedgerEntry) -> String {
    let names = ContestNames(entry.row, column: entry.column, in: schema)
    return LedgerExplanation(
      of: entry, table: names.tableLabel, field: names.columnLabel ?? "–", name: sites.name
    ).text
  }

  func json(_ stored: StoredLedgerEntry) -> JSONValue {
    let entry = stored.entry
    let names = ContestNames(entry.row, column: entry.column, in: schema)
    return [
      "id": .text(stored.id), "case": .text(entry.caseID.string), "table": .text(names.table),
      "row": .text(entry.row.id.string), "column": names.column.map { .text($0) } ?? .null,
      "base": .integer(entry.base), "seq": .integer(entry.seq),
      "policy": entry.policy.map { .text($0.rawValue) } ?? .null,
      "rule": .text(entry.rule.rawValue), "epoch": .integer(entry.epoch),
      "role": .text(entry.role.rawValue), "recorded_at": JSONValue(time: stored.recordedAt),
      "kept": sites.json(entry.kept, isShown: isShown(entry)),
      "lost": sites.json(entry.lost, isShown: isShown(entry)),
      "explanation": .text(explanation(entry)),
    ]
  }
}
