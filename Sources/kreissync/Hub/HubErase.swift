import ArgumentParser
import HubService
import HubStorage
import SyncCore

/// `hub erase`: a case is forgotten everywhere.
struct HubErase: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase", abstract: "Erases a case at the hub and at every site.",
    discussion: """
      What the hub and its nightly backups hold of the case is gone when this returns; each site \
      purges it at its next session and answers with a receipt. `pending_at` names those that have \
      not. The case's id stays on the list of erasures, which is applied to whatever backup is \
      restored and whoever returns. Repeated, the command says how far it is. Write no names and \
      nothing about the person into --reason: it is kept.
      """)

  @Option(name: .customLong("case"), help: "The case.") var caseID: String
  @Option(help: "Why, for the record: a reference, never a name.") var reason: String
  @Flag(name: .customLong("dry-run"), help: "Only says what would be erased, and where.")
  var isDryRun = false
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  /// A reference with a sentence.
  private static let reasonByteCountMax = 500

  func run() throws {
    guard (1...Self.reasonByteCountMax).contains(reason.utf8.count) else {
      throw CommandFailure(
        .usage, "reason", "--reason has 1 to \(Self.reasonByteCountMax) bytes",
        hint: "give the reference of the request or the decision")
    }
    let key = try options.key()
    let store = try options.directory.open(key)
    let administration = CountyAdministration(store: store, environment: Surroundings.hub)
    let person = try actor.authorize(administration, needs: .decide, needsTwo: true)
    let order = ErasureOrder(
      id: Surroundings.uuid(), caseID: CaseID(caseID), reason: reason, actor: person.name,
      second: person.second)
    if isDryRun {
      let forecast = try administration.erase(order, isDryRun: true)
      return show(forecast, nil)
    }
    let (report, clearing) = try CountyErasures(
      county: key, directory: options.directory, store: store
    ).order(order)
    show(report, clearing)
  }

  private func show(
    _ report: CountyAdministration.ErasureReport, _ clearing: CountyErasures.Clearing?
  ) {
    let backups = clearing?.backups ?? []
    if output.json {
      printJSON([
        "erasure": isDryRun ? .null : .text(report.erasure.id), "case": .text(caseID),
        "dry_run": .bool(isDryRun), "rows": .integer(Int64(report.counts.rows)),
        "log_entries": .integer(Int64(report.counts.logEntries)),
        "hub_cleared": .bool(clearing?.isClear ?? false),
        "pending_at": .list(report.pendingAt.map { .text($0.string) }),
        "backups": .list(backups.map { ["file": .text($0.name), "reason": .text($0.reason)] }),
      ])
      return
    }
    guard let clearing else {
      print(
        """
        case \(caseID) has \(report.counts.rows) rows and \(report.counts.contests) entries in \
        ledger and proposals at the hub
        held by: \(report.pendingAt.map(\.string).joined(separator: ", "))
        nothing was written
        """)
      return
    }
    print("erasure \(report.erasure.id) of case \(caseID)")
    print(
      clearing.isClear
        ? "the hub holds nothing of it any more"
        : "its values may still stand in the hub's file: `kreissync hub erasures resume`, or the "
          + "serving hub, goes on")
    for backup in backups { print("backup \(backup.name) still holds it: \(backup.reason)") }
    print(
      report.pendingAt.isEmpty
        ? "every site has answered"
        : "waits for: \(report.pendingAt.map(\.string).joined(separator: ", "))")
  }
}

struct HubErasures: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erasures", abstract: "The list of erasures, and how far each is.",
    subcommands: [HubErasuresList.self, HubErasuresResume.self])
}

struct HubErasuresList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists all erasures with the sites that have not answered.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let reports = try options.directory.administration(options.key()).erasures()
    if output.json {
      printJSON(.list(reports.map(\.json)))
    } else {
      print(
        TextTable(
          header: ["erasure", "case", "ordered at", "hub", "waits for"],
          rows: reports.map { report in
            [
              report.erasure.id, report.erasure.caseID.string, rfc3339(report.erasure.orderedAt),
              report.erasure.clearedAt == nil ? "to be cleared" : "clear",
              report.pendingAt.map(\.string).joined(separator: ", "),
            ]
          }
        ).text)
    }
  }
}

struct HubErasuresResume: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Goes on with erasures that were interrupted.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = try options.key()
    let store = try options.directory.open(key)
    let clearing = try CountyErasures(county: key, directory: options.directory, store: store)
      .resume()
    if output.json {
      printJSON([
        "hub_cleared": .bool(clearing.isClear),
        "backups": .list(
          clearing.backups.map { ["file": .text($0.name), "reason": .text($0.reason)] }),
      ])
    } else {
      print(clearing.isClear ? "the hub is clear" : "the hub's file is still to be cleared")
      for backup in clearing.backups { print("backup \(backup.name): \(backup.reason)") }
    }
    guard clearing.isClear else { throw ExitCode(CommandExit.deferred.rawValue) }
  }
}

extension CountyAdministration.ErasureReport {
  fileprivate var json: JSONValue {
    [
      "erasure": .text(erasure.id), "case": .text(erasure.caseID.string),
      "reason": .text(erasure.reason), "ordered_by": .text(erasure.orderedBy),
      "second": .text(erasure.second), "ordered_at": JSONValue(time: erasure.orderedAt),
      "hub_cleared_at": JSONValue(time: erasure.clearedAt), "seq": .integer(erasure.seq),
      "pending_at": .list(pendingAt.map { .text($0.string) }),
    ]
  }
}
