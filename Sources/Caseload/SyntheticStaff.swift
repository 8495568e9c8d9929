package import SyncCore

/// The people who manage cases at one site, and the posts that they hold. Nobody of them exists.
///
/// Pure, as ``SyntheticCaseload``.
package struct SyntheticStaff: Sendable {
  /// What is wanted.
  package struct Order: Sendable {
    /// The site that employs them; nil leaves that open: such rows are their writer's.
    package let site: SiteID?
    /// How much of a full post each has, in thousandths; one person for each.
    package let posts: [Int]
    package let asOf: CalendarDay
    /// Id of the `grant_allocation` that pays for them.
    package var grant: String?
    /// What a programme pays for a full post, in cents.
    package var rateCents: Int?

    package init(site: SiteID?, posts: [Int], asOf: CalendarDay) {
      self.site = site
      self.posts = posts
      self.asOf = asOf
    }
  }

  /// Workers and positions; each worker before their position.
  package let rows: [SyntheticRow]
  /// The ids of the workers.
  package let workers: [String]

  /// Draws them; the generator's next numbers are others afterwards.
  package init(_ order: Order, using generator: inout some RandomNumberGenerator) {
    var rows: [SyntheticRow] = []
    var workers: [String] = []
    for post in order.posts {
      let since = order.asOf - generator.number(100...1_500)
      let worker = syntheticID(on: since, using: &generator)
      let name = "\(generator.pick(Self.givenNames)) \(generator.pick(Self.familyNames))"
      rows.append(
        SyntheticRow(
          "worker", id: worker,
          [
            ("site_id", .optional(order.site?.string)), ("display_name", .text(name)),
            ("role", .text("integration_manager")),
            ("qualification", .text(generator.pick(Self.qualifications))),
            ("active_from", .date(since)), ("bound_by_secrecy", .flag(true)),
          ]))
      rows.append(
        SyntheticRow(
          "position", id: syntheticID(on: since, using: &generator),
          [
            ("worker_id", .text(worker)), ("grant_id", .optional(order.grant)),
            ("fte_thousandths", .count(post)),
            ("rate_cents", order.rateCents.map { .count($0) } ?? .null),
            ("valid_from", .date(since)), ("funded_months", .count(generator.number(3...48))),
          ]))
      workers.append(worker)
    }
    self.rows = rows
    self.workers = workers
  }

  private static let givenNames = [
    "Jana", "Björn", "Ayşe", "Łukasz", "Zoë", "Günther", "Nađa", "François", "Elif", "Şermin",
  ]
  private static let familyNames = [
    "Müßig", "Škoda", "Großmann", "Yıldız", "Dvořák", "Öhler", "Lindqvist", "Węgrzyn", "Šarić",
    "Häußermann", "dʼArtois", "Kőszegi",
  ]
  private static let qualifications = ["Soziale Arbeit (B.A.)", "Pädagogik (M.A.)", "Verwaltung"]
}
