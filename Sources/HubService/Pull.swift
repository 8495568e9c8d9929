import HubStorage
import SyncCore
import SyncProtocol

extension CountyService {
  /// One page of what happened above the site's cursor in the cases granted to it, read at one
  /// moment. ``PullContinuation`` says how pages make up one consistent state.
  func pull(_ request: PullRequest, from id: SiteID) throws -> PullPage {
    let rows = request.refreshRows.compactMap(\.key)
    guard let since = request.since.position, rows.count == request.refreshRows.count,
      rows.count + request.refreshCases.count <= PullRequest.refreshCountMax
    else {
      throw ProtocolError(
        .badRequest, "position or refresh lists are malformed", hint: "see schemas/openapi.yaml")
    }
    let site = try store.read { try served(id, in: $0) }
    if site.contact.sessionUsed != request.session {
      try fence(request.session, of: id)
    }
    return try store.read { reader in
      let counter = try reader.counter
      try check(since, history: reader.county.history, counter: counter, in: reader)
      var builder = PageBuilder(
        site: site, since: since, counter: counter, rules: rules,
        byteCountTarget: environment.pageByteCount, scopeDigests: scopeDigests, reader: reader)
      return try builder.page(for: request, refreshing: rows)
    }
  }
}

/// Fills one page.
private struct PageBuilder {
  let site: SiteRecord
  let since: Position
  let schema: Schema
  let counter: Counter
  let reader: any HubReader
  /// Nil for a domain without gates.
  private let rules: (any DomainRules)?
  private let scopeDigests: ScopeDigests
  private var page = PullPage()
  private var byteCount = 0
  /// Whether the digests of all cases of the scope are asked for.
  private var comparesAll = false
  /// What was looked up for this page, which is read at one moment.
  private var knownTerms: [CaseID: GrantTerms?] = [:]
  private var knownRecovery: Bool?

  /// A page is closed above this size.
  private let byteCountTarget: Int
  /// Rows read in one go: their values are in memory at once.
  private static var readCount: Int { 500 }

  init(
    site: SiteRecord, since: Position, counter: Counter, rules: (any DomainRules)?,
    byteCountTarget: Int, scopeDigests: ScopeDigests, reader: any HubReader
  ) {
    self.rules = rules
    self.scopeDigests = scopeDigests
    self.byteCountTarget = byteCountTarget
    self.site = site
    self.since = since
    schema = reader.schema
    self.counter = counter
    self.reader = reader
  }

  private var isFull: Bool { byteCount >= byteCountTarget }

  mutating func page(for request: PullRequest, refreshing rows: [RowKey]) throws -> PullPage {
    comparesAll = request.comparesAll ?? false
    if let continuation = request.continuation {
      guard continuation.since >= since.seq, continuation.through <= counter.seq,
        continuation.since <= continuation.through
      else {
        throw ProtocolError(
          .badRequest, "the continuation is none of this hub", hint: "begin the pull again")
      }
      try fill(from: continuation)
    } else {
      for key in rows where !isFull { try refresh(key) }
      for caseID in request.refreshCases.map({ CaseID($0) }) where !isFull {
        try refresh(caseID)
      }
      try fill(from: PullContinuation(since: since.seq, through: counter.seq))
    }
    return page
  }

  // MARK: Rounds

  private mutating func fill(from start: PullContinuation) throws {
    var place = start
    while true {
      try fillGrants(&place)
      try fillRows(&place)
      if isFull && !(place.isRoundDone && place.through == counter.seq) {
        page.head.continuation = place
        return
      }
      if place.through == counter.seq { return try finish() }
      place = PullContinuation(since: place.through, through: counter.seq)
    }
  }

  private mutating func fillGrants(_ place: inout PullContinuation) throws {
    while place.grantsThrough < place.through, !isFull {
      let next = try reader.grants(
        of: site.id, openedIn: place.grantsThrough + 1...place.through, heldAt: place.since,
        limit: 64)
      guard !next.isEmpty else {
        place.grantsThrough = place.through
        return
      }
      for granted in next {
        let isDone = try deliver(granted, at: &place)
        guard isDone else { return }
        place.grantsThrough = granted.seq
        place.grantedCase = nil
        place.lastRow = nil
        if isFull { return }
      }
    }
  }

