import HubService
import SyncCore

extension CommandFailure {
  /// Why a hand-over is not what somebody wanted, with the cure.
  init(_ error: HandoverRefusal) {
    let (message, hint): (String, String) =
      switch error {
      case .noCases:
        ("there is no case to hand over", "check --from: the sites may lead none")
      case .tooManyCases:
        (
          "a hand-over takes at most \(Handover.caseCountMax) cases",
          "make several of it, with the same decision"
        )
      case .leadsAlready(let caseID):
        ("the receiving site leads case \(caseID) already", "leave it out, or check --to")
      case .decisionNeeded:
        (
          "without acceptance a hand-over needs the reference of a decision",
          "give --decision with --by-order"
        )
      case .textTooLong:
        (
          "decision or legal ground are longer than \(Handover.textByteCountMax) bytes",
          "give a reference, not the text"
        )
      case .onlyTheReceiver:
        ("only the receiving site accepts a hand-over", "the giving site may decline it")
      case .onlyParties:
        ("only the sites that give or receive answer a hand-over", "ask the county")
      case .accepted:
        (
          "the hand-over was accepted",
          "before its date the county takes it back with `withdraw --decision`"
        )
      case .effective:
        ("the hand-over is effective", "hand the cases back with a further hand-over")
      case .over(let state):
        ("the hand-over is \(state.rawValue)", "propose it again")
      }
    self.init(.refused, error.code, message, hint: hint + "; nothing was changed")
  }

  init(_ error: HandoverUnknown) {
    self.init(
      .failed, "unknown_handover", "there is no hand-over \(error.id)",
      hint: "`kreissync hub handover list` names them")
  }

  init(_ error: ParticipationRefusal) {
    switch error {
    case .leads(let caseID):
      self.init(
        .refused, "site_leads", "the site leads case \(caseID)",
        hint: "`kreissync hub handover propose` gives it to another lead; nothing was changed")
    }
  }

  init(_ error: PurgeReleaseRefusal) {
    switch error {
    case .nothingHeld(let site):
      self.init(
        .refused, "nothing_held", "site \(site) held no purge back when it called last",
        hint: "`kreissync hub status` names purge_held where one waits; nothing was changed")
    }
  }
}
