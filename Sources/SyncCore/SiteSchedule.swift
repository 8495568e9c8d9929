/// When a site's regular sessions begin.
///
/// All sites of a county must not call in the same minute, and a site should call at the same time
/// each night: so the place within the window, or within the interval, is derived from the site's
/// id.
package enum SiteSchedule: Hashable, Sendable {
  /// Once in each night of Europe/Berlin, within ``nightWindow``.
  case nightly
  /// Again and again, so many milliseconds apart.
  case every(Milliseconds)

  /// On the wall clock, from midnight: when offices are closed. The hub's own backup comes behind
  /// it, see ``BackupSchedule/usual``.
  package static let nightWindow = 2 * BerlinTime.hour..<4 * BerlinTime.hour + BerlinTime.hour / 2

  /// From 5 seconds, as fast as a session of a small office takes, to a day, beyond which one is
  /// late for a night.
  package static let intervalRange: ClosedRange<Milliseconds> = 5_000...BerlinTime.day

  /// The first regular time after `instant`. Pure: the same for the same three.
  ///
  /// Each night has exactly one, also the two nights a year in which the clock is changed.
  package func next(after instant: Milliseconds, for site: SiteID) -> Milliseconds {
    switch self {
    case .nightly:
      let length = Self.nightWindow.upperBound - Self.nightWindow.lowerBound
      let start = DailyTime(Self.nightWindow.lowerBound + Self.share(of: length, for: site))
      return start.next(after: instant)
    case .every(let interval):
      precondition(Self.intervalRange.contains(interval))
      let phase = Self.share(of: interval, for: site)
      return instant + interval - (instant - phase).modulo(interval)
    }
  }

  /// A clock that was set back by this much or less only corrects itself, and a night that was
  /// served stays served; by more, it was wrong before.
  var setBackMax: Milliseconds {
    switch self {
    case .nightly: BerlinTime.day / 2
    case .every(let interval): interval
    }
  }

  /// A site's own place in a span, spread evenly over the sites of a county.
  private static func share(of span: Milliseconds, for site: SiteID) -> Milliseconds {
    let hash = Hash256(sha256Of: Array(site.string.utf8)).bytes
    let number = hash.prefix(7).reduce(Int64(0)) { $0 << 8 | Int64($1) }
    return number % span
  }
}

extension Milliseconds {
  fileprivate func modulo(_ divisor: Milliseconds) -> Milliseconds {
    let rest = self % divisor
    return rest < 0 ? rest + divisor : rest
  }
}