  /// Whether a gate keeps something of the case from the site: what it sent of that before goes,
  /// too. What a hand-over takes from a former lead is none: a hub that is restored may need it.
  private func isBehindGate(_ grant: Grant) throws -> Bool {
    guard let rules, grant.caseID.isCase, grant.role != .mention, grant.terms.tiers != .all,
      grant.handover == nil, let table = rules.gateTable(in: schema)
    else { return false }
    let isHidden = try isHidden(grant)
    if grant.role.mayWrite && !isHidden { return true }
    let rows = try reader.livingRows(of: table, in: grant.caseID)
    // What is only hidden comes back, and what the site sent of it a restored hub may need. Of a
    // revocation the site hears once.
    guard !isHidden || rows.contains(where: { $0.lastSeq > since.seq }) else { return false }
    let states = rows.map {
      RowState(
        table: table, id: $0.key.id, caseID: grant.caseID, writer: $0.writer, values: $0.values)
    }
    return rules.openTiers(for: .county, rows: states).union(.header) != .all
  }

  /// Whether a restriction keeps something of the case from a site that works on it.
  private func isHidden(_ grant: Grant) throws -> Bool {
    try rules != nil && grant.role == .contributor && grant.terms.tiers == .header
      && grant.caseID.isCase && reader.isRestricted(grant.caseID)
  }

  /// Delivers the rest of a granted case, or the order to purge it; false if the page ended in the
  /// middle of it.
  private mutating func deliver(_ granted: GrantedCase, at place: inout PullContinuation) throws
    -> Bool
  {
    let grant = granted.grant
    let isEnded = granted.endedSeq != nil
    let isErased =
      try isEnded
      ? grant.terms == .ended || !reader.erased(among: [grant.caseID]).isEmpty
      : isBehindGate(grant)
    page.cases.append(
      PullPage.CaseRecord(
        caseID: grant.caseID, lead: granted.lead, terms: isEnded ? .ended : grant.terms,
        epoch: granted.epoch, isDeliveredWhole: !isEnded && !grant.isHeldAlready,
        isHandedOver: grant.handover != nil, isErased: isErased,
        isRestricted: try !isEnded && isHidden(grant)))
    byteCount += 128
    guard !isEnded, !grant.isHeldAlready else { return true }
    var last = place.grantedCase == grant.caseID.string ? place.lastRow.flatMap(\.key) : nil
    while !isFull {
      let rows = try reader.rows(of: grant.caseID, after: last, limit: Self.readCount)
      for row in rows {
        if let item = wholeItem(of: row, seenBy: grant.terms) { append(item) }
        last = row.key
        if isFull { break }
      }
      if rows.count < Self.readCount && last == rows.last?.key ?? last { return true }
    }
    place.grantedCase = grant.caseID.string
    place.lastRow = last.map(WireRowKey.init)
    return false
  }

  private mutating func fillRows(_ place: inout PullContinuation) throws {
    guard place.grantsThrough == place.through else { return }
    while place.rowsThrough < place.through, !isFull {
      let rows = try reader.changedRows(
        for: site.id, in: place.rowsThrough + 1...place.through, heldAt: place.since,
        limit: Self.readCount)
      for row in rows {
        if let terms = try terms(in: row.caseID), let item = changedItem(of: row, seenBy: terms) {
          append(item)
        }
        place.rowsThrough = row.lastSeq
        if isFull { return }
      }
      if rows.count < Self.readCount { place.rowsThrough = place.through }
    }
  }

  private mutating func finish() throws {
    let position = Position(history: since.history, seq: counter.seq, treeHead: counter.tree)
    page.head.checkpoint = WirePosition(position)
    page.head.consistency =
      try
      (MerkleTree.consistencyProof(
        from: since.treeHead.size, to: counter.tree.size, reading: reader.treeNode) ?? [])
      .map(\.text)
    page.head.scopeDigest = try scopeDigests.digest(
      of: site.id, in: reader.county.history, at: counter
    ) {
      try reader.mentionDigests(for: site.id, schema: schema)
        .scope(reader.scopeDigest(for: site.id))
    }.text
    page.head.decisions = try reader.wireDecisions(for: site.id, above: since.seq)
    page.head.replaced = try reader.wireReplacements(for: site.id, above: since.seq)
    page.head.openProposals = try reader.wireOpenProposals(for: site.id)
    let digests = try reader.caseDigests(for: site.id, above: comparesAll ? 0 : since.seq)
    guard !digests.isEmpty else { return }
    let mentions = try reader.mentionDigests(for: site.id, schema: schema)
    page.digests = digests.map { ($0.caseID, mentions.seen[$0.caseID] ?? $0.digest) }
  }

