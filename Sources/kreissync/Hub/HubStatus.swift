import ArgumentParser
import HubService
import HubStorage
import SyncCore

/// `hub status`: the county at a glance.
struct HubStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows the county's log and its sites.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = try options.key()
    let store = try options.directory.open(key)
    let warnings = try WarningReport(path: options.directory.databasePath(of: key))
    let rules = try HubSettings.read(directory: options.path).rules(at: Surroundings.now())
    let status = try store.read { reader in
      CountyStatus(
        county: try reader.county, counter: try reader.counter, caseCount: try reader.caseCount,
        backups: BackupLine(
          record: try reader.backups,
          signs: rules.signs(of: try reader.backups, seq: try reader.counter.seq)),
        sites: try SignRules.looks(in: reader).map {
          SiteLine(look: $0, signs: rules.signs(of: $0))
        }, warnings: warnings)
    }
    if output.json {
      printJSON(status.json)
    } else {
      print(status.text)
    }
  }
}

private struct CountyStatus: Sendable {
  let county: CountyRecord
  let counter: Counter
  let caseCount: Int
  let backups: BackupLine
  let sites: [SiteLine]
  let warnings: WarningReport

  var json: JSONValue {
    [
      "county": .text(county.key.string), "name": .text(county.name),
      "history": .text(county.history.string), "seq": .integer(counter.seq),
      "tree_head": .text(counter.tree.root.text), "cases": .integer(Int64(caseCount)),
      "secured": JSONValue(backups.record.secured?.seq),
      "last_backup": JSONValue(time: backups.record.secured?.begunAt),
      "reasons": .list(backups.reasons.map { .text($0) }),
      "sites": .list(sites.map(\.json)), "warnings": warnings.json,
    ]
  }

  var text: String {
    """
    county \(county.key) \(county.name): \(caseCount) cases, log at \(counter.seq), \
    tree head \(counter.tree.root.text.prefix(16))…
    \(backups.text)

    \(table.text)\(warnings.text)
    """
  }

  private var table: TextTable {
    TextTable(
      header: ["site", "kind", "state", "cursor", "last success", "equal", "parked", "proposals"],
      rows: sites.map(\.cells))
  }
}

/// How safe the county is from a loss of its hub.
private struct BackupLine: Sendable {
  let record: BackupRecord
  let signs: [Sign]

  /// Why a person should look; stable codes.
  var reasons: [String] { signs.map(\.reason) }

  var text: String {
    var text =
      record.secured.map { "last backup \(rfc3339($0.begunAt)), secured up to \($0.seq)" }
      ?? "no backup yet"
    if let failure = record.failure {
      text += "; a backup failed at \(rfc3339(failure.at)): \(failure.code)"
    }
    let signs = reasons.filter { $0 != "backup_failed" }
    return signs.isEmpty ? text : text + " (\(signs.joined(separator: ", ")))"
  }
}

private struct SiteLine: Sendable {
  let look: SignRules.Look
  let signs: [Sign]

  private var site: SiteRecord { look.site }

  var json: JSONValue {
    let contact = site.contact
    return [
      "site": .text(site.id.string), "name": .text(site.name), "kind": .text(site.kind.rawValue),
      "state": .text(site.state.rawValue), "light": .text(signs.light.rawValue),
      "reasons": .list(signs.map { .text($0.reason) }),
      "cursor": .integer(contact.cursor), "last_contact": JSONValue(time: contact.lastContact),
      "last_success": JSONValue(time: contact.lastSuccess),
      "clock_skew_ms": .integer(contact.clockSkew),
      "digest_equal": contact.digestEqual.map(JSONValue.bool) ?? .null,
      "parked": .integer(contact.parked), "proposals": .integer(Int64(look.proposalCount)),
    ]
  }

  var cells: [String] {
    let contact = site.contact
    return [
      site.name, site.kind.rawValue, site.state.rawValue, String(contact.cursor),
      contact.lastSuccess.map(rfc3339) ?? "never",
      contact.digestEqual.map { $0 ? "yes" : "NO" } ?? "–", String(contact.parked),
      String(look.proposalCount),
    ]
  }
}
