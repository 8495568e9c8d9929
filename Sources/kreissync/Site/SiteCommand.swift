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
      try refuseForeignReplica(in: directory, joinString)
      let schedule = try directory.knownSchedule() ?? .nightly
      let response = try Enrolment.join(
        joinString, directory: directory.path, wait: Surroundings.waitForHub)
      try keep(
        response,
        SiteConfiguration(hub: joinString.hubURL, pin: joinString.pin, schedule: schedule),
        in: directory)
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

  /// A join string must not be used up for a directory that holds another county's replica.
  private func refuseForeignReplica(in directory: SiteDirectory, _ join: JoinString) throws {
    guard FileManager.default.fileExists(atPath: directory.replicaPath) else { return }
    let record = try ReplicaFile.open(at: directory.replicaPath).record()
    guard record.county == join.county else {
      throw CommandFailure(
        .failed, "replica_exists",
        "\(directory.replicaPath) is a replica of county \(record.county)",
        hint: "choose another directory")
    }
  }

  /// Configuration before replica: a replica that stands is one whose site can call its hub. Where
  /// there is none yet, the record of the first load says what it will be.
  private func keep(
    _ response: JoinResponse, _ configuration: SiteConfiguration, in directory: SiteDirectory
  ) throws {
    try DurableFile.remove("\(directory.path)/\(HubPinsFile.name)")
    try DurableFile.write(Array(configuration.text.utf8), to: directory.configurationPath)
    if FileManager.default.fileExists(atPath: directory.replicaPath) {
      let record = try ReplicaFile.open(at: directory.replicaPath).record()
      guard record.site.string == response.site else {
        throw CommandFailure(
          .failed, "replica_exists",
          "\(directory.replicaPath) is the replica of another site, \(record.siteName)",
          hint: "choose another directory and ask for a new join string")
      }
      return
    }
    guard let digestKey = Base64URL.decode(response.digestKey) else {
      throw EnrolmentError.unreadableAnswer
    }
    var record = FirstLoadRecord(
      ReplicaOrigin(
        county: CountyKey(response.county), countyName: response.countyName,
        site: SiteID(response.site), siteName: response.name, schemaText: response.schema,
        digestKey: digestKey, history: HistoryID(response.history),
        incarnation: IncarnationID(Surroundings.uuid())))
    // The same join once more: what has come of the snapshot is still of use.
    if let earlier = try FirstLoadRecord.read(from: directory.path),
      earlier.site == record.site, earlier.history == record.history
    {
      record.snapshot = earlier.snapshot
    }
    try record.write(to: directory.path)
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
