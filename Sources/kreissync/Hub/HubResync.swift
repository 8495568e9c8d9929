import ArgumentParser
import HubService
import HubStorage
import SyncCore
import SyncProtocol

/// `hub resync`: asks a site to compare its whole scope afresh at its next contact.
struct HubResync: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resync", abstract: "Asks a site to compare everything at its next contact.")

  @Argument(help: "The site's id.") var site: String
  @Option(help: "verify: compute all digests anew, compare, and pull what differs.")
  var mode: String
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard mode == "verify" else {
      throw CommandFailure(
        .usage, "mode", "this version has no mode '\(mode)'",
        hint: "say --mode verify: it compares everything and pulls whole the cases that differ")
    }
    let instruction = try options.directory.administration(options.key()).instruct(
      SiteID(site), .verify)
    try printInstruction(instruction, output)
  }
}

/// `hub site renew`: asks a site for a new key and certificate at its next contact.
struct HubSiteRenew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "renew", abstract: "Asks a site to renew its certificate at its next contact.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The site's id.") var site: String
  @OptionGroup var output: OutputOptions

  func run() throws {
    let instruction = try options.directory.administration(options.key()).instruct(
      SiteID(site), .renewCertificate)
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
    ]
  }
}
