/// A day of the civil calendar, as `date` columns hold it. No time zone: it is the day on paper.
package struct CalendarDay: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Days since 1970-01-01; negative before.
  package let daysSince1970: Int

  package init(daysSince1970: Int) {
    self.daysSince1970 = daysSince1970
  }

  /// Reads `YYYY-MM-DD`, or `TT.MM.JJJJ` as spreadsheets write it; nil for all that is no day of
  /// the years 1 to 9999.
  package init?(parsing text: String) {
    let isGerman = text.contains(".")
    let parts = text.split(separator: isGerman ? "." : "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
      parts.map(\.utf8.count) == (isGerman ? [2, 2, 4] : [4, 2, 2])
    else { return nil }
    let numbers = parts.compactMap { Int($0) }
    let (year, month, day) =
      isGerman ? (numbers[2], numbers[1], numbers[0]) : (numbers[0], numbers[1], numbers[2])
    guard year >= 1, (1...12).contains(month),
      (1...Self.dayCount(ofMonth: month, in: year)).contains(day)
    else { return nil }
    let months = (1..<month).reduce(0) { $0 + Self.dayCount(ofMonth: $1, in: year) }
    self.init(daysSince1970: Self.days(before: year) + months + day - 1)
  }

  package static func < (left: CalendarDay, right: CalendarDay) -> Bool {
    left.daysSince1970 < right.daysSince1970
  }

  package static func + (day: CalendarDay, dayCount: Int) -> CalendarDay {
    CalendarDay(daysSince1970: day.daysSince1970 + dayCount)
  }

  package static func - (day: CalendarDay, dayCount: Int) -> CalendarDay {
    day + -dayCount
  }

  /// The same day of the month so many months later, or the month's last where it has no such day.
  package func adding(months: Int) -> CalendarDay {
    let (year, month, day) = parts
    let count = year * 12 + month - 1 + months
    let (laterYear, laterMonth) = (count / 12, count % 12 + 1)
    let before = (1..<laterMonth).reduce(0) { $0 + Self.dayCount(ofMonth: $1, in: laterYear) }
    let last = Self.dayCount(ofMonth: laterMonth, in: laterYear)
    return CalendarDay(
      daysSince1970: Self.days(before: laterYear) + before + min(day, last) - 1)
  }

  /// The Gregorian year.
  package var year: Int { parts.year }

  /// The first of January of this day's year.
  package var startOfYear: CalendarDay {
    CalendarDay(daysSince1970: Self.days(before: year))
  }

  /// ISO 8601, `YYYY-MM-DD`.
  package var description: String {
    let (year, month, day) = parts
    return "\(Self.padded(year, to: 4))-\(Self.padded(month, to: 2))-\(Self.padded(day, to: 2))"
  }

  /// `TT.MM.JJJJ`.
  package var germanText: String {
    let (year, month, day) = parts
    return "\(Self.padded(day, to: 2)).\(Self.padded(month, to: 2)).\(Self.padded(year, to: 4))"
  }

  private var parts: (year: Int, month: Int, day: Int) {
    // A year has 365.2425 days: the guess is off by one year at the most.
    var year = 1970 + (daysSince1970 * 400) / 146_097
    while Self.days(before: year) > daysSince1970 { year -= 1 }
    while Self.days(before: year + 1) <= daysSince1970 { year += 1 }
    var rest = daysSince1970 - Self.days(before: year)
    var month = 1
    while rest >= Self.dayCount(ofMonth: month, in: year) {
      rest -= Self.dayCount(ofMonth: month, in: year)
      month += 1
    }
    return (year, month, rest + 1)
  }

  /// Days from 1970-01-01 to the first of January of a year after 0.
  private static func days(before year: Int) -> Int {
    let past = year - 1
    return past * 365 + past / 4 - past / 100 + past / 400 - 719_162
  }

  private static func dayCount(ofMonth month: Int, in year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
