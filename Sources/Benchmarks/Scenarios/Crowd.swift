import Foundation
import HubStorage
import ReplicaAgent
import SyncCore

/// A county of as many sites as a whole state has municipalities, all of which ask in one night.
extension Scenario {
  static let crowd = Scenario(
    id: "B16", title: "1,101 sites ask, nothing to do",
    baseline: "a connection and one refused request of each"
  ) { stage in
    let crowd = try Crowd(named: "crowd", on: stage)
    let (founding, sites) = (crowd.founding, crowd.sites)
    for (number, site) in sites.enumerated() {
      stage.progress("first session \(number + 1) of \(sites.count)")
      try site.sync()
    }
    let watch = Stopwatch(with: founding.hubProcess)
    let comparison = try stage.compare("1,101 sites ask") { _ in
    } baseline: {
      try watch.measure {
        for site in sites { try knock(at: try founding.hub.connect(site.directory)) }
      }
    } candidate: {
      try watch.measure {
        for site in sites { _ = try founding.again(site).sync() }
      }
    }
    return [Measurement("one after the other", .times(comparison), target: 2)]
  }

  static let countyNight = Scenario(
    id: "B15", title: "a night of 1,101 municipalities, 202 changes each",
    baseline: "the same writes into as many plain files, one durable transaction each"
  ) { stage in
    let crowd = try Crowd(named: "night", on: stage)
    let offices = try crowd.sites.enumerated().map { number, site in
      stage.progress("first caseload \(number + 1) of \(crowd.sites.count)")
      return try MeasuredOffice(site, number: number)
    }
    let memory = PeakMemory(of: crowd.founding.hubProcess)
    var peak: Int64 = 0
    let comparison = try stage.compare("a night of \(offices.count) sites") { _ in
      try offices.map { office in
        let list = office.edits.next(.changes(MeasuredOffice.changeCount))
        let captured = try office.site.write(list)
        return (office: office, list: list, captured: captured)
      }
    } baseline: { night in
      try Stopwatch().measure {
        for work in night {
          let plain = try RawDatabase(work.office.plainPath)
          try work.list.runAsOne(on: plain, try work.list.prepare(on: plain))
        }
      }
    } candidate: { night in
      try memory.reset()
      let cost = try Stopwatch(with: crowd.founding.hubProcess).measure {
        for work in night {
          let report = try crowd.founding.again(work.office.site).sync()
          guard report.captured == work.captured, report.digestEqual else {
            throw BenchmarkError("not every change went through: nothing was measured")
          }
        }
      }
      peak = max(peak, try memory.read())
      return cost
    }
    var measurement = Measurement("one after the other", .times(comparison), target: 1.8)
    measurement.peakByteCount = peak
    measurement.limits = [
      Measurement.Limit(name: "seconds", value: comparison.candidateWall, most: 60),
      Measurement.Limit(name: "resident_bytes", value: Double(peak), most: 256 * 1_048_576),
    ]
    return [measurement]
  }
}

/// The sites of a county, each with a line of its own and an empty replica. They are carriers, so
/// that nobody sees another's cases.
private struct Crowd {
  let founding: ServedFounding
  let sites: [MeasuredSite]

  /// The municipalities of the state.
  private static let siteCount = 1_101

  init(named name: String, on stage: Stage) throws {
    let path = "\(stage.directory)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let founding = try ServedFounding(in: path, stage: stage)
    self.founding = founding
    sites = try (1...Self.siteCount).map { number in
      stage.progress("site \(number) of \(Self.siteCount) joins")
      return try founding.site("Gemeinde \(number)", kind: .carrier)
    }
  }
}

/// A small office with a caseload of its own, and the plain file of the baseline beside it.
private final class MeasuredOffice {
  let site: MeasuredSite
  var edits: Edits

  /// A municipality's night.
  static let changeCount = 202
  /// A twentieth of a municipality's rows: a night costs by its changes, and 1,101 whole caseloads
  /// would fill a disk to show it.
  private static let share = 20

  var plainPath: String { "\(site.directory)/plain.sqlite" }

  /// Brings the caseload to the hub.
  init(_ site: MeasuredSite, number: Int) throws {
    self.site = site
    let workload = Workload(
      municipalityCount: 1, share: Self.share, seed: 8_118 + UInt64(number))
    edits = Edits(of: workload, seed: UInt64(number))
    let rows = workload.rows(ofMunicipality: 0)
    let plain = try RawDatabase(plainPath)
    for sql in try site.domainTables() { try plain.execute(sql) }
    try rows.runAsOne(on: plain, try rows.prepare(on: plain))
    try site.write(rows)
    try site.sync()
  }
}
