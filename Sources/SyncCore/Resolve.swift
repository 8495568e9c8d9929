/// How one column ends that two sites changed without knowing of each other.
package enum Resolution: Hashable, Sendable {
  case incomingWins(Rule)
  case currentStays(Rule)
  /// Neither value as it was sent: the hub's own.
  case merged(Value, Rule)
  /// The current value stays until a person decides.
  case proposed(Rule)
}

/// What a policy may ask about the two sides.
package struct Conflict: Sendable {
  package let column: Column
  package let incoming: Contender
  package let current: Contender
  /// The author is the case's lead and knew the current epoch when it wrote.
  package let incomingIsLead: Bool
  package let incomingIsCounty: Bool
  package let currentIsCounty: Bool

  package init(
    column: Column, incoming: Contender, current: Contender, incomingIsLead: Bool,
    incomingIsCounty: Bool, currentIsCounty: Bool
  ) {
    self.column = column
    self.incoming = incoming
    self.current = current
    self.incomingIsLead = incomingIsLead
    self.incomingIsCounty = incomingIsCounty
    self.currentIsCounty = currentIsCounty
  }
}

/// Decides a conflict of two different values by the column's policy.
///
/// | policy     | incoming wins when                        | else                         |
/// |------------|-------------------------------------------|------------------------------|
/// | `lead`     | its author is the lead and knew it        | proposal                     |
/// | `county`   | only its author is on the county's side   | current stays                |
/// | `latest`   | its corrected time is not earlier         | current stays                |
/// | `restrict` | it stands later in the declared order     | current stays                |
/// | `union`    | –                                         | both sets together           |
/// | `max`      | it is greater                             | current stays                |
/// | `min`      | it is smaller                             | current stays                |
/// | `once`     | the cell is empty                         | proposal; empty never wins   |
/// | `state`    | it stands later and current is not terminal | current stays              |
/// | `manual`   | –                                         | proposal                     |
///
/// An empty cell stands before every code and loses against every number, text and date.
///
/// - Precondition: the two values differ.
package func resolve(_ conflict: Conflict) -> Resolution {
  let column = conflict.column
  let incoming = conflict.incoming.value
  let current = conflict.current.value
  switch column.policy {
  case .lead:
    return conflict.incomingIsLead ? .incomingWins(.leadWins) : .proposed(.leadDecides)
  case .county:
    return conflict.incomingIsCounty && !conflict.currentIsCounty
      ? .incomingWins(.countyWins) : .currentStays(.countyWins)
  case .latest:
    return conflict.incoming.editedAt >= conflict.current.editedAt
      ? .incomingWins(.laterEditWins) : .currentStays(.laterEditWins)
  case .restrict:
    return column.rank(of: incoming) > column.rank(of: current)
      ? .incomingWins(.moreRestrictiveWins) : .currentStays(.moreRestrictiveWins)
  case .union:
    return .merged(unitedSet(incoming, current), .setsUnited)
  case .max:
    return isOrdered(current, before: incoming)
      ? .incomingWins(.greaterWins) : .currentStays(.greaterWins)
  case .min:
    let incomingIsSmaller =
      current.isNull || !incoming.isNull && isOrdered(incoming, before: current)
    return incomingIsSmaller ? .incomingWins(.smallerWins) : .currentStays(.smallerWins)
  case .once:
    if current.isNull { return .incomingWins(.firstValueStays) }
    return incoming.isNull
      ? .currentStays(.firstValueStays) : .proposed(.firstValueStays)
  case .state:
    let absorbed = current.text.map(column.terminalCodes.contains) ?? false
    return !absorbed && column.rank(of: incoming) > column.rank(of: current)
      ? .incomingWins(.laterStateWins) : .currentStays(.laterStateWins)
  case .manual:
    return .proposed(.personDecides)
  }
}

extension Column {
  /// Place in the declared order; an empty cell before the first, an undeclared code before that.
  fileprivate func rank(of value: Value) -> Int {
    guard let text = value.text else { return -1 }
    return codes.firstIndex { ByteText($0) == ByteText(text) } ?? -2
  }
}

/// Numbers by size, texts by bytes (ISO dates sort as they should), an empty cell before all.
private func isOrdered(_ left: Value, before right: Value) -> Bool {
  switch (left, right) {
  case (.null, .null), (_, .null): false
  case (.null, _): true
  case (.integer(let left), .integer(let right)): left < right
  case (.text(let left), .text(let right)): left < right
  case (.integer, .text): true
  case (.text, .integer): false
  }
}

/// The codes of both sets, each once, in ascending order of bytes.
private func unitedSet(_ left: Value, _ right: Value) -> Value {
  var members: [ByteText] = []
  for value in [left, right] {
    guard let text = value.text else { continue }
    for member in text.split(separator: ",") {
      members.append(ByteText(String(member.trimmingASCIISpaces())))
    }
  }
  members.sort()
  var united: [ByteText] = []
  for member in members where united.last != member && !member.string.isEmpty {
    united.append(member)
  }
  return united.isEmpty ? .null : .text(united.map(\.string).joined(separator: ","))
}

extension Substring {
  fileprivate func trimmingASCIISpaces() -> Substring {
    var rest = self
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return rest
  }
}
