import ArgumentParser
import Caseload
import Foundation
import HubService
import HubStorage
import SyncCore

struct HubHandover: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handover", abstract: "Hand-overs: cases that go to another lead.",
    subcommands: [
      HubHandoverPropose.self, HubHandoverAccept.self, HubHandoverDecline.self,
      HubHandoverWithdraw.self, HubHandoverList.self, HubHandoverShow.self,
    ])
}

extension CountyOptions {
  /// The county's administration, behind all hand-overs whose date has come. One that cannot take
  /// effect is named on standard error and stops nothing: it may be the one to be withdrawn.
  func handovers() throws -> CountyAdministration {
    let administration = try directory.administration(try key())
    for (id, error) in try administration.takeDueEffects().failed {
      let failure = CommandFailure(translating: error)
      FileHandle.standardError.write(
        Data(
          """
          kreissync: hand-over \(id) is due and cannot take effect: \(failure.message)
            \(failure.hint)

          """.utf8))
    }
    return administration
  }
}

/// `hub handover propose`: what goes to whom from when, and what stands against it.
struct HubHandoverPropose: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "propose", abstract: "Proposes a hand-over, or orders one.")

  @Option(
    name: .customLong("case"), parsing: .upToNextOption,
    help: "The cases; may be repeated.")
  var cases: [String] = []
  @Option(parsing: .upToNextOption, help: "With --all: the sites whose cases go.")
  var from: [String] = []
  @Flag(help: "All cases that the sites of --from lead.") var all = false
  @Option(help: "The site that is to lead them.") var to: String
  @Option(help: "The day from whose 00:00 in Germany, YYYY-MM-DD; it may lie behind.")
  var effective: String
  @Option(help: "handover, delegation or move.") var kind = Handover.Kind.handover.rawValue
  @Option(help: "The reference of the decision.") var decision: String?
  @Option(name: .customLong("legal-ground"), help: "What lets personal data go without consent.")
  var legalGround: String?
  @Flag(name: .customLong("by-order"), help: "Effective without acceptance; needs --decision.")
  var byOrder = false
  @Flag(name: .customLong("dry-run"), help: "Only say whom it would affect.") var dryRun = false
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let terms = try terms()
    let selection = try selection()
    let administration = try options.handovers()
    let person = try actor.authorize(administration, needs: dryRun ? .read : .decide)
    let id = HandoverID(Surroundings.uuid())
    let forecast = try administration.recording(
      .handoverPropose, id.string, by: person, detail: decision ?? ""
    ).propose(terms, selection, as: id, isDryRun: dryRun)
    if output.json {
      printJSON(forecast.json(isDryRun: dryRun))
    } else {
      print(forecast.text(isDryRun: dryRun))
    }
  }

  private func terms() throws -> Handover.Terms {
    guard let day = CalendarDay(parsing: effective) else {
      throw CommandFailure(
        .usage, "effective_date", "'\(effective)' is no day", hint: "give it as YYYY-MM-DD")
    }
    guard let kind = Handover.Kind(rawValue: kind), kind != .byOrder else {
      throw CommandFailure(
        .usage, "handover_kind", "'\(kind)' is no kind of hand-over",
        hint: "choose handover, delegation or move; --by-order orders one")
    }
    return Handover.Terms(
      to: SiteID(to), kind: byOrder ? .byOrder : kind, effectiveOn: day.description,
      effectiveAt: BerlinTime.instant(ofWall: Int64(day.daysSince1970) * BerlinTime.day),
      decision: decision, legalGround: legalGround)
  }

  private func selection() throws -> CountyAdministration.HandoverSelection {
    switch (cases.isEmpty, from.isEmpty, all) {
    case (false, true, false): return .cases(cases.map { CaseID($0) })
    case (true, false, true): return .all(of: from.map { SiteID($0) })
    default:
      throw CommandFailure(
        .usage, "handover_cases", "it is not clear which cases are meant",
        hint: "give either --case CASE… or --from SITE… --all")
    }
  }
}

/// What every answer to a hand-over takes.
struct HandoverAnswerOptions: ParsableArguments {
  @Argument(help: "The hand-over's id.") var handover: String
  @Option(help: "The reference of the decision.") var decision: String?
  @OptionGroup var actor: ActorOptions
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  var id: HandoverID { HandoverID(handover) }

  /// - Parameter verb: what is answered, for the record.
  func run(_ verb: String, _ answer: (CountyAdministration) throws -> Handover) throws {
    let administration = try options.handovers()
    let person = try actor.authorize(administration, needs: .decide)
    let answered = try answer(
      administration.recording(
        .handoverAnswer, handover, by: person,
        detail: [verb, decision].compactMap(\.self).joined(separator: " ")))
    if output.json {
      printJSON(.object(answered.fields))
    } else {
      print("hand-over \(answered.id) is \(answered.state.rawValue)")
    }
  }
}

struct HubHandoverAccept: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "Records that a hand-over was accepted: from then on it counts.")

  @OptionGroup var answer: HandoverAnswerOptions

  func run() throws {
    try answer.run("accept") { try $0.accept(answer.id, answer: answer.decision) }
  }
}

struct HubHandoverDecline: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decline", abstract: "Records that a hand-over was declined.")

  @OptionGroup var answer: HandoverAnswerOptions

  func run() throws {
    try answer.run("decline") { try $0.decline(answer.id, answer: answer.decision) }
  }
}

struct HubHandoverWithdraw: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: "Takes a proposal back; an accepted hand-over before its date, with --decision.")

  @OptionGroup var answer: HandoverAnswerOptions

  func run() throws {
    try answer.run("withdraw") { try $0.withdraw(answer.id, answer: answer.decision) }
  }
}

struct HubHandoverList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the hand-overs, oldest first.")

  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let handovers = try options.handovers().handovers()
    if output.json {
      printJSON(.list(handovers.map { .object($0.fields) }))
    } else {
      print(
        TextTable(
          header: ["id", "state", "kind", "from", "to", "effective", "cases"],
          rows: handovers.map {
            [
              $0.id.string, $0.state.rawValue, $0.terms.kind.rawValue,
              $0.givers.count == 1 ? $0.givers[0].string : "\($0.givers.count) sites",
              $0.to.string, $0.terms.effectiveOn, String($0.caseCount),
            ]
          }
        ).text)
    }
  }
}

struct HubHandoverShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows one hand-over: a protocol for the file, in German.")

  @Argument(help: "The hand-over's id.") var handover: String
  @OptionGroup var options: CountyOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let report = try options.handovers().report(on: HandoverID(handover))
    if output.json {
      printJSON(report.json)
    } else {
      print(HandoverProtocol(report: report, printedAt: Surroundings.now()).text)
    }
  }
}
