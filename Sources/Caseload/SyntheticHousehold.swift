import SyncCore

/// People who live together: one family name, one origin, one arrival, one address.
struct SyntheticHousehold {
  struct Member {
    let givenNames: String
    let nameNative: String?
    let isFemale: Bool
    let birthDate: CalendarDay
    let isYearOnly: Bool
    let role: String

    var isChild: Bool { role == "child" }
  }

  struct Home {
    let kind: String
    let street: String
    let from: CalendarDay
    /// Nil where they live now.
    let to: CalendarDay?

    /// Assigned by the authority, before they may choose.
    var isProvisional: Bool { kind == "vu" }
  }

  let id: String
  let familyName: String
  let origin: SyntheticOrigin
  let languages: [String]
  let openedOn: CalendarDay
  /// Official key of the municipality in which they live.
  let area: String
  /// Ascending; the last is where they live now.
  let homes: [Home]
  let members: [Member]

  /// How many of a hundred households have one, two, … members.
  private static let sizes = [34, 18, 16, 16, 10, 6]

  init(
    memberCountMax: Int, order: SyntheticCaseload.Order,
    using generator: inout some RandomNumberGenerator
  ) {
    let openedOn = SyntheticTimeline.arrival(order, using: &generator)
    let origin = generator.pick(SyntheticOrigin.all)
    let memberCount = min(memberCountMax, Self.size(using: &generator))
    id = syntheticID(on: openedOn, using: &generator)
    self.openedOn = openedOn
    self.origin = origin
    familyName = generator.pick(origin.familyNames)
    languages = origin.languages.enumerated().filter { $0.offset == 0 || generator.chance(45) }
      .map(\.element)
    area = generator.pick(order.areas)
    homes = Self.homes(from: openedOn, until: order.asOf, using: &generator)
    members = (0..<memberCount).map { place in
      Member(
        role: place == 0 ? "head" : place == 1 && generator.chance(75) ? "partner" : "child",
        origin: origin, asOf: order.asOf, using: &generator)
    }
  }

  private static func size(using generator: inout some RandomNumberGenerator) -> Int {
    var rest = generator.number(0...99)
    for (place, share) in sizes.enumerated() {
      if rest < share { return place + 1 }
      rest -= share
    }
    return 1
  }

  /// Four of ten came from provisional housing; a few are there still.
  private static func homes(
    from start: CalendarDay, until today: CalendarDay,
    using generator: inout some RandomNumberGenerator
  ) -> [Home] {
    let kind = generator.pick(["au_municipal", "au_municipal", "au_private", "gu", "other"])
    let streets = (0..<2).map { _ in
      "\(generator.pick(SyntheticTexts.streets)) \(generator.number(1...120))"
    }
    let move = start + generator.number(5...180)
    guard generator.chance(40) else {
      return [Home(kind: kind, street: streets[0], from: start, to: nil)]
    }
    let first = Home(
      kind: "vu", street: streets[0], from: start - 90, to: move < today ? move : nil)
    guard move < today else { return [first] }
    return [first, Home(kind: kind, street: streets[1], from: move, to: nil)]
  }
}

extension SyntheticHousehold.Member {
  init(
    role: String, origin: SyntheticOrigin, asOf: CalendarDay,
    using generator: inout some RandomNumberGenerator
  ) {
    let isFemale = generator.chance(50)
    let name = generator.pick(isFemale ? origin.femaleNames : origin.maleNames)
    let ageDays =
      role == "child" ? generator.number(90...6_500) : generator.number(7_400...22_000)
    // Where papers are lost, authorities write the first of January.
    let isYearOnly = generator.chance(12)
    let birthDate = asOf - ageDays
    self.init(
      givenNames: name.latin, nameNative: name.native, isFemale: isFemale,
      birthDate: isYearOnly ? birthDate.startOfYear : birthDate, isYearOnly: isYearOnly,
      role: role)
  }
}
