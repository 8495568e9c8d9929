import SyncCore

/// When a case began, how urgent it is, and whether it has begun in earnest or is over.
struct SyntheticTimeline {
  let openedOn: CalendarDay
  /// Nil while the case goes on.
  let closedOn: CalendarDay?
  /// 1 is the most urgent; nil where nobody ranked the case.
  let priority: Int?
  let phase: String

  /// Nobody works on it yet.
  var isWaiting: Bool { phase == "waiting" }

  /// For how many days a case of priority 1, 2 or 3 waits for its first talk.
  private static let waitingDays = [1: 0, 2: 21, 3: 60]
  private static let daysPerMonth = 30

  init(
    openedOn: CalendarDay, order: SyntheticCaseload.Order,
    using generator: inout some RandomNumberGenerator
  ) {
    self.openedOn = openedOn
    switch order.course {
    case .steady:
      closedOn = nil
      phase = generator.chance(85) ? "open" : "paused"
      priority = generator.chance(30) ? generator.number(1...3) : nil
    case .queue(let months):
      let days = months * Self.daysPerMonth
      let end = openedOn + generator.number(days * 4 / 5...days * 7 / 5)
      let rank = generator.pick([1, 1, 2, 2, 2, 3, 3, 3, 3])
      let waits = openedOn + (Self.waitingDays[rank] ?? 0) > order.asOf
      closedOn = end > order.asOf ? nil : end
      phase = closedOn != nil ? "closed" : waits ? "waiting" : "open"
      priority = rank
    }
  }

  /// When a household comes, by the course of its cases.
  static func arrival(
    _ order: SyntheticCaseload.Order, using generator: inout some RandomNumberGenerator
  ) -> CalendarDay {
    switch order.course {
    case .steady: order.asOf - generator.number(25...690)
    case .queue: order.asOf - generator.number(3...365)
    }
  }
}
