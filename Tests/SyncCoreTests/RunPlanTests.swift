import SyncCore
import Testing

private let minute: Milliseconds = 60_000
private let hour: Milliseconds = 60 * minute
private let day: Milliseconds = 24 * hour
/// 2026-11-25T12:00:00Z.
private let noon: Milliseconds = 1_795_608_000_000
private let site = SiteID("0197-hemmingen")

@Suite("When a site's next session begins")
struct RunPlanTests {
  private func next(_ plan: RunPlan, at now: Milliseconds = noon) -> Milliseconds {
    plan.nextRun(by: .nightly, for: site, at: now)
  }

  private static func shortest(_ range: ClosedRange<Milliseconds>) -> Milliseconds {
    range.lowerBound
  }

  private static func longest(_ range: ClosedRange<Milliseconds>) -> Milliseconds {
    range.upperBound
  }

  @Test("a site that never had a session begins at once")
  func first() {
    #expect(next(RunPlan()) == noon)
  }

  @Test("after a success the next is the next night's, and one that was slept over is made up")
  func nights() {
    var plan = RunPlan()
    plan.end(.succeeded, at: noon, draw: Self.shortest)
    let night = next(plan)
    #expect(night == SiteSchedule.nightly.next(after: noon, for: site))
    // The machine was off for three nights: one session is owed, not three.
    let morning = noon + 3 * day
    #expect(next(plan, at: morning) == night && night < morning)
    plan.end(.succeeded, at: morning, draw: Self.shortest)
    #expect(next(plan, at: morning) > morning)
  }

  @Test("pauses after failures in a row grow from 30 seconds to 15 minutes and stay there")
  func growth() {
    var plan = RunPlan(servedAt: noon - day)
    var now = noon
    var pauses: [Milliseconds] = []
    for count in Int64(1)...6 {
      plan.end(.failedForNow(retryAfter: nil), at: now, draw: Self.longest)
      #expect(plan.retry?.failureCount == count)
      pauses.append(next(plan, at: now) - now)
      now = next(plan, at: now)
    }
    #expect(pauses == [90_000, 270_000, 810_000, 900_000, 900_000, 900_000])
  }

  @Test(
    "every pause of a thousand bad nights is within 30 seconds and 15 minutes, and few are equal")
  func jitter() {
    var generator = SeededGenerator(seed: 4)
    var pauses: [Milliseconds] = []
    for _ in 0..<1_000 {
      var plan = RunPlan()
      for _ in 0..<6 {
        plan.end(.failedForNow(retryAfter: nil), at: noon) { .random(in: $0, using: &generator) }
        pauses.append(next(plan) - noon)
      }
    }
    #expect(pauses.allSatisfy { (30_000...900_000).contains($0) })
    #expect(Set(pauses).count > 5_500)
  }

  @Test("a success forgets the failures before it")
  func reset() {
    var plan = RunPlan()
    for _ in 0..<5 { plan.end(.failedForNow(retryAfter: nil), at: noon, draw: Self.longest) }
    plan.end(.succeeded, at: noon, draw: Self.longest)
    #expect(plan == RunPlan(servedAt: noon))
    plan.end(.failedForNow(retryAfter: nil), at: noon + 1, draw: Self.longest)
    #expect(next(plan) == noon + 1 + 90_000)
  }

  @Test("the hub's Retry-After is never undercut, and not everybody comes back at its end")
  func retryAfter() {
    for (asked, earliest, latest) in [
      (Milliseconds(5_000), Milliseconds(30_000), Milliseconds(90_000)),
      (hour, hour, hour + hour / 8), (400 * day, day, day + day / 8), (-7, 30_000, 90_000),
    ] {
      var plan = RunPlan()
      plan.end(.failedForNow(retryAfter: asked), at: noon, draw: Self.shortest)
      #expect(next(plan) == noon + earliest)
      plan = RunPlan()
      plan.end(.failedForNow(retryAfter: asked), at: noon, draw: Self.longest)
      #expect(next(plan) == noon + latest)
    }
  }

  @Test("what only a person can mend waits for the next regular time")
  func lasting() {
    var plan = RunPlan(servedAt: noon - 2 * day)
    plan.end(.failedForNow(retryAfter: nil), at: noon - minute, draw: Self.longest)
    plan.end(.failedUntilMended, at: noon, draw: Self.longest)
    #expect(plan.retry == nil)
    #expect(next(plan) == SiteSchedule.nightly.next(after: noon, for: site))
  }

  @Test("a session by hand settles what was owed")
  func byHand() {
    var plan = RunPlan(servedAt: noon - 2 * day)
    plan.end(.failedForNow(retryAfter: nil), at: noon - minute, draw: Self.longest)
    plan.look(at: noon, lastSuccess: noon - 3 * day, by: .nightly)
    #expect(plan.retry != nil)
    plan.look(at: noon, lastSuccess: noon - 1, by: .nightly)
    #expect(plan == RunPlan(servedAt: noon - 1))
  }

  @Test("a clock that was years ahead costs no year, and one corrected by minutes no second night")
  func setBack() {
    var plan = RunPlan(servedAt: noon + 400 * day)
    plan.look(at: noon, lastSuccess: noon + 400 * day, by: .nightly)
    #expect(next(plan) - noon < day)
    // Served at the night's very time; then the clock is set back by a minute.
    let night = SiteSchedule.nightly.next(after: noon, for: site)
    plan = RunPlan(servedAt: night)
    plan.look(at: night - minute, lastSuccess: nil, by: .nightly)
    #expect(next(plan, at: night - minute) > night + day / 2)
    plan = RunPlan(
      servedAt: noon, retry: .init(at: noon + 400 * day, pause: 60_000, failureCount: 3))
    plan.look(at: noon, lastSuccess: nil, by: .nightly)
    #expect(next(plan) == noon + minute)
  }
}
