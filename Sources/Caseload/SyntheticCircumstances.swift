import SyncCore

/// What holds of a person: where they live, under which title, what they can, what they need.
extension SyntheticCase {
  mutating func addCircumstances(
    of member: SyntheticHousehold.Member, in household: SyntheticHousehold, need: SyntheticNeed?,
    consent: String?, order: SyntheticCaseload.Order,
    using generator: inout some RandomNumberGenerator
  ) {
    addResidences(of: household, using: &generator)
    addTitle(of: household, asOf: order.asOf, using: &generator)
    addQualifications(of: member, in: household, using: &generator)
    // Special categories rest on a consent of their own, never on the one for case work.
    guard let need, let consent else { return }
    add(
      "person_need", on: household.openedOn, using: &generator,
      [
        ("kind", .text(need.kind)), ("need_only", .flag(need.text == nil)),
        ("text", .optional(need.text)), ("consent_id", .text(consent)),
      ])
  }

  private mutating func addResidences(
    of household: SyntheticHousehold, using generator: inout some RandomNumberGenerator
  ) {
    for home in household.homes {
      add(
        "residence", on: home.from, using: &generator,
        [
          ("ags", .text(household.area)), ("kind", .text(home.kind)),
          ("street", .text(home.street)), ("valid_from", .date(home.from)),
          ("valid_to", home.to.map { .date($0) } ?? .null),
          ("allotted_by", home.isProvisional ? .text("Untere Aufnahmebehörde") : .null),
          (
            "residence_obligation_until",
            home.isProvisional ? .null : .date(household.openedOn + 3 * 365)
          ),
        ])
    }
  }

  private mutating func addTitle(
    of household: SyntheticHousehold, asOf today: CalendarDay,
    using generator: inout some RandomNumberGenerator
  ) {
    let from = household.openedOn - generator.number(10...300)
    // Some have run out, and nobody has seen the new one yet.
    let end = generator.chance(6) ? today - generator.number(1...60) : nil
    add(
      "legal_status", on: household.openedOn, using: &generator,
      [
        ("code", .text(generator.pick(household.origin.titles))), ("valid_from", .date(from)),
        ("valid_to", .date(end ?? today + generator.number(30...900))),
        ("source", .text(generator.pick(["Aufenthaltstitel", "Fiktionsbescheinigung"]))),
        ("seen_on", .date(household.openedOn)),
      ])
  }

  private mutating func addQualifications(
    of member: SyntheticHousehold.Member, in household: SyntheticHousehold,
    using generator: inout some RandomNumberGenerator
  ) {
    let day = household.openedOn
    let level = generator.pick(["A0", "A0", "A1", "A1", "A2", "A2", "B1", "B1", "B2"])
    let isProved = level != "A0" && generator.chance(60)
    add(
      "qualification", on: day, using: &generator,
      [
        ("area", .text("language")), ("level", .text(level)),
        ("certificate", isProved ? .text("telc Deutsch \(level)") : .null), ("on_date", .date(day)),
      ])
    guard generator.chance(member.isChild ? 70 : 45) else { return }
    let area = member.isChild ? "school" : generator.pick(["vocation", "degree", "competence"])
    let recognition = generator.pick(["none", "none", "applied", "partial", "recognised"])
    add(
      "qualification", on: day, using: &generator,
      [
        ("area", .text(area)),
        ("certificate", .text(generator.pick(SyntheticTexts.certificates[area] ?? ["–"]))),
        ("recognition_state", member.isChild ? .null : .text(recognition)),
        ("on_date", .date(day)),
      ])
  }
}

/// A need of a special category (Art. 9 GDPR), with or without words.
struct SyntheticNeed {
  let kind: String
  let text: String?

  /// - Returns: nil for most; the urgent mostly are urgent for such a reason.
  init?(
    of member: SyntheticHousehold.Member, priority: Int?,
    using generator: inout some RandomNumberGenerator
  ) {
    guard generator.chance(priority == 1 ? 70 : 11) else { return nil }
    let isAdultWoman = member.isFemale && !member.isChild
    let kinds =
      member.isChild
      ? ["illness", "disability", "trauma", "minor"]
      : ["illness", "disability", "trauma", "literacy", "old_age"]
        + (isAdultWoman ? ["pregnancy", "single_parent", "violence"] : [])
    kind = generator.pick(kinds)
    text = generator.chance(35) ? generator.pick(SyntheticTexts.needs) : nil
  }
}
