import HubStorage
import SyncCore
import SyncProtocol

/// Gates at the hub: who may be sent which tiers of a case, and what the hub itself may keep.
///
/// They stand in the consents of the case, and in the mark of its root that restricts it. Whenever
/// a plan writes one, or grants a case, the grants are brought in line within the same transaction:
/// a site whose tiers get fewer purges at its next
/// contact and owes a receipt, one whose tiers get more is sent the case whole. A gate that closes
/// is told to all that ever had a part in the case: whoever holds the header only, or nothing, may
/// still keep what it once sent. What the county itself may hold no more is forgotten, past and
/// present, in that transaction, too.
extension HubWriter {
  /// Brings the grants of a plan in line with the gates, and says what is to be forgotten once it
  /// is written.
  ///
  /// - Parameter rules: nil for a domain without gates: nothing changes.
  func regate(
    _ plan: inout Plan, by rules: (any DomainRules)?, at now: Milliseconds
  ) throws -> [Forgetting] {
    guard let rules, let table = rules.gateTable(in: schema) else { return [] }
    let consents = Dictionary(grouping: plan.rows.filter { $0.key.table == table.number }) {
      $0.caseID
    }
    let granted = plan.grants.filter { $0.role != .mention }.map(\.caseID)
    let marked = plan.casesMarked(in: schema)
    let cases = Set(granted + consents.keys + marked).filter(\.isCase).sorted()
    guard !cases.isEmpty else { return [] }
    let sites = Dictionary(uniqueKeysWithValues: try self.sites.map { ($0.id, $0) })
    let head = try counter.seq
    let roots = plan.roots(in: schema)
    var forgettings: [Forgetting] = []
    for caseID in cases {
      let written = consents[caseID] ?? []
      let gate = try CaseGate(
        caseID, table, writing: written, root: roots[caseID], rules: rules, in: self)
      try gate.adjust(&plan, sites: sites, headSeq: head, now: now, in: self)
      if !written.isEmpty, gate.forgets(plan, in: schema) {
        forgettings.append(Forgetting(allBut: gate.held, of: caseID, in: schema))
      }
    }
    return forgettings
  }

  /// Writes a plan with what its gates say, and what ends with it.
  func writeGated(
    _ plan: Plan, by rules: (any DomainRules)?, at now: Milliseconds, random: (Int) -> [UInt8]
  ) throws {
    var plan = plan
    let forgettings = try regate(&plan, by: rules, at: now)
    try endMentions(&plan, at: now)
    try write(plan, at: now, random: random)
    for forgetting in forgettings {
      _ = try forget(forgetting, stripping: PushResponse.withoutKeptValues)
    }
  }
}

/// The gates of one case before and behind a plan.
private struct CaseGate {
  let caseID: CaseID
  /// What the hub could hold before, and may hold now.
  private let before: TierSet
  let held: TierSet
  private let rules: any DomainRules
  private let former: [RowState]
  private let rows: [RowState]
  /// As the plan leaves it; nil where it does not write it.
  private let root: StoredRow?

  init(
    _ caseID: CaseID, _ table: Table, writing written: [StoredRow], root: StoredRow?,
    rules: any DomainRules, in reader: some HubReader
  ) throws {
    self.caseID = caseID
    self.root = root
    self.rules = rules
    func states(_ rows: some Sequence<StoredRow>) -> [RowState] {
      rows.filter { $0.isAlive && $0.caseID == caseID }.map {
        RowState(
          table: table, id: $0.key.id, caseID: caseID, writer: $0.writer, values: $0.values)
      }
    }
    var stored = Dictionary(
      uniqueKeysWithValues: try reader.livingRows(of: table, in: caseID).map { ($0.key, $0) })
    former = states(stored.values)
    before = rules.openTiers(for: .county, rows: former)
    for row in written { stored[row.key] = row }
    rows = states(stored.values)
    held = rules.openTiers(for: .county, rows: rows).union(.header)
  }

  /// Gives every site that holds the case the tiers that it may hold now.
  func adjust(
    _ plan: inout Plan, sites: [SiteID: SiteRecord], headSeq: Int64, now: Milliseconds,
    in reader: some HubReader
  ) throws {
    let gates = CaseGates(held: held, isRestricted: try reader.isRestricted(caseID, root: root))
    for holder in try holders(in: plan, reader) {
      let site = sites[holder.site]
      let isCounty = site?.kind == .county
      let tiers = gates.tiers(
        of: holder.terms.role, isCounty: isCounty,
        open: rules.openTiers(
          for: GateRecipient(site: holder.site, isCounty: isCounty), rows: rows),
        hasOpenedCase: try holder.terms.role == .lead && hasOpened(holder.site, reader),
        had: holder.had?.intersection(holder.terms.tiers) ?? holder.terms.tiers)
      let asksReceipt = holder.place == nil && closes(for: holder.site, isCounty: isCounty)
      guard tiers != holder.terms.tiers || asksReceipt else { continue }
      if let place = holder.place {
        plan.retier(place, to: tiers, headSeq: headSeq)
      } else {
        plan.grant(
          [caseID], to: holder.site, as: holder.terms.role, tiers: tiers,
          asksReceipt: asksReceipt, headSeq: headSeq, now: now)
      }
    }
    try remindFormer(&plan, sites: sites, headSeq: headSeq, now: now, in: reader)
  }

