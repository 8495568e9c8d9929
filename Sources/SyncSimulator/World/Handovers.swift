import HubService
import HubStorage
import SyncCore

/// Cases change hands while everybody works (F35, F36): by order, for a moment that has passed or
/// is to come, there and back again. The effect itself happens inside the sites' requests, which
/// crash like all others.
extension SimulatedCounty {
  /// The county hands some case to another site.
  func handOverCase() throws {
    guard hub.isUp, disturbances[0] == nil, !witness.caseIDs.isEmpty else { return }
    hub.advance(to: clock)
    let caseID = random.pick(witness.caseIDs)
    let administration = hub.administration(of: seams.store(hub.engine, on: hub.disk))
    let faults = hub.disk?.faults
    hub.disk?.faults = SimulatedDisk.Faults()
    defer { if let faults { hub.disk?.faults = faults } }
    let isOnItsWay = try hub.engine.read { reader in
      try reader.handovers(in: [.accepted]).contains {
        try reader.cases(of: $0.id).contains { $0.caseID.string == caseID }
      }
    }
    guard !isOnItsWay, sites.count > 1, let lead = witness.lead(of: caseID, at: hub.now) else {
      return
    }
    let stored = try hub.engine.read { try $0.cases([CaseID(caseID)]) }[CaseID(caseID)]
    guard stored?.lead == witness.records[lead].id else {
      return fail(Violation(breaking: .oneLead, "case \(caseID) has another lead than decided"))
    }
    // Often back to who had it before.
    let former = witness.handed[caseID]?.dropLast().last?.to ?? witness.openers[caseID]
    let other = random.pick(sites.indices.filter { $0 != lead })
    let to = random.chance(50) ? former.flatMap { $0 == lead ? nil : $0 } ?? other : other
    // A new lead that says falsely that it holds the case has its former lead purged: the hub keeps
    // all, and nobody else can tell.
    guard !(swarm.hasLiar && to == sites.count - 1) else { return }
    let effectiveAt = hub.now + Milliseconds(random.number(-3 * 24...2 * 24)) * Self.hour
    let forecast = try administration.propose(
      Handover.Terms(
        to: witness.records[to].id, kind: .byOrder, effectiveOn: "2026-01-01",
        effectiveAt: effectiveAt, decision: "Az. 1", legalGround: "§ 1"), .cases([CaseID(caseID)]))
    witness.handedOver(caseID, to: to, at: effectiveAt)
    note(
      "county", "hands over \(caseID)",
      "to \(sites[to].name), \(forecast.handover.state.rawValue)")
  }

  /// Hand-overs between sites that go on whose parties are not done with them.
  func openHandovers() throws -> [String] {
    let going = Set(sites.filter { $0.stopped == nil }.map { witness.records[$0.index].id })
    return try hub.engine.read { try $0.handovers(in: [.accepted, .effective]) }.filter {
      going.contains($0.to) && going.isSuperset(of: $0.givers)
    }.map { "the hand-over to \($0.to) is \($0.state.rawValue)" }
  }
}

/// What must be true of cases that change hands.
extension Witness {
  /// A case that goes to another site at a moment.
  struct Handed {
    let to: Int
    let at: Milliseconds
  }

  /// Hand-overs that have not taken effect, and former leads that still see the whole case.
  struct HandoverWatch {
    fileprivate var coming: [String: [Handed]] = [:]
    fileprivate var epochs: [String: Int64] = [:]
    fileprivate var former: [(caseID: String, site: Int)] = []
  }

  /// From now on the new lead may be told of the case, and of whom it mentions.
  mutating func handedOver(_ caseID: String, to site: Int, at moment: Milliseconds) {
    handed[caseID, default: []].append(Handed(to: site, at: moment))
    watch.coming[caseID, default: []].append(Handed(to: site, at: moment))
    let mark = Self.mark(caseID)
    for mark in mingled[mark] ?? [] { hearers[mark, default: []].insert(site) }
    for mark in [mark] + (mentions[mark] ?? []) { holders[mark, default: []].insert(site) }
  }

