package import HubStorage
package import SyncCore
import SyncProtocol

/// What the county's administrators do with sites. Every call is one durable transaction.
package struct CountyAdministration: Sendable {
  private let store: any HubStore
  private let schema: Schema
  private let environment: HubEnvironment

  package init(store: any HubStore, schema: Schema, environment: HubEnvironment) {
    self.store = store
    self.schema = schema
    self.environment = environment
  }

  /// What an administrator says of a site that is to join.
  package struct NewSite: Sendable {
    package let name: String
    package let kind: SiteKind
    /// Official keys of the municipalities it serves.
    package let areas: [String]
    package let url: String
    package let joinURL: String

    package init(name: String, kind: SiteKind, areas: [String], url: String, joinURL: String) {
      self.name = name
      self.kind = kind
      self.areas = areas
      self.url = url
      self.joinURL = joinURL
    }
  }

  /// Adds a site that waits to join, publishes it in the `site` table, and grants it the cases that
  /// are there: all for the county's own sites, those led by a site that shares an area for
  /// municipalities and associations, none for others.
  ///
  /// - Returns: the site and the token for its join string; only the token's hash is kept.
  package func add(_ new: NewSite) throws -> (site: SiteRecord, token: [UInt8]) {
    let token = environment.random(JoinString.tokenByteCount)
    let now = environment.now()
    let site = SiteRecord(
      id: SiteID(environment.uuid()), name: new.name, kind: new.kind,
      areas: Array(Set(new.areas)).sorted(), state: .waiting, url: new.url, joinURL: new.joinURL,
      tokenHash: JoinToken.hash(token), tokenExpiresAt: now + JoinToken.lifetime)
    try store.write { writer in
      let sharing = try writer.sites.filter { other in
        site.kind.seesItsArea && other.areas.contains(where: site.areas.contains)
      }
      let cases = try writer.caseIDs(ledBy: site.kind == .county ? nil : sharing.map(\.id))
      try writer.put(site)
      var plan = try published(site, at: now, in: writer)
      let head = try writer.counter.seq
      plan.grant(cases, to: site.id, as: .contributor, headSeq: head, now: now)
      plan.grant(
        try mentioned(in: cases, writer), to: site.id, as: .mention, headSeq: head, now: now)
      try writer.write(plan, at: now, random: environment.random)
    }
    return (site, token)
  }

  /// The units that these cases mention, in ascending order.
  private func mentioned(in cases: [CaseID], _ reader: some HubReader) throws -> [CaseID] {
    guard let root = schema.caseRoot else { return [] }
    var units: Set<CaseID> = []
    for column in root.columns {
      guard let name = column.mentions, let table = schema.table(named: name) else { continue }
      let position = root.position(ofColumn: column.number)!
      // Some hundred at a time: a county's root rows need not be in memory at once.
      for start in stride(from: 0, to: cases.count, by: 500) {
        let keys = cases[start..<min(start + 500, cases.count)].map {
          RowKey(table: root.number, id: RowID(text: $0.text))
        }
        for row in try reader.rows(keys).values {
          if let id = row.values[position].text { units.insert(table.unit(of: RowID(id))) }
        }
      }
    }
    return try reader.cases(units.sorted()).keys.sorted()
  }

  /// The site's row in the domain table, written by the hub like any other change.
  private func published(_ site: SiteRecord, at now: Milliseconds, in reader: some HubReader) throws
    -> Plan
  {
    guard let table = schema.table(named: "site") else { return Plan() }
    let known: [String: Value] = [
      "kind": .text(site.kind.rawValue), "name": .text(site.name),
      "ags": site.areas.first.map { .text($0) } ?? .null,
    ]
    let row = table.columns.map { known[$0.name] ?? $0.defaultValue }
    let change = Change(
      id: EntryID(n: 0, tag: 0), kind: .insert,
      row: RowKey(table: table.number, id: RowID(text: site.id.text)), caseID: .none,
      cells: Cells(of: row, in: table, mask: table.travellingColumns), base: 0, editedAt: now)
    let author = Author(
      site: .hub, incarnation: IncarnationID(""), ancestors: [], clockSkew: 0)
    let context = try CountyService.context(
      for: author, areas: [], schema: schema, now: now, in: reader)
    let plan = Decision.decide(
      [change], view: try reader.view(for: [change], by: .hub, schema: schema), context: context,
      digestKey: try reader.county.digester)
    precondition(plan.answers.allSatisfy { $0.verdict == .applied }, "the hub refused its own row")
    return plan
  }

  /// Gives a site a new join string: its certificate is lost or expired, or a copy is to go on.
  package func rejoin(_ id: SiteID) throws -> (site: SiteRecord, token: [UInt8]) {
    let token = environment.random(JoinString.tokenByteCount)
    let site = try change(id) { site in
      site.state = .waiting
      site.keyHash = nil
      // The replica may be a new one, with a log of its own.
      site.contact.incarnation = ""
      site.tokenHash = JoinToken.hash(token)
      site.tokenExpiresAt = environment.now() + JoinToken.lifetime
    }
    return (site, token)
  }

  /// Ends a site's access; its next request is refused, also on an open connection. What it holds
  /// unsent stays on its disk.
  package func revoke(_ id: SiteID) throws -> SiteRecord {
    try change(id) { $0.state = .revoked }
  }

  private func change(_ id: SiteID, _ change: (inout SiteRecord) -> Void) throws -> SiteRecord {
    try store.write { writer in
      guard var site = try writer.site(id) else { throw AdministrationError.unknownSite(id) }
      change(&site)
      try writer.put(site)
      return site
    }
  }
}

/// Why an administrator's command cannot be carried out.
package enum AdministrationError: Error, Equatable, Sendable {
  case unknownSite(SiteID)
}