  /// Whether a gate that was open for a site is closed now.
  private func closes(for site: SiteID, isCounty: Bool) -> Bool {
    let recipient = GateRecipient(site: site, isCounty: isCounty)
    func open(_ rows: [RowState], held: TierSet) -> TierSet {
      rules.openTiers(for: recipient, rows: rows).union(held)
    }
    return !open(rows, held: held).isSuperset(of: open(former, held: before))
  }

  /// Tells the sites whose part in the case has ended of a gate that closes.
  private func remindFormer(
    _ plan: inout Plan, sites: [SiteID: SiteRecord], headSeq: Int64, now: Milliseconds,
    in reader: some HubReader
  ) throws {
    let holders = Set(try reader.holders(of: [caseID])[caseID, default: [:]].keys)
    let granted = Set(plan.grants.lazy.filter { $0.caseID == caseID }.map(\.site))
    for site in try reader.everHolders(of: caseID)
    where !holders.contains(site) && !granted.contains(site)
      && closes(for: site, isCounty: sites[site]?.kind == .county)
    {
      plan.orderPurge(of: caseID, at: site, headSeq: headSeq, now: now)
    }
  }

  private struct Holder {
    let site: SiteID
    let terms: GrantTerms
    /// Where its grant stands in the plan; nil for one that was there before.
    let place: Int?
    /// What its stored grant covers; nil without one.
    let had: TierSet?
  }

  private func holders(in plan: Plan, _ reader: some HubReader) throws -> [Holder] {
    var stored: [SiteID: GrantTerms] = [:]
    for site in try reader.holders(of: [caseID])[caseID, default: [:]].keys {
      stored[site] = try reader.terms(of: site, in: [caseID])[caseID]
    }
    var holders = stored.mapValues { terms in (terms: terms, place: Int?.none) }
    for (place, grant) in plan.grants.enumerated() where grant.caseID == caseID {
      holders[grant.site] = (grant.terms, place)
    }
    for end in plan.ends where end.caseID == caseID {
      guard let place = holders[end.site]?.place, plan.grants[place].fromSeq > end.seq else {
        holders[end.site] = nil
        continue
      }
    }
    return holders.sorted { $0.key < $1.key }.map { site, held in
      Holder(site: site, terms: held.terms, place: held.place, had: stored[site]?.tiers)
    }
  }

  private func hasOpened(_ site: SiteID, _ reader: some HubReader) throws -> Bool {
    guard let table = reader.schema.caseRoot else { return false }
    let key = RowKey(table: table.number, id: RowID(text: caseID.text))
    let row = try root ?? reader.rows([key])[key]
    return row?.writer == site
  }

  /// Whether the hub holds, or is about to write, what it may hold no more.
  func forgets(_ plan: Plan, in schema: Schema) -> Bool {
    if !held.isSuperset(of: before) { return true }
    return plan.rows.contains { row in
      guard row.caseID == caseID, let table = schema.table(number: row.key.table) else {
        return false
      }
      let closed = table.gatedColumns.subtracting(
        table.columns(visibleTo: GrantTerms(.contributor, held)))
      return table.columns.indices.contains {
        closed.contains(table.columns[$0].number) && !row.values[$0].isNull
      }
    }
  }
}

extension Plan {
  /// Gives a grant of this plan other tiers, also where the log tells of it.
  fileprivate mutating func retier(_ place: Int, to tiers: TierSet, headSeq: Int64) {
    let grant = grants[place]
    grants[place] = Grant(
      caseID: grant.caseID, site: grant.site, role: grant.role, tiers: tiers,
      fromSeq: grant.fromSeq, isHeldAlready: grant.isHeldAlready, effectiveAt: grant.effectiveAt,
      handover: grant.handover)
    let position = Int(grant.fromSeq - headSeq - 1)
    let entry = log[position]
    log[position] = LogEntry(
      seq: entry.seq,
      content: .grant(grant.caseID, grant.site, GrantTerms(grant.role, tiers)), site: entry.site,
      incarnation: entry.incarnation, origin: entry.origin, base: entry.base,
      editedAt: entry.editedAt, recordedAt: entry.recordedAt)
  }
}
