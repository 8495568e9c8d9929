package import HubStorage
package import SyncCore
import SyncProtocol

/// The order to erase a case, as a person gives it.
package struct ErasureOrder: Sendable, Equatable {
  /// Names the erasure for ever.
  package let id: String
  package let caseID: CaseID
  package let reason: String
  package let actor: String
  /// Who agreed to it; empty where nobody has to.
  package let second: String

  package init(id: String, caseID: CaseID, reason: String, actor: String, second: String = "") {
    self.id = id
    self.caseID = caseID
    self.reason = reason
    self.actor = actor
    self.second = second
  }
}

/// Erasure: one transaction takes a case out of everything that the hub holds, and orders every
/// site that ever had it to purge it. Its id stays on the list of erasures, which outlives the data
/// and is applied again wherever they come back: from a backup, a returning site, a late push.
extension CountyAdministration {
  /// What an erasure would touch, or has.
  package struct ErasureReport: Sendable {
    package let erasure: StoredErasure
    package let counts: ForgottenCounts
    /// The sites that have not said yet that nothing of it stands in their files any more.
    package let pendingAt: [SiteID]
  }

  /// Erases a case. Durable when it returns; repeated for a case that is erased already it changes
  /// nothing and says what the first one did.
  ///
  /// What was forgotten may stand in the engine's files, in snapshots and in backups until whoever
  /// keeps those has cleared them: ``noteCleared(_:)``.
  ///
  /// - Parameter isDryRun: nothing is written.
  /// - Throws: ``AdministrationError/unknownCase(_:)``.
  package func erase(_ order: ErasureOrder, isDryRun: Bool = false) throws -> ErasureReport {
    guard !isDryRun else { return try store.read { try forecast(order, in: $0) } }
    return try store.write { writer in
      if let known = try standing(order.caseID, in: writer) { return known }
      guard order.caseID.isCase, try writer.cases([order.caseID])[order.caseID] != nil else {
        throw AdministrationError.unknownCase(order.caseID)
      }
      let report = try carryOut(order, in: writer)
      try writer.append(
        AuditEvent(
          at: environment.now(), actor: order.actor, second: order.second, action: .erase,
          subject: order.caseID.string, detail: order.reason))
      return report
    }
  }

  /// How far the erasure of a case is that was erased before; nil where it was not.
  private func standing(_ caseID: CaseID, in reader: some HubReader) throws -> ErasureReport? {
    guard let known = try reader.erasures.first(where: { $0.caseID == caseID }) else { return nil }
    return ErasureReport(
      erasure: known, counts: ForgottenCounts(), pendingAt: try pendingSites(of: known, reader))
  }

  private func forecast(_ order: ErasureOrder, in reader: some HubReader) throws -> ErasureReport {
    if let known = try standing(order.caseID, in: reader) { return known }
    guard order.caseID.isCase, try reader.cases([order.caseID])[order.caseID] != nil else {
      throw AdministrationError.unknownCase(order.caseID)
    }
    var counts = ForgottenCounts()
    counts.rows = try reader.rows(of: order.caseID, after: nil, limit: .max).count
    counts.contests =
      try reader.ledger(LedgerFilter(caseID: order.caseID)).count
      + reader.proposals(ProposalFilter(caseID: order.caseID)).count
    let sites = try reader.everHolders(of: order.caseID)
    return ErasureReport(
      erasure: StoredErasure(
        id: order.id, caseID: order.caseID, reason: order.reason, orderedBy: order.actor,
        second: order.second, orderedAt: environment.now(), seq: try reader.counter.seq),
      counts: counts, pendingAt: try sites.filter { try reader.mayHold($0) })
  }

  private func carryOut(_ order: ErasureOrder, in writer: some HubWriter) throws -> ErasureReport {
    let now = environment.now()
    let holders = try writer.holders(of: [order.caseID])[order.caseID] ?? [:]
    var plan = Plan()
    let head = try writer.counter.seq
    for site in try writer.everHolders(of: order.caseID) {
      if holders[site] != nil {
        plan.end([order.caseID], of: site, handover: order.id, headSeq: head, now: now)
      } else {
        // It purged the case when its part ended, and keeps what it once sent of it.
        plan.orderPurge(
          of: order.caseID, at: site, handover: order.id, headSeq: head, now: now)
      }
    }
    try writer.endMentions(&plan, at: now)
    try writer.write(plan, at: now, random: environment.random)
    let counts = try writer.forget(
      Forgetting(.wholeCase, of: order.caseID), stripping: PushResponse.strippingValues(of:))
    let erasure = StoredErasure(
      id: order.id, caseID: order.caseID, reason: order.reason, orderedBy: order.actor,
      second: order.second, orderedAt: now, seq: try writer.counter.seq)
    try writer.put(erasure)
    return ErasureReport(
      erasure: erasure, counts: counts, pendingAt: try pendingSites(of: erasure, writer))
  }

  // MARK: The list

  /// An entry of the list of erasures as it is kept beside the county's file: ids alone.
  package struct ListedErasure: Sendable, Equatable {
    package let id: String
    package let caseID: CaseID
    package let at: Milliseconds
    /// The sites that held the case then.
    package let sites: [SiteID]

    package init(id: String, caseID: CaseID, at: Milliseconds, sites: [SiteID]) {
      self.id = id
      self.caseID = caseID
      self.at = at
      self.sites = sites
    }
  }

