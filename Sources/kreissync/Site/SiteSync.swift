import ArgumentParser
import Foundation
import ReplicaAgent
import ReplicaStorage
import SyncCore

/// `site sync`: one session with the hub.
struct SiteSync: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync", abstract: "Runs one session with the hub.")

  @OptionGroup var options: SiteOptions
  @Flag(help: "Without a hub end well: the changes wait.") var offlineOk = false
  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory = options.directory
    let exit = try directory.alone { try sync(directory) }
    if exit != .done { throw ExitCode(exit.rawValue) }
  }

  private func sync(_ directory: SiteDirectory) throws -> CommandExit {
    let end = try SiteSession(in: directory, wait: Surroundings.waitForHub).run()
    let report: SessionReport
    do {
      report = try end.outcome.get()
    } catch SessionError.unreachable where offlineOk {
      try printOffline(try ReplicaFile.open(at: directory.replicaPath))
      return .done
    }
    if case .failure(let failure)? = end.renewal {
      FileHandle.standardError.write(
        Data("kreissync: the certificate was not renewed: \(failure); tried again\n".utf8))
    }
    if output.json {
      printJSON(json(report, end))
    } else {
      print(text(report))
    }
    if report.parked > 0 || report.blocked > 0 || report.heldPurges > 0 { return .needsPerson }
    return report.digestEqual ? .done : .differences
  }

  private func printOffline(_ file: ReplicaFile) throws {
    let record = try file.record()
    let pending = try file.pendingCount()
    if output.json {
      printJSON([
        "result": "offline", "history": .text(record.position.history.string),
        "seq": .integer(record.position.seq), "incarnation": .text(record.incarnation.string),
        "pending": .integer(pending), "events": .list([]),
      ])
    } else {
      print("offline: the hub cannot be reached; \(pending) changes wait for the next sync")
    }
  }

  private func json(_ report: SessionReport, _ end: SiteSession.End) -> JSONValue {
    var pushed: [String: JSONValue] = [:]
    for verdict in Verdict.allCases {
      pushed[verdict.rawValue] = .integer(report.verdicts[verdict] ?? 0)
    }
    return [
      "result": .text(report.result.rawValue), "history": .text(report.position.history.string),
      "seq": .integer(report.position.seq), "incarnation": .text(report.incarnation.string),
      "captured": .integer(report.captured), "coalesced": .integer(report.coalesced),
      "withheld": .integer(report.withheld), "parked": .integer(report.parked),
      "pushed": .object(pushed),
      "pulled": [
        "rows": .integer(report.rowsPulled), "cases_granted": .integer(report.casesGranted),
        "cases_purged": .integer(report.casesPurged),
      ],
      "digest": [
        "replica": .text(report.replicaDigest.text), "hub": .text(report.hubDigest.text),
        "equal": .bool(report.digestEqual),
      ],
      "bytes_sent": .integer(Int64(end.byteCountSent)),
      "bytes_received": .integer(Int64(end.byteCountReceived)),
      "events": .list(report.events.map { .text($0) }),
    ]
  }

  private func text(_ report: SessionReport) -> String {
    let verdicts = Verdict.allCases.compactMap { verdict in
      report.verdicts[verdict].map { "\($0) \(verdict.rawValue)" }
    }
    let digest =
      report.digestEqual
      ? "equal to the hub at \(report.position.seq)"
      : "NOT equal to the hub at \(report.position.seq)"
    var lines = [
      "captured \(report.captured): "
        + (verdicts + [
          "\(report.coalesced) coalesced", "\(report.withheld) withheld",
          "\(report.parked) parked",
        ]).joined(separator: ", "),
      "pulled \(report.rowsPulled) rows, \(report.casesGranted) new cases"
        + (report.casesPurged > 0 ? ", \(report.casesPurged) cases purged" : ""),
      digest,
    ]
    if !report.events.isEmpty { lines.append("events: " + report.events.joined(separator: ", ")) }
    if report.heldPurges > 0 {
      lines.append(
        "\(report.heldPurges) cases are to be purged at once: the county has to confirm it with "
          + "`kreissync hub release`")
    }
    if report.blocked > 0 {
      lines.append("\(report.blocked) rows are kept out by a constraint of the local program")
    }
    return lines.joined(separator: "\n")
  }
}
