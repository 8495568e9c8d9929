import SyncCore

/// What is done in a case: talks, the plan with its goals, a referral.
extension SyntheticCase {
  /// - Returns: the days of the talks, ascending.
  mutating func addTalks(
    until today: CalendarDay, language: String?, withNotes: Bool,
    using generator: inout some RandomNumberGenerator
  ) -> [CalendarDay] {
    let end = timeline.closedOn ?? today
    var days: [CalendarDay] = []
    var day = timeline.openedOn + generator.number(0...10)
    let talkCount = generator.number(1...5)
    while days.count < talkCount && day < end {
      let kind = days.isEmpty ? "first" : generator.pick(["follow_up", "follow_up", "plan_review"])
      let topics = (0..<generator.number(1...3)).map { _ in generator.pick(SyntheticTexts.topics) }
      add(
        "consultation", on: day, using: &generator,
        [
          ("worker_id", .optional(worker)), ("on_date", .date(day)), ("kind", .text(kind)),
          ("mode", .text(generator.pick(["in_person", "in_person", "home_visit", "phone"]))),
          ("language", .optional(language)),
          ("interpreter", .flag(generator.chance(40))),
          ("topics", .set(days.isEmpty ? ["a"] + topics : topics)),
          ("minutes", .count(15 * generator.number(1...6))),
          (
            "note",
            withNotes && generator.chance(60)
              ? .text(generator.pick(SyntheticTexts.notes)) : .null
          ),
        ])
      days.append(day)
      day = day + generator.number(14...60)
    }
    return days
  }

  mutating func addPlan(
    createdOn day: CalendarDay, using generator: inout some RandomNumberGenerator
  ) {
    let isOver = timeline.closedOn != nil
    let plan = add(
      "plan", on: day, using: &generator,
      [
        ("version", .count(1)), ("created_on", .date(day)), ("review_due", .date(day + 182)),
        ("agreed_by_client", .flag(true)), ("state", .text(isOver ? "completed" : "active")),
      ])
    let areas = SyntheticTexts.goals.shuffled(using: &generator).prefix(generator.number(1...3))
    let states = isOver ? ["reached", "reached", "dropped"] : ["open", "open", "in_progress"]
    for goal in areas {
      add(
        "plan_goal", on: day, using: &generator,
        [
          ("plan_id", .text(plan)), ("area", .text(goal.area)),
          ("text", .text(generator.pick(goal.texts))),
          ("target_date", .date(day + generator.number(60...400))),
          ("state", .text(generator.pick(states))),
          ("step_owner", .text(generator.pick(["client", "worker", "jobcenter"]))),
        ])
    }
  }

  mutating func addReferral(
    on day: CalendarDay, consent: String?, services: [SiteID],
    using generator: inout some RandomNumberGenerator
  ) {
    let area = generator.pick(SyntheticTexts.goals).area
    let state = generator.pick(["made", "made", "accepted", "completed"])
    add(
      "referral", on: day, using: &generator,
      [
        ("service_site_id", services.isEmpty ? .null : .text(generator.pick(services).string)),
        ("on_date", .date(day)), ("reason_area", .text(area)), ("consent_id", .optional(consent)),
        ("state", .text(state)),
        ("result", state == "completed" ? .text("Termin wahrgenommen") : .null),
      ])
  }
}