  // MARK: Refreshing

  private mutating func refresh(_ key: RowKey) throws {
    let row = try reader.rows([key])[key]
    // What a restored hub has forgotten may come back from another site: nobody can say yet that
    // the case is gone, and the site holds rows that hang on it.
    if row == nil, schema.table(number: key.table)?.scope == .caseRoot, try isRecovering() {
      return
    }
    // Wherever the site has it: the place in which a row died last need not be the one in which the
    // site knew it.
    guard let row, row.isAlive,
      let terms = try terms(in: row.caseID), let item = wholeItem(of: row, seenBy: terms)
    else {
      append(.gone(PullPage.GoneRow(key: key, caseID: nil)))
      return
    }
    append(item)
  }

  private mutating func isRecovering() throws -> Bool {
    if let knownRecovery { return knownRecovery }
    let isRecovering = try reader.isRecovering
    knownRecovery = isRecovering
    return isRecovering
  }

  private mutating func refresh(_ caseID: CaseID) throws {
    guard let terms = try terms(in: caseID), let stored = try reader.cases([caseID])[caseID] else {
      return
    }
    page.cases.append(
      PullPage.CaseRecord(
        caseID: caseID, lead: stored.lead, terms: terms, epoch: stored.epoch,
        isDeliveredWhole: true))
    var last: RowKey?
    while true {
      let rows = try reader.rows(of: caseID, after: last, limit: Self.readCount)
      for row in rows {
        if let item = wholeItem(of: row, seenBy: terms) { append(item) }
      }
      guard rows.count == Self.readCount else { return }
      last = rows.last?.key
    }
  }

  /// What the site may hold of a case or unit; nil for nothing.
  private mutating func terms(in caseID: CaseID) throws -> GrantTerms? {
    guard !caseID.isNone else { return .shared }
    if let known = knownTerms[caseID] { return known }
    let terms = try reader.terms(of: site.id, in: [caseID])[caseID]
    knownTerms[caseID] = .some(terms)
    return terms
  }

  // MARK: Items

  /// Nil for a row of which the site may not even know that it was there.
  private func wholeItem(of row: StoredRow, seenBy terms: GrantTerms) -> PullPage.RowItem? {
    guard let table = schema.table(number: row.key.table), table.isVisible(to: terms) else {
      return nil
    }
    guard row.isAlive else {
      return .gone(PullPage.GoneRow(key: row.key, caseID: row.caseID))
    }
    return .whole(image(of: row, in: table, mask: table.columns(visibleTo: terms)))
  }

  /// What the site lacks of a changed row: not what it wrote itself and the hub took as it was.
  private func changedItem(of row: StoredRow, seenBy terms: GrantTerms) -> PullPage.RowItem? {
    guard let table = schema.table(number: row.key.table), table.isVisible(to: terms) else {
      return nil
    }
    guard row.isAlive else {
      return .gone(PullPage.GoneRow(key: row.key, caseID: row.caseID))
    }
    let visible = table.columns(visibleTo: terms)
    var mask = ColumnMask.empty
    for (position, column) in table.columns.enumerated() where visible.contains(column.number) {
      let version = row.versions[position]
      let isOwn =
        version.site == site.id && version.isDirect
        && version.incarnation.text == ByteText(site.contact.incarnation)
      if version.seq > since.seq && !isOwn { mask.insert(column.number) }
    }
    if mask.isEmpty { return nil }
    let image = image(of: row, in: table, mask: mask)
    return mask == visible ? .whole(image) : .part(image)
  }

  private func image(of row: StoredRow, in table: Table, mask: ColumnMask) -> RowImage {
    RowImage(
      key: row.key, caseID: row.caseID,
      cells: Cells(travelling: row.values, in: table, mask: mask))
  }

  private mutating func append(_ item: PullPage.RowItem) {
    page.rows.append(item)
    switch item {
    case .whole(let image), .part(let image):
      byteCount += image.cells.values.reduce(96) { $0 + ($1.text?.utf8.count ?? 8) }
    case .gone:
      byteCount += 96
    }
  }
}

extension PullContinuation {
  fileprivate var isRoundDone: Bool { grantsThrough == through && rowsThrough == through }
}
