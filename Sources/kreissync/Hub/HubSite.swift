import ArgumentParser
import Caseload
import Foundation
import HubService
import HubStorage
import SyncCore
import SyncProtocol

struct HubSite: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "site", abstract: "The county's sites.",
    subcommands: [
      HubSiteAdd.self, HubSiteList.self, HubSiteShow.self, HubSitePause.self, HubSiteResume.self,
      HubSiteRenew.self, HubSiteRevoke.self, HubSiteRejoin.self,
    ])
}

struct HubSiteAdd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Adds a site and prints its join string.")

  @OptionGroup var options: CountyOptions

  @Option(help: "The site's name.")
  var name: String

  @Option(help: "county, municipality, association, carrier or external_service.")
  var kind: String

  @Option(help: "Official key (AGS) of a municipality it serves; may be repeated.")
  var area: [String] = []

  @Option(help: "Where the site will find the hub.")
  var url = "https://127.0.0.1:8443"

  @Option(name: .customLong("join-url"), help: "Where the site will find the join listener.")
  var joinURL = "https://127.0.0.1:8444"

  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard let kind = SiteKind(rawValue: kind) else {
      throw CommandFailure(
        .usage, "site_kind", "'\(kind)' is no kind of site",
        hint: "choose one of: \(SiteKind.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    for ags in area
    where ags.utf8.count != 8 || !ags.utf8.allSatisfy({ (48...57).contains($0) }) {
      throw CommandFailure(
        .usage, "area", "'\(ags)' is not an official municipality key",
        hint: "give the eight digits of the AGS, for example 08118027")
    }
    try requireAddresses([url, joinURL])
    let county = try options.key()
    let new = CountyAdministration.NewSite(
      name: name, kind: kind, areas: area, url: url, joinURL: joinURL,
      validFrom: Surroundings.today().description)
    let added = try options.deciding(
      actor, .siteAdd, about: name, detail: kind.rawValue, needs: .operate
    ) { try $0.add(new) }
    warnOfUnlisted(area)
    try printJoin(added.site, token: added.token, county: county, options, output)
  }
}

/// - Throws: a failure `address` for the first that no site could dial.
private func requireAddresses(_ addresses: [String]) throws {
  for address in addresses {
    do {
      _ = try HubURL(parsing: address)
    } catch {
      throw CommandFailure(
        .usage, "address", "'\(address)': \(error.description)",
        hint: "for example https://hub.example:8443")
    }
  }
}

/// Says which of these keys the official list lacks: a slip, or a county's own entry.
func warnOfUnlisted(_ areas: [String]) {
  for ags in areas where !OfficialKeys.municipalities.contains(ags) {
    FileHandle.standardError.write(
      Data(
        """
        kreissync: the official list has no municipality \(ags); it is accepted as the county's own
          if that was a slip, correct the row: kreissync hub row list site_area

        """.utf8))
  }
}

/// Prints what `add` and `rejoin` print.
private func printJoin(
  _ site: SiteRecord, token: [UInt8], county: CountyKey, _ options: CountyOptions,
  _ output: OutputOptions
) throws {
  let join = try options.directory.joinString(for: site, token: token, county: county)
  if output.json {
    printJSON([
      "site": .text(site.id.string), "name": .text(site.name), "kind": .text(site.kind.rawValue),
      "join": .text(join.text), "expires_at": JSONValue(time: site.tokenExpiresAt),
    ])
  } else {
    print(
      """
      site \(site.name) (\(site.id)) waits to join until \(rfc3339(site.tokenExpiresAt)):

        kreissync site join \(join.text) --data DIRECTORY

      The join string works once. Hand it over by a way that only the site reads.
      """)
  }
}

struct HubSiteRejoin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rejoin", abstract: "Gives a site a new join string; its old certificate ends.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The site's id.") var site: String

  @Option(help: "Where the site will find the hub; by itself where it found it so far.")
  var url: String?

  @Option(
    name: .customLong("join-url"),
    help: "Where the site will find the join listener; by itself where it found it so far.")
  var joinURL: String?

  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let county = try options.key()
    try requireAddresses([url, joinURL].compactMap(\.self))
    let known = try options.directory.open(county).read { try $0.site(SiteID(site)) }
    // Before the site's certificate ends: with no string to join by it would be shut out.
    if let known, (url ?? known.url).isEmpty || (joinURL ?? known.joinURL).isEmpty {
      throw CommandFailure(
        .usage, "address_unknown",
        "this hub was rebuilt and does not know where \(known.name) finds it; nothing was changed",
        hint: "name it with --url and --join-url, for example https://hub.example:8443")
    }
    let again = try options.deciding(actor, .siteRejoin, about: site, needs: .operate) {
      try $0.rejoin(SiteID(site), url: url, joinURL: joinURL)
    }
    try options.directory.revokedSites(of: county).forget(again.site.id)
    try printJoin(again.site, token: again.token, county: county, options, output)
  }
}

struct HubSiteRevoke: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Ends a site's access from its next request on.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The site's id.") var site: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let record = try options.deciding(actor, .siteRevoke, about: site, needs: .operate) {
      try $0.revoke(SiteID(site))
    }
    try options.directory.revokedSites(of: options.key()).note(record.id)
    if output.json {
      printJSON(record.json)
    } else {
      print("site \(record.name) is revoked; what it has not sent stays on its disk")
    }
  }
}

