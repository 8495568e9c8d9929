import SyncCore
import Testing

private let hour: Milliseconds = 3_600_000
private let now: Milliseconds = 1_795_608_000_000

private let ages: [(Milliseconds, Sign?)] = [
  // A clock that was set back.
  (-24 * hour, nil), (0, nil), (36 * hour, nil),
  (36 * hour + 1, Sign("no_success_for_36_hours", .yellow)),
  (168 * hour, Sign("no_success_for_36_hours", .yellow)),
  (168 * hour + 1, Sign("no_success_for_a_week", .red)),
]

@Suite("Green, yellow and red")
struct LightTests {
  @Test("the worst sign makes the light, and none is green")
  func worst() {
    let (green, yellow, red) = (Sign("a", .green), Sign("b", .yellow), Sign("c", .red))
    #expect([Sign]().light == .green && [green].light == .green)
    #expect([yellow, green].light == .yellow && [green, red, yellow].light == .red)
    #expect(Light.allCases.sorted() == [.green, .yellow, .red])
  }

  @Test(
    "a success is fresh for 36 hours, and stale after a week",
    arguments: ages)
  func age(_ age: Milliseconds, _ sign: Sign?) {
    #expect(Sign.ofAge(lastSuccess: now - age, at: now) == sign)
  }

  @Test("a site that never synced is yellow, however long it is there")
  func never() {
    #expect(Sign.ofAge(lastSuccess: nil, at: now) == Sign("never_synced", .yellow))
  }
}
