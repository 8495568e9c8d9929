/// What two sites wrote into one unit (a column, or a group of columns that decide as one) without
/// knowing of each other.
struct NaiveConflict {
  /// What one side put into the unit, column by column.
  struct Side {
    let values: [NaiveValue]
    /// The author's clock, corrected by the measured skew.
    let time: Int64
    let isCounty: Bool
  }

  let unit: [NaiveColumn]
  let incoming: Side
  let current: Side
  let incomingIsLead: Bool
}

/// Who wins.
enum NaiveEnding {
  case incomingWins(String)
  case currentStays(String)
  /// A value of the hub's own.
  case merged(NaiveValue, String)
  case personDecides(String)
}

extension NaiveConflict {
  /// Who wins when two sites changed the same column without knowing of each other:
  ///
  /// | policy | |
  /// |---|---|
  /// | `lead` | the responsible site wins, the other edit becomes a proposal |
  /// | `county` | the county's side wins; of two on one side, what stands |
  /// | `latest` | the later edit, by skew-corrected time; ties by hub order |
  /// | `restrict` | the most restrictive value in the declared order |
  /// | `union` | set union |
  /// | `max`, `min` | the greater, the smaller; an empty cell loses against everything |
  /// | `once` | the first value stays, a second different one is for a person to decide |
  /// | `state` | the later state in the declared order, terminal states absorb |
  /// | `manual` | a person decides |
  func ending() -> NaiveEnding {
    let column = unit[0]
    let new = incoming.values[0]
    let old = current.values[0]
    switch column.policy {
    case "lead":
      return incomingIsLead ? .incomingWins("lead_wins") : .personDecides("lead_decides")
    case "county":
      return wins(incoming.isCounty && !current.isCounty, "county_wins")
    case "latest":
      return wins(incoming.time >= current.time, "later_edit_wins")
    case "restrict":
      return wins(rank(new) > rank(old), "more_restrictive_wins")
    case "union":
      return .merged(union(new, old), "sets_united")
    case "max":
      return wins(isLess(old, new), "greater_wins")
    case "min":
      return wins(new != .null && (old == .null || isLess(new, old)), "smaller_wins")
    case "once":
      if current.values.allSatisfy({ $0 == .null }) { return .incomingWins("first_value_stays") }
      return incoming.values.allSatisfy { $0 == .null }
        ? .currentStays("first_value_stays") : .personDecides("first_value_stays")
    case "state":
      let isAbsorbed = column.terminal.contains { .text($0) == old }
      return wins(!isAbsorbed && rank(new) > rank(old), "later_state_wins")
    default:
      return .personDecides("person_decides")
    }
  }

  private func wins(_ isIncoming: Bool, _ rule: String) -> NaiveEnding {
    isIncoming ? .incomingWins(rule) : .currentStays(rule)
  }

  /// An empty cell stands before the first code; a code that nobody declared before that.
  private func rank(_ value: NaiveValue) -> Int {
    value == .null ? -1 : unit[0].codes.firstIndex { .text($0) == value } ?? -2
  }

  /// Numbers by size, texts by their bytes, as ISO dates sort; an empty cell before all.
  private func isLess(_ left: NaiveValue, _ right: NaiveValue) -> Bool {
    switch (left, right) {
    case (.null, let right): right != .null
    case (.integer(let left), .integer(let right)): left < right
    case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
    default: false
    }
  }

  /// A set is its codes, each once, in ascending order, with commas between; without codes, empty.
  private func union(_ left: NaiveValue, _ right: NaiveValue) -> NaiveValue {
    var codes: Set<String> = []
    for case .text(let text) in [left, right] {
      codes.formUnion(text.split { $0 == "," || $0 == " " }.map(String.init))
    }
    return codes.isEmpty ? .null : .text(codes.sorted().joined(separator: ","))
  }
}
