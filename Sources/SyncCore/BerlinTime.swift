/// The wall clock of Europe/Berlin, computed by the European Union's rule, without a database of
/// time zones: a site's machine may have none, or an old one.
///
/// > the summer-time period shall begin … at 1.00 a.m., Greenwich Mean Time, on the last Sunday in
/// > March [and end] at 1.00 a.m., Greenwich Mean Time, on the last Sunday in October.
/// > (Directive 2000/84/EC, articles 2 and 3)
///
/// Instants are milliseconds since 1970 in UTC. A *wall time* is what a clock in Berlin shows, as
/// milliseconds since that clock showed 1970-01-01T00:00.
package enum BerlinTime {
  package static let hour: Milliseconds = 3_600_000
  package static let day: Milliseconds = 24 * hour

  /// What a clock in Berlin shows.
  package static func wall(at instant: Milliseconds) -> Milliseconds {
    instant + (isSummer(at: instant) ? 2 : 1) * hour
  }

  /// When a clock in Berlin shows this.
  ///
  /// In autumn an hour is shown twice: the first one counts. In spring an hour is never shown: the
  /// instant that would have been, an hour later on the wall.
  package static func instant(ofWall wall: Milliseconds) -> Milliseconds {
    let inSummer = wall - 2 * hour
    return isSummer(at: inSummer) ? inSummer : wall - hour
  }

  /// The number of the day since 1970-01-01 that a wall time lies in.
  package static func dayNumber(ofWall wall: Milliseconds) -> Int64 {
    floorDivide(wall, by: day)
  }

  static func isSummer(at instant: Milliseconds) -> Bool {
    let year = year(ofDay: floorDivide(instant, by: day))
    return
      (lastSunday(ofMonthBefore: 4, in: year) * day + hour..<lastSunday(ofMonthBefore: 11, in: year)
      * day + hour).contains(instant)
  }

  private static func lastSunday(ofMonthBefore month: Int64, in year: Int64) -> Int64 {
    let lastDay = dayNumber(year: year, month: month) - 1
    // 1970-01-01 was a Thursday.
    return lastDay - (lastDay + 4 - 7 * floorDivide(lastDay + 4, by: 7))
  }

  /// The first day of a month, in the Gregorian calendar. Years are counted from March, so that a
  /// leap day is the last day of its year.
  private static func dayNumber(year: Int64, month: Int64) -> Int64 {
    let marchYear = month > 2 ? year : year - 1
    let monthsSinceMarch = (month + 9) % 12
    let leapDays =
      floorDivide(marchYear, by: 4) - floorDivide(marchYear, by: 100)
      + floorDivide(marchYear, by: 400)
    // (153 m + 2) / 5 counts the days of the m months from March on: 31, 30, 31, 30, 31 repeat.
    return marchYear * 365 + leapDays + (153 * monthsSinceMarch + 2) / 5 - daysBefore1970
  }

  /// Days from 0000-03-01 to 1970-01-01.
  private static let daysBefore1970: Int64 = 719_468

  private static func year(ofDay day: Int64) -> Int64 {
    // 400 years have 146,097 days; the estimate is never off by more than one.
    let estimate = 1970 + floorDivide(day * 400, by: 146_097)
    if dayNumber(year: estimate + 1, month: 1) <= day { return estimate + 1 }
    return dayNumber(year: estimate, month: 1) > day ? estimate - 1 : estimate
  }

  private static func floorDivide(_ number: Int64, by divisor: Int64) -> Int64 {
    let quotient = number / divisor
    return number % divisor < 0 ? quotient - 1 : quotient
  }
}
