import ArgumentParser
import HubService
import HubStorage
import ReplicaAgent
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
    let now = Surroundings.now()
    let settings = try HubSettings.read(directory: options.path)
    let status = try store.read { reader in
      let proposals = try reader.proposals().filter { $0.state == "open" }
      return CountyStatus(
        county: try reader.county, counter: try reader.counter, caseCount: try reader.caseCount,
        backups: BackupLine(record: try reader.backups, seq: try reader.counter.seq, now: now),
        sites: try reader.sites.map { site in
          SiteLine(
            site: site, isAwaited: try site.isAwaited(in: reader),
            proposalCount: proposals.count { $0.proposal.proposed.site == site.id }, now: now,
            settings: settings)
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
  let seq: Int64
  let now: Milliseconds

  /// Why a person should look; stable codes.
  var reasons: [String] {
    var reasons: [String] = []
    if let secured = record.secured {
      if now - secured.begunAt > BackupPlan.ageMax { reasons.append("backup_overdue") }
    } else if seq > 0 {
      reasons.append("never_backed_up")
    }
    if record.failure != nil { reasons.append("backup_failed") }
    return reasons
  }

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
  let site: SiteRecord
  /// The restored hub waits for what it has to return.
  let isAwaited: Bool
  let proposalCount: Int
  let now: Milliseconds
  let settings: HubSettings

  /// Two nights and a margin: the next night's sync has had its chance.
  private static let quietMax: Milliseconds = 36 * 60 * 60 * 1_000

  /// Why a person should look; stable codes.
  private var reasons: [String] {
    let contact = site.contact
    var reasons: [String] = []
    if site.state == .joined && now - (contact.lastSuccess ?? 0) > Self.quietMax {
      reasons.append(contact.lastSuccess == nil ? "never_synced" : "no_success_for_36_hours")
    }
    if isAwaited { reasons.append("not_reported_since_restore") }
    if let reason = site.heldBecause { reasons.append(reason.rawValue) }
    if let at = contact.restoredAt, now - at < StatusLight.restoreShownFor {
      reasons.append(SessionEvent.restored.rawValue)
    }
    if contact.digestEqual == false { reasons.append("digests_unequal") }
    if contact.parked > 0 { reasons.append("parked") }
    if contact.heldPurges > 0 { reasons.append("purge_held") }
    if proposalCount > 0 { reasons.append("proposals_open") }
    return reasons + site.expiryReasons(settings, at: now)
  }

  var json: JSONValue {
    let contact = site.contact
    return [
      "site": .text(site.id.string), "name": .text(site.name), "kind": .text(site.kind.rawValue),
      "state": .text(site.state.rawValue), "reasons": .list(reasons.map { .text($0) }),
      "cursor": .integer(contact.cursor), "last_contact": JSONValue(time: contact.lastContact),
      "last_success": JSONValue(time: contact.lastSuccess),
      "clock_skew_ms": .integer(contact.clockSkew),
      "digest_equal": contact.digestEqual.map(JSONValue.bool) ?? .null,
      "parked": .integer(contact.parked), "proposals": .integer(Int64(proposalCount)),
    ]
  }

  var cells: [String] {
    let contact = site.contact
    return [
      site.name, site.kind.rawValue, site.state.rawValue, String(contact.cursor),
      contact.lastSuccess.map(rfc3339) ?? "never",
      contact.digestEqual.map { $0 ? "yes" : "NO" } ?? "–", String(contact.parked),
      String(proposalCount),
    ]
  }
}
