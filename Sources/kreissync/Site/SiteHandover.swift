import ArgumentParser
import ReplicaAgent
import SyncCore
import SyncProtocol

struct SiteHandoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handover", abstract: "Hand-overs in which this site gives or receives.",
    subcommands: [SiteHandoverList.self, SiteHandoverAccept.self, SiteHandoverDecline.self])
}

struct SiteHandoverList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists them, oldest first, behind a session with the hub.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let handovers = try options.directory.ask(.list)
    if output.json {
      printJSON(.list(handovers.map(\.json)))
    } else {
      print(
        TextTable(
          header: ["id", "state", "part", "from", "to", "effective", "cases"],
          rows: handovers.map {
            [
              $0.handover, $0.state, $0.part.rawValue, $0.from.joined(separator: " "), $0.to,
              $0.effectiveOn, String($0.cases),
            ]
          }
        ).text)
    }
  }
}

/// What an answer to a hand-over takes.
struct SiteHandoverAnswer: ParsableArguments {
  @Argument(help: "The hand-over's id.") var handover: String
  @Option(help: "The reference of the decision.") var decision: String?
  @OptionGroup var options: SiteOptions
  @OptionGroup var output: OutputOptions

  func send(_ action: HandoverRequest.Action) throws {
    let answered = try options.directory.ask(
      action, of: HandoverID(handover), decision: decision)
    if output.json {
      printJSON(answered.first?.json ?? .null)
    } else {
      for one in answered { print("hand-over \(one.handover) is \(one.state)") }
    }
  }
}

struct SiteHandoverAccept: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Accepts a hand-over to this site: from then on it counts.")

  @OptionGroup var answer: SiteHandoverAnswer

  func run() throws { try answer.send(.accept) }
}

struct SiteHandoverDecline: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decline",
    abstract: "Declines a hand-over; a giving site keeps its own cases with that.")

  @OptionGroup var answer: SiteHandoverAnswer

  func run() throws { try answer.send(.decline) }
}

extension SiteDirectory {
  /// Asks the hub behind a session: what this site has not sent is there before it answers.
  fileprivate func ask(
    _ action: HandoverRequest.Action, of handover: HandoverID? = nil, decision: String? = nil
  ) throws -> [WireHandover] {
    try alone {
      _ = try completeFirstLoad(wait: Surroundings.waitForHub)
      let contact = try SiteContact(self, until: { false }, wait: Surroundings.waitForHub)
      _ = try contact.sync()
      let request = HandoverRequest(
        session: contact.sessionNumber, action: action, handover: handover, decision: decision)
      guard request.isWellFormed else {
        throw CommandFailure(
          .usage, "text_too_long", "the id or the decision's reference is too long",
          hint: "give a reference, not the text")
      }
      return try contact.link.handovers(request)
    }
  }
}

extension WireHandover {
  fileprivate var json: JSONValue {
    [
      "handover": .text(handover), "part": .text(part.rawValue), "state": .text(state),
      "kind": .text(kind), "from": .list(from.map { .text($0) }), "to": .text(to),
      "effective": .text(effectiveOn), "decision": decision.map { .text($0) } ?? .null,
      "legal_ground": legalGround.map { .text($0) } ?? .null, "cases": .integer(cases),
      "proposed_at": JSONValue(time: proposedAt),
    ]
  }
}
