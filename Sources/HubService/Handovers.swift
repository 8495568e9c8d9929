import HubStorage
package import SyncCore

/// Hand-overs as the county's administrators and the sites bring them about. Every call is one
/// durable transaction, or leaves nothing.
extension CountyAdministration {
  /// The cases of a hand-over.
  package enum HandoverSelection: Sendable {
    case cases([CaseID])
    /// All that these sites lead.
    case all(of: [SiteID])
  }

  /// What is known of a hand-over before anybody has agreed to it.
  package struct HandoverForecast: Sendable {
    package let handover: Handover
    /// Sites that hold some of the cases and had edits when they called last that the hub had not,
    /// with how many; of all their cases, for the hub knows no more.
    package let unsent: [SiteID: Int64]
    /// Proposals in these cases that wait for their lead.
    package let openProposals: Int
    /// Cases of which the receiving site would get the header only.
    package let withoutConsent: Int
  }

  /// Proposes a hand-over; one by order is accepted with that, and effective if its date has come.
  ///
  /// - Parameters:
  ///   - name: what it is to be known by; nil for a new id.
  ///   - isDryRun: nothing is written.
  /// - Throws: ``HandoverRefusal``; ``AdministrationError`` for a case or a site that is not there.
  package func propose(
    _ terms: Handover.Terms, _ selection: HandoverSelection, as name: HandoverID? = nil,
    isDryRun: Bool = false
  ) throws -> HandoverForecast {
    let id = name ?? HandoverID(environment.uuid())
    let now = environment.now()
    if isDryRun {
      return try store.read { try forecast(id, terms, selection, at: now, in: $0).forecast }
    }
    return try store.write { writer in
      let (forecast, cases) = try forecast(id, terms, selection, at: now, in: writer)
      try writer.put(forecast.handover)
      try writer.put(cases, of: id)
      guard forecast.handover.state == .accepted else { return forecast }
      let handover = try begin(forecast.handover, at: now, in: writer)
      return HandoverForecast(
        handover: handover, unsent: forecast.unsent, openProposals: forecast.openProposals,
        withoutConsent: forecast.withoutConsent)
    }
  }

  private func forecast(
    _ id: HandoverID, _ terms: Handover.Terms, _ selection: HandoverSelection,
    at now: Milliseconds, in reader: some HubReader
  ) throws -> (forecast: HandoverForecast, cases: [HandoverCase]) {
    let receiver = try servable(terms.to, in: reader)
    let ids = try selected(selection, in: reader)
    let stored = try reader.livingCases(ids)
    let cases = try ids.map { caseID in
      guard let known = stored[caseID] else { throw AdministrationError.unknownCase(caseID) }
      return HandoverCase(caseID: caseID, from: known.lead, epoch: known.epoch)
    }
    let handover = try Handover(id, terms, cases: cases, at: now)
    let named = Set(ids)
    let holders = try reader.holders(of: ids).values.reduce(into: Set<SiteID>()) {
      $0.formUnion($1.filter { $0.value.mayWrite }.keys)
    }
    var unsent: [SiteID: Int64] = [:]
    for site in try reader.sites where holders.contains(site.id) && site.contact.pending > 0 {
      unsent[site.id] = site.contact.pending
    }
    let withoutConsent = try ids.count {
      try !mayBeKnown($0, to: receiver.recipient, by: terms, in: reader)
    }
    return (
      HandoverForecast(
        handover: handover, unsent: unsent,
        openProposals: try reader.proposals(ProposalFilter(state: .open)).count {
          named.contains($0.proposal.caseID)
        },
        withoutConsent: withoutConsent), cases
    )
  }

  /// - Throws: ``AdministrationError`` for a site that is not there, or not any more.
  private func servable(_ id: SiteID, in reader: some HubReader) throws -> SiteRecord {
    guard let site = try reader.site(id) else { throw AdministrationError.unknownSite(id) }
    guard site.state != .revoked else {
      throw AdministrationError.notPossible(id, state: site.state)
    }
    return site
  }

  private func selected(
    _ selection: HandoverSelection, in reader: some HubReader
  ) throws -> [CaseID] {
    switch selection {
    case .cases(let ids):
      if let other = ids.first(where: { !$0.isCase }) {
        throw AdministrationError.unknownCase(other)
      }
      return Set(ids).sorted()
    case .all(let givers):
      for giver in givers where try reader.site(giver) == nil {
        throw AdministrationError.unknownSite(giver)
      }
      return try reader.caseIDs(ledBy: Set(givers).sorted())
    }
  }

