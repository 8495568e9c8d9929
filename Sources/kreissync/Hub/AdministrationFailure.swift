import HubService
import HubStorage
import SyncCore

extension CommandFailure {
  /// Why an administrator's command was not carried out, with its cure.
  init(_ error: AdministrationError) {
    switch error {
    case .unknownSite(let site):
      self.init(
        .failed, "unknown_site", "the county has no site \(site)",
        hint: "`kreissync hub site list` names them")
    case .unknownCase(let caseID):
      self.init(
        .failed, "unknown_case", "the county has no case \(caseID)",
        hint: "check --case; a case is the id of its case_file row")
    case .unknownRow(let table, let id):
      self.init(
        .failed, "unknown_row", "table \(table) has no row \(id)",
        hint: "`kreissync hub row list \(table)` names them")
    case .rowInUse(let table, let id, let user):
      self.init(
        .refused, "row_in_use", "row \(id) of \(table) is in use by \(user)",
        hint: "change what names it first; nothing was written")
    case .caseNotHeld(let caseID, let site):
      self.init(
        .failed, "case_not_held", "site \(site) does not hold case \(caseID)",
        hint: "check --case; `kreissync hub site show` tells of the site")
    case .notPossible(let site, let state):
      self.init(
        .failed, "site_\(state.rawValue)", "site \(site) is \(state.rawValue)",
        hint: Self.cure(of: state))
    case .caseNeeded(let table):
      self.init(
        .usage, "case_needed", "a row of \(table) belongs to a case", hint: "name it with --case")
    case .columnsMissing(let table, let columns, _):
      self.init(
        .usage, "columns_missing", "a new row of \(table) lacks \(columns.joined(separator: ", "))",
        hint: "give each of them a value")
    case .idTwice(let id, _):
      self.init(
        .usage, "id_twice", "the id \(id) is given to two rows", hint: "give each row its own")
    case .unknownProposal(let id):
      self.init(
        .failed, "unknown_proposal", "there is no proposal \(id)",
        hint: "`kreissync hub proposals list` names them")
    case .proposalDecided(let stored):
      let fate = stored.decision.map {
        "\($0.state.rawValue) on \(rfc3339($0.decidedAt)) by \($0.decider)"
      }
      self.init(
        .failed, "proposal_decided", "proposal \(stored.id) was \(fate ?? "decided") before",
        hint: "what lost stands in the ledger: `kreissync hub conflicts list`; nothing was written")
    case .unknownConflict(let id):
      self.init(
        .failed, "unknown_conflict", "the ledger has no entry \(id)",
        hint: "`kreissync hub conflicts list` names them")
    case .undecidable(let obstacle, let table, let id):
      self.init(
        .failed, obstacle.code, "row \(id) of \(table): \(obstacle.fact)", hint: obstacle.cure)
    case .rowRefused(let table, let id, let rule, _):
      self.init(
        .refused, rule.rawValue, "row \(id) of \(table) is refused by the rule \(rule.rawValue)",
        hint: Self.cure(of: rule) + "; nothing was written")
    }
  }

  private static func cure(of state: SiteState) -> String {
    switch state {
    case .waiting: "it has not joined yet; hand it its join string"
    case .held: "choose which copy goes on with `kreissync hub site rejoin`"
    case .revoked: "`kreissync hub site rejoin` lets it join again"
    case .joined, .paused: "look at `kreissync hub site show`"
    }
  }

  private static func cure(of rule: Rule) -> String {
    switch rule {
    case .unknownMunicipality:
      "give an official key of eight digits, or enter the county's own first in site_area"
    case .unknownProgramme: "enter the programme first in programme_period"
    case .twoLeads: "close the former responsibility first, and give a greater epoch"
    case .handoverNotAccepted:
      "let it be accepted first, or order it: kind=by_order with a decision_ref"
    case .consentMissing: "name a consent of the same case for special_needs that is in force"
    case .headcountReported: "re-open the report first: status=granted"
    case .shareBelowMinimum: "give at least the programme's min_fte_thousandths"
    case .attachedToCounselling: "choose a site that is not MBE or JMD"
    default: "schemas/README.md explains the rules"
    }
  }
}
