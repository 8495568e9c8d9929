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
  /// A replica one version behind, and its schema; nil where there was no version before.
  private(set) var older: (replica: [UInt8], schema: Schema)?

  /// The county of the laws' schema.
  static let laws = Result { try CountyImages(schemaText: LawSchema.text) }
  /// The same county after its schema has grown.
  static let grown = Result {
    try CountyImages(schemaText: LawSchema.grownText, olderText: LawSchema.text)
  }

  /// The same with a schema of its own: threads that count references to one schema wait for each
  /// other at every table that they look at.
  func unshared() throws -> CountyImages {
    var copy = self
    copy.schema = try CaseloadSchema.read(
      toml: county.schemaText, file: "the simulated county's schema")
    copy.older = try older.map {
      ($0.replica, try CaseloadSchema.read(toml: LawSchema.text, file: "the older schema"))
    }
    return copy
  }

  /// The site of the replica's image, which each machine replaces by its own.
  static let nobody = SiteID("nobody")

  private init(schemaText: String, olderText: String? = nil) throws {
    schema = try CaseloadSchema.read(toml: schemaText, file: "the simulated county's schema")
    county = CountyRecord(
      key: CountyKey("08118"), name: "Landkreis der Proben", history: HistoryID("history-1"),
      digestKey: Array(1...16), schemaText: schemaText)
    let directory = try FileManager.default.url(
      for: .itemReplacementDirectory, in: .userDomainMask,
      appropriateFor: FileManager.default.temporaryDirectory, create: true)
    replica = try Self.replica(of: county, schemaText: schemaText, in: directory)
    older = try olderText.map { [county] text in
      (
        try Self.replica(of: county, schemaText: text, in: directory),
        try CaseloadSchema.read(toml: text, file: "the simulated county's older schema")
      )
    }
    let hubPath = directory.appendingPathComponent("08118.sqlite").path
    try SQLiteHub.create(at: hubPath, county: county, now: 0).close()
    hub = Array(try Data(contentsOf: URL(fileURLWithPath: hubPath)))
    try FileManager.default.removeItem(at: directory)
  }

  private static func replica(
    of county: CountyRecord, schemaText: String, in directory: URL
  ) throws -> [UInt8] {
    let path = directory.appendingPathComponent("caseload-\(schemaText.utf8.count).sqlite").path
    try ReplicaFile.create(
      at: path,
      origin: ReplicaOrigin(
        county: county.key, countyName: county.name, site: Self.nobody, siteName: "",
        schemaText: schemaText, digestKey: county.digestKey, history: county.history,
        incarnation: IncarnationID("")))
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }
}
