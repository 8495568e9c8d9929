import ReplicaAgent
import SyncProtocol

/// Sessions over HTTPS with a hub in a process of its own, on this machine.
extension Scenario {
  static let warmNight = Scenario(
    id: "B7", title: "a night of 7,800 rows over HTTPS, warm connection",
    baseline: "raw apply of the same operations"
  ) { stage in
    let county = try stage.county(of: 1, isServed: true)
    let plain = try RawDatabase(county.plainPath)
    let comparison = try stage.compare("a night over HTTPS") { _ in
      try county.settle()
      let list = county.edits.next(.nightly(of: county.workload.rowCount))
      return (list: list, captured: try county.municipality.write(list))
    } baseline: { work in
      let list = work.list
      let statements = try list.prepare(on: plain)
      let cost = try Stopwatch().measure { try list.runAsOne(on: plain, statements) }
      try plain.checkpoint()
      return cost
    } candidate: { work in
      try Stopwatch(with: county.founding.hubProcess).measure {
        let report = try county.municipality.sync()
        guard report.captured == work.captured, report.digestEqual else {
          throw BenchmarkError("not every change went through: nothing was measured")
        }
      }
    }
    var measurement = Measurement("the site's session", .times(comparison), target: 3)
    measurement.limits = [
      Measurement.Limit(
        name: "milliseconds", value: comparison.candidateWall * 1_000, most: 30)
    ]
    return [measurement]
  }

  static let nothingChanged = Scenario(
    id: "B10", title: "nothing changed", baseline: "a connection and one refused request"
  ) { stage in
    try [1, 40].flatMap { count in
      let county = try stage.county(of: count, isServed: true)
      guard let founding = county.founding as? ServedFounding else {
        throw BenchmarkError("a line is dialled to a hub that serves")
      }
      let site = county.municipality
      let watch = Stopwatch(with: founding.hubProcess)
      let cold = try stage.compare("nothing changed, cold") { _ in
      } baseline: {
        try watch.measure { try knock(at: try founding.hub.connect(site.directory)) }
      } candidate: {
        try watch.measure { _ = try founding.again(site).sync() }
      }
      try site.sync()
      let warm = try stage.compare("nothing changed, warm") { _ in
      } baseline: {
        try watch.measure { try knock(at: site.link) }
      } candidate: {
        site.link.reset()
        site.link.countsBytes = true
        defer { site.link.countsBytes = false }
        return try watch.measure { _ = try site.sync() }
      }
      let rows = "\(county.workload.rowCount) rows"
      var asked = Measurement("warm, \(rows)", .times(warm), target: .infinity)
      asked.lineByteCount = site.link.byteCount
      asked.limits = [
        Measurement.Limit(name: "milliseconds", value: warm.candidateWall * 1_000, most: 3),
        Measurement.Limit(name: "line_bytes", value: Double(site.link.byteCount), most: 1_024),
      ]
      return [Measurement("cold, \(rows)", .times(cold), target: 2), asked]
    }
  }

  /// The least that a hub can be asked: something that it does not have.
  static func knock(at link: some HubLink) throws {
    let answer = try link.exchange(
      ProtocolRequest(path: "/v1/", contentType: .json, body: [0]))
    guard answer.status == 404 else {
      throw BenchmarkError("a request for nothing was answered by \(answer.status)")
    }
  }
}
