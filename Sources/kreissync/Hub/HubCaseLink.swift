import ArgumentParser
import HubService
import SyncCore

struct HubCaseLink: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link",
    abstract: "Says that a case continues an older one of the same person; both stay whole.",
    discussion: """
      For somebody who moved inside the county and was registered anew before the case was handed
      over: hand the older case over, then link the younger one to it.
      """)

  @Option(name: .customLong("case"), help: "The younger case.") var caseID: String
  @Option(help: "The older case that it continues, or none.") var to: String
  @OptionGroup var options: CountyOptions
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let older = to == "none" ? nil : CaseID(to)
    let seq = try options.deciding(actor, .caseLink, about: caseID, detail: to) {
      try $0.link(CaseID(caseID), to: older)
    }
    if output.json {
      printJSON([
        "case": .text(caseID), "continues": older.map { .text($0.string) } ?? .null,
        "seq": .integer(seq),
      ])
    } else {
      print(older.map { "case \(caseID) continues \($0)" } ?? "case \(caseID) stands by itself")
    }
  }
}

extension CommandFailure {
  init(_ error: LinkRefusal) {
    switch error {
    case .schemaTooOld:
      self.init(
        .failed, "schema_too_old", "the county's schema has no column continues_case_id",
        hint: "update it with `kreissync hub schema update`")
    case .continuesItself(let caseID):
      self.init(
        .failed, "case_continues_itself", "case \(caseID) is the same, or continues another itself",
        hint: "link to the oldest case of the person")
    case .notHeld(let caseID, let site):
      self.init(
        .failed, "case_not_held", "site \(site) holds the younger case and not case \(caseID)",
        hint: "hand the older case over first, or give the site a part in it with "
          + "`kreissync hub participate`: a case's id is not for a site that does not hold it")
    }
  }
}
