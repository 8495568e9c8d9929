/// When a hub makes its backups by itself.
package enum BackupSchedule: Hashable, Sendable {
  case off
  /// Once each day.
  case daily(DailyTime)
  /// Again and again, so many milliseconds apart.
  case every(Milliseconds)

  /// When the night's sessions are over, see ``SiteSchedule/nightWindow``, and the first offices
  /// are not open yet.
  package static let usual = BackupSchedule.daily(DailyTime(5 * BerlinTime.hour))
}

/// When a county's next backup is made.
///
/// At its regular time; sooner where the last one is so old that a night was missed, or there is
/// none at all; an hour after one that failed. Pure: time is an argument, nothing is kept between
/// two runs of the hub but when the last good backup was begun.
package struct BackupPlan: Hashable, Sendable {
  /// When the newest good backup was begun; nil before the first.
  package var lastGood: Milliseconds?
  /// When the plan was made, or the last backup was tried, good or not: regular times up to here
  /// are over.
  private var anchor: Milliseconds
  /// Set while the last try failed.
  private var retryAt: Milliseconds?

  /// One night and half a day: a hub that was off at its regular time waits for the next one, and
  /// does not make its offices wait on the morning; who missed a whole night does not.
  package static let ageMax = BerlinTime.day + BerlinTime.day / 2
  /// A disk that is full, or not mounted, is seldom mended sooner.
  package static let retryPause = BerlinTime.hour

  /// The plan of a hub that begins to serve.
  package init(lastGood: Milliseconds?, at now: Milliseconds) {
    self.lastGood = lastGood
    anchor = now
  }

  /// When the next backup is made; the past means now, nil never.
  ///
  /// A time that was noted by a clock which ran ahead counts as now.
  package func next(by schedule: BackupSchedule, at now: Milliseconds) -> Milliseconds? {
    let anchor = min(anchor, now)
    let regular: Milliseconds
    switch schedule {
    case .off: return nil
    case .daily(let time): regular = time.next(after: anchor)
    case .every(let interval): regular = anchor + interval
    }
    if let retryAt { return min(regular, retryAt) }
    guard let lastGood else { return now }
    return min(regular, min(lastGood, now) + Self.ageMax)
  }

  /// Takes in a backup that was begun at `begunAt` and is good.
  package mutating func succeeded(begunAt: Milliseconds) {
    lastGood = begunAt
    anchor = begunAt
    retryAt = nil
  }

  /// Takes in a try that failed.
  package mutating func failed(at now: Milliseconds) {
    anchor = now
    retryAt = now + Self.retryPause
  }
}