  /// Who acts where a list is applied and nobody gave an order.
  package static let listActor = "kreissync"

  /// Carries out what the list names and this county does not know as erased: it was restored from
  /// an older backup, or the hub was ended between the list and the county. To be called before the
  /// county is served; durable when it returns.
  ///
  /// - Returns: the erasures that were carried out now.
  package func apply(_ list: [ListedErasure]) throws -> [StoredErasure] {
    let missing = try store.read { reader in
      let known = try reader.erased(among: list.map(\.caseID))
      return list.filter { !known.contains($0.caseID) }
    }
    return try missing.map { listed in
      try store.write { writer in
        let order = ErasureOrder(
          id: listed.id, caseID: listed.caseID, reason: "", actor: Self.listActor)
        let erasure = try carryOut(order, in: writer).erasure
        let told = try writer.sitesOwingPurge(of: listed.caseID)
        for site in listed.sites where try !told.contains(site) && writer.site(site) != nil {
          try orderPurge(of: listed.caseID, at: site, for: listed.id, in: writer)
        }
        try writer.append(
          AuditEvent(
            at: environment.now(), actor: Self.listActor, action: .erase,
            subject: listed.caseID.string, detail: "applied the list of erasures"))
        return erasure
      }
    }
  }

  /// Tells the sites that the list names to purge what it names, where the county does not know
  /// whether they did: it was lost, and built anew.
  package func remind(of list: [ListedErasure]) throws {
    try store.write { writer in
      for listed in list {
        for site in listed.sites where try writer.site(site) != nil {
          try orderPurge(of: listed.caseID, at: site, in: writer)
        }
      }
    }
  }

  /// Tells a site to purge an erased case of which this county has no grant: it came back from
  /// where the list is not known.
  func orderPurge(
    of caseID: CaseID, at site: SiteID, for erasure: String, in writer: some HubWriter
  ) throws {
    let now = environment.now()
    var plan = Plan()
    if try writer.cases([caseID])[caseID] == nil {
      plan.cases.append(
        StoredCase(id: caseID, lead: .hub, epoch: 1, epochSince: 0, digests: .zero))
    }
    plan.orderPurge(
      of: caseID, at: site, handover: erasure, headSeq: try writer.counter.seq, now: now)
    try writer.write(plan, at: now, random: environment.random)
  }

  /// Tells a site to purge what it has just sent of erased cases.
  func orderPurges(
    after answers: [Answer], to batch: Batch, from site: SiteID, in writer: some HubWriter
  ) throws {
    guard answers.contains(where: { $0.rule == .erased }) else { return }
    let cases = distinct(batch.changes.map(\.caseID))
    for caseID in try writer.erased(among: cases).sorted() {
      try orderPurge(of: caseID, at: site, in: writer)
    }
  }

  /// As above for one case, where the site does not owe its purge already.
  func orderPurge(of caseID: CaseID, at site: SiteID, in writer: some HubWriter) throws {
    guard try !writer.sitesOwingPurge(of: caseID).contains(site),
      let erasure = try writer.erasures.first(where: { $0.caseID == caseID })
    else { return }
    try orderPurge(of: caseID, at: site, for: erasure.id, in: writer)
  }

  /// Takes the values of cases out of a copy of the county that nobody serves, and writes no more:
  /// its log ends where it ended. Durable when it returns.
  package func forget(_ cases: [CaseID]) throws {
    try store.write { writer in
      for caseID in cases {
        _ = try writer.forget(
          Forgetting(.wholeCase, of: caseID), stripping: PushResponse.strippingValues(of:))
      }
    }
  }

  // MARK: How far they are

  /// Every erasure with the sites that have not answered, oldest first.
  package func erasures() throws -> [ErasureReport] {
    try store.read { reader in
      try reader.erasures.map {
        ErasureReport(
          erasure: $0, counts: ForgottenCounts(), pendingAt: try pendingSites(of: $0, reader))
      }
    }
  }

  private func pendingSites(of erasure: StoredErasure, _ reader: some HubReader) throws -> [SiteID]
  {
    try reader.sitesOwingPurge(of: erasure.caseID).filter { try reader.mayHold($0) }
  }

  /// Notes that nothing of these erasures stands in the hub's own files any more.
  package func noteCleared(_ ids: [String]) throws {
    let now = environment.now()
    try store.write { writer in
      for var erasure in try writer.erasures where ids.contains(erasure.id) {
        erasure.clearedAt = erasure.clearedAt ?? now
        try writer.put(erasure)
      }
    }
  }
}

extension HubReader {
  /// The cases of these that were not erased.
  func livingCases(_ ids: [CaseID]) throws -> [CaseID: StoredCase] {
    let erased = try erased(among: ids)
    return try cases(ids.filter { !erased.contains($0) })
  }

  /// Whether a site can have anything in its files: one that never joined has none.
  fileprivate func mayHold(_ id: SiteID) throws -> Bool {
    guard let site = try site(id) else { return false }
    return site.state != .waiting || !site.contact.incarnation.isEmpty
  }
}
