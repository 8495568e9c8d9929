import CaseloadSchema
import Foundation
import ReplicaStorage
import SyncCore

/// Replica files as a local program finds them, with and without capture, and no hub.
struct ReplicaFixture {
  let directory: String

  var capturing: String { "\(directory)/capturing.sqlite" }
  var plain: String { "\(directory)/plain.sqlite" }

  /// Makes both: the product's replica, and the same file without its triggers.
  init(in directory: String) throws {
    self.directory = directory
    try ReplicaFile.create(
      at: capturing,
      origin: ReplicaOrigin(
        county: CountyKey("08118"), countyName: "Landkreis der Messungen", site: SiteID("site"),
        siteName: "Gemeinde", schemaText: CaseloadSchema.shipped,
        digestKey: Array(repeating: 7, count: SipHash128Key.byteCount),
        history: HistoryID("history"), incarnation: IncarnationID("incarnation")))
    try FileManager.default.copyItem(atPath: capturing, toPath: plain)
    let database = try RawDatabase(plain)
    for name in try database.texts("SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
      try database.execute("DROP TRIGGER \"\(name)\"")
    }
  }

  /// Writes a caseload into both; nothing of it is captured.
  func fill(_ workload: Workload) throws {
    for path in [capturing, plain] {
      let database = try RawDatabase(path, firesTriggers: false)
      for municipality in 0..<workload.municipalityCount {
        let rows = workload.rows(ofMunicipality: municipality)
        try rows.runAsOne(on: database, try rows.prepare(on: database))
      }
      try database.checkpoint()
    }
  }

  /// Copies of both under another name, for a round that must begin with the same file.
  func copies(_ name: String) throws -> ReplicaFixture {
    let copy = ReplicaFixture(standingIn: "\(directory)/\(name)")
    try FileManager.default.createDirectory(
      atPath: copy.directory, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: capturing, toPath: copy.capturing)
    try FileManager.default.copyItem(atPath: plain, toPath: copy.plain)
    return copy
  }

  private init(standingIn directory: String) {
    self.directory = directory
  }

  func remove() throws {
    try FileManager.default.removeItem(atPath: directory)
  }
}
