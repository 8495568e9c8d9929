import Foundation
import HubStorage
import Logging
import SyncCore

/// Goes on with erasures that were interrupted, although nobody repeats the command: a thread of a
/// hub that serves. What fails is logged once and tried again.
final class ErasureTicker: Sendable {
  private let counties: [CountyErasures]
  private let stop: StopSignal
  private let logger: Logger
  private let working = DispatchGroup()

  /// A disk that was full has room again some time; a reader that kept the WAL ends.
  private static let lookMilliseconds: Milliseconds = 30_000

  init(
    of counties: [(key: CountyKey, store: SQLiteHub)], in directory: HubDirectory,
    until stop: StopSignal, logger: Logger
  ) {
    self.counties = counties.map {
      CountyErasures(county: $0.key, directory: directory, store: $0.store)
    }
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

  /// Returns when nothing is being cleared.
  func end() {
    working.wait()
  }

  private func run() {
    var reported: [CountyKey: String] = [:]
    while !stop.isSet {
      for county in counties where !stop.isSet {
        do {
          guard try county.isUnfinished else { continue }
          let isClear = try county.resume(waits: false).isClear
          logger.notice(
            "erasure_resumed",
            metadata: [
              "county": .string(county.county.string), "clear": .stringConvertible(isClear),
            ])
          reported[county.county] = nil
        } catch {
          let failure = CommandFailure(translating: error)
          // A person's command is at it.
          guard failure.code != "busy" else { continue }
          guard reported.updateValue(failure.code, forKey: county.county) != failure.code else {
            continue
          }
          logger.error(
            "erasure_waits",
            metadata: [
              "county": .string(county.county.string), "code": .string(failure.code),
              "message": .string(failure.message), "hint": .string(failure.hint),
            ])
        }
      }
      stop.wait(atMost: Self.lookMilliseconds)
    }
  }
}
