package import HubStorage
package import SyncCore
import SyncProtocol

/// Fills an empty county from what replicas hold, after the hub's own database was lost.
///
/// What stands in a replica stands there as of its position in the lost history; a later replica's
/// values take the place of an earlier one's, and what sites return afterwards is ordered by the
/// same numbers. Decisions, proposals and earlier values are gone: they stood nowhere else.
package struct Rebuilding: Sendable {
  /// The incarnation of a site that has not called the rebuilt hub yet.
  private static let unknownLog = "lost"
  /// Rows written in one transaction, before the last case of it.
  private static let rowCountMax = 500

  private let store: any HubStore
  private let environment: HubEnvironment
  private let rules: (any DomainRules)?

  /// - Parameter rules: who may be granted which tiers; what was decided before is not asked again.
  package init(
    store: any HubStore, environment: HubEnvironment, rules: (any DomainRules)? = nil
  ) {
    self.store = store
    self.environment = environment
    self.rules = rules
  }

  /// Begins the history that goes on from the lost one, of which nothing is left.
  package func begin() throws {
    _ = try CountyAdministration(store: store, environment: environment).beginHistory()
  }

  /// What one replica holds, as of a position in the lost history.
  package struct Holdings {
    package let position: Position
    let leads: [(caseID: CaseID, lead: SiteID)]
    package let rows: (CaseID) throws -> [RowImage]

    /// - Parameters:
    ///   - leads: who leads each case and unit that it holds, in their order.
    ///   - rows: those of a case or unit, its root first, or of none.
    package init(
      position: Position, leads: [(caseID: CaseID, lead: SiteID)],
      rows: @escaping (CaseID) throws -> [RowImage]
    ) {
      self.position = position
      self.leads = leads
      self.rows = rows
    }
  }

  /// Enters all that a replica holds; of several the oldest first.
  ///
  /// - Returns: how many rows that were.
  package func enter(_ holdings: Holdings) throws -> Int {
    let own = try holdings.rows(.none)
    try enter(county: own, of: holdings.position)
    var rowCount = own.count
    var waiting: [RowImage] = []
    var lead: SiteID?
    func flush() throws {
      guard let lead, !waiting.isEmpty else { return }
      try enter(waiting, ledBy: lead, of: holdings.position)
      rowCount += waiting.count
      waiting = []
    }
    for held in holdings.leads {
      if held.lead != lead || waiting.count >= Self.rowCountMax {
        try flush()
        lead = held.lead
      }
      waiting += try holdings.rows(held.caseID)
    }
    try flush()
    return rowCount
  }

  /// Enters the county's own rows, and admits the sites that they name: each by the certificate
  /// that it has, at its next contact.
  private func enter(county rows: [RowImage], of position: Position) throws {
    try store.write { writer in
      try enter(sitesIn: rows, writer)
      try apply(rows, by: .hub, areas: [], at: position, in: writer)
    }
  }

  /// Enters rows of cases and units with one lead; the hub leads what no site leads any more.
  private func enter(_ rows: [RowImage], ledBy lead: SiteID, of position: Position) throws {
    try store.write { writer in
      let site = try writer.site(lead)
      try apply(
        rows, by: site?.id ?? .hub, areas: site?.areas ?? [], at: position, in: writer)
    }
  }

  private func enter(sitesIn rows: [RowImage], _ writer: some HubWriter) throws {
    guard let sites = writer.schema.table(named: "site") else { return }
    let areas = writer.schema.table(named: "site_area")
    func text(_ image: RowImage, _ name: String, _ table: Table?) -> String? {
      (table?.column(named: name)?.number).flatMap { image.cells[$0]?.text }
    }
    for row in rows where row.key.table == sites.number {
      let id = SiteID(row.key.id.string)
      guard try writer.site(id) == nil,
        let kind = text(row, "kind", sites).flatMap(SiteKind.init)
      else { continue }
      let own = rows.filter {
        $0.key.table == areas?.number && text($0, "site_id", areas) == id.string
      }
      var record = SiteRecord(
        id: id, name: text(row, "name", sites) ?? id.string, kind: kind,
        areas: Set(own.compactMap { text($0, "ags", areas) }).sorted(), state: .joined, url: "",
        joinURL: "", certificateExpiresAt: 0)
      record.contact.incarnation = Self.unknownLog + "-" + id.string
      try writer.put(record)
    }
  }

  private func apply(
    _ rows: [RowImage], by author: SiteID, areas: [String], at position: Position,
    in writer: some HubWriter
  ) throws {
    let now = environment.now()
    let changes = rows.enumerated().map { place, image in
      Change(
        id: EntryID(n: Int64(place) + 1, tag: 0), kind: .insert, row: image.key,
        caseID: image.caseID, cells: image.cells, base: 0, editedAt: now)
    }
    let view = try writer.view(for: changes, by: author, schema: writer.schema)
    var context = try CountyService.context(
      for: Author(site: author, incarnation: IncarnationID(""), ancestors: [], clockSkew: 0),
      areas: areas, now: now, roleInSharedArea: rules?.roleInSharedArea, in: writer)
    let service = CountyService(store: store, environment: environment)
    context.returned = ReturnedBatch(
      formerSeq: try service.order(of: position.seq, in: position.history, writer),
      sharedSeq: 0)
    let plan = Decision.decide(
      changes, view: view, context: context, digestKey: try writer.county.digester)
    try writer.writeGated(plan, by: rules, at: now, random: environment.random)
  }
}
