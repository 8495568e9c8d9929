import SyncCore
import Testing

/// The table of ``resolve(_:)``, cell by cell. What a policy does not ask about makes no
/// difference: every cell is tried with all combinations of it.
@Suite("Policies")
struct ResolveTests {
  /// What the two sides are, apart from their values.
  struct Sides: Sendable, CustomStringConvertible {
    var incomingIsLead: Bool
    var incomingIsCounty: Bool
    var currentIsCounty: Bool
    /// The incoming edit's time against the current one's.
    var order: Int64

    var description: String {
      "lead \(incomingIsLead), county \(incomingIsCounty)/\(currentIsCounty), order \(order)"
    }
  }

  private static let allSides: [Sides] = [true, false].flatMap { lead in
    [(true, true), (true, false), (false, true), (false, false)].flatMap { county in
      [-1, 0, 1].map {
        Sides(
          incomingIsLead: lead, incomingIsCounty: county.0, currentIsCounty: county.1, order: $0)
      }
    }
  }

  private static let pairs: [(Value, Value)] = [("x", "y"), (.null, "y"), ("x", .null)]

  private func expect(
    _ column: Column, _ incoming: Value, _ current: Value, _ expected: (Sides) -> Resolution,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for sides in Self.allSides {
      let conflict = Conflict(
        column: column,
        incoming: Contender(
          value: incoming, site: CountySample.contributor, editedAt: 100 + sides.order),
        current: Contender(value: current, site: CountySample.lead, editedAt: 100),
        incomingIsLead: sides.incomingIsLead, incomingIsCounty: sides.incomingIsCounty,
        currentIsCounty: sides.currentIsCounty)
      #expect(
        resolve(conflict) == expected(sides), "\(incoming) upon \(current): \(sides)",
        sourceLocation: sourceLocation)
    }
  }

  private func column(_ name: String) -> Column { CountySample.person.column(named: name)! }

  @Test("lead: the lead's value wins, anyone else's is a proposal", arguments: pairs)
  func lead(incoming: Value, current: Value) {
    expect(column("worker"), incoming, current) {
      $0.incomingIsLead ? .incomingWins(.leadWins) : .proposed(.leadDecides)
    }
  }

  @Test("county: only the county's side wins against the other one's", arguments: pairs)
  func county(incoming: Value, current: Value) {
    expect(column("area"), incoming, current) {
      switch ($0.incomingIsCounty, $0.currentIsCounty) {
      case (true, false): .incomingWins(.countyWins)
      case (true, true), (false, true), (false, false): .currentStays(.countyWins)
      }
    }
  }

  @Test("latest: the later edit wins, a tie goes to what the hub sees later", arguments: pairs)
  func latest(incoming: Value, current: Value) {
    expect(column("name"), incoming, current) {
      switch $0.order {
      case -1: .currentStays(.laterEditWins)
      default: .incomingWins(.laterEditWins)
      }
    }
  }

  @Test(
    "restrict: what stands later in the declared order wins",
    arguments: [
      ("limited", "free", true), ("barred", "limited", true), ("free", "limited", false),
      ("free", "barred", false), ("free", .null, true), (.null, "free", false),
      ("undeclared", .null, false), (.null, "undeclared", true), ("undeclared", "free", false),
      ("free", "undeclared", true), ("undeclared", "unknown", false),
    ] as [(Value, Value, Bool)])
  func restrict(incoming: Value, current: Value, wins: Bool) {
    expect(column("level"), incoming, current) { _ in
      wins ? .incomingWins(.moreRestrictiveWins) : .currentStays(.moreRestrictiveWins)
    }
  }

  @Test(
    "union: both sets together, each code once, in order",
    arguments: [
      ("deu", "ara", "ara,deu"), ("ara", "deu", "ara,deu"), ("ara,deu", "deu,eng", "ara,deu,eng"),
      ("ara", "ara,deu", "ara,deu"), (.null, "deu", "deu"), ("deu", .null, "deu"),
      (" eng, ara ", "deu", "ara,deu,eng"), (",", "deu", "deu"), ("", .null, .null),
    ] as [(Value, Value, Value)])
  func union(incoming: Value, current: Value, merged: Value) {
    expect(column("languages"), incoming, current) { _ in .merged(merged, .setsUnited) }
  }

  @Test(
    "max: the greater wins, and anything against an empty cell",
    arguments: [
      (2, 1, true), (1, 2, false), (10, 9, true), (-1, -2, true), (1, .null, true),
      (.null, 1, false), ("2025-02-01", "2025-01-31", true), ("2025-01-31", "2025-02-01", false),
      ("2025-01-31", .null, true), (.null, "2025-01-31", false),
    ] as [(Value, Value, Bool)])
  func max(incoming: Value, current: Value, wins: Bool) {
    expect(column("minutes"), incoming, current) { _ in
      wins ? .incomingWins(.greaterWins) : .currentStays(.greaterWins)
    }
  }

  @Test(
    "min: the smaller wins, and anything against an empty cell",
    arguments: [
      (1, 2, true), (2, 1, false), (9, 10, true), (-2, -1, true), (1, .null, true),
      (.null, 1, false), ("2025-01-31", "2025-02-01", true), ("2025-02-01", "2025-01-31", false),
      ("2025-01-31", .null, true), (.null, "2025-01-31", false),
    ] as [(Value, Value, Bool)])
  func min(incoming: Value, current: Value, wins: Bool) {
    expect(column("since"), incoming, current) { _ in
      wins ? .incomingWins(.smallerWins) : .currentStays(.smallerWins)
    }
  }

  @Test(
    "once: the first value stays, a second is for a person, an empty cell never wins",
    arguments: [
      ("x", "y", .proposed(.firstValueStays)), ("x", .null, .incomingWins(.firstValueStays)),
      (.null, "y", .currentStays(.firstValueStays)),
    ] as [(Value, Value, Resolution)])
  func once(incoming: Value, current: Value, resolution: Resolution) {
    expect(column("sex"), incoming, current) { _ in resolution }
  }

  @Test(
    "state: the later state wins, but nothing leaves a terminal one",
    arguments: [
      ("done", "open", true), ("open", "done", false), ("gone", "open", true),
      ("gone", "done", false), ("done", "gone", false), ("open", .null, true),
      (.null, "open", false), (.null, "done", false), ("undeclared", "open", false),
      ("open", "undeclared", true),
    ] as [(Value, Value, Bool)])
  func state(incoming: Value, current: Value, wins: Bool) {
    expect(column("state"), incoming, current) { _ in
      wins ? .incomingWins(.laterStateWins) : .currentStays(.laterStateWins)
    }
  }

  @Test("manual: a person decides", arguments: pairs)
  func manual(incoming: Value, current: Value) {
    expect(column("goal"), incoming, current) { _ in .proposed(.personDecides) }
  }
}
