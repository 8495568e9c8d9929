/// How a site or a county stands, for whoever only looks at a colour.
///
/// Green: up to date, and proved equal. Yellow: nights were missed, or something waits for a
/// person. Red: five working days without success, digests that differ, a site that is held.
package enum Light: String, Sendable, Comparable, CaseIterable {
  case green
  case yellow
  case red

  package static func < (one: Light, other: Light) -> Bool {
    one.rank < other.rank
  }

  private var rank: Int {
    switch self {
    case .green: 0
    case .yellow: 1
    case .red: 2
    }
  }
}

/// One thing that a person should know, and what it makes of the light. Green: to be known, and
/// nothing to be done.
package struct Sign: Sendable, Hashable {
  /// A stable code.
  package let reason: String
  package let light: Light

  package init(_ reason: String, _ light: Light) {
    self.reason = reason
    self.light = light
  }

  /// A night and a margin: the next night's sync has had its chance.
  package static let freshMax: Milliseconds = 36 * BerlinTime.hour
  /// Five working days always lie within a calendar week.
  package static let staleMax: Milliseconds = 7 * BerlinTime.day
  /// Long enough for the next person who looks.
  package static let restoreShownFor: Milliseconds = 7 * BerlinTime.day

  /// What the age of the last session that went through says; nil while it is fresh.
  package static func ofAge(lastSuccess: Milliseconds?, at now: Milliseconds) -> Sign? {
    guard let lastSuccess else { return Sign("never_synced", .yellow) }
    let age = now - lastSuccess
    if age > staleMax { return Sign("no_success_for_a_week", .red) }
    return age > freshMax ? Sign("no_success_for_36_hours", .yellow) : nil
  }
}

extension Sequence<Sign> {
  /// The worst of them; green for none.
  package var light: Light { map(\.light).max() ?? .green }
}
