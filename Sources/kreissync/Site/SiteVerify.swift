import ArgumentParser
import ReplicaAgent
import ReplicaStorage
import SyncCore

/// Which rows a command is about.
struct SelectionOptions: ParsableArguments {
  @Option(name: .customLong("case"), help: "Only the rows of this case.") var caseID: String?
  @Option(help: "Only the rows of this table.") var table: String?

  /// - Throws: a failure for a table that the county's schema does not have.
  func selection(in schema: Schema) throws -> RowSelection {
    let number = try table.map { name in
      guard let table = schema.table(named: name) else {
        throw CommandFailure(
          .usage, "unknown_table", "the county has no table \(name)",
          hint: "`kreissync schema show` names them")
      }
      return table.number
    }
    return RowSelection(caseID: caseID.map { CaseID($0) }, table: number)
  }
}

/// `site verify`: do replica and hub hold the same rows?
struct SiteVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compares every row with the hub's, and lists what differs.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var rows: SelectionOptions
  @Flag(help: "First look for writes that no trigger saw, and at every page of the file.")
  var deep = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    try options.directory.resync(rows, output) { try $0.verify(isDeep: deep) }
  }
}

/// `site repair`: mends the rows that differ.
struct SiteRepair: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Mends the rows that differ: from the hub, or by offering what only this site has.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var rows: SelectionOptions
  @Flag(help: "Only list what would be mended.") var dryRun = false
  @Flag(help: "Mend also more rows than a site mends without a person.") var beyondLimit = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    try options.directory.resync(rows, output) {
      try $0.repair(isDryRun: dryRun, isUnlimited: beyondLimit)
    }
  }
}

/// `site reload`: writes the replica's rows anew.
struct SiteReload: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reload",
    abstract: "Writes all rows anew from the hub; local columns and unsent work stay.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var rows: SelectionOptions
  @Flag(help: "Only list what would be replaced.") var dryRun = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let rescue = try dryRun ? nil : options.directory.alone { try options.directory.rescue() }
    try options.directory.resync(rows, output) { resync in
      guard let rescue else { return try resync.reload(isDryRun: dryRun) }
      var outcome = try resync.verify(isDeep: false)
      outcome.rescue = rescue
      outcome.repaired = outcome.rowsCompared
      outcome.events =
        [ReplicaEvent.corrupt.rawValue, ReplicaEvent.reloaded.rawValue] + outcome.events
      return outcome
    }
  }
}

extension SiteDirectory {
  /// Runs one of these commands and prints what it found.
  fileprivate func resync(
    _ rows: SelectionOptions, _ output: OutputOptions,
    _ body: (SiteResync) throws -> ResyncOutcome
  ) throws {
    let (outcome, schema) = try alone {
      _ = try completeFirstLoad(wait: Surroundings.waitForHub)
      let contact = try SiteContact(self, until: { false }, wait: Surroundings.waitForHub)
      let resync = SiteResync(
        contact: contact, selection: try rows.selection(in: contact.file.schema))
      return (try body(resync), contact.file.schema)
    }
    if output.json {
      printJSON(outcome.json(schema))
    } else {
      print(outcome.text(schema))
    }
    if outcome.exit != .done { throw ExitCode(outcome.exit.rawValue) }
  }
}

extension RowDifference {
  fileprivate func table(in schema: Schema) -> String {
    schema.table(number: key.table)?.name ?? String(key.table)
  }
}

extension ResyncOutcome {
  fileprivate func json(_ schema: Schema) -> JSONValue {
    var document: [String: JSONValue] = [
      "equal": .bool(isEqual), "rows_compared": .integer(Int64(rowsCompared)),
      "differences": .list(
        differences.map {
          [
            "table": .text($0.table(in: schema)), "row": .text($0.key.id.string),
            "side": .text($0.side.rawValue),
          ]
        }),
      "repaired": .integer(Int64(repaired)), "events": .list(events.map { .text($0) }),
    ]
    if let rescue {
      document["damaged_file"] = .text(rescue.damagedPath)
      document["lost"] = .list(rescue.lost.map { .text($0) })
    }
    return .object(document)
  }

  fileprivate func text(_ schema: Schema) -> String {
    var lines: [String] = []
    if !differences.isEmpty {
      lines.append(
        TextTable(
          header: ["table", "row", "who has it"],
          rows: differences.map {
            [$0.table(in: schema), $0.key.id.string, $0.side.words]
          }
        ).text)
    }
    if let rescue {
      lines.append("the damaged file is kept as \(rescue.damagedPath)")
      lines.append(
        rescue.lost.isEmpty
          ? "what was not sent, and all local columns, were saved from it"
          : "could not be read there: " + rescue.lost.joined(separator: ", "))
    }
    if !events.isEmpty { lines.append("events: " + events.joined(separator: ", ")) }
    if repaired > 0 { lines.append("\(repaired) rows mended") }
    lines.append(
      isEqual
        ? "equal to the hub: \(rowsCompared) rows compared"
        : "NOT equal to the hub: \(differences.count) of \(rowsCompared) rows differ")
    return lines.joined(separator: "\n")
  }
}

extension RowDifference.Side {
  fileprivate var words: String {
    switch self {
    case .replica: "only this site"
    case .hub: "only the hub"
    case .both: "both, and they differ"
    }
  }
}
