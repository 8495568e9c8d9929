import SyncCore

/// One case with all its rows.
package struct SyntheticCase: Sendable {
  /// The id of its `case_file`.
  package let id: String
  /// In an order that foreign keys accept: the `case_file` first, plans before their goals,
  /// consents before what rests on them.
  package private(set) var rows: [SyntheticRow] = []

  let worker: String?
  let timeline: SyntheticTimeline

  /// A case of a person who consented.
  init(
    of member: SyntheticHousehold.Member, in household: SyntheticHousehold,
    order: SyntheticCaseload.Order, number: Int, using generator: inout some RandomNumberGenerator
  ) {
    let timeline = SyntheticTimeline(
      openedOn: household.openedOn, order: order, using: &generator)
    self.init(timeline, order: order, number: number, using: &generator)
    let need = SyntheticNeed(of: member, priority: timeline.priority, using: &generator)
    addRoot(order: order, reason: timeline.priority == nil ? nil : need?.kind, using: &generator)
    addPerson(member, of: household, using: &generator)
    let mayHoldNotes = generator.chance(70)
    let consents = addConsents(
      to: ["casework"] + (mayHoldNotes ? ["notes_release"] : [])
        + (need == nil ? [] : ["special_needs"]),
      order: order, language: household.languages[0], using: &generator)
    addCircumstances(
      of: member, in: household, need: need, consent: consents["special_needs"], order: order,
      using: &generator)
    guard !timeline.isWaiting else { return }
    let talks = addTalks(
      until: order.asOf, language: household.languages[0], withNotes: mayHoldNotes,
      using: &generator)
    // Due by the second talk; sometimes it is not there yet.
    if talks.count > 1 && generator.chance(92) {
      addPlan(createdOn: talks[1], using: &generator)
    }
    if talks.count > 1 && generator.chance(45) {
      addReferral(
        on: talks[1], consent: consents["casework"], services: order.services, using: &generator)
    }
  }

  /// A case of somebody who refused: counselling is owed all the same, and counted.
  init(
    refusedBefore order: SyntheticCaseload.Order, number: Int,
    using generator: inout some RandomNumberGenerator
  ) {
    let timeline = SyntheticTimeline(
      openedOn: order.asOf - generator.number(70...200), order: order, using: &generator)
    self.init(timeline, order: order, number: number, using: &generator)
    addRoot(order: order, reason: nil, using: &generator)
    add(
      "consent", on: timeline.openedOn, using: &generator,
      [
        ("purpose", .text("casework")), ("event", .text("refused")),
        ("on_date", .date(timeline.openedOn)),
      ])
    _ = addTalks(until: order.asOf, language: nil, withNotes: false, using: &generator)
  }

  private init(
    _ timeline: SyntheticTimeline, order: SyntheticCaseload.Order, number: Int,
    using generator: inout some RandomNumberGenerator
  ) {
    id = syntheticID(on: timeline.openedOn, using: &generator)
    self.timeline = timeline
    worker =
      timeline.isWaiting || order.workers.isEmpty
      ? nil : order.workers[number % order.workers.count]
  }

  /// - Returns: the new row's id.
  @discardableResult
  mutating func add(
    _ table: String, on day: CalendarDay, using generator: inout some RandomNumberGenerator,
    _ cells: [(column: String, value: Value)]
  ) -> String {
    let row = SyntheticRow(
      table, id: syntheticID(on: day, using: &generator), [("case_id", .text(id))] + cells)
    rows.append(row)
    return row.id
  }

  private mutating func addRoot(
    order: SyntheticCaseload.Order, reason: String?,
    using generator: inout some RandomNumberGenerator
  ) {
    let endings = ["goals_reached", "goals_reached", "moved_away", "moved_inside_county", "other"]
    rows.append(
      SyntheticRow(
        "case_file", id: id,
        [
          ("programme_id", .optional(order.programme)), ("opened_on", .date(timeline.openedOn)),
          ("phase", .text(timeline.phase)),
          ("close_reason", timeline.closedOn == nil ? .null : .text(generator.pick(endings))),
          ("priority", timeline.priority.map { .count($0) } ?? .null),
          ("priority_reason", .optional(reason)), ("worker_id", .optional(worker)),
          ("closed_on", timeline.closedOn.map { .date($0) } ?? .null),
        ]))
  }

  private mutating func addPerson(
    _ member: SyntheticHousehold.Member, of household: SyntheticHousehold,
    using generator: inout some RandomNumberGenerator
  ) {
    // Numbers that the Federal Network Agency keeps free for films.
    let phone = "+49 69 90009 \(generator.number(100...999))"
    add(
      "person", on: household.openedOn, using: &generator,
      [
        ("family_name", .text(household.familyName)), ("given_names", .text(member.givenNames)),
        ("name_native", .optional(member.nameNative)),
        ("birth_date", .date(member.birthDate)),
        ("birth_date_precision", .text(member.isYearOnly ? "year" : "day")),
        ("sex", .text(member.isFemale ? "female" : "male")),
        ("nationality", .set([household.origin.nationality])),
        ("languages", .set(household.languages)),
        ("phone", member.isChild ? .null : .text(phone)),
        ("household_id", .text(household.id)), ("household_role", .text(member.role)),
      ])
  }

  /// For the county (an empty recipient) and for each other site.
  /// - Returns: for each purpose the id of the consent for the county.
  private mutating func addConsents(
    to purposes: [String], order: SyntheticCaseload.Order, language: String,
    using generator: inout some RandomNumberGenerator
  ) -> [String: String] {
    let day = timeline.openedOn
    let form = generator.pick(["written", "written", "electronic"])
    let folder = "Ordner \(generator.number(1...9)), Blatt \(generator.number(1...180))"
    var ids: [String: String] = [:]
    for purpose in purposes {
      for recipient in [Value.null] + order.recipients.map({ Value.text($0.string) }) {
        let id = add(
          "consent", on: day, using: &generator,
          [
            ("purpose", .text(purpose)), ("recipient_site", recipient), ("event", .text("given")),
            ("on_date", .date(day)), ("text_version", .text("2025-01")),
            ("language", .text(language)), ("interpreter", .flag(generator.chance(60))),
            ("form", .text(form)), ("document_ref", .text(folder)),
          ])
        if recipient.isNull { ids[purpose] = id }
      }
    }
    return ids
  }
}