  /// Whether more than the header of a case may go to the receiving site.
  func mayBeKnown(
    _ caseID: CaseID, to recipient: GateRecipient, by terms: Handover.Terms,
    in reader: some HubReader
  ) throws -> Bool {
    try terms.legalGround != nil || reader.isGateOpen(of: caseID, for: recipient, by: rules)
  }

  // MARK: Answers

  /// Accepts a hand-over: with the return of this call it is agreed, whatever fails later. Where
  /// its date has come it is effective, too.
  ///
  /// - Parameter actor: the county, ``SiteID/hub``, or the receiving site.
  /// - Throws: ``HandoverRefusal``, ``HandoverUnknown``.
  package func accept(
    _ id: HandoverID, by actor: SiteID = .hub, answer: String? = nil
  ) throws -> Handover {
    let now = environment.now()
    return try store.write { writer in
      var handover = try known(id, to: actor, in: writer)
      guard try handover.accept(by: actor, answer: answer, at: now) else { return handover }
      return try begin(handover, at: now, in: writer)
    }
  }

  /// Declines a hand-over. A giving site keeps its own cases with that; the rest goes on.
  ///
  /// - Throws: ``HandoverRefusal``, ``HandoverUnknown``.
  package func decline(
    _ id: HandoverID, by actor: SiteID = .hub, answer: String? = nil
  ) throws -> Handover {
    let now = environment.now()
    return try store.write { writer in
      var handover = try known(id, to: actor, in: writer)
      var cases = try writer.cases(of: id)
      guard try handover.decline(by: actor, answer: answer, cases: &cases, at: now) else {
        return handover
      }
      try writer.put(handover)
      try writer.put(cases, of: id)
      return handover
    }
  }

  /// Takes a hand-over back.
  ///
  /// - Throws: ``HandoverRefusal``, ``HandoverUnknown``.
  package func withdraw(_ id: HandoverID, answer: String? = nil) throws -> Handover {
    let now = environment.now()
    return try store.write { writer in
      var handover = try known(id, to: .hub, in: writer)
      guard try handover.withdraw(answer: answer, at: now) else { return handover }
      try writer.put(handover)
      var rows = HandoverRows(schema: writer.schema, seq: try writer.counter.seq, now: now)
      let cases = try writer.cases(of: id)
      rows.turn(
        cases, from: .accepted, to: .withdrawn, among: try writer.rows(rows.keys(of: cases)))
      try write(rows.changes, at: now, in: writer)
      return handover
    }
  }

  /// A hand-over as far as it is the actor's business: one of others is told as one that does not
  /// exist.
  private func known(
    _ id: HandoverID, to actor: SiteID, in reader: some HubReader
  ) throws -> Handover {
    guard let handover = try reader.handover(id), handover.concerns(actor) else {
      throw HandoverUnknown(id: id)
    }
    return handover
  }

  /// What follows from an acceptance: the cases' rows say it, and what is due happens.
  private func begin(
    _ accepted: Handover, at now: Milliseconds, in writer: some HubWriter
  ) throws -> Handover {
    var cases = try writer.cases(of: accepted.id)
    let stored = try writer.cases(cases.map(\.caseID))
    var rows = HandoverRows(schema: writer.schema, seq: try writer.counter.seq, now: now)
    for place in cases.indices where cases[place].fate == .waiting {
      let entry = cases[place]
      // What has moved on since is left out when the date comes, and says nothing until then.
      guard let known = stored[entry.caseID], known.epoch == entry.epoch else { continue }
      cases[place].row = rows.announce(entry, of: accepted, as: RowID(environment.uuid()))
    }
    try writer.put(accepted)
    try writer.put(cases, of: accepted.id)
    try write(rows.changes, at: now, in: writer)
    return accepted.isDue(at: now) ? try takeEffect(accepted, at: now, in: writer) : accepted
  }
}

/// There is no such hand-over, or it is not the caller's business: which of them is not said.
package struct HandoverUnknown: Error, Equatable, Sendable {
  package let id: HandoverID
}

extension Handover {
  /// Whether a site gives or receives; the county has part in all.
  package func concerns(_ actor: SiteID) -> Bool {
    actor == .hub || actor == to || givers.contains(actor)
  }
}

extension SiteRecord {
  /// The site as gates know it.
  var recipient: GateRecipient { GateRecipient(site: id, isCounty: kind == .county) }
}
