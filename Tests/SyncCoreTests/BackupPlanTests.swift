import SyncCore
import Testing

private let minute: Milliseconds = 60_000
private let hour: Milliseconds = 60 * minute
private let day: Milliseconds = 24 * hour
/// 2026-11-25T12:00:00Z.
private let noon: Milliseconds = 1_795_608_000_000
/// The next 05:00 in Berlin.
private let morning: Milliseconds = noon + 16 * hour

@Suite("When a hub makes its backups")
struct BackupPlanTests {
  private static let newYear2026: Milliseconds = 1_767_222_000_000

  @Test(
    "a time of the day comes once on each day of three years, also when the clock is changed",
    arguments: [0, 2 * hour, 2 * hour + 30 * minute, 3 * hour, 5 * hour, day - 1])
  func oncePerDay(offset: Milliseconds) {
    let time = DailyTime(offset)
    var instant = Self.newYear2026
    var dates: [Int64] = []
    var oddCount = 0
    for _ in 0..<1_095 {
      instant = time.next(after: instant)
      let wall = BerlinTime.wall(at: instant)
      dates.append(BerlinTime.dayNumber(ofWall: wall))
      if wall % day != offset { oddCount += 1 }
    }
    #expect(dates == Array(dates[0]..<dates[0] + 1_095))
    // The hour that is never shown, in three springs.
    #expect(oddCount == ((2 * hour..<3 * hour).contains(offset) ? 3 : 0))
  }

  @Test("the night's backup is made behind the sites' window")
  func behindTheWindow() throws {
    guard case .daily(let time) = BackupSchedule.usual else { throw Unexpected() }
    #expect(time.offset > SiteSchedule.nightWindow.upperBound)
    let plan = BackupPlan(lastGood: noon - 7 * hour, at: noon)
    #expect(plan.next(by: .usual, at: noon) == morning)
  }

  @Test("none at all, and one older than a day and a half, are made up at once; a night is not")
  func catchingUp() {
    #expect(BackupPlan(lastGood: nil, at: noon).next(by: .usual, at: noon) == noon)
    let old = BackupPlan(lastGood: noon - 36 * hour - 1, at: noon)
    #expect(old.next(by: .usual, at: noon)! < noon)
    // The hub was off at five and starts at one: its offices are at work.
    let young = BackupPlan(lastGood: noon - 31 * hour, at: noon)
    #expect(young.next(by: .usual, at: noon) == noon + 5 * hour)
    #expect(BackupPlan(lastGood: noon - 20 * hour, at: noon).next(by: .usual, at: noon) == morning)
  }

  @Test("after a backup the next is the next night's; after a failure it is tried an hour later")
  func after() {
    var plan = BackupPlan(lastGood: nil, at: noon)
    plan.failed(at: noon)
    #expect(plan.next(by: .usual, at: noon) == noon + hour)
    plan.failed(at: noon + hour)
    #expect(plan.next(by: .usual, at: noon + hour) == noon + 2 * hour)
    plan.succeeded(begunAt: noon + 2 * hour)
    #expect(plan.next(by: .usual, at: noon + 2 * hour) == morning)
    plan.failed(at: morning - minute)
    #expect(plan.next(by: .usual, at: morning - minute) == morning)
  }

  @Test("intervals count from the last try, and off is never")
  func intervals() {
    var plan = BackupPlan(lastGood: nil, at: noon)
    #expect(plan.next(by: .off, at: noon) == nil)
    plan.succeeded(begunAt: noon)
    #expect(plan.next(by: .every(6 * hour), at: noon) == noon + 6 * hour)
    #expect(plan.next(by: .off, at: noon) == nil)
  }

  @Test("a clock that ran a year ahead costs no night once it is right again")
  func clockAhead() {
    var plan = BackupPlan(lastGood: nil, at: noon + 365 * day)
    plan.succeeded(begunAt: noon + 365 * day)
    #expect(plan.next(by: .usual, at: noon) == morning)
    #expect(plan.next(by: .every(hour), at: noon) == noon + hour)
  }

  private struct Unexpected: Error {}
}
