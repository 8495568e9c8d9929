import ArgumentParser
import Foundation
import ReplicaStorage
import SyncCore

/// `site doctor`: what a helpless office could have wrong, and the cure.
struct SiteDoctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Looks for what could be wrong, and says the cure.",
    discussion: """
      Looks at the directory, the configuration, the line to the hub, the certificate, the disk \
      and the replica. Changes nothing, and works without a hub and on a damaged replica. Ends \
      with 0 where no check found an error, else with 1.
      """)

  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let directory = options.directory
    let replica = ReplicaExamination.of(directory.replicaPath)
    var findings = DirectoryChecks(directory).findings()
    let (configuration, finding) = ConfigurationCheck.run(on: directory)
    findings.append(finding)
    let hub = HubChecks(directory, configuration).run()
    findings += hub.findings
    findings.append(
      CertificateCheck(directory, replica: replica.record, hubTime: hub.hubTime).finding())
    findings += DiskChecks(directory, replica).findings()
    findings += ReplicaChecks(directory, replica).findings()
    findings += NeighbourChecks(directory, replica).findings()
    let isWell = !findings.contains { $0.state == .error }
    if output.json {
      printJSON(["ok": .bool(isWell), "checks": .list(findings.map(\.json))])
    } else {
      print(Self.text(of: findings))
    }
    if !isWell { throw ExitCode(CommandExit.failed.rawValue) }
  }

  private static func text(of findings: [DoctorFinding]) -> String {
    let table = TextTable(
      header: ["check", "state", "found"],
      rows: findings.map { [$0.check, $0.state == .error ? "ERROR" : $0.state.rawValue, $0.found] })
    let cures = findings.filter { !$0.cure.isEmpty }.map { "\($0.check): \($0.cure)" }
    return ([table.text] + (cures.isEmpty ? [] : ["", "What to do:"] + cures))
      .joined(separator: "\n")
  }
}
