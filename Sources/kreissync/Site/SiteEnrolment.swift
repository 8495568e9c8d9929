import Foundation
import Replica
import ReplicaAgent
import ReplicaStorage
import SyncCore
import SyncProtocol

extension SiteDirectory {
  /// Joins the county: key, certificate and settings stand in the directory afterwards, and the
  /// record of what replica it is to get, see ``completeFirstLoad(until:wait:)``. The caller holds
  /// the directory.
  func enrol(_ joinString: JoinString) throws -> JoinResponse {
    try refuseForeignReplica(joining: joinString)
    let schedule = try knownSchedule() ?? .nightly
    let response = try Enrolment.join(
      joinString, directory: path, wait: Surroundings.waitForHub)
    try keep(
      response,
      SiteConfiguration(hub: joinString.hubURL, pin: joinString.pin, schedule: schedule))
    return response
  }

  /// A join string must not be used up for a directory that holds another county's replica.
  private func refuseForeignReplica(joining join: JoinString) throws {
    guard FileManager.default.fileExists(atPath: replicaPath) else { return }
    let record = try ReplicaFile.open(at: replicaPath).record()
    guard record.county == join.county else {
      throw CommandFailure(
        .failed, "replica_exists",
        "\(replicaPath) is a replica of county \(record.county)",
        hint: "choose another directory")
    }
  }

  /// Configuration before replica: a replica that stands is one whose site can call its hub. Where
  /// there is none yet, the record of the first load says what it will be.
  private func keep(
    _ response: JoinResponse, _ configuration: SiteConfiguration
  ) throws {
    try DurableFile.remove("\(path)/\(HubPinsFile.name)")
    try DurableFile.write(Array(configuration.text.utf8), to: configurationPath)
    if FileManager.default.fileExists(atPath: replicaPath) {
      let record = try ReplicaFile.open(at: replicaPath).record()
      guard record.site.string == response.site else {
        throw CommandFailure(
          .failed, "replica_exists",
          "\(replicaPath) is the replica of another site, \(record.siteName)",
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
    if let earlier = try FirstLoadRecord.read(from: path),
      earlier.site == record.site, earlier.history == record.history
    {
      record.snapshot = earlier.snapshot
    }
    try record.write(to: path)
  }
}
