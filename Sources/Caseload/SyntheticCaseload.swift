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
/// may travel to all of them. Where consent was refused, only header columns have values.
package struct SyntheticCaseload: Sendable {
  /// What is wanted.
  package struct Order: Sendable {
    /// Exactly so many persons, each with a case of their own.
    package let personCount: Int
    /// Cases without a person.
    package let refusalCount: Int
    /// Today: nothing that happened is later.
    package let asOf: CalendarDay
    /// Sites that may see the cases beside the county.
    package let recipients: [SiteID]

    package init(personCount: Int, refusalCount: Int, asOf: CalendarDay, recipients: [SiteID]) {
      self.personCount = personCount
      self.refusalCount = refusalCount
      self.asOf = asOf
      self.recipients = recipients
    }
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
      cases += household.members.map {
        SyntheticCase(of: $0, in: household, order: order, using: &generator)
      }
    }
    for _ in 0..<order.refusalCount {
      cases.append(SyntheticCase(refusedBefore: order.asOf, using: &generator))
    }
    self.cases = cases
    self.householdCount = householdCount
  }
}

/// One row to be written, free of SQL.
package struct SyntheticRow: Sendable, Equatable {
  /// A value under its column's name.
  package struct Cell: Sendable, Equatable {
    package let column: String
    package let value: Value
  }

  /// The table's name in `caseload.toml`.
  package let table: String
  /// A UUIDv7 of the day that the row is about.
  package let id: String
  /// Everything but the id, `case_id` included, without empty cells.
  package let cells: [Cell]

  /// The cell's value; empty if the row does not name it.
  package subscript(column: String) -> Value {
    cells.first { $0.column == column }?.value ?? .null
  }

  init(_ table: String, id: String, _ cells: [(column: String, value: Value)]) {
    self.table = table
    self.id = id
    self.cells = cells.filter { !$0.value.isNull }.map { Cell(column: $0.column, value: $0.value) }
  }
}

extension Value {
  static func date(_ day: CalendarDay) -> Value { .text(day.description) }

  static func flag(_ isTrue: Bool) -> Value { .integer(isTrue ? 1 : 0) }

  static func count(_ number: Int) -> Value { .integer(Int64(number)) }

  /// A set in the order that set columns demand: ascending by bytes, each once.
  static func set(_ codes: [String]) -> Value {
    .text(Set(codes.map(ByteText.init)).sorted().map(\.string).joined(separator: ","))
  }
}

/// A row's id as of a day.
func syntheticID(on day: CalendarDay, using generator: inout some RandomNumberGenerator) -> String {
  let random = (0..<UUIDv7.randomByteCount).map { _ in
    UInt8.random(in: .min ... .max, using: &generator)
  }
  let time = Int64(day.daysSince1970) * 86_400_000 + Int64(generator.number(0...86_399_999))
  return UUIDv7.text(milliseconds: time, random: random)
}
