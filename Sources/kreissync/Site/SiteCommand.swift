import ArgumentParser
import Foundation
import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

struct SiteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "site", abstract: "A site and its replica.",
    subcommands: [
      SiteJoin.self, SiteSync.self, SiteRun.self, SiteStatus.self, SiteNotices.self,
      SiteProposals.self,
      SiteBackup.self, SiteExport.self, SiteDoctor.self,
      SiteVerify.self, SiteRepair.self, SiteReload.self, SiteHandoverCommand.self,
    ])
}

/// `site join`: a key made on the spot, a certificate, a replica with everything the site may hold.
struct SiteJoin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Joins the county and makes the replica.")

  @Argument(help: "The join string, as the county printed it.") var join: String
  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let joinString = try JoinString(parsing: join)
    let directory = options.directory
    try DurableFile.makeDirectory(directory.path)
    try directory.alone {
      let response = try directory.enrol(joinString)
      let load = try directory.completeFirstLoad(wait: Surroundings.waitForHub)
      if output.json {
        printJSON([
          "site": .text(response.site), "county": .text(response.county),
          "replica": .text(directory.replicaPath), "rows": .integer(load?.rowCount ?? 0),
        ])
      } else {
        print(
          """
          \(response.name) has joined county \(response.county) \(response.countyName)
          replica: \(directory.replicaPath)\(load?.text ?? "")
          """)
      }
    }
  }
}

extension FirstLoad.Outcome {
  fileprivate var rowCount: Int64 {
    switch self {
    case .bySnapshot(let count): count
    case .byPages: 0
    }
  }

  fileprivate var text: String {
    switch self {
    case .bySnapshot(let count): "\n\(count) rows are there, proved equal to the hub's"
    case .byPages(let trouble):
      (trouble.map { "\nno snapshot: \($0)" } ?? "") + "\nthe first `site sync` brings the rows"
    }
  }
}
