/// When a site's next session begins: at its regular time, or sooner after a failure.
///
///     waiting ──(the time has come)──→ running
///        ↑                                ├─ succeeded ───────→ the next regular time
///        │                                ├─ passing failure ─→ a retry, 30 s to 15 min later
///        │                                └─ lasting failure ─→ the next regular time
///        └── a session by hand succeeded: nothing is owed any more
///
/// One machine for every kind of failure. Pure: time and chance are arguments. It is kept on the
/// disk between sessions, so that a restart neither forgets a retry nor repeats a night.
package struct RunPlan: Hashable, Sendable {
  /// Regular times up to here are served; nil before the first session.
  package var servedAt: Milliseconds?
  /// Set while a failure is followed up.
  package var retry: Retry?

  /// A session that is to be repeated.
  package struct Retry: Hashable, Sendable {
    package var at: Milliseconds
    /// The pause that led to `at`, before any `Retry-After`: the next one grows from it.
    package var pause: Milliseconds
    /// Failures since the last success, for people.
    package var failureCount: Int64

    package init(at: Milliseconds, pause: Milliseconds, failureCount: Int64) {
      self.at = at
      self.pause = pause
      self.failureCount = failureCount
    }
  }

  /// How a session ended, as far as the next one depends on it.
  package enum Outcome: Hashable, Sendable {
    case succeeded
    /// It may go through by itself: the line, a lock, a full disk, a busy or pausing hub.
    ///
    /// - Parameter retryAfter: the least time that the hub asked for, in milliseconds.
    case failedForNow(retryAfter: Milliseconds?)
    /// Only a person can mend it; trying again soon would help nobody.
    case failedUntilMended
  }

  /// A hub that was away for hours is not overrun, and a cut line costs no night.
  package static let pauseRange: ClosedRange<Milliseconds> = 30_000...15 * 60_000
  /// A hub that asks for more is not believed: a day later everybody is awake.
  package static let retryAfterMax: Milliseconds = BerlinTime.day

  package init(servedAt: Milliseconds? = nil, retry: Retry? = nil) {
    self.servedAt = servedAt
    self.retry = retry
  }

  /// When the next session begins; the past means now.
  package func nextRun(
    by schedule: SiteSchedule, for site: SiteID, at now: Milliseconds
  ) -> Milliseconds {
    if let retry { return retry.at }
    guard let servedAt else { return now }
    return schedule.next(after: servedAt, for: site)
  }

  /// Takes in what may have happened since the last look: a session by hand, or a clock that was
  /// set back. Without the latter a site whose clock was once a year ahead would sleep a year.
  ///
  /// - Parameter lastSuccess: of the replica, by whomever.
  package mutating func look(
    at now: Milliseconds, lastSuccess: Milliseconds?, by schedule: SiteSchedule
  ) {
    if let lastSuccess, lastSuccess <= now, lastSuccess > servedAt ?? .min {
      servedAt = lastSuccess
      retry = nil
    }
    if let served = servedAt, served - now > schedule.setBackMax { servedAt = now }
    if let late = retry, late.at - now > Self.retryAfterMax + Self.retryAfterMax / 8 {
      retry?.at = now + late.pause
    }
  }

  /// Takes in how a session ended.
  ///
  /// Pauses are drawn between the shortest and three times the one before ("decorrelated jitter"),
  /// so that sites which failed together do not come back together, again and again.
  ///
  /// - Parameter draw: a number in the range, each as likely as any other.
  package mutating func end(
    _ outcome: Outcome, at now: Milliseconds,
    draw: (ClosedRange<Milliseconds>) -> Milliseconds
  ) {
    switch outcome {
    case .succeeded, .failedUntilMended:
      servedAt = now
      retry = nil
    case .failedForNow(let retryAfter):
      let shortest = Self.pauseRange.lowerBound
      let longest = min(Self.pauseRange.upperBound, 3 * (retry?.pause ?? shortest))
      let pause = draw(shortest...longest)
      let asked = min(max(0, retryAfter ?? 0), Self.retryAfterMax)
      // All who were sent away at once would otherwise be back at once.
      let wait = asked > pause ? asked + draw(0...asked / 8) : pause
      retry = Retry(at: now + wait, pause: pause, failureCount: (retry?.failureCount ?? 0) + 1)
    }
  }
}
