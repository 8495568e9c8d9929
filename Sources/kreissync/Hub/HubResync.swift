import ArgumentParser
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// `hub resync`: has a site compare, mend or rewrite its rows at its next contact.
struct HubResync: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resync",
    abstract: "Has a site compare, mend or rewrite its rows at its next contact.")

  /// What a site can be asked to do with its rows.
  enum Mode: String, ExpressibleByArgument, CaseIterable {
    case verify
    case repair
    case reload

    var instruction: Instruction {
      switch self {
      case .verify: .verify
      case .repair: .repair
      case .reload: .reload
      }
    }
  }

  @Argument(help: "The site's id.") var site: String
  @Option(help: "verify: compare; repair: mend the rows that differ; reload: write all anew.")
  var mode: Mode
  @OptionGroup var rows: SelectionOptions
  @Flag(help: "The site only says what it would do.") var dryRun = false
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = try options.key()
    let schema = try options.directory.open(key).read { $0.schema }
    let selection = try rows.selection(in: schema)
    let instruction = try options.deciding(
      actor, .siteInstruct, about: site, detail: mode.rawValue, needs: .operate
    ) { try $0.instruct(SiteID(site), mode.instruction, selection: selection, isDryRun: dryRun) }
    try printInstruction(instruction, output)
  }
}

/// `hub site renew`: asks a site for a new key and certificate at its next contact.
struct HubSiteRenew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew", abstract: "Asks a site to renew its certificate at its next contact.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The site's id.") var site: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let instruction = try options.deciding(
      actor, .siteInstruct, about: site, detail: Instruction.renewCertificate.rawValue,
      needs: .operate
    ) { try $0.instruct(SiteID(site), .renewCertificate) }
    try printInstruction(instruction, output)
  }
}

/// Prints what was asked of a site, and when.
func printInstruction(_ instruction: StoredInstruction, _ output: OutputOptions) throws {
  if output.json {
    printJSON(instruction.json)
  } else {
    print("site \(instruction.site) is asked to \(instruction.kind) at its next contact")
  }
}

extension StoredInstruction {
  /// As the commands print it.
  var json: JSONValue {
    [
      "id": .text(id), "site": .text(site.string), "kind": .text(kind),
      "issued_at": JSONValue(time: issuedAt), "done_at": JSONValue(time: doneAt),
      "result": result.map { .text($0) } ?? .null,
      "case": selection.caseID.map { .text($0.string) } ?? .null,
      "table": JSONValue(selection.table.map { Int64($0) }), "dry_run": .bool(isDryRun),
      "differences": JSONValue(differences), "repaired": JSONValue(repaired),
    ]
  }
}
