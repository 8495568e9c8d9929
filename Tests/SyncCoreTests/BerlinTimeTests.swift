import SyncCore
import Testing

/// 2026-01-01T00:00:00Z.
private let newYear2026: Milliseconds = 1_767_225_600_000
private let minute: Milliseconds = 60_000
private let hour: Milliseconds = 60 * minute
private let day: Milliseconds = 24 * hour

@Suite("Berlin's wall clock")
struct BerlinTimeTests {
  /// From the tz database, 2024b: the instants at which Europe/Berlin changes its clock.
  private static let changes: [(instant: Milliseconds, offsetBefore: Milliseconds)] = [
    (1_711_846_800_000, 1),  // 2024-03-31T01:00Z, a leap year
    (1_729_990_800_000, 2),  // 2024-10-27T01:00Z
    (1_774_746_000_000, 1),  // 2026-03-29T01:00Z
    (1_792_890_000_000, 2),  // 2026-10-25T01:00Z
    (1_806_195_600_000, 1),  // 2027-03-28T01:00Z
    (1_824_944_400_000, 2),  // 2027-10-31T01:00Z, the last day of its month
    (4_109_878_800_000, 1),  // 2100-03-28T01:00Z, no leap year
  ]

  @Test("the clock is changed at the instants that the tz database names", arguments: changes)
  func clockChanges(_ change: (instant: Milliseconds, offsetBefore: Milliseconds)) {
    let (instant, before) = change
    #expect(BerlinTime.wall(at: instant - 1) == instant - 1 + before * hour)
    #expect(BerlinTime.wall(at: instant) == instant + (3 - before) * hour)
  }

  @Test("midwinter is one hour ahead of UTC, midsummer two, in every year of two centuries")
  func seasons() {
    for year in Int64(0)..<200 {
      // Mean years drift by less than a day.
      let winter = newYear2026 + (year - 80) * 31_556_952_000
      #expect(BerlinTime.wall(at: winter) - winter == hour)
      let summer = winter + 182 * day
      #expect(BerlinTime.wall(at: summer) - summer == 2 * hour)
    }
  }

  @Test("an instant is found again by what the wall showed, apart from the hour shown twice")
  func roundTrip() {
    for step in Int64(0)..<(366 * 24 * 4) {
      let instant = newYear2026 + step * 15 * minute
      let found = BerlinTime.instant(ofWall: BerlinTime.wall(at: instant))
      let isShownAgain = (0..<hour).contains(instant - 1_792_890_000_000)
      #expect(found == (isShownAgain ? instant - hour : instant))
    }
  }

  @Test("a time that no clock shows is the instant an hour later on the wall")
  func skippedHour() {
    // 2026-03-29, 02:30 in Berlin does not exist: 01:30Z, when the wall shows 03:30.
    let wall = 1_774_746_000_000 + hour + 30 * minute
    #expect(BerlinTime.instant(ofWall: wall) == 1_774_746_000_000 + 30 * minute)
    #expect(BerlinTime.wall(at: BerlinTime.instant(ofWall: wall)) == wall + hour)
  }
}

@Suite("The schedule of a site")
struct SiteScheduleTests {
  private static let sites = (0..<200).map { SiteID("0197-site-\($0)") }

  private static func nights(
    of site: SiteID, from start: Milliseconds, until end: Milliseconds
  ) -> [Milliseconds] {
    var nights: [Milliseconds] = []
    var instant = SiteSchedule.nightly.next(after: start, for: site)
    while instant < end {
      nights.append(instant)
      instant = SiteSchedule.nightly.next(after: instant, for: site)
    }
    return nights
  }

  @Test("every night of three years has one time, within the window, also when the clock changes")
  func oncePerNight() {
    for site in Self.sites.prefix(40) {
      let nights = Self.nights(of: site, from: newYear2026, until: newYear2026 + 1_095 * day)
      let dates = nights.map { BerlinTime.dayNumber(ofWall: BerlinTime.wall(at: $0)) }
      #expect(dates == Array(dates[0]..<dates[0] + 1_095))
      for instant in nights {
        let clock = BerlinTime.wall(at: instant) % day
        // In spring the window's first hour is shown an hour later.
        #expect((2 * hour..<4 * hour + 30 * minute).contains(clock))
      }
    }
  }

  @Test("a site calls at the same time each night, but for the night without that time")
  func sameTime() {
    let nights = Self.nights(
      of: Self.sites[0], from: newYear2026, until: newYear2026 + 365 * day)
    let clocks = Dictionary(grouping: nights) { BerlinTime.wall(at: $0) % day }
    #expect(clocks.values.map(\.count).max()! >= 364)
  }

  @Test("two hundred sites spread over the window: no five minutes have a tenth of them")
  func spread() {
    let starts = Self.sites.map { SiteSchedule.nightly.next(after: newYear2026, for: $0) }
    let crowds = Dictionary(grouping: starts) { $0 / (5 * minute) }
    #expect(crowds.values.map(\.count).max()! < 20)
    #expect(Set(starts).count == 200)
  }

  @Test("an interval never drifts, and two sites have different places in it")
  func interval() {
    let schedule = SiteSchedule.every(15 * minute)
    for site in Self.sites {
      let first = schedule.next(after: newYear2026, for: site)
      #expect((newYear2026 + 1...newYear2026 + 15 * minute).contains(first))
      #expect(schedule.next(after: first, for: site) == first + 15 * minute)
      #expect(schedule.next(after: first + 14 * minute, for: site) == first + 15 * minute)
      #expect(schedule.next(after: -first, for: site) > -first)
    }
    #expect(Set(Self.sites.map { schedule.next(after: newYear2026, for: $0) }).count > 190)
  }
}