  /// Tells the model what the hub has let happen since it was looked at last: when, is for
  /// ``leads(of:tally:)`` to say.
  mutating func noteHandovers(at hub: SimulatedHub) throws {
    guard isModelled, !(watch.coming.isEmpty && watch.former.isEmpty) else { return }
    let coming = watch.coming.keys.sorted()
    let cases = try hub.engine.read { try $0.cases(coming.map { CaseID($0) }) }
    for caseID in coming {
      guard let stored = cases[CaseID(caseID)] else { continue }
      while stored.epoch > watch.epochs[caseID] ?? 1, let next = watch.coming[caseID]?.first {
        if let former = model.leads[caseID].flatMap(index) {
          watch.former.append((caseID, former))
        }
        watch.former.removeAll { $0 == (caseID, next.to) }
        model.handedOver(caseID, to: name(next.to), effectiveAt: next.at)
        watch.epochs[caseID, default: 1] += 1
        watch.coming[caseID]!.removeFirst()
      }
      if watch.coming[caseID]?.isEmpty == true { watch.coming[caseID] = nil }
    }
    for (caseID, site) in watch.former {
      let terms = try hub.engine.read {
        try $0.terms(of: records[site].id, in: [CaseID(caseID)])[CaseID(caseID)]
      }
      guard terms?.role == .formerLead, terms?.tiers == .header else { continue }
      watch.former.removeAll { $0 == (caseID, site) }
      model.narrowed(caseID, at: name(site))
    }
  }

  private func name(of site: SiteID) -> String {
    records.first { $0.id == site }?.name ?? "a stranger"
  }

  private func index(of site: String) -> Int? { records.firstIndex { $0.name == site } }

  /// Who is responsible, as the county's decisions say.
  func lead(of caseID: String, at now: Milliseconds) -> Int? {
    handed[caseID]?.last { $0.at <= now }?.to ?? openers[caseID]
  }

  var lastHandover: Milliseconds { handed.values.joined().map(\.at).max() ?? 0 }

  /// The cases of which the hub has left a site the header only.
  func narrowed(to site: Int, by hub: SimulatedHub) throws -> Set<String> {
    guard !handed.isEmpty else { return [] }
    let terms = try hub.engine.read {
      try $0.terms(of: records[site].id, in: handed.keys.sorted().map { CaseID($0) })
    }
    return Set(terms.filter { $0.value.tiers == .header }.map(\.key.string))
  }

  /// Each case has the one lead whom the decisions say, an epoch for each of them, and no other
  /// site believes to be it.
  func leads(of hub: SimulatedHub, tally: inout Tally) throws -> Violation? {
    let ids = caseIDs.map { CaseID($0) }
    let (cases, holding) = try hub.engine.read { (try $0.cases(ids), try $0.holders(of: ids)) }
    for id in ids {
      tally.checked(.oneLead)
      guard let stored = cases[id] else {
        return Violation(breaking: .oneLead, "case \(id) is not known to the hub")
      }
      guard let lead = lead(of: id.string, at: hub.now), stored.lead == records[lead].id else {
        return Violation(breaking: .oneLead, "case \(id) is led by \(name(of: stored.lead))")
      }
      let leads = (holding[id] ?? [:]).filter { $0.value == .lead }.keys
      guard Array(leads) == [stored.lead] else {
        let names = leads.map(name(of:)).sorted()
        return Violation(breaking: .oneLead, "case \(id) is led by \(names)")
      }
      let effective = (handed[id.string] ?? []).count { $0.at <= hub.now }
      guard stored.epoch == Int64(1 + effective) else {
        return Violation(breaking: .oneLead, "case \(id) is in epoch \(stored.epoch)")
      }
    }
    return nil
  }
}
