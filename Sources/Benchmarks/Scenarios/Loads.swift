import Glibc
import HubStorage
import ReplicaAgent
import SyncCore

/// First loads: a whole caseload into an empty replica.
extension Scenario {
  static let loadSmall = readyFile(
    id: "B1", municipalityCount: 1, title: "first load of 7,800 rows by ready file, HTTPS",
    targets: (plain: 5, compressed: 10))

  static let loadLarge = readyFile(
    id: "B2", municipalityCount: 40, title: "first load of 312,000 rows by ready file, HTTPS",
    targets: (plain: 4, compressed: 11))

  /// The hub makes the file, the site fetches, proves and renames it: all of that is measured.
  private static func readyFile(
    id: String, municipalityCount: Int, title: String,
    targets: (plain: Double, compressed: Double)
  ) -> Scenario {
    Scenario(id: id, title: title, baseline: "cp and fsync of the same file") { stage in
      let county = try stage.county(of: municipalityCount, isServed: true)
      guard let founding = county.founding as? ServedFounding else {
        throw BenchmarkError("a ready file comes from a hub that serves")
      }
      func load(isCompressed: Bool) throws -> (site: MeasuredSite, cost: Cost) {
        let site = try founding.enrolled("Kreis \(stage.next())", kind: .county)
        let cost = try Stopwatch(with: founding.hubProcess).measure {
          guard
            try founding.hub.completeFirstLoad(
              in: site.directory, isCompressed: isCompressed)
          else {
            throw BenchmarkError("the replica did not come as a ready file")
          }
        }
        return (site, cost)
      }
      let first = try load(isCompressed: false).site
      return try [(false, targets.plain), (true, targets.compressed)].map { isCompressed, target in
        let comparison = try stage.compare("ready file") { _ in
        } baseline: {
          try FileCopying.cost(from: first.replicaPath, to: "\(county.directory)/copy.sqlite")
        } candidate: {
          let (site, cost) = try load(isCompressed: isCompressed)
          try site.remove()
          return cost
        }
        return Measurement(
          isCompressed ? "compressed" : "uncompressed", .times(comparison), target: target)
      }
    }
  }

  static let loadByRows = Scenario(
    id: "B3", title: "load of 312,000 rows by pages, in process",
    baseline: "raw prepared inserts of the same rows, same journal mode"
  ) { stage in
    let county = try stage.county(of: 40)
    var peak: Int64 = 0
    let comparison = try stage.compare("load by rows") { _ in
      try county.addOffice()
    } baseline: { _ in
      try county.rawInserts()
    } candidate: { site in
      let memory = PeakMemory()
      try memory.reset()
      let cost = try Stopwatch().measure {
        guard try site.sync().digestEqual else {
          throw BenchmarkError("the loaded replica is not equal to its hub")
        }
      }
      peak = max(peak, try memory.read())
      return cost
    }
    var measurement = Measurement("hub and site together", .times(comparison), target: 1.8)
    measurement.peakByteCount = peak
    measurement.limits = [
      Measurement.Limit(
        name: "resident_bytes", value: Double(peak), most: Double(128 << 20))
    ]
    return [measurement]
  }
}

extension MeasuredCounty {
  /// Only the inserts and the commit are measured: the rows are made between them.
  fileprivate func rawInserts() throws -> Cost {
    try stage.withDirectory("raw-inserts") { path in
      let database = try RawDatabase("\(path)/raw.sqlite")
      for sql in try municipality.domainTables() { try database.execute(sql) }
      var cost = Cost.zero
      cost += try Stopwatch().measure { try database.execute("BEGIN IMMEDIATE") }
      for number in 0..<workload.municipalityCount {
        let rows = workload.rows(ofMunicipality: number)
        let statements = try rows.prepare(on: database)
        cost += try Stopwatch().measure { try rows.run(statements) }
      }
      cost += try Stopwatch().measure { try database.execute("COMMIT") }
      return cost
    }
  }
}

/// `cp` and `fsync`, by the kernel's own copy.
enum FileCopying {
  static func cost(from source: String, to target: String) throws -> Cost {
    let cost = try Stopwatch().measure {
      let from = open(source, O_RDONLY)
      let to = open(target, O_RDWR | O_CREAT | O_TRUNC, 0o600)
      defer {
        close(from)
        close(to)
      }
      guard from >= 0, to >= 0 else { throw BenchmarkError("cannot copy \(source)") }
      var count = 1
      while count > 0 { count = sendfile(to, from, nil, 1 << 30) }
      guard count == 0, fsync(to) == 0 else { throw BenchmarkError("cannot copy \(source)") }
    }
    unlink(target)
    return cost
  }
}