struct HubSitePause: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Keeps a site from syncing until it is resumed.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The site's id.") var site: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let record = try options.deciding(actor, .sitePause, about: site, needs: .operate) {
      try $0.pause(SiteID(site))
    }
    if output.json {
      printJSON(record.json)
    } else {
      print("site \(record.name) is paused; what it writes waits on its disk")
    }
  }
}

struct HubSiteResume: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Lets a paused site sync again.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The site's id.") var site: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let record = try options.deciding(actor, .siteResume, about: site, needs: .operate) {
      try $0.resume(SiteID(site))
    }
    if output.json {
      printJSON(record.json)
    } else {
      print("site \(record.name) may sync again; its daemon tries within an hour or so")
    }
  }
}

struct HubSiteList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the county's sites.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let sites = try options.directory.open(options.key()).read { try $0.sites }
    let rules = try HubSettings.read(directory: options.path).rules(at: Surroundings.now())
    func reasons(_ site: SiteRecord) -> [String] {
      rules.certificateSigns(of: site).map(\.reason)
    }
    if output.json {
      printJSON(.list(sites.map { $0.json(reasons: reasons($0)) }))
    } else {
      print(
        TextTable(
          header: ["site", "name", "kind", "areas", "state", "reasons"],
          rows: sites.map {
            [
              $0.id.string, $0.name, $0.kind.rawValue, $0.areas.joined(separator: " "),
              $0.state.rawValue, reasons($0).joined(separator: " "),
            ]
          }
        ).text)
    }
  }
}

struct HubSiteShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one site.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The site's id.") var site: String
  @OptionGroup var output: OutputOptions

  /// Instructions that are done are shown for a while.
  private static let doneCountMax = 10

  func run() throws {
    let id = SiteID(site)
    let (found, instructions, logs) = try options.directory.open(options.key()).read { reader in
      (
        try reader.site(id), try reader.instructions(of: id, doneLimit: Self.doneCountMax),
        try reader.incarnations(of: id)
      )
    }
    guard let record = found else { throw AdministrationError.unknownSite(id) }
    let replicas = SiteReplica.all(of: record, logs)
    if output.json {
      printJSON(
        .object(
          record.fields.merging([
            "instructions": .list(instructions.map(\.json)),
            "replicas": .list(replicas.map(\.json)),
          ]) { $1 }))
    } else {
      let contact = record.contact
      print(
        """
        \(record.name) (\(record.id))
          kind          \(record.kind.rawValue)
          areas         \(record.areas.joined(separator: " "))
          state         \(record.state.rawValue)
          cursor        \(contact.cursor)
          last contact  \(contact.lastContact.map(rfc3339) ?? "never")
          last success  \(contact.lastSuccess.map(rfc3339) ?? "never")
          certificate   \(record.certificateExpiresAt.map { "until " + rfc3339($0) } ?? "none")
          held because  \(record.heldBecause?.rawValue ?? "it is not held")
          asked         \(instructions.isEmpty ? "nothing" : "")
        """)
      for instruction in instructions {
        var result = instruction.result ?? "open"
        if let differences = instruction.differences {
          result += ": \(differences) differed, \(instruction.repaired ?? 0) mended"
        }
        print("    \(rfc3339(instruction.issuedAt))  \(instruction.kind)  \(result)")
      }
      print(
        TextTable(
          header: ["replica's log", "state", "last contact", "at"], rows: replicas.map(\.cells)
        ).text)
    }
  }
}

extension SiteRecord {
  fileprivate var json: JSONValue { .object(fields) }

  fileprivate func json(reasons: [String]) -> JSONValue {
    .object(fields.merging(["reasons": .list(reasons.map { .text($0) })]) { $1 })
  }

  fileprivate var fields: [String: JSONValue] {
    [
      "site": .text(id.string), "name": .text(name), "kind": .text(kind.rawValue),
      "areas": .list(areas.map { .text($0) }), "state": .text(state.rawValue),
      "url": .text(url), "join_url": .text(joinURL), "cursor": .integer(contact.cursor),
      "last_contact": JSONValue(time: contact.lastContact),
      "last_success": JSONValue(time: contact.lastSuccess),
      "certificate_expires_at": JSONValue(time: certificateExpiresAt),
    ]
  }
}

/// A log that called in the site's name: its present replica, an older state of it, a copy.
private struct SiteReplica {
  let incarnation: String
  let isPresent: Bool
  let lastContact: Milliseconds?
  let machine: String

  /// The present one first, then the ended ones, the latest contact first.
  static func all(of site: SiteRecord, _ logs: [StoredIncarnation]) -> [SiteReplica] {
    let contact = site.contact
    let present = SiteReplica(
      incarnation: contact.incarnation, isPresent: true, lastContact: contact.lastContact,
      machine: contact.machine)
    let ended = logs.filter { $0.endedAt != nil }
      .sorted { $0.lastContact ?? 0 > $1.lastContact ?? 0 }.map {
        SiteReplica(
          incarnation: $0.id.string, isPresent: false, lastContact: $0.lastContact,
          machine: $0.machine)
      }
    return (contact.incarnation.isEmpty ? [] : [present]) + ended
  }

  var json: JSONValue {
    [
      "incarnation": .text(incarnation), "state": .text(isPresent ? "present" : "ended"),
      "last_contact": JSONValue(time: lastContact), "machine": .text(machine),
    ]
  }

  var cells: [String] {
    [
      incarnation, isPresent ? "present" : "ended", lastContact.map(rfc3339) ?? "never", machine,
    ]
  }
}
