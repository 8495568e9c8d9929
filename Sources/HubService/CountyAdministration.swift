package import HubStorage
package import SyncCore
package import SyncProtocol

/// What the county's administrators do with sites. Every call is one durable transaction.
package struct CountyAdministration: Sendable {
  let store: any HubStore
  let environment: HubEnvironment
  let rules: (any DomainRules)?

  /// - Parameter rules: what the domain refuses, also to the county itself.
  package init(
    store: any HubStore, environment: HubEnvironment, rules: (any DomainRules)? = nil
  ) {
    self.store = store
    self.environment = environment
    self.rules = rules
  }

  /// What an administrator says of a site that is to join.
  package struct NewSite: Sendable {
    package let name: String
    package let kind: SiteKind
    /// Official keys of the municipalities it serves.
    package let areas: [String]
    package let url: String
    package let joinURL: String
    /// The day from which it serves its areas, `YYYY-MM-DD`.
    package let validFrom: String?

    package init(
      name: String, kind: SiteKind, areas: [String], url: String, joinURL: String,
      validFrom: String? = nil
    ) {
      self.name = name
      self.kind = kind
      self.areas = areas
      self.url = url
      self.joinURL = joinURL
      self.validFrom = validFrom
    }
  }

  /// Adds a site that waits to join, publishes it and its areas in `site` and `site_area`, and
  /// grants it the cases that are there: all for the county's own sites, those led by a site that
  /// shares an area for municipalities and associations, none for others.
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
      let units = try writer.units(mentionedIn: cases)
      let rows = published(site, from: new.validFrom, at: now, in: writer.schema)
      try write(rows, at: now, in: writer) { plan, head in
        plan.grant(
          cases, to: site.id,
          as: site.kind == .county ? .contributor : rules?.roleInSharedArea ?? .contributor,
          headSeq: head, now: now)
        plan.grant(units, to: site.id, as: .mention, headSeq: head, now: now)
      }
    }
    return (site, token)
  }

  /// The site's rows in the domain tables, written by the hub like any other change.
  private func published(
    _ site: SiteRecord, from day: String?, at now: Milliseconds, in schema: Schema
  ) -> [Change] {
    let row: [String: Value] = [
      "kind": .text(site.kind.rawValue), "name": .text(site.name),
      "ags": site.areas.first.map { .text($0) } ?? .null,
    ]
    let areas = site.areas.map { ags -> [String: Value] in
      [
        "site_id": .text(site.id.text), "ags": .text(ags),
        "valid_from": day.map { .text($0) } ?? .null,
      ]
    }
    let sites = schema.table(named: "site").map {
      insertion(into: $0, RowID(text: site.id.text), row, at: now)
    }
    let siteAreas = schema.table(named: "site_area").map { table in
      areas.map { insertion(into: table, RowID(environment.uuid()), $0, at: now) }
    }
    return [sites].compactMap(\.self) + (siteAreas ?? [])
  }

  private func insertion(
    into table: Table, _ id: RowID, _ values: [String: Value], at now: Milliseconds
  ) -> Change {
    let row = table.columns.map { values[$0.name] ?? $0.defaultValue }
    return Change(
      id: EntryID(n: 0, tag: 0), kind: .insert, row: RowKey(table: table.number, id: id),
      caseID: .none, cells: Cells(of: row, in: table, mask: table.travellingColumns), base: 0,
      editedAt: now)
  }

  /// Gives a site a new join string: its certificate is lost or expired, or a copy is to go on.
  ///
  /// - Parameters:
  ///   - url: where it finds the hub from now on; nil for where it found it so far.
  ///   - joinURL: the same of the join listener.
  package func rejoin(
    _ id: SiteID, url: String? = nil, joinURL: String? = nil
  ) throws -> (site: SiteRecord, token: [UInt8]) {
    let token = environment.random(JoinString.tokenByteCount)
    let now = environment.now()
    let site = try store.write { writer in
      guard var site = try writer.site(id) else { throw AdministrationError.unknownSite(id) }
      site.state = .waiting
      site.url = url ?? site.url
      site.joinURL = joinURL ?? site.joinURL
      site.heldBecause = nil
      site.keyHash = nil
      site.nextKeyHash = nil
      site.nextCertificateExpiresAt = nil
      site.tokenHash = JoinToken.hash(token)
      site.tokenExpiresAt = now + JoinToken.lifetime
      // The replica that joins may be a new one, the one that is there, or a copy of it: each
      // begins a log of its own.
      if let ended = try site.endedLog(at: now, in: writer) { try writer.put(ended) }
      site.contact.incarnation = ""
      try writer.put(site)
      return site
    }
    return (site, token)
  }

  /// Ends a site's access; its next request is refused, also on an open connection. What it holds
  /// unsent stays on its disk.
  package func revoke(_ id: SiteID) throws -> SiteRecord {
    try change(id) { $0.state = .revoked }
  }

  /// Keeps a site from syncing until it is resumed; its data waits where it is.
  ///
  /// - Throws: ``AdministrationError/notPossible(_:state:)`` unless it has joined.
  package func pause(_ id: SiteID) throws -> SiteRecord {
    try turn(id, from: .joined, to: .paused)
  }

  /// Lets a paused site sync again, from its next try on.
  ///
  /// - Throws: ``AdministrationError/notPossible(_:state:)`` unless it is paused.
  package func resume(_ id: SiteID) throws -> SiteRecord {
    try turn(id, from: .paused, to: .joined)
  }

  /// Lets the county's schema grow; durable when it returns, also beside a hub that serves.
  ///
  /// - Throws: `SchemaError` with everything that is not an addition.
  package func grow(to text: String, file: String) throws -> SchemaUpdate {
    try SchemaUpdate.run(on: store, to: text, file: file, isDryRun: false)
  }

  /// Asks a site for something, at its next contact. What is asked already is not asked twice.
  ///
  /// - Parameters:
  ///   - selection: the rows that it is about.
  ///   - isDryRun: whether the site is only to say what it would do.
  ///   - count: what it is to count, where that is asked for.
  /// - Throws: ``AdministrationError/caseNotHeld(_:site:)`` for a case that the site does not hold:
  ///   its name is not for that site.
  package func instruct(
    _ id: SiteID, _ kind: Instruction, selection: RowSelection = .everything,
    isDryRun: Bool = false, count: CountTask? = nil
  ) throws -> StoredInstruction {
    try store.write { writer in
      guard let site = try writer.site(id) else { throw AdministrationError.unknownSite(id) }
      guard site.state == .joined || site.state == .paused else {
        throw AdministrationError.notPossible(id, state: site.state)
      }
      let open = try writer.instructions(of: id, doneLimit: 0)
      let known = open.first {
        $0.kind == kind.rawValue && $0.selection == selection && $0.isDryRun == isDryRun
          && $0.count == count
      }
      if let known { return known }
      if let caseID = selection.caseID, try writer.roles(of: id, in: [caseID])[caseID] == nil {
        throw AdministrationError.caseNotHeld(caseID, site: id)
      }
      let instruction = StoredInstruction(
        id: environment.uuid(), site: id, kind: kind.rawValue, selection: selection,
        isDryRun: isDryRun, issuedAt: environment.now(), count: count)
      try writer.put(instruction)
      return instruction
    }
  }

  /// - Throws: ``AdministrationError/notPossible(_:state:)`` for a site in neither state; one that
  ///   is there already stays.
  private func turn(_ id: SiteID, from: SiteState, to: SiteState) throws -> SiteRecord {
    try store.write { writer in
      guard var site = try writer.site(id) else { throw AdministrationError.unknownSite(id) }
      guard site.state == from || site.state == to else {
        throw AdministrationError.notPossible(id, state: site.state)
      }
      site.state = to
      try writer.put(site)
      return site
    }
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
  case unknownCase(CaseID)
  /// A table, and the id of which it has no row.
  case unknownRow(String, RowID)
  /// A table whose rows belong to cases.
  case caseNeeded(String)
  /// Required columns that a new row of a table lacks; the entry by its place from 0.
  case columnsMissing(String, [String], entry: Int)
  /// A row that a rule keeps out, by table, id and rule; the entry by its place from 0.
  case rowRefused(String, RowID, Rule, entry: Int)
  /// An id that two entries have; the second by its place from 0.
  case idTwice(RowID, entry: Int)
  /// A row, by table and id, that rows of another table name, or that is a site which may call.
  case rowInUse(String, RowID, by: String)
  /// A case that the site does not hold.
  case caseNotHeld(CaseID, site: SiteID)
  /// The site's state forbids it.
  case notPossible(SiteID, state: SiteState)
  /// No such proposal, or none in a case that the caller leads.
  case unknownProposal(String)
  /// Somebody has decided it before.
  case proposalDecided(StoredProposal)
  /// The ledger has no such entry.
  case unknownConflict(String)
  /// A decision that cannot be carried out, by the table of its row.
  case undecidable(SettlementObstacle, table: String, RowID)

  /// The entry that cannot stand, by its place from 0.
  package var entry: Int? {
    switch self {
    case .columnsMissing(_, _, let entry), .rowRefused(_, _, _, let entry), .idTwice(_, let entry):
      entry
    case .unknownSite, .unknownCase, .unknownRow, .caseNeeded, .caseNotHeld, .rowInUse,
      .notPossible, .unknownProposal, .proposalDecided, .unknownConflict, .undecidable:
      nil
    }
  }
}
