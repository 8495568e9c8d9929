import ArgumentParser
import HubService
import SyncCore

/// `hub participate`: who holds a case beside its lead.
struct HubParticipate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "participate",
    abstract: "Gives a site a part in a case, or takes it: a deputy, a coordination view.")

  /// What a site can be given.
  enum Part: String, ExpressibleByArgument, CaseIterable {
    case contributor
    case reader
    case none

    var role: Role? {
      switch self {
      case .contributor: .contributor
      case .reader: .reader
      case .none: nil
      }
    }
  }

  @Option(name: .customLong("case"), help: "The case.") var caseID: String
  @Option(help: "The site's id.") var site: String
  @Option(help: "contributor: may write; reader: sees the header; none: holds it no longer.")
  var role: Part
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    _ = try options.handovers()
    let seq = try options.deciding(
      actor, .participate, about: caseID, detail: "\(site) \(role.rawValue)"
    ) { try $0.participate(SiteID(site), in: CaseID(caseID), as: role.role) }
    if output.json {
      printJSON([
        "case": .text(caseID), "site": .text(site), "role": .text(role.rawValue),
        "seq": .integer(seq),
      ])
    } else {
      print("site \(site) has the role \(role.rawValue) in case \(caseID)")
    }
  }
}
