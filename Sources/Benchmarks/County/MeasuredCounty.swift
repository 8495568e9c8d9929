import HubStorage
import ReplicaAgent
import SyncCore

/// A county on this machine's disk: a hub as the product serves it, and its sites.
///
/// Everything is the product's: bytes, decisions, hard rules, ledger, tree, digests, triggers and
/// durability. `Gemeinde` leads all cases and writes; `Kreis` holds the same scope.
final class MeasuredCounty {
  let directory: String
  let workload: Workload
  let stage: Stage
  let founding: any Founding
  let municipality: MeasuredSite
  let office: MeasuredSite
  /// What is written into it, one delta after the other.
  var edits: Edits

  static let area = "08118027"

  var hubPath: String { founding.hubPath }
  /// The caseload as plain tables, kept in step with the county by the baselines.
  var plainPath: String { "\(directory)/plain.sqlite" }

  /// Founds the county and brings its caseload from the municipality through the hub to the office,
  /// by ordinary sessions.
  init(
    _ workload: Workload, in directory: String, stage: Stage, by founding: any Founding
  ) throws {
    self.workload = workload
    self.directory = directory
    self.stage = stage
    self.founding = founding
    edits = Edits(of: workload, seed: UInt64(workload.municipalityCount))
    stage.progress("founding a county of \(workload.rowCount) rows")
    municipality = try founding.site("Gemeinde", kind: .municipality)
    office = try founding.site("Kreis", kind: .county)
    try fill()
  }

  /// A further county office, with an empty replica.
  func addOffice() throws -> MeasuredSite {
    try founding.site("Kreis \(stage.next())", kind: .county)
  }

  /// Both sites at one position, equal, with nothing unsent.
  func settle() throws {
    for site in [municipality, office, municipality] {
      guard try site.sync().digestEqual else {
        throw BenchmarkError("\(site.name) is not equal to its hub: nothing was measured")
      }
    }
  }

  private func fill() throws {
    let plain = try RawDatabase(plainPath)
    for sql in try municipality.domainTables() { try plain.execute(sql) }
    for number in 0..<workload.municipalityCount {
      let rows = workload.rows(ofMunicipality: number)
      try municipality.write(rows)
      try rows.runAsOne(on: plain, try rows.prepare(on: plain))
      // A session for every few ten thousand entries, as an import by night would have.
      if number % 4 == 3 { _ = try municipality.sync() }
      stage.progress(
        "filling a county: municipality \(number + 1) of \(workload.municipalityCount)")
    }
    try settle()
    for path in [plainPath, hubPath] { try RawDatabase(path).checkpoint() }
  }
}
