package import SyncCore

/// What pays for the work at one site, as the county enters it: the version of a programme, and one
/// grant. The figures are given; ids and references to decisions are drawn.
package struct SyntheticFunding: Sendable {
  /// A version of a programme, with what its rules demand.
  package struct Programme: Sendable {
    /// Key of the state: "08" or "05".
    package let state: String
    package let code: String
    package let version: Int
    package let validFrom: CalendarDay
    /// The ordinal of the talk by which a plan is due.
    package let planDeadline: Int
    package var rateCents: Int?
    package var fundingMonthsMax: Int?

    package init(
      state: String, code: String, version: Int, validFrom: CalendarDay, planDeadline: Int
    ) {
      self.state = state
      self.code = code
      self.version = version
      self.validFrom = validFrom
      self.planDeadline = planDeadline
    }
  }

  /// Who gets how much for whom.
  package struct Grant: Sendable {
    package let programme: String
    package let area: String
    package let recipient: SiteID
    package let executing: SiteID
    package let posts: Int
    package let amountCents: Int
    package var mode = "own"
    /// The cut-off day and how many were counted on it; once reported it stands.
    package var headcount: (day: CalendarDay, count: Int)?

    /// - Parameter posts: in thousandths of a full post.
    package init(
      programme: String, area: String, recipient: SiteID, executing: SiteID, posts: Int,
      amountCents: Int
    ) {
      self.programme = programme
      self.area = area
      self.recipient = recipient
      self.executing = executing
      self.posts = posts
      self.amountCents = amountCents
    }
  }

  /// The row of a programme's version, with a new id.
  package static func row(
    _ programme: Programme, using generator: inout some RandomNumberGenerator
  ) -> SyntheticRow {
    SyntheticRow(
      "programme_period", id: syntheticID(on: programme.validFrom, using: &generator),
      [
        ("state", .text(programme.state)), ("code", .text(programme.code)),
        ("version", .count(programme.version)), ("valid_from", .date(programme.validFrom)),
        ("plan_deadline_ordinal", .count(programme.planDeadline)), ("typical_months", .count(8)),
        ("rate_cents_per_fte", programme.rateCents.map { .count($0) } ?? .null),
        ("min_fte_thousandths", .count(250)),
        ("funding_months_max", programme.fundingMonthsMax.map { .count($0) } ?? .null),
      ])
  }

  /// The row of a grant, with a new id.
  package static func row(
    _ grant: Grant, asOf today: CalendarDay, using generator: inout some RandomNumberGenerator
  ) -> SyntheticRow {
    let day = today - generator.number(200...400)
    return SyntheticRow(
      "grant_allocation", id: syntheticID(on: day, using: &generator),
      [
        ("programme_id", .text(grant.programme)), ("entitled_ags", .text(grant.area)),
        ("recipient_site", .text(grant.recipient.string)),
        ("executing_site", .text(grant.executing.string)), ("mode", .text(grant.mode)),
        ("cutoff_date", grant.headcount.map { .date($0.day) } ?? .null),
        ("headcount", grant.headcount.map { .count($0.count) } ?? .null),
        ("fte_thousandths", .count(grant.posts)), ("amount_cents", .count(grant.amountCents)),
        ("decision_ref", .text("IM-\(day.year)/\(generator.number(100...999))")),
        ("period_from", .date(today.startOfYear)),
        ("status", .text(grant.headcount == nil ? "granted" : "reported")),
      ])
  }
}
