package import SyncCore
import SyncProtocol

/// What a daemon keeps of its runs between them, outside the replica: a replica that is locked,
/// full or gone must not make it forget when to try again.
///
/// Only a plan: if it is lost, the next session begins at once, and nothing else happens.
package struct RunRecord: Codable, Sendable, Equatable {
  package var servedAt: Milliseconds?
  package var retryAt: Milliseconds?
  package var retryPause: Milliseconds?
  package var failureCount: Int64
  /// When the next session begins, for `site status`.
  package var nextRun: Milliseconds?
  /// Code of the failure that ended the last session; nil after a good one.
  package var lastFailure: String?

  package init(
    plan: RunPlan = RunPlan(), nextRun: Milliseconds? = nil, lastFailure: String? = nil
  ) {
    servedAt = plan.servedAt
    retryAt = plan.retry?.at
    retryPause = plan.retry?.pause
    failureCount = plan.retry?.failureCount ?? 0
    self.nextRun = nextRun
    self.lastFailure = lastFailure
  }

  /// The plan as it was kept. Numbers that no plan has are drawn into its limits.
  package var plan: RunPlan {
    guard let retryAt, let retryPause else { return RunPlan(servedAt: servedAt.map(Self.bounded)) }
    let range = RunPlan.pauseRange
    return RunPlan(
      servedAt: servedAt.map(Self.bounded),
      retry: RunPlan.Retry(
        at: Self.bounded(retryAt),
        pause: min(max(retryPause, range.lowerBound), range.upperBound),
        failureCount: min(max(failureCount, 0), Int64(Int32.max))))
  }

  /// Ten thousand years: sums and differences with any clock do not overflow.
  private static func bounded(_ instant: Milliseconds) -> Milliseconds {
    let limit = 10_000 * 366 * BerlinTime.day
    return min(max(instant, -limit), limit)
  }
}

/// A run record as a file in the site's directory.
package struct RunRecordFile {
  package static let name = "agent.json"
  /// A record has some 150 bytes.
  private static let byteCountMax = 64 << 10
  private let path: String

  /// - Parameter directory: the site's directory.
  package init(directory: String) {
    path = directory + "/" + Self.name
  }

  /// The record; nil before the first run.
  package func read() throws -> RunRecord? {
    guard let bytes = try DurableFile.read(path, byteCountMax: Self.byteCountMax) else {
      return nil
    }
    return try WireJSON.decode(bytes)
  }

  /// Durable when it returns; a crash leaves the old or the new one, whole.
  package func write(_ record: RunRecord) throws {
    try DurableFile.write(try WireJSON.encode(record), to: path)
  }
}
