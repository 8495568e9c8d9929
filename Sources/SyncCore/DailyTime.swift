/// A time of the day in Europe/Berlin at which something happens, once each day.
///
/// Each day has exactly one, also the two days a year on which the clock is changed: an hour that
/// is shown twice counts the first time, one that is never shown an hour later on the wall.
package struct DailyTime: Hashable, Sendable {
  /// On the wall clock, from midnight.
  package let offset: Milliseconds

  /// - Precondition: `offset` lies within a day.
  package init(_ offset: Milliseconds) {
    precondition((0..<BerlinTime.day).contains(offset))
    self.offset = offset
  }

  /// The first such time after `instant`.
  package func next(after instant: Milliseconds) -> Milliseconds {
    let today = BerlinTime.dayNumber(ofWall: BerlinTime.wall(at: instant))
    let then = occurrence(onDay: today)
    return then > instant ? then : occurrence(onDay: today + 1)
  }

  private func occurrence(onDay day: Int64) -> Milliseconds {
    BerlinTime.instant(ofWall: day * BerlinTime.day + offset)
  }
}
