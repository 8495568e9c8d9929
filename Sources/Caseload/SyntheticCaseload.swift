package import SyncCore

/// An invented caseload: cases, persons, consents, talks, plans and goals as a site would have
/// them. Nobody in it exists.
///
/// Pure: the same order and the same numbers give the same rows, ids included. It is made to be
/// awkward where real caseloads are awkward: names with all kinds of letters of DIN 91379, also
/// those that Unicode has only as a letter with combining marks; households; birth dates of which
/// only the year is known; cases without a person, because consent was refused.
///
/// Consents open every gate for the county and for the named recipients: what is written down here
/// may travel to all of them. What is special (needs, the reason of a priority) stands only in
/// cases that consented to just that. Where consent was refused, only header columns have values.
package struct SyntheticCaseload: Sendable {
  /// What is wanted.
  package struct Order: Sendable {
    /// Exactly so many persons, each with a case of their own.
    package let personCount: Int
    /// Today: nothing that happened is later.
    package let asOf: CalendarDay
    /// Where the persons live, by official municipality keys; one at least.
    package let areas: [String]
    /// Cases without a person.
    package var refusalCount = 0
    /// Sites that may see the cases beside the county.
    package var recipients: [SiteID] = []
    /// Ids of the `worker` rows among whom the cases are spread evenly.
    package var workers: [String] = []
    /// Id of the `programme_period` that pays for the cases.
    package var programme: String?
    /// Regeldienste to which clients are referred.
    package var services: [SiteID] = []
    package var course = Course.steady

    package init(personCount: Int, asOf: CalendarDay, areas: [String]) {
      self.personCount = personCount
      self.asOf = asOf
      self.areas = areas
    }
  }

  /// How cases go on.
  package enum Course: Sendable, Hashable {
    /// Opened within the last two years, none closed.
    case steady
    /// Opened within the last year, closed after about so many months (four to seven fifths, of
    /// which the longer ones are still open). The neediest come first: each case has a priority
    /// from 1, and who can wait still waits.
    case queue(typicalMonths: Int)
  }

  /// Those with a person first, household by household.
  package let cases: [SyntheticCase]
  /// In how many households the persons live; persons of one share `household_id`.
  package let householdCount: Int

  /// Draws the caseload; the generator's next numbers are others afterwards.
  package init(_ order: Order, using generator: inout some RandomNumberGenerator) {
    var cases: [SyntheticCase] = []
    var householdCount = 0
    while cases.count < order.personCount {
      let household = SyntheticHousehold(
        memberCountMax: order.personCount - cases.count, order: order, using: &generator)
      householdCount += 1
      for member in household.members {
        cases.append(
          SyntheticCase(
            of: member, in: household, order: order, number: cases.count, using: &generator))
      }
    }
    for _ in 0..<order.refusalCount {
      cases.append(
        SyntheticCase(refusedBefore: order, number: cases.count, using: &generator))
    }
    self.cases = cases
    self.householdCount = householdCount
  }

  /// All rows, each case's together.
  package var rows: [SyntheticRow] { cases.flatMap(\.rows) }
}
