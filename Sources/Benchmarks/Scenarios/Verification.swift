import ReplicaAgent
import ReplicaStorage
import SyncCore

/// Comparing a replica with its hub, and mending what differs, as `site verify` and `site repair`
/// do it.
extension Scenario {
  static let verification = Scenario(
    id: "B12", title: "verify 312,000 rows on both sides", baseline: "a plain scan of both files"
  ) { stage in
    let county = try stage.county(of: 40)
    let scanned = try county.scan(of: [county.municipality.replicaPath, county.hubPath])
    let comparison = try stage.compare("verify") { _ in
      try county.municipality.readyToCompare()
    } baseline: { _ in
      try Stopwatch().measure { _ = try scanned() }
    } candidate: { ready in
      try Stopwatch().measure {
        guard try ready.verify().differences.isEmpty else {
          throw BenchmarkError("replica and hub differ: nothing was measured")
        }
      }
    }
    return [Measurement("equal", .times(comparison), target: 2)]
  }

  static let repair = Scenario(
    id: "B13", title: "find and repair rows of 312,000", baseline: "one verification"
  ) { stage in
    let county = try stage.county(of: 40)
    return try [1, 100].map { count in
      let link = county.municipality.link
      link.countsBytes = true
      defer { link.countsBytes = false }
      let comparison = try stage.compare("repair of \(count) rows") { _ in
      } baseline: {
        let ready = try county.municipality.readyToCompare()
        return try Stopwatch().measure { _ = try ready.verify() }
      } candidate: {
        let ready = try county.municipality.readyToCompare()
        try county.municipality.damage(county.edits.goals(count, column: "step_owner"))
        link.reset()
        return try Stopwatch().measure { try ready.repair(count) }
      }
      var measurement = Measurement("\(count) rows", .times(comparison), target: 1.3)
      measurement.lineByteCount = link.byteCount
      measurement.limits = [
        Measurement.Limit(name: "round_trips", value: Double(link.requestCount), most: 3)
      ]
      if count == 1 {
        measurement.limits.append(
          Measurement.Limit(name: "line_bytes", value: Double(link.byteCount), most: 50_000))
      }
      return measurement
    }
  }
}

extension MeasuredCounty {
  /// Reads every cell of the workload's tables in these files.
  fileprivate func scan(of paths: [String]) throws -> () throws -> Int {
    let statements = try paths.flatMap { path in
      let database = try RawDatabase(path)
      return try WorkTable.allCases.map { try database.prepare("SELECT * FROM \($0.name)") }
    }
    return { try statements.reduce(0) { try $0 &+ $1.scan() } }
  }
}

extension MeasuredSite {
  /// A replica behind a session that went through.
  fileprivate struct Ready {
    let site: MeasuredSite
    let file: ReplicaFile
    let session: Int64
    let now: Milliseconds

    func verify(_ session: Int64? = nil) throws -> VerificationReport {
      try ScopeVerification(file: file, link: site.link, session: session ?? self.session)
        .run(.everything)
    }

    /// Finds and mends, with a session between, and looks again.
    func repair(_ count: Int) throws {
      let found = try verify()
      guard found.differences.count == count else {
        throw BenchmarkError("\(found.differences.count) of \(count) rows were found")
      }
      let before = try file.mend(found.differences, at: now)
      let mended = try site.sync(file)
      try file.tellMended(before, at: now)
      guard try verify(mended.number).differences.isEmpty else {
        throw BenchmarkError("not all rows were mended")
      }
    }
  }

  fileprivate func readyToCompare() throws -> Ready {
    let file = try open()
    let synced = try sync(file)
    return Ready(site: self, file: file, session: synced.number, now: now)
  }

  /// Writes behind capture's back, as a disk or a careless tool does.
  fileprivate func damage(_ rows: OperationList) throws {
    let database = try RawDatabase(replicaPath, firesTriggers: false)
    try rows.runAsOne(on: database, try rows.prepare(on: database))
  }
}
