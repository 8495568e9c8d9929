import ArgumentParser
import Foundation
import HubService
import HubStorage
import SyncCore

/// `hub check`: one look for a monitor of the Nagios family (Icinga, Naemon, Checkmk).
///
/// It alone has that convention's exit codes: 0 OK, 1 warning, 2 critical, 3 unknown. What it finds
/// is what `hub status` shows, by the same rules, and the machine under it.
struct HubCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Looks at everything once, as a plugin for Nagios, Icinga and the like.")

  @Option(name: .customLong("data"), help: "The hub's directory.")
  var path: String

  @Option(help: "Only this county; without it all that stand there.")
  var county: String?

  @Option(help: "How old the newest verified backup may be, in hours.")
  var backupHours = Int(BackupPlan.ageMax / BerlinTime.hour)

  @Option(help: "Free space below which it is a warning, in MiB.")
  var freeWarning = 2_048

  @Option(help: "Free space below which it is critical, in MiB.")
  var freeCritical = 256

  @OptionGroup var output: OutputOptions

  private static let hoursRange = 1...24 * 366
  private static let mebibytesRange = 0...1 << 30

  func validate() throws {
    guard Self.hoursRange.contains(backupHours), Self.mebibytesRange.contains(freeWarning),
      Self.mebibytesRange.contains(freeCritical)
    else { throw ValidationError("--backup-hours, --free-warning or --free-critical is no limit") }
  }

  func run() throws {
    let report: PluginReport
    do {
      report = try look()
    } catch {
      CommandFailure(translating: error).reportUnknown(asJSON: output.json)
    }
    if output.json {
      printJSON(report.json)
    } else {
      print(report.text)
    }
    if report.state != .ok { throw ExitCode(Int32(report.state.rawValue)) }
  }

  private func look() throws -> PluginReport {
    let directory = HubDirectory(path: path)
    let keys = try county.map { [try directory.county(named: $0)] } ?? directory.counties()
    guard !keys.isEmpty else {
      throw CommandFailure(
        .failed, "no_county", "the hub at \(path) has no county",
        hint: "check --data; `kreissync hub init` adds one")
    }
    let rules = try HubSettings.read(directory: path).rules(
      at: Surroundings.now(), backupAgeMax: Milliseconds(backupHours) * BerlinTime.hour)
    var items: [PluginReport.Item] = []
    if !ProcessLock.isHeld(directory.servingLockPath) {
      items.append(PluginReport.Item("hub", Sign("not_serving", .red)))
    }
    var sums = Sums()
    for key in keys { items += try look(at: key, in: directory, rules, &sums) }
    let free = try look(atDiskUnder: sums.byteCount)
    items += free.items
    return PluginReport(
      items: items, measures: sums.measures(backupAgeMax: rules.backupAgeMax) + free.measures,
      fine: "nothing asks for a person (sites: \(sums.siteCount))")
  }

  private func look(
    at key: CountyKey, in directory: HubDirectory, _ rules: SignRules, _ sums: inout Sums
  ) throws -> [PluginReport.Item] {
    let store: SQLiteHub
    do {
      store = try directory.open(key)
      sums.byteCount += try store.byteCount
    } catch HubStoreError.unusable {
      return [PluginReport.Item(key.string, Sign("database_unusable", .red))]
    }
    let (looks, backups, seq) = try store.read { reader in
      (try SignRules.looks(in: reader), try reader.backups, try reader.counter.seq)
    }
    var items = rules.signs(of: backups, seq: seq).map { PluginReport.Item(key.string, $0) }
    if let begunAt = backups.secured?.begunAt {
      sums.backupAge = max(sums.backupAge ?? 0, rules.now - begunAt)
    }
    for look in looks where look.site.state != .revoked && look.site.state != .waiting {
      let signs = rules.signs(of: look)
      sums.count(look, signs.light)
      items += signs.map { PluginReport.Item("\(key) \(look.site.name)", $0) }
    }
    return items
  }

  /// The last room is the log's: a full disk stops every site of every county.
  private func look(
    atDiskUnder byteCount: Int64
  ) throws -> (items: [PluginReport.Item], measures: [PluginReport.Measure]) {
    guard let free = Surroundings.freeByteCount(at: path) else { return ([], []) }
    // The nightly backup takes no more than half of what is free.
    let warning = max(Int64(freeWarning) << 20, byteCount * 2)
    let critical = Int64(freeCritical) << 20
    let light: Light = free < critical ? .red : free < warning ? .yellow : .green
    return (
      light == .green ? [] : [PluginReport.Item("disk", Sign("disk_space_low", light))],
      [
        PluginReport.Measure(
          "free", free, unit: "B", warning: "\(warning):", critical: "\(critical):")
      ]
    )
  }
}

/// What is counted over all counties.
private struct Sums {
  var siteCount = 0
  var byteCount: Int64 = 0
  var backupAge: Milliseconds?
  private var lights: [Light: Int64] = [:]
  private var parked: Int64 = 0
  private var proposalCount: Int64 = 0

  mutating func count(_ look: SignRules.Look, _ light: Light) {
    siteCount += 1
    lights[light, default: 0] += 1
    parked += look.site.contact.parked
    proposalCount += Int64(look.proposalCount)
  }

  func measures(backupAgeMax: Milliseconds) -> [PluginReport.Measure] {
    [
      PluginReport.Measure("sites", Int64(siteCount)),
      PluginReport.Measure("yellow", lights[.yellow] ?? 0, warning: "0"),
      PluginReport.Measure("red", lights[.red] ?? 0, critical: "0"),
      PluginReport.Measure("parked", parked, warning: "0"),
      PluginReport.Measure("proposals", proposalCount, warning: "0"),
      PluginReport.Measure("database", byteCount, unit: "B"),
    ]
      + (backupAge.map {
        [
          PluginReport.Measure(
            "backup_age", $0 / 1_000, unit: "s", warning: String(backupAgeMax / 1_000))
        ]
      } ?? [])
  }
}

extension PluginReport {
  fileprivate var json: JSONValue {
    [
      "state": .text(state.word.lowercased()),
      "signs": .list(
        items.map {
          [
            "subject": .text($0.subject), "reason": .text($0.sign.reason),
            "light": .text($0.sign.light.rawValue),
          ]
        }),
      "measures": .object(
        Dictionary(uniqueKeysWithValues: measures.map { ($0.label, .integer($0.value)) })),
    ]
  }
}

extension CommandFailure {
  /// Prints that nothing can be said, and why, and ends the process as a plugin does.
  func reportUnknown(asJSON: Bool) -> Never {
    if asJSON {
      printJSON([
        "state": "unknown",
        "error": ["code": .text(code), "message": .text(message), "hint": .text(hint)],
      ])
    } else {
      print(PluginReport.unknown(message, cure: hint))
    }
    FileHandle.standardError.write(Data("kreissync: \(message)\n  \(hint)\n".utf8))
    Foundation.exit(Int32(PluginReport.State.unknown.rawValue))
  }
}
