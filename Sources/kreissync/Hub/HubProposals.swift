import ArgumentParser
import HubService
import HubStorage
import SyncCore

struct HubProposals: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proposals", abstract: "Edits that wait for a decision.",
    subcommands: [HubProposalsList.self, HubProposalsAccept.self, HubProposalsReject.self])
}

struct HubProposalsList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the proposals, also those decided, oldest first.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "Only this one, with its values.") var id: String?
  @Option(name: .customLong("case"), help: "Only this case.") var caseID: String?
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let filter = ProposalFilter(id: id, caseID: caseID.map { CaseID($0) })
    var list = try options.directory.open(options.key()).read { reader in
      try ProposalList(reader.proposals(filter), reader)
    }
    if let id, list.proposals.isEmpty {
      throw CommandFailure(AdministrationError.unknownProposal(id))
    }
    if id != nil || output.json {
      let subject = list.proposals.isEmpty ? nil : id ?? caseID ?? "all"
      list.show(
        by: try options.sight(
          of: actor, .proposalShow, at: subject, in: Set(list.proposals.map(\.proposal.caseID))))
    }
    if output.json {
      printJSON(list.json)
    } else {
      print(id == nil ? list.table : list.text)
    }
  }
}

struct HubProposalsAccept: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept",
    abstract: "Writes what was proposed, as the county's own edit, with what belongs to it.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The proposal's id.") var id: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws { try options.decide(id, .accepted, actor, output) }
}

struct HubProposalsReject: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject",
    abstract: "Leaves what stands; what was proposed is kept in the ledger.")

  @OptionGroup var options: CountyOptions
  @Argument(help: "The proposal's id.") var id: String
  @OptionGroup var actor: ActorOptions
  @OptionGroup var output: OutputOptions

  func run() throws { try options.decide(id, .rejected, actor, output) }
}

extension CountyOptions {
  fileprivate func decide(
    _ id: String, _ state: ProposalState, _ actor: ActorOptions, _ output: OutputOptions
  ) throws {
    let key = try key()
    let decided = try deciding(
      actor, .proposalDecide, about: id, detail: state.rawValue
    ) { try $0.decide(id, state) }
    var list = try directory.open(key).read { try ProposalList(decided, $0) }
    list.show(
      by: ValueSight(
        role: .decide,
        restricted: try directory.administration(key).restricted(
          among: decided.map(\.proposal.caseID))))
    guard output.json else {
      print(decided.map { "\(state.rawValue) \($0.id)" }.joined(separator: "\n"))
      return
    }
    guard case .object(var document) = list.proposals[0].json(list.schema, list.sites) else {
      return
    }
    // What was decided with it.
    document["together"] = .list(decided.dropFirst().map { .text($0.id) })
    printJSON(.object(document))
  }
}

/// Proposals with what stands in their places, read at one moment.
private struct ProposalList: Sendable {
  private(set) var proposals: [ShownProposal]
  let schema: Schema
  let sites: SiteNames

  init(_ stored: [StoredProposal], _ reader: some HubReader) throws {
    let rows = try reader.rows(Set(stored.map(\.proposal.row)).sorted())
    let schema = reader.schema
    proposals = stored.map {
      ShownProposal(
        id: $0.id, recordedAt: $0.recordedAt, proposal: $0.proposal,
        stands: $0.proposal.standing(among: rows, in: schema), decision: $0.decision)
    }
    self.schema = schema
    sites = try SiteNames(reader)
  }

  mutating func show(by sight: ValueSight) {
    for place in proposals.indices { proposals[place].sight = sight }
  }

  var json: JSONValue { .list(proposals.map { $0.json(schema, sites) }) }

  /// Each with all that there is to it.
  var text: String { proposals.map { $0.text(schema, sites) }.joined(separator: "\n\n") }

  var table: String {
    TextTable(header: ShownProposal.header, rows: proposals.map { $0.cells(schema, sites) }).text
  }
}
