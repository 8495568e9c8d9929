import Foundation
package import HubService
package import ReplicaAgent
import SyncCore

/// Where scenarios are measured, and what they need from outside.
package final class Stage {
  /// How many rounds are enough for a figure that somebody else may rely on.
  package static let roundCountMin = 5

  package let roundCount: Int
  /// Where files of scenarios are made: a disk, for durability costs nothing in memory.
  package let directory: String
  package let hub: HubEnvironment
  /// A site's surroundings, by its directory.
  package let session: (String) -> SessionEnvironment
  /// Starts a hub with a new county in a directory that is not there yet.
  private let serve: (String) throws -> any ServedHub
  /// Told now and then what is being done.
  package let progress: (String) -> Void
  /// Counties that scenarios share, by their size: filling one takes longer than most rounds.
  private var counties: [String: MeasuredCounty] = [:]
  private var hubs: [any ServedHub] = []
  private var count = 0

  package init(
    roundCount: Int, directory: String, hub: HubEnvironment,
    session: @escaping (String) -> SessionEnvironment,
    serve: @escaping (String) throws -> any ServedHub,
    progress: @escaping (String) -> Void
  ) {
    precondition(roundCount > 0)
    self.roundCount = roundCount
    self.directory = directory
    self.hub = hub
    self.session = session
    self.serve = serve
    self.progress = progress
  }

  var now: Milliseconds { hub.now() }

  /// A county of so many municipalities' rows, equal at hub and sites; founded when it is first
  /// asked for. Scenarios go on from the state that others left.
  ///
  /// - Parameter isServed: by a process of its own, behind HTTPS.
  func county(of municipalityCount: Int, isServed: Bool = false) throws -> MeasuredCounty {
    let name = "\(isServed ? "served" : "local")-\(municipalityCount)"
    if let county = counties[name] {
      try county.settle()
      return county
    }
    let path = "\(directory)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let founding: any Founding =
      isServed
      ? try ServedFounding(in: path, stage: self) : try LocalFounding(in: path, stage: self)
    let county = try MeasuredCounty(
      Workload(municipalityCount: municipalityCount), in: path, stage: self, by: founding)
    counties[name] = county
    return county
  }

  /// A hub behind HTTPS with a new county, which runs until ``close()``.
  func served(in path: String) throws -> any ServedHub {
    let hub = try serve(path)
    hubs.append(hub)
    return hub
  }

  /// Ends the hubs that were started; nothing can be measured any more.
  package func close() {
    counties = [:]
    for hub in hubs { hub.stop() }
    hubs = []
  }

  /// Counts up: names for what is founded once more in the same county.
  func next() -> Int {
    defer { count += 1 }
    return count
  }

  /// Gives `body` an empty directory, and removes it afterwards.
  func withDirectory<Result>(_ name: String, _ body: (String) throws -> Result) throws -> Result {
    let path = "\(directory)/\(name)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let outcome = Swift.Result { try body(path) }
    try FileManager.default.removeItem(atPath: path)
    return try outcome.get()
  }

  /// Takes all rounds: baseline and candidate in turn, who comes first changing from round to
  /// round, so that neither always finds the other's warm caches.
  ///
  /// - Parameters:
  ///   - title: for the progress.
  ///   - prepare: makes a round's work, outside of what is measured.
  func compare<Work>(
    _ title: String, prepare: (Int) throws -> Work, baseline: (Work) throws -> Cost,
    candidate: (Work) throws -> Cost
  ) throws -> Comparison {
    Comparison(
      rounds: try (0..<roundCount).map { round in
        progress("\(title), round \(round + 1) of \(roundCount)")
        let work = try prepare(round)
        guard round.isMultiple(of: 2) else {
          let measured = try candidate(work)
          return Comparison.Round(baseline: try baseline(work), candidate: measured)
        }
        let measured = try baseline(work)
        return Comparison.Round(baseline: measured, candidate: try candidate(work))
      })
  }
}
