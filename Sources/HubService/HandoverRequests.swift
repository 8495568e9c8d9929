import HubStorage
import SyncCore
import SyncProtocol

/// What sites ask about hand-overs, and how they answer them.
extension CountyService {
  /// Administration by this service's store, clock and rules.
  package var administration: CountyAdministration {
    CountyAdministration(store: store, environment: environment, rules: rules)
  }

  /// Lists a site's hand-overs, or takes its answer to one, durably.
  ///
  /// Those of others are told as ones that do not exist; a giving site learns of its own cases
  /// alone. Cases are counted and never named: the receiving site holds none of them yet.
  func handover(_ request: HandoverRequest, from id: SiteID) throws -> HandoverResponse {
    guard request.isWellFormed else {
      throw ProtocolError(
        .badRequest, "hand-over or decision are missing or too long",
        hint: "see schemas/openapi.yaml")
    }
    let site = try store.read { try served(id, in: $0) }
    if site.contact.sessionUsed != request.session { try fence(request.session, of: id) }
    guard let named = request.handover.map({ HandoverID($0) }) else {
      return HandoverResponse(handovers: try store.read { try handovers(of: id, in: $0) })
    }
    do {
      let answered =
        switch request.action {
        case .decline: try administration.decline(named, by: id, answer: request.decision)
        case .accept, .list: try administration.accept(named, by: id, answer: request.decision)
        }
      return HandoverResponse(
        handovers: [try store.read { try wire(answered, for: id, in: $0) }])
    } catch is HandoverUnknown {
      throw ProtocolError(
        .handoverUnknown, "there is no such hand-over for this site",
        hint: "`kreissync site handover list` names them")
    } catch let refusal as HandoverRefusal {
      throw ProtocolError(
        .handoverRefused, "the hand-over cannot be answered so: \(refusal.code)",
        hint: "`kreissync site handover list` says where it stands")
    }
  }

  private func handovers(of site: SiteID, in reader: some HubReader) throws -> [WireHandover] {
    try reader.handovers(in: Handover.State.allCases).filter { $0.concerns(site) }
      .suffix(HandoverResponse.countMax).map { try wire($0, for: site, in: reader) }
  }

  private func wire(
    _ handover: Handover, for site: SiteID, in reader: some HubReader
  ) throws -> WireHandover {
    let count =
      site == handover.to
      ? handover.caseCount : try reader.cases(of: handover.id).count { $0.from == site }
    return WireHandover(handover, for: site, caseCount: count)
  }
}

extension HandoverRefusal {
  /// A stable word for programs.
  package var code: String {
    switch self {
    case .noCases: "no_cases"
    case .tooManyCases: "too_many_cases"
    case .leadsAlready: "leads_already"
    case .decisionNeeded: "handover_not_accepted"
    case .textTooLong: "text_too_long"
    case .onlyTheReceiver: "only_the_receiver"
    case .onlyParties: "only_parties"
    case .accepted: "handover_accepted"
    case .effective: "handover_effective"
    case .over(let state): "handover_\(state.rawValue)"
    }
  }
}
