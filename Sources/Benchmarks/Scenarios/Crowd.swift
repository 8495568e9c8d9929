import Foundation
import HubStorage

/// A county of as many sites as a whole state has municipalities, all of which ask in one night.
extension Scenario {
  static let crowd = Scenario(
    id: "B16", title: "1,101 sites ask, nothing to do",
    baseline: "a connection and one refused request of each"
  ) { stage in
    let path = "\(stage.directory)/crowd"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let founding = try ServedFounding(in: path, stage: stage)
    let sites = try (1...crowdSiteCount).map { number in
      stage.progress("site \(number) of \(crowdSiteCount) joins")
      return try founding.site("Gemeinde \(number)", kind: .carrier)
    }
    for (number, site) in sites.enumerated() {
      stage.progress("first session \(number + 1) of \(crowdSiteCount)")
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

  private static let crowdSiteCount = 1_101
}
