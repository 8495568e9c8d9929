import ArgumentParser
import CaseloadSchema
import Foundation
import Hub
import HubStorage
import SyncCore
import SyncProtocol

struct HubCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hub", abstract: "The county's hub.",
    subcommands: [
      HubInit.self, HubServe.self, HubSite.self, HubStatus.self, HubConflicts.self,
      HubProposals.self, HubLog.self, HubRow.self, HubResync.self, HubKeys.self,
      HubSchema.self, HubRestore.self, HubRebuild.self, HubBackup.self, HubCheck.self,
      HubHandover.self, HubParticipate.self, HubCaseLink.self, HubRelease.self, HubErase.self,
      HubErasures.self, HubUserCommand.self, HubAudit.self, HubRetention.self,
    ])
}

/// `hub init`: a hub with its authority, or a further county in it.
struct HubInit: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Makes a hub, or adds a county to one.")

  @Option(name: .customLong("data"), help: "The hub's directory; made if missing.")
  var path: String

  @Option(help: "The county's official key, five digits.")
  var county: String

  @Option(help: "The county's name.")
  var name: String

  @Option(help: "A schema of the county's own instead of the shipped one.")
  var schema: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    let key = CountyKey(county)
    guard key.isWellFormed else {
      throw CommandFailure(
        .usage, "county_key", "'\(county)' is not a county's key",
        hint: "give the five digits of the official key, for example 08118")
    }
    let text = try schema.map(SchemaFile.text(of:)) ?? CaseloadSchema.shipped
    let file = schema ?? SchemaFile.shippedName
    let parsed = try CaseloadSchema.read(toml: text, file: file)
    try refuseGrowth(of: key, to: parsed, file: file)
    try DurableFile.makeDirectory(path)
    let now = Surroundings.now()
    _ = try ServerIdentity.create(directory: path, now: now)
    _ = try CertificateAuthority.create(county: key, directory: path, now: now)
    let record = CountyRecord(
      key: key, name: name, history: HistoryID(Surroundings.uuid()),
      digestKey: Surroundings.random(16), schemaText: text)
    _ = try SQLiteHub.create(
      at: HubDirectory(path: path).databasePath(of: key), county: record, now: now)
    if output.json {
      printJSON([
        "county": .text(county), "name": .text(name), "history": .text(record.history.string),
      ])
    } else {
      print("county \(county) \(name) is ready in \(path)")
    }
  }

  /// Whoever gives a county that stands a newer schema means to let it grow.
  private func refuseGrowth(of county: CountyKey, to newer: Schema, file: String) throws {
    let directory = HubDirectory(path: path)
    guard FileManager.default.fileExists(atPath: directory.databasePath(of: county)) else { return }
    let version = try directory.open(county).read { $0.schema.version }
    guard newer.version > version else { return }
    throw CommandFailure(
      .failed, "county_exists",
      "county \(county) stands in \(path) with version \(version) of its schema; "
        + "\(file) has version \(newer.version)",
      hint: "`kreissync hub schema update FILE` lets a county's schema grow; nothing was changed")
  }
}
