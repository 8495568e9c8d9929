import CaseloadSchema
import Foundation
import HubStorage
import ReplicaStorage
import SyncCore

/// An empty replica and an empty county as files, made once by the product: a simulated machine
/// starts from their bytes instead of running some hundred statements.
struct CountyImages: Sendable {
  private(set) var schema: Schema
  let county: CountyRecord
  let replica: [UInt8]
  let hub: [UInt8]

  /// The county of the laws' schema.
  static let laws = Result { try CountyImages(schemaText: LawSchema.text) }

  /// The same with a schema of its own: threads that count references to one schema wait for each
  /// other at every table that they look at.
  func unshared() throws -> CountyImages {
    var copy = self
    copy.schema = try CaseloadSchema.read(
      toml: county.schemaText, file: "the simulated county's schema")
    return copy
  }

  /// The site of the replica's image, which each machine replaces by its own.
  static let nobody = SiteID("nobody")

  private init(schemaText: String) throws {
    schema = try CaseloadSchema.read(toml: schemaText, file: "the simulated county's schema")
    county = CountyRecord(
      key: CountyKey("08118"), name: "Landkreis der Proben", history: HistoryID("history-1"),
      digestKey: Array(1...16), schemaText: schemaText)
    let directory = try FileManager.default.url(
      for: .itemReplacementDirectory, in: .userDomainMask,
      appropriateFor: FileManager.default.temporaryDirectory, create: true)
    let replicaPath = directory.appendingPathComponent("caseload.sqlite").path
    try ReplicaFile.create(
      at: replicaPath,
      origin: ReplicaOrigin(
        county: county.key, countyName: county.name, site: Self.nobody, siteName: "",
        schemaText: schemaText, digestKey: county.digestKey, history: county.history,
        incarnation: IncarnationID("")))
    replica = Array(try Data(contentsOf: URL(fileURLWithPath: replicaPath)))
    let hubPath = directory.appendingPathComponent("08118.sqlite").path
    try SQLiteHub.create(at: hubPath, county: county, now: 0).close()
    hub = Array(try Data(contentsOf: URL(fileURLWithPath: hubPath)))
    try FileManager.default.removeItem(at: directory)
  }
}
