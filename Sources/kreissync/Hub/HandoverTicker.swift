import Foundation
import HubService
import HubStorage
import Logging
import SyncCore

/// Lets hand-overs take effect when their date comes, although no site calls: a thread of a hub
/// that serves.
///
/// What fails is logged and tried again; the same failure is logged once.
final class HandoverTicker: Sendable {
  private let counties: [(key: CountyKey, administration: CountyAdministration)]
  private let stop: StopSignal
  private let logger: Logger
  private let working = DispatchGroup()

  /// The wall clock is looked at this often: midnight is met to the half minute, and a hello looks,
  /// too.
  private static let lookMilliseconds: Milliseconds = 30_000

  init(
    of counties: [(key: CountyKey, administration: CountyAdministration)],
    until stop: StopSignal, logger: Logger
  ) {
    self.counties = counties
    self.stop = stop
    self.logger = logger
  }

  func start() {
    working.enter()
    Thread.detachNewThread { [self] in
      run()
      working.leave()
    }
  }

  /// Returns when no effect is under way.
  func end() {
    working.wait()
  }

  private func run() {
    var reported: [HandoverID: String] = [:]
    while !stop.isSet {
      for county in counties where !stop.isSet { look(at: county, &reported) }
      stop.wait(atMost: Self.lookMilliseconds)
    }
  }

  private func look(
    at county: (key: CountyKey, administration: CountyAdministration),
    _ reported: inout [HandoverID: String]
  ) {
    let outcome: CountyAdministration.DueHandovers
    do {
      outcome = try county.administration.takeDueEffects()
    } catch {
      logger.debug("handover_look_failed")
      return
    }
    for handover in outcome.effective {
      reported[handover.id] = nil
      logger.notice(
        "handover_effective",
        metadata: [
          "county": .string(county.key.string), "handover": .string(handover.id.string),
          "cases": .stringConvertible(handover.caseCount),
          "seq": .stringConvertible(handover.progress.effectSeq ?? 0),
        ])
    }
    for (id, error) in outcome.failed {
      let failure = CommandFailure(translating: error)
      guard reported.updateValue(failure.code, forKey: id) != failure.code else { continue }
      logger.error(
        "handover_failed",
        metadata: [
          "county": .string(county.key.string), "handover": .string(id.string),
          "code": .string(failure.code), "message": .string(failure.message),
          "hint": .string(failure.hint),
        ])
    }
  }
}
