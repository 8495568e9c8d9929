import SyncCore

/// People who live together: one family name, one origin, one arrival.
struct SyntheticHousehold {
  struct Member {
    let givenNames: String
    let nameNative: String?
    let isFemale: Bool
    let birthDate: CalendarDay
    let isYearOnly: Bool
    let role: String
  }

  let id: String
  let familyName: String
  let origin: SyntheticOrigin
  let languages: [String]
  let openedOn: CalendarDay
  let members: [Member]

  /// How many of a hundred households have one, two, … members.
  private static let sizes = [34, 18, 16, 16, 10, 6]

  init(
    memberCountMax: Int, order: SyntheticCaseload.Order,
    using generator: inout some RandomNumberGenerator
  ) {
    let openedOn = order.asOf - generator.number(25...690)
    let origin = generator.pick(SyntheticOrigin.all)
    let memberCount = min(memberCountMax, Self.size(using: &generator))
    id = syntheticID(on: openedOn, using: &generator)
    self.openedOn = openedOn
    self.origin = origin
    familyName = generator.pick(origin.familyNames)
    languages = origin.languages.enumerated().filter { $0.offset == 0 || generator.chance(45) }
      .map(\.element)
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
